// A choice among a few things, with its words beside it.
import { element } from "./elements.js";

/** A labelled list to choose from; `node` is what to put on the page. */
export class Choice {
  #select;
  #offered = "";

  /**
   * @param {string} id
   * @param {string} words what is chosen
   * @param {[string, string][]} options values, and what they are called
   * @param {function()} changed called when another one is chosen
   */
  constructor(id, words, options, changed) {
    this.#select = element("select", { id, onchange: changed });
    this.node = element("div", { class: "field inline" }, element("label", { for: id }, words), this.#select);
    this.offer(options);
  }

  /** The value that is chosen. */
  get value() {
    return this.#select.value;
  }

  /** Offer other things; what is chosen stays so while it is among them, else the first is. */
  offer(options) {
    const offered = JSON.stringify(options);
    if (offered === this.#offered) return;
    this.#offered = offered;
    const { value } = this.#select;
    this.#select.replaceChildren(...options.map(([one, name]) => element("option", { value: one, selected: one === value }, name)));
  }
}
