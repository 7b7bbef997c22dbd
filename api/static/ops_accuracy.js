// How good prices proved: what houses were sold for, held against what was said of them.
import { LineChart } from "./chart.js";
import { element, show } from "./elements.js";
import { Figures } from "./figures.js";
import { spanOfMonths } from "./months.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, day, figure, many, moment, month } from "./words.js";

const percent = (value) => `${figure(value)} %`;
const FIGURES = [
  ["sales", "sales told", count],
  ["hit_rate", "had a price", percent],
  ["degraded", "versions worse", count],
];
const COLUMNS = ["Version", "State", "Sales", "Median error", "at its test", "Median bias", "Inside the range", "meant"];
/** A chart shows so many versions, those with the newest sales: more cannot be told apart. */
const MOST_DRAWN = 2;
/** Measure of an alarm -> figure of a row, title, and what the upright axis shows at least. */
const CHARTS = [
  ["mdape", "mdape", "Median error by month of sale", [0, 1]],
  ["bias", "median_bias", "Median bias by month of sale", [-3, 3]],
  ["coverage", "coverage", "Inside the range by month of sale", [80, 100]],
];
/** What an alarm says, of how much and of what is tolerated. */
const ALARMS = {
  mdape: (value, tolerated) => `half of its prices are further off than ${percent(value)}, where ${percent(tolerated)} is tolerated`,
  bias: (value, tolerated) => `half of its prices are more than ${percent(Math.abs(value))} too ${value < 0 ? "low" : "high"}, where ${percent(Math.abs(tolerated))} is tolerated`,
  coverage: (value, tolerated) => `its ranges hold ${percent(value)} of the sales, where ${percent(tolerated)} is tolerated`,
};

/**
 * Return the panel of accuracy.
 *
 * @param {boolean} hasArchive whether sales are kept here at all
 */
export function accuracyPanel(hasArchive) {
  const figures = new Figures(FIGURES);
  const alarms = element("div", { class: "stack" });
  const charts = element("div", { class: "charts" });
  const table = new Table("Versions by realised sales", COLUMNS, [2, 3, 4, 5, 6, 7]);
  const words = element("div");
  const card = element("div", { class: "card stack" }, figures.node, words, table.node);
  return {
    id: "accuracy",
    title: "Prices against realised sales",
    everyS: 30,
    node: element("div", { class: "stack" }, alarms, charts, card),
    read: async () => (hasArchive ? (await fetchJson("v1/monitoring/accuracy")).body : null),
    update(report) {
      figures.node.hidden = table.node.hidden = !report?.versions.length;
      show(words, report ? told(report) : muted("Without an archive nobody knows what houses are sold for."));
      if (!report) return;
      const { versions } = report;
      const worse = versions.filter(isWorse);
      show(alarms, ...worse.map(alarm));
      figures.update({ ...report, degraded: worse.length });
      table.update(versions.map(row));
      show(charts, ...(versions.length ? CHARTS.map((one) => byMonth(one, report)) : []));
    },
  };
}

function isWorse({ state }) {
  return state === "degraded";
}

function muted(...words) {
  return element("p", { class: "muted" }, ...words);
}

function told({ made_at: made, sales, from, to, versions, fewest }) {
  const how = ["Tell sales by ", element("code", {}, "kerbside outcomes add FILE"), "."];
  if (!made) return muted("No sale has been measured yet. ", ...how);
  const when = `Measured ${moment(made)}`;
  if (!versions.length) return muted(`${when}: of ${many(sales, "sale")} none was of a priced house. `, ...how);
  const of = `houses sold from ${day(from)} to ${day(to)}`;
  return element("p", { class: "help" }, `${when}, of ${of}. What fewer than ${count(fewest)} sales say is not told. `, ...how);
}

function alarm({ version, alarms }) {
  const worse = alarms.filter(isWorse).map(
    ({ measure, value, tolerance, outcomes, began_about: began }) =>
      `${ALARMS[measure](value, tolerance)} (${many(outcomes, "sale")} since ${day(began)})`,
  );
  return element("p", { class: "notice bad" }, element("code", {}, version), ` is worse than is tolerated: ${worse.join("; ")}.`);
}

function row(one) {
  const worse = isWorse(one);
  const state = worse ? `worse since ${day(one.since)}` : "within tolerance";
  return [
    element("code", {}, one.version),
    element("span", { class: `badge ${worse ? "bad" : "good"}` }, state),
    count(one.n),
    measured(one.mdape),
    measured(one.expected_mdape),
    measured(one.median_bias),
    measured(one.coverage),
    measured(one.level),
  ];
}

function measured(value) {
  return value === undefined || value === null ? "" : percent(value);
}

function byMonth([measure, key, title, reach], { versions, rows }) {
  // The newest sales first; of the two that are drawn, the goals are those of the newest.
  const drawn = versions.toSorted((one, other) => other.to.localeCompare(one.to)).slice(0, MOST_DRAWN);
  const goals = drawn[0].alarms.filter((one) => one.measure === measure).map(({ tolerance }) => tolerance);
  const chart = new LineChart({
    title,
    reach,
    series: [
      ...drawn.map(({ version }) => ({ name: version, of: (point) => point[version] ?? null })),
      ...goals.map((goal) => ({ name: "tolerated", of: () => goal, isGoal: true })),
    ],
    figure: percent,
    label: month,
    newest: "last month",
    dots: true,
  });
  const points = pointsOf(rows, key);
  chart.update(points, spanOfMonths(points));
  return element("div", { class: "card" }, chart.node);
}

function pointsOf(rows, key) {
  const months = new Map();
  for (const one of rows) {
    const at = Date.parse(one.from);
    months.set(at, { at, ...months.get(at), ...(one.version && { [one.version]: one[key] }) });
  }
  return [...months.values()].toSorted((one, other) => one.at - other.at);
}
