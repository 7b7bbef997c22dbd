// Line charts that can be read by eye, by pointer, by keyboard and as a table.
import { roundStep } from "./axis.js";
import { element, shape, show } from "./elements.js";
import { Table } from "./table.js";

const HEIGHT = 190;
const EDGE = { left: 46, right: 12, top: 10, bottom: 24 };
/** Width of a letter beside the upright axis, at most. */
const LETTER = 7.5;
/** Points that Page Up and Page Down pass. */
const PAGE = 6;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageDown: -PAGE, PageUp: PAGE, Home: -Infinity, End: Infinity };

/** Return round values, about five of them, between which two figures lie. */
function ticks(low, high) {
  const step = roundStep(high - low, 4);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

/** A chart of one or more series over time; `node` is what to put on the page. */
export class LineChart {
  #options;
  #points = [];
  #span = { from: 0, to: 1, marks: [], gapMs: Infinity };
  #width = 0;
  #chosen = null;
  #scale = { x: () => 0, y: () => 0 };
  #drawing = shape("g");
  #cursor = shape("g", { class: "cursor" });
  #when = element("span", { class: "muted small" });
  #legend = element("ul", { class: "legend" });
  #table;
  #details;
  #svg;

  /**
   * @param {Object} options
   * @param {string} options.title
   * @param {{name: string, of: function(Object): ?number, isGoal: ?boolean}[]} options.series
   * @param {function(number): string} options.figure a value in words
   * @param {function(number): string} options.label the time of a point in words
   * @param {[number, number]} options.reach what the upright axis shows at least
   * @param {string} [options.newest] what the last point is called where none is chosen
   * @param {boolean} [options.dots] whether each point is marked, but for those of goals
   * @param {function(Object): boolean} [options.shaded] whether the time before a point is
   */
  constructor(options) {
    this.#options = { newest: "latest", shaded: () => false, ...options };
    this.#table = new Table(`${options.title}, as a table`, ["Time", ...options.series.map(({ name }) => name)], options.series.map((_, place) => place + 1));
    this.#table.node.classList.add("tall");
    this.#svg = shape(
      "svg",
      {
        role: "slider",
        tabindex: "0",
        height: HEIGHT,
        "aria-label": `${options.title}: read the chart with the arrow keys`,
        "aria-valuemin": 0,
        onpointermove: (event) => this.#choose(this.#nearest(event.offsetX)),
        onpointerdown: (event) => this.#choose(this.#nearest(event.offsetX)),
        onpointerleave: () => this.#choose(null),
        onblur: () => this.#choose(null),
        onkeydown: (event) => this.#read(event),
      },
      this.#drawing,
      this.#cursor,
    );
    this.#details = element(
      "details",
      { class: "small", ontoggle: () => this.#tabulate() },
      element("summary", {}, "As a table", element("span", { class: "unseen" }, `: ${options.title}`)),
      this.#table.node,
    );
    this.node = element(
      "figure",
      { class: "chart" },
      element("figcaption", { class: "row apart" }, element("h3", {}, options.title), this.#when),
      this.#legend,
      this.#svg,
      this.#details,
    );
    new ResizeObserver(([entry]) => this.#resize(entry.contentRect.width)).observe(this.node);
  }

  /**
   * Show points, oldest first; each has `at`, in ms since the epoch.
   *
   * @param {Object[]} points
   * @param {{from: number, to: number, marks: {at: number, words: string}[], gapMs: number}} span
   *   the time that is drawn, what is written below it, and how far points lie apart that no
   *   line joins
   */
  update(points, span) {
    this.#points = points;
    this.#span = span;
    this.#draw();
  }

  #resize(width) {
    if (Math.abs(width - this.#width) < 1) return;
    this.#width = width;
    this.#svg.setAttribute("width", width);
    this.#draw();
  }

  #draw() {
    if (!this.#width) return;
    const { from, to } = this.#span;
    const values = this.#options.series.flatMap(({ of }) => this.#points.map(of)).filter((value) => value !== null);
    const [low, high] = this.#options.reach;
    const levels = ticks(Math.min(low, ...values), Math.max(high, ...values));
    const longest = Math.max(...levels.map((level) => this.#options.figure(level).length));
    const [left, right] = [Math.max(EDGE.left, longest * LETTER), this.#width - EDGE.right];
    const [bottom, top] = [HEIGHT - EDGE.bottom, EDGE.top];
    this.#scale = {
      x: (at) => left + ((at - from) / (to - from)) * (right - left),
      y: (value) => bottom - ((value - levels[0]) / (levels.at(-1) - levels[0])) * (bottom - top),
    };
    show(
      this.#drawing,
      ...this.#shades(top, bottom),
      ...levels.map((level, place) => this.#level(level, left, right, place ? "grid" : "axis")),
      ...this.#span.marks.map((mark) => this.#mark(mark, bottom)),
      ...this.#options.series.map((one, place) => this.#line(one, place)),
      !values.length && shape("text", { x: (left + right) / 2, y: (top + bottom) / 2, class: "empty" }, "Nothing known yet"),
    );
    this.#svg.setAttribute("aria-valuemax", Math.max(0, this.#points.length - 1));
    this.#point();
    this.#tabulate();
  }

  #level(level, left, right, kind) {
    const y = this.#scale.y(level);
    return shape(
      "g",
      {},
      shape("line", { x1: left, x2: right, y1: y, y2: y, class: kind }),
      shape("text", { x: left - 6, y: y + 4, class: "level" }, this.#options.figure(level)),
    );
  }

  #mark({ at, words }, bottom) {
    return shape("text", { x: this.#scale.x(at), y: bottom + 17, class: "mark" }, words);
  }

  #shades(top, bottom) {
    return this.#pairs()
      .filter(([, later]) => this.#options.shaded(later))
      .map(([earlier, later]) => {
        const x = this.#scale.x(earlier.at);
        return shape("rect", { x, y: top, width: this.#scale.x(later.at) - x, height: bottom - top, class: "shade" });
      });
  }

  #pairs() {
    return this.#points
      .slice(1)
      .map((later, place) => [this.#points[place], later])
      .filter(([earlier, later]) => later.at - earlier.at < this.#span.gapMs);
  }

  #line({ of, isGoal }, place) {
    let path = "";
    let before = null;
    const dots = [];
    for (const point of this.#points) {
      const value = of(point);
      if (value === null) {
        before = null;
        continue;
      }
      const [x, y] = [this.#scale.x(point.at).toFixed(1), this.#scale.y(value).toFixed(1)];
      const joins = before !== null && point.at - before < this.#span.gapMs;
      // A line of no length shows a point that stands alone.
      path += joins ? `L${x} ${y}` : `M${x} ${y}h0`;
      if (this.#options.dots && !isGoal) dots.push(shape("circle", { cx: x, cy: y, r: 4 }));
      before = point.at;
    }
    return shape("g", { class: `series s${place + 1}` }, shape("path", { d: path }), ...dots);
  }

  #nearest(x) {
    const far = (point) => Math.abs(this.#scale.x(point.at) - x);
    return this.#points.reduce((best, point) => (best && far(best) <= far(point) ? best : point), null)?.at ?? null;
  }

  #read(event) {
    if (event.key === "Escape") this.#choose(null);
    const step = STEPS[event.key];
    if (step === undefined || !this.#points.length) return;
    event.preventDefault();
    const last = this.#points.length - 1;
    const place = this.#points.findIndex((point) => point.at === this.#chosen);
    const next = Math.min(last, Math.max(0, (place < 0 ? last + (step < 0 ? 1 : 0) : place) + step));
    this.#choose(this.#points[next].at);
  }

  #choose(at) {
    if (at === this.#chosen) return;
    this.#chosen = at;
    this.#point();
  }

  /** Tell the values of the point that was chosen, or of the last one. */
  #point() {
    const { series, figure, label, newest } = this.#options;
    const chosen = this.#points.find((point) => point.at === this.#chosen);
    const told = chosen ?? this.#points.at(-1);
    const words = (of) => (told && of(told) !== null ? figure(of(told)) : "none");
    this.#when.textContent = chosen ? label(chosen.at) : told ? newest : "";
    show(
      this.#legend,
      ...series.map(({ name, of }, place) => element("li", {}, swatch(place), `${name} `, element("b", { class: "figure" }, words(of)))),
    );
    const reading = series.map(({ name, of }) => `${name} ${words(of)}`).join(", ");
    this.#svg.setAttribute("aria-valuenow", Math.max(0, this.#points.indexOf(told)));
    this.#svg.setAttribute("aria-valuetext", told ? `${label(told.at)}: ${reading}` : "nothing known yet");
    show(this.#cursor, ...(chosen ? this.#crosshair(chosen) : []));
  }

  #crosshair(point) {
    const x = this.#scale.x(point.at);
    return [
      shape("line", { x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }),
      ...this.#options.series
        .filter(({ of }) => of(point) !== null)
        .map(({ of }) => shape("circle", { cx: x, cy: this.#scale.y(of(point)), r: 4 })),
    ];
  }

  #tabulate() {
    if (!this.#details.open) return;
    const { series, figure, label } = this.#options;
    const words = (value) => (value === null ? "none" : figure(value));
    const rows = this.#points.toReversed().map((point) => [label(point.at), ...series.map(({ of }) => words(of(point)))]);
    this.#table.update(rows);
  }
}

function swatch(place) {
  return shape(
    "svg",
    { class: `series s${place + 1}`, width: 22, height: 10, "aria-hidden": "true" },
    shape("path", { d: "M1 5h20" }),
  );
}
