// How good prices proved in each group of a segment, such as each zip.
import { Choice } from "./choice.js";
import { element } from "./elements.js";
import { PERIODS } from "./periods.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, figure } from "./words.js";

/** Figure of a cell -> name of its column. */
const FIGURES = { mdape: "Median error", median_bias: "Median bias", ppe10: "Within 10 %", coverage: "Inside the range", within_fsd: "Within FSD" };
/** What segments are called that are no feature of a house. */
const NAMES = { price_quintile: "fifth by price" };
const ALL = ["", "all versions"];

/** A table by groups, of a period and a version; `node` is what to put on the page. */
export class Segments {
  #segment;
  #start;
  #version;
  #table = new Table("Accuracy by group", ["Group", "Sales", ...Object.values(FIGURES)], [1, 2, 3, 4, 5, 6]);
  #none = element("p", { class: "muted" }, "No group has enough sales of that time to be told.");

  /** @param {function()} changed called when something else is to be shown */
  constructor(changed) {
    this.#segment = new Choice("segment", "Groups by", [], changed);
    this.#start = new Choice("segment-start", "Sold in", [], changed);
    this.#version = new Choice("segment-version", "Priced by", [ALL], changed);
    this.#table.node.classList.add("tall");
    this.node = element(
      "div",
      { class: "card stack" },
      element("h3", {}, "By group"),
      element("div", { class: "row" }, this.#segment.node, this.#start.node, this.#version.node),
      this.#none,
      this.#table.node,
    );
  }

  /** Return the cells that are chosen; what there is to choose is learnt on the way. */
  async read(by, { segments, versions }) {
    if (!segments.length) return [];
    this.#segment.offer(segments.map((one) => [one, NAMES[one] ?? one]));
    this.#version.offer([ALL, ...versions.map(({ version }) => [version, version])]);
    const asked = new URLSearchParams({ by, segment: this.#segment.value });
    const { rows } = (await fetchJson(`v1/monitoring/accuracy?${asked}`)).body;
    const starts = [...new Set(rows.map(({ from }) => from))].toSorted().toReversed();
    this.#start.offer(starts.map((one) => [one, PERIODS[by].words(one)]));
    return rows.filter(({ from, version }) => from === this.#start.value && (version ?? "") === this.#version.value);
  }

  /** Show cells, groups in their order. */
  update(cells) {
    const ordered = cells.toSorted((one, other) => one.group.localeCompare(other.group, "en", { numeric: true }));
    this.#table.update(ordered.map(row));
    this.#table.node.hidden = !cells.length;
    this.#none.hidden = Boolean(cells.length);
  }
}

function row(cell) {
  return [cell.group, count(cell.n), ...Object.keys(FIGURES).map((key) => `${figure(cell[key])} %`)];
}
