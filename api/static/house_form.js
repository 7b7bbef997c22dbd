// The form of a house, made from the schema of a model version.
import { element, show } from "./elements.js";
import { Field, Marked } from "./house_field.js";

/** Tell whether two houses are the same; what is not known may be left out. */
export function areSame(one, other) {
  const names = Object.keys({ ...one, ...other });
  return names.every((name) => (one[name] ?? null) === (other[name] ?? null));
}

export class HouseForm {
  /**
   * @param {Object} card of the model version
   * @param {Function} onsubmit called with a house, and whether reasons are wanted, when the
   *   browser finds nothing wrong
   */
  constructor(card, onsubmit) {
    const usual = new Map(card.profile.features.map((one) => [one.name, one]));
    this.fields = new Map(
      card.schema.features.map((one) => [one.name, new Field(one, usual.get(one.name))]),
    );
    this.explain = new Marked("Reasons", element("input", { type: "checkbox", id: "explain" }));
    this.summary = element("div", { class: "notice bad stack", tabindex: "-1", hidden: true });
    this.button = element("button", { class: "button primary" }, "Price this house");
    this.element = element(
      "form",
      { class: "stack", novalidate: true, onsubmit: (event) => this.#submit(event, onsubmit) },
      this.summary,
      element("div", { class: "fields" }, ...[...this.fields.values()].map((one) => one.element)),
      element(
        "div",
        { class: "stack close" },
        element("label", { class: "check" }, this.explain.input, "Say what moves the price"),
        this.explain.message,
      ),
      element("div", { class: "actions pinned" }, this.button),
    );
  }

  /** Put a house into the form. */
  fill(house) {
    for (const [name, field] of this.fields) field.value = house[name];
    this.mark([]);
  }

  /** Return the house that stands in the form, without what was left empty. */
  house() {
    const all = [...this.fields].map(([name, field]) => [name, field.value]);
    return Object.fromEntries(all.filter(([, value]) => value !== null));
  }

  /** Show errors at their fields, and all of them in a summary that gets the focus. */
  mark(errors) {
    for (const one of [this.explain, ...this.fields.values()]) one.error = "";
    for (const { pointer, detail } of errors) {
      const place = this.#place(pointer);
      if (place) place.error = detail;
    }
    this.summary.hidden = errors.length === 0;
    if (errors.length === 0) return;
    show(
      this.summary,
      element("p", {}, element("strong", {}, "This house cannot be priced as it stands.")),
      element("ul", { class: "plain" }, ...errors.map((one) => this.#summarised(one))),
    );
    this.summary.focus();
  }

  #place(pointer) {
    return pointer === "/explain" ? this.explain : this.fields.get(pointer.replace("/input/", ""));
  }

  #summarised({ pointer, detail }) {
    const place = this.#place(pointer);
    if (!place) return element("li", {}, element("code", {}, pointer), `: ${detail}`);
    const onclick = () => place.goTo();
    const link = element("button", { class: "link", type: "button", onclick }, place.name);
    return element("li", {}, link, `: ${detail}`);
  }

  #submit(event, onsubmit) {
    event.preventDefault();
    const wrong = [...this.fields].filter(([, { input }]) => !input.checkValidity());
    this.mark(
      wrong.map(([name, { input }]) => ({
        pointer: `/input/${name}`,
        detail: input.validationMessage,
      })),
    );
    if (wrong.length === 0) onsubmit(this.house(), this.explain.input.checked);
  }
}
