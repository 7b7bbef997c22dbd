// How good prices proved: what houses were sold for, held against what was said of them.
import { LineChart } from "./chart.js";
import { Choice } from "./choice.js";
import { element, show } from "./elements.js";
import { Figures } from "./figures.js";
import { Segments } from "./ops_segments.js";
import { PERIODS, spanOf } from "./periods.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, day, figure, many, moment } from "./words.js";

const percent = (value) => `${figure(value)} %`;
const FIGURES = [
  ["sales", "sales told", count],
  ["hit_rate", "had a price", percent],
  ["degraded", "serving and worse", count],
];
const COLUMNS = ["Version", "Serves as", "State", "Sales", "Median error", "at its test", "Median bias", "Inside the range", "meant"];
/** A chart shows so many versions, those with the newest sales: more cannot be told apart. */
const MOST_DRAWN = 2;
/** Measure of an alarm -> figure of a row, title, and what the upright axis shows at least. */
const CHARTS = [
  ["mdape", "mdape", "Median error", [0, 1]],
  ["bias", "median_bias", "Median bias", [-3, 3]],
  ["coverage", "coverage", "Inside the range", [80, 100]],
];
/** What an alarm says, of how much and of what is tolerated. */
const ALARMS = {
  mdape: (value, tolerated) => `half of its prices are further off than ${percent(value)}, where ${percent(tolerated)} is tolerated`,
  bias: (value, tolerated) => `half of its prices are more than ${percent(Math.abs(value))} too ${value < 0 ? "low" : "high"}, where ${percent(Math.abs(tolerated))} is tolerated`,
  coverage: (value, tolerated) => `its ranges hold ${percent(value)} of the sales, where ${percent(tolerated)} is tolerated`,
};

/** Posts in which a version prices houses now: only its alarms call for somebody. */
const SERVING = ["champion", "challenger"];

/**
 * Return the panel of accuracy.
 *
 * @param {Object} page
 * @param {boolean} hasArchive whether sales are kept here at all
 */
export function accuracyPanel(page, hasArchive) {
  const again = () => page.refresh("accuracy");
  const length = new Choice("accuracy-period", "By", Object.keys(PERIODS).map((one) => [one, `${one} of sale`]), again);
  const segments = new Segments(again);
  const figures = new Figures(FIGURES);
  const alarms = element("div", { class: "stack" });
  const charts = element("div", { class: "charts" });
  const table = new Table("Versions by realised sales", COLUMNS, [3, 4, 5, 6, 7, 8]);
  const words = element("div");
  const card = element("div", { class: "card stack" }, figures.node, words, table.node);
  return {
    id: "accuracy",
    title: "Prices against realised sales",
    everyS: 30,
    node: element("div", { class: "stack" }, alarms, length.node, charts, card, segments.node),
    async read() {
      if (!hasArchive) return null;
      const by = length.value;
      const report = (await fetchJson(`v1/monitoring/accuracy?by=${by}`)).body;
      return { by, report, cells: await segments.read(by, report) };
    },
    update(read) {
      const hasPriced = Boolean(read?.report.versions.length);
      for (const { node } of [figures, table, length, segments]) node.hidden = !hasPriced;
      show(words, read ? told(read.report) : muted("Without an archive nobody knows what houses are sold for."));
      if (!read) return;
      const { by, report, cells } = read;
      const worse = report.versions.filter((one) => isWorse(one) && serves(one));
      show(alarms, ...worse.map(alarm));
      figures.update({ ...report, degraded: worse.length });
      table.update(report.versions.map(row));
      show(charts, ...(hasPriced ? CHARTS.map((one) => overTime(one, report, by)) : []));
      segments.update(cells);
    },
  };
}

function isWorse({ state }) {
  return state === "degraded";
}

function serves({ aliases }) {
  return aliases.some((one) => SERVING.includes(one));
}

function muted(...words) {
  return element("p", { class: "muted" }, ...words);
}

function told({ made_at: made, sales, properties, from, to, versions, fewest }) {
  const how = ["Tell sales by ", element("code", {}, "kerbside outcomes add FILE"), "."];
  if (!made) return muted("No sale has been measured yet. ", ...how);
  const when = `Measured ${moment(made)}`;
  if (!versions.length) return muted(`${when}: of ${many(sales, "sale")} none was of a priced house. `, ...how);
  const of = `houses sold from ${day(from)} to ${day(to)}`;
  const kept = properties ? ` Of ${many(properties, "sale")} the property is known, and its valuation is judged.` : "";
  return element("p", { class: "help" }, `${when}, of ${of}.${kept} What fewer than ${count(fewest)} sales say is not told. `, ...how);
}

function alarm({ version, alarms }) {
  const worse = alarms.filter(isWorse).map(
    ({ measure, value, tolerance, outcomes, began_about: began }) =>
      `${ALARMS[measure](value, tolerance)} (${many(outcomes, "sale")} since ${day(began)})`,
  );
  return element("p", { class: "notice bad" }, element("code", {}, version), ` is worse than is tolerated: ${worse.join("; ")}.`);
}

function row(one) {
  return [
    element("code", {}, one.version),
    one.aliases.join(", ") || "retired",
    stateOf(one),
    count(one.n),
    measured(one.mdape),
    measured(one.expected_mdape),
    measured(one.median_bias),
    measured(one.coverage),
    measured(one.level),
  ];
}

/** Return the state of a version; that of one that serves no more is history. */
function stateOf(one) {
  const worse = isWorse(one);
  if (!serves(one)) return element("span", { class: "badge" }, worse ? `was worse from ${day(one.since)} on` : "was within tolerance");
  return element("span", { class: `badge ${worse ? "bad" : "good"}` }, worse ? `worse since ${day(one.since)}` : "within tolerance");
}

function measured(value) {
  return value === undefined || value === null ? "" : percent(value);
}

function overTime([measure, key, title, reach], { versions, rows }, by) {
  // The newest sales first; of the two that are drawn, the goals are those of the newest.
  const drawn = versions.toSorted((one, other) => other.to.localeCompare(one.to)).slice(0, MOST_DRAWN);
  const goals = drawn[0].alarms.filter((one) => one.measure === measure).map(({ tolerance }) => tolerance);
  const chart = new LineChart({
    title: `${title} by ${by} of sale`,
    reach,
    series: [
      ...drawn.map(({ version }) => ({ name: version, of: (point) => point[version] ?? null })),
      ...goals.map((goal) => ({ name: "tolerated", of: () => goal, isGoal: true })),
    ],
    figure: percent,
    label: PERIODS[by].words,
    newest: `last ${by}`,
    dots: true,
  });
  const points = pointsOf(rows, key);
  chart.update(points, spanOf(points, by));
  return element("div", { class: "card" }, chart.node);
}

function pointsOf(rows, key) {
  const periods = new Map();
  for (const one of rows) {
    const at = Date.parse(one.from);
    periods.set(at, { at, ...periods.get(at), ...(one.version && { [one.version]: one[key] }) });
  }
  return [...periods.values()].toSorted((one, other) => one.at - other.at);
}
