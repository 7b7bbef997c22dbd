// The card of a model version: what /v1/models/<version>/report says, as it says it.
import { element, show } from "./elements.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { trouble } from "./trouble.js";

const place = document.getElementById("card");

begin();

async function begin() {
  try {
    // The page lies one level below the service's root.
    const { body } = await fetchJson(`../v1/models/${encodeURIComponent(place.dataset.version)}/report`);
    show(place, element("h1", {}, body.title), ...body.sections.map(section));
  } catch (problem) {
    show(place, element("h1", {}, "Model card"), trouble(problem, begin));
  }
}

function section({ title, blocks }) {
  return element("div", { class: "card stack" }, element("h2", {}, title), ...blocks.map((one) => block(title, one)));
}

function block(title, { text, head, rows, svg, alt }) {
  if (text) return element("p", {}, text);
  // As an image it can run nothing, whatever stands in it.
  if (svg) return element("p", {}, element("img", { src: `data:image/svg+xml,${encodeURIComponent(svg)}`, alt }));
  // A section may have two tables, and each is a region with a name of its own.
  const table = new Table([title, head[0]].filter(Boolean).join(": "), head);
  table.update(rows);
  return table.node;
}
