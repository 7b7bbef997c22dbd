// Figures that stand side by side, each over what it is of.
import { element } from "./elements.js";

/** A list of figures; `node` is what to put on the page. */
export class Figures {
  #values;

  /** @param {[string, string, function(number): string][]} kinds key, words, how it is told */
  constructor(kinds) {
    this.#values = kinds.map(([key, words, told]) => ({ key, words, told, place: element("dd", { class: "figure" }) }));
    this.node = element("dl", { class: "figures" }, ...this.#values.map(({ words, place }) => element("div", {}, element("dt", {}, words), place)));
  }

  /** Show the figures that stand under the keys; one that is not there is 0. */
  update(found) {
    for (const { key, told, place } of this.#values) place.textContent = told(found[key] ?? 0);
  }
}
