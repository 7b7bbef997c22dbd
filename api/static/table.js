// Tables.
import { element } from "./elements.js";

/** A table that scrolls by itself where it is too wide; `node` is what to put on the page. */
export class Table {
  #body = element("tbody");
  #kind;

  /**
   * @param {string} name what it tells, for those who do not see what is around it
   * @param {string[]} head names of the columns; one may have none
   * @param {number[]} [numbers] places of the columns that are aligned right
   */
  constructor(name, head, numbers = []) {
    this.#kind = (place) => numbers.includes(place) && "number";
    // A heading without a word is none.
    const names = head.map((one, place) => (one ? element("th", { scope: "col", class: this.#kind(place) }, one) : element("td")));
    this.node = element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": name },
      element("table", { class: "table" }, element("thead", {}, element("tr", {}, ...names)), this.#body),
    );
  }

  /**
   * Show rows; those that say what they said keep their elements, and who reads there their
   * place.
   *
   * @param {(string|Node)[][]} rows the first cell of each is its heading; buttons in rows
   *   that do not do the same have names that differ
   */
  update(rows) {
    const made = rows.map((row) => element("tr", {}, ...row.map((cell, place) => this.#cell(cell, place))));
    made.forEach((row, place) => {
      const old = this.#body.rows[place];
      if (!old) this.#body.append(row);
      else if (!old.isEqualNode(row)) old.replaceWith(row);
    });
    while (this.#body.rows.length > made.length) this.#body.lastChild.remove();
  }

  #cell(cell, place) {
    return place ? element("td", { class: this.#kind(place) }, cell) : element("th", { scope: "row" }, cell);
  }
}
