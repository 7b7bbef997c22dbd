// Shows /openapi.json; the key that is typed in stays in this tab.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: document.getElementById("page").dataset.document,
    dom_id: "#page",
    deepLinking: true,
    tryItOutEnabled: true,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
