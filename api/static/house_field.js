// One field of the form of a house, with its help and its error.
import { element } from "./elements.js";
import { marked, title, unit } from "./house_words.js";

// Share of the sales that the known categories must cover to be all that there are.
const ALL = 0.999;

/** A control whose error can be shown beside it. */
export class Marked {
  /**
   * @param {string} name of it, for people
   * @param {HTMLElement} input the control, with an id
   * @param {HTMLElement} [help] what describes it, with an id
   */
  constructor(name, input, help) {
    this.name = name;
    this.input = input;
    this.help = help;
    this.message = element("p", { id: `${input.id}-error`, class: "error" });
    this.error = "";
  }

  /** Show what is wrong; nothing if it is empty. */
  set error(detail) {
    this.message.textContent = detail;
    this.message.hidden = !detail;
    this.input.setAttribute("aria-invalid", Boolean(detail));
    const described = [detail && this.message.id, this.help?.id].filter(Boolean);
    this.input.setAttribute("aria-describedby", described.join(" "));
  }

  /** Bring the reader here; what is typed takes the place of what stands here. */
  goTo() {
    this.input.focus();
    this.input.select?.();
  }
}

/** A feature of a house. */
export class Field extends Marked {
  /**
   * @param {Object} feature of the schema
   * @param {Object} usual its profile among the sales
   */
  constructor(feature, usual) {
    const id = `field-${feature.name}`;
    const help = element("p", { id: `${id}-help`, class: "help" }, ...described(feature));
    const common = { id, required: feature.required, autocomplete: "off" };
    const isNumber = feature.kind !== "category";
    super(
      title(feature.name),
      isNumber ? numeric(feature, common) : category(feature, common, usual.shares),
      help,
    );
    this.isNumber = isNumber;
    this.element = element(
      "div",
      { class: "field" },
      element(
        "label",
        { for: id },
        this.name,
        element("span", { class: "unit" }, ` ${unit(feature)}${feature.required ? "" : " (optional)"}`),
      ),
      this.input,
      this.message,
      help,
    );
  }

  /** What stands in the field; null if it is empty. */
  get value() {
    const { value } = this.input;
    if (value === "") return null;
    return this.isNumber ? Number(value) : value;
  }

  set value(value) {
    const text = String(value ?? "");
    const { options } = this.input;
    if (options && ![...options].some((one) => one.value === text)) options.add(new Option(text));
    this.input.value = text;
  }
}

/** Return what a feature means, without what its name says. */
function described({ name, description }) {
  const own = `${title(name)}.`;
  const told = description.startsWith(own) ? description.slice(own.length).trim() : description;
  return marked(told).map(({ part, isCode }) => (isCode ? element("code", {}, part) : part));
}

function numeric(feature, common) {
  const isWhole = feature.kind === "integer";
  return element("input", {
    ...common,
    type: "number",
    // Keyboards of phones for whole numbers have no minus.
    inputmode: isWhole && feature.minimum >= 0 ? "numeric" : "decimal",
    step: isWhole ? "1" : "any",
    min: feature.minimum,
    max: feature.maximum,
  });
}

/** Return a choice where all categories are known, else a text that offers them. */
function category(feature, common, shares) {
  const names = Object.keys(shares).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const covered = Object.values(shares).reduce((sum, share) => sum + share, 0);
  if (covered > ALL) {
    const empty = new Option(feature.required ? "Choose" : "Not known", "");
    return element("select", common, empty, ...names.map((name) => new Option(name)));
  }
  const list = element("datalist", { id: `${common.id}-known` }, ...names.map((name) => new Option(name)));
  document.body.append(list);
  return element("input", { ...common, type: "text", list: list.id, pattern: feature.pattern });
}
