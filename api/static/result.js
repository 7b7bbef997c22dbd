// What a prediction says, and how far to trust it.
import { copyable, curlLine } from "./curl.js";
import { element, shape } from "./elements.js";
import { distance, money, percent, title, unit, value } from "./house_words.js";
import { priceChart } from "./price_chart.js";
import { day } from "./words.js";

const MINUS = "\u2212";
const NOTHING = "0.0";
const BANDS = { high: "good", medium: "warn", low: "bad" };

/**
 * Return all that is to be shown of a prediction that has ended.
 *
 * @param {Object} job the prediction
 * @param {Object} known `sample`: the real sale that was priced, if it is one; `features`: of
 *   the schema; `goTo`: brings the reader to a feature's field
 */
export function result(job, known) {
  return [...(job.output ? priced(nearestFirst(job.output), known) : []), line(job), document_(job)];
}

function priced(output, known) {
  const features = new Map(known.features.map((one) => [one.name, one]));
  return [
    headline(output, known.sample),
    priceChart(output, known.sample?.sold_for),
    trust(output),
    flags(output, known.goTo),
    output.reasons && reasons(output),
    output.comparables.length > 0 && comparables(output, features),
    model(output),
  ];
}

function headline({ price, currency, interval, as_of: asOf }, sample) {
  const range = `${money(interval.low, currency)} to ${money(interval.high, currency)}`;
  return element(
    "div",
    { class: "stack close" },
    element("p", { class: "price figure" }, money(price, currency)),
    element(
      "p",
      {},
      `${Math.round(interval.level * 100)} of 100 houses sell within their range, which here is `,
      element("strong", { class: "figure" }, range),
      `. Prices are those of ${day(asOf)}.`,
    ),
    sample && element("p", { class: "muted" }, sold(sample, interval, currency)),
  );
}

function sold({ sold_for: paid, sold_on: on }, { low, high }, currency) {
  const where = low <= paid && paid <= high ? "within the range" : "outside of the range";
  return `This house sold for ${money(paid, currency)} on ${day(on)}, ${where}.`;
}

function trust({ confidence, fsd }) {
  const { band, score } = confidence;
  return element(
    "p",
    {},
    element("span", { class: `badge ${BANDS[band]}` }, `${title(band)} confidence`),
    ` ${score} of 100: two sales of three lie within ${percent(fsd)} of the price.`,
  );
}

function flags({ flags: found }, goTo) {
  if (found.length === 0) {
    const words = "Nothing about this house is unusual: the model has learnt from houses like it.";
    return element("p", { class: "notice good" }, words);
  }
  return element(
    "div",
    { class: "notice warn" },
    element("h3", {}, "Look at this price with care"),
    element("ul", { class: "plain" }, ...found.map((one) => flag(one, goTo))),
  );
}

function flag({ feature, detail }, goTo) {
  const onclick = () => goTo(feature);
  return element(
    "li",
    {},
    detail,
    feature && " ",
    feature &&
      element("button", { class: "link", type: "button", onclick }, `Go to ${title(feature)}`),
  );
}

function reasons({ base, reasons: found, currency }) {
  const most = Math.max(...found.map(({ effect }) => Math.abs(effect)), 0.01);
  return element(
    "table",
    { class: "table" },
    element(
      "caption",
      {},
      element("h3", {}, "What moves the price"),
      `It starts from ${money(base, currency)}; each feature adds to it or takes from it.`,
    ),
    element("tbody", {}, ...found.map((one) => reason(one, most))),
  );
}

function reason({ feature, effect }, most) {
  const width = (48 * Math.abs(effect)) / most;
  const bar = shape("rect", {
    class: effect < 0 ? "takes" : "adds",
    x: `${effect < 0 ? 50 - width : 50}%`,
    y: 3,
    width: `${width}%`,
    height: 14,
    rx: 2,
  });
  const size = (100 * Math.abs(effect)).toFixed(1);
  const sign = size === NOTHING ? "" : effect < 0 ? MINUS : "+";
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, title(feature)),
    element("td", { class: "number" }, `${sign}${size}%`),
    element("td", { class: "bar" }, shape("svg", { width: "100%", height: 20, "aria-hidden": "true" }, bar)),
  );
}

function comparables({ comparables: found, currency, as_of: asOf }, features) {
  // Each sale tells what it has; an older version may have features that are no more.
  const names = Object.keys(Object.assign({}, ...found.map(({ house }) => house)));
  const columns = [
    ["#", (_, at) => at + 1],
    found.every(isPlaced) && ["Distance", (sale) => distance(sale.distance_m)],
    ["Sold on", (sale) => day(sale.sold_on)],
    ["Paid", (sale) => money(sale.price, currency)],
    ["Adjusted", (sale) => money(sale.price_as_of, currency)],
    ...names.map((name) => featureColumn(features.get(name) ?? { name })),
  ].filter(Boolean);
  const cell = ([, told], sale, at) => element("td", {}, told(sale, at));
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Comparable sales" },
    element(
      "table",
      { class: "table" },
      element(
        "caption",
        {},
        element("h3", {}, "Comparable sales"),
        element("span", { class: "muted" }, `Houses much like this one; adjusted: at the prices of ${day(asOf)}.`),
      ),
      element("thead", {}, element("tr", {}, ...columns.map(([name]) => element("th", { scope: "col" }, name)))),
      element(
        "tbody",
        {},
        ...found.map((sale, at) => element("tr", {}, ...columns.map((one) => cell(one, sale, at)))),
      ),
    ),
  );
}

function featureColumn(feature) {
  const name = `${title(feature.name)} ${unit(feature)}`;
  return [name, ({ house }) => value(house[feature.name], feature)];
}

/** Return an output whose sales are in the order of their distance, where they have one. */
function nearestFirst(output) {
  if (!output.comparables.every(isPlaced)) return output;
  const sorted = output.comparables.toSorted((one, other) => one.distance_m - other.distance_m);
  return { ...output, comparables: sorted };
}

function isPlaced({ distance_m: metres }) {
  return metres !== undefined;
}

function model({ model: { name, version, alias, trained_at: at } }) {
  return element(
    "p",
    { class: "small muted" },
    `Priced by ${name}, version `,
    element("code", {}, version),
    alias && ` (${alias})`,
    `, trained on ${day(at.slice(0, 10))}.`,
  );
}

function line({ input, output }) {
  const body = output?.reasons ? { input, explain: true } : { input };
  return element(
    "section",
    { class: "stack", "aria-labelledby": "curl-title" },
    element("h3", { id: "curl-title" }, "The same from a terminal"),
    element(
      "p",
      { class: "small muted" },
      "Put your key into the variable first: ",
      element("code", {}, "KEY=kb_..."),
    ),
    copyable(curlLine(body), "Command line"),
  );
}

function document_(job) {
  return element(
    "details",
    {},
    element("summary", {}, "The answer as JSON"),
    element("p", { class: "small muted" }, "From ", element("code", {}, job.urls.get)),
    copyable(JSON.stringify(job, null, 2), "JSON of the prediction"),
  );
}
