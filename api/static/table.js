// Tables.
import { element } from "./elements.js";

/**
 * Return a table that scrolls by itself where it is too wide.
 *
 * @param {string[]} head names of the columns
 * @param {(string|Node)[][]} rows the first cell of each is its heading
 * @param {Object} [options]
 * @param {number[]} [options.numbers] places of the columns that are aligned right
 */
export function table(head, rows, { numbers = [] } = {}) {
  const kind = (place) => numbers.includes(place) && "number";
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      { class: "table" },
      element("thead", {}, element("tr", {}, ...head.map((name, place) => element("th", { scope: "col", class: kind(place) }, name)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, place) => (place ? element("td", { class: kind(place) }, cell) : element("th", { scope: "row" }, cell)))))),
    ),
  );
}
