// The command line that does what the page did.
import { element } from "./elements.js";

/** Return the line; it takes the key from the shell's variable KEY. */
export function curlLine(body) {
  const url = new URL("v1/predictions", document.baseURI);
  const json = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  return [
    `curl -s ${url}`,
    `  -H "Authorization: Bearer $KEY"`,
    `  -H 'Content-Type: application/json' -H 'Prefer: wait=10'`,
    `  -d '${json}'`,
  ].join(" \\\n");
}

/** Return a text with a button that copies it. */
export function copyable(text, name) {
  const block = element("pre", { class: "code", tabindex: "0", role: "region", "aria-label": name }, text);
  const button = element("button", { class: "button small", type: "button", onclick: copy }, "Copy");
  const told = element("span", { class: "small muted", role: "status" });
  return element("div", { class: "stack" }, block, element("div", { class: "row" }, button, told));

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = "Copied.";
    } catch {
      // Browsers lend the clipboard only to pages with TLS, or of this machine.
      getSelection().selectAllChildren(block);
      told.textContent = "Selected: copy it with Ctrl+C.";
    }
  }
}
