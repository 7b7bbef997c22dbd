// Champion and challenger: what their cards say, side by side.
import { LineChart } from "./chart.js";
import { element, show } from "./elements.js";
import { spanOf } from "./periods.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, day, figure, many, moment, month } from "./words.js";

const ALIASES = ["champion", "challenger", "previous"];

const percent = (value) => `${figure(value)} %`;
/** Figure of a card -> what it is called, and which of two is better. */
const METRICS = [
  ["mdape", "Median error", (a, b) => Math.abs(a) < Math.abs(b)],
  ["ppe10", "Within 10 % of the sale", (a, b) => a > b],
  ["ppe20", "Within 20 % of the sale", (a, b) => a > b],
  ["median_bias", "Median bias", (a, b) => Math.abs(a) < Math.abs(b)],
  ["coverage", "Sales inside the range", null],
  ["mean_width", "Mean width of the range", (a, b) => a < b],
];
/** Charts by month of the test; what was really sold has a panel of its own. */
const CHARTS = [
  { key: "mdape", title: "Median error by month of the test", reach: [0, 1] },
  { key: "coverage", title: "Sales inside the range by month of the test", reach: [80, 100], meant: ({ interval }) => interval.level * 100 },
];

/** Return the panel of the models. */
export function modelsPanel() {
  const node = element("div", { class: "models" });
  const comparison = element("div", { class: "card stack" });
  const charts = element("div", { class: "stack" });
  show(node, comparison, charts);
  return {
    id: "models",
    title: "Champion and challenger",
    everyS: 30,
    node,
    read: readModels,
    update(models) {
      show(comparison, ...told(models));
      show(charts, ...(models.length ? CHARTS.map((one) => byMonth(one, models)) : []));
    },
  };
}

async function readModels() {
  const { results } = (await fetchJson("v1/models")).body;
  const named = ALIASES.map((alias) => [alias, results.find((one) => one.aliases.includes(alias))]).filter(([, card]) => card);
  return Promise.all(
    named.map(async ([alias, { version }]) => ({ alias, ...(await fetchJson(`v1/models/${version}`)).body })),
  );
}

function told(models) {
  const champion = models.find(({ alias }) => alias === "champion");
  const none = !champion && element("p", { class: "muted" }, "There is no champion: train a model, or promote one.");
  if (!models.length) return [none];
  const rows = [
    ["Version", ...models.map(({ version }) => element("a", { href: `models/${version}` }, element("code", {}, version)))],
    ["Trained", ...models.map((card) => moment(card.trained_at))],
    ["Data end", ...models.map((card) => day(card.as_of))],
    ["Tested on", ...models.map(({ metrics }) => `${many(metrics.n, "later sale")}, ${day(metrics.tested_from)} to ${day(metrics.tested_to)}`)],
    ...METRICS.filter(([key]) => key in models[0].metrics).map(([key, words, isBetter]) => [
      words,
      ...models.map((card) => compared(card.metrics[key], card === champion ? undefined : champion?.metrics[key], isBetter)),
    ]),
  ];
  const table = new Table("Cards of the models", ["", ...models.map(({ alias }) => alias)]);
  table.update(rows);
  return [
    none,
    ...models.filter((card) => card.refused).map(refusal),
    table.node,
    champion && models.length === 1 && element("p", { class: "help" }, "There is no challenger and no previous champion to compare with."),
  ];
}

function refusal({ alias, version, refused }) {
  return element("p", { class: "notice bad" }, `Workers refuse the ${alias} ${version}, ${count(refused.count)} times since ${moment(refused.since)}: ${refused.reason}`);
}

function compared(value, champions, isBetter) {
  if (value === undefined) return "none";
  if (champions === undefined || !isBetter || value === champions) return percent(value);
  const better = isBetter(value, champions);
  return element("span", {}, `${percent(value)} `, element("span", { class: `badge ${better ? "good" : "warn"}` }, better ? "better" : "worse"));
}

function byMonth({ key, title, reach, meant }, models) {
  const periods = new Map();
  for (const { alias, metrics } of models) {
    for (const period of metrics.periods ?? []) {
      // Tests begin on different days: what is compared are months.
      const at = Date.parse(period.from.slice(0, 7));
      periods.set(at, { ...periods.get(at), at, [alias]: period[key] });
    }
  }
  const points = [...periods.values()].toSorted((one, other) => one.at - other.at);
  const chart = new LineChart({
    title,
    reach,
    series: [
      ...models.map(({ alias }) => ({ name: alias, of: (point) => point[alias] ?? null })),
      ...(meant ? [{ name: "meant to be", of: () => meant(models[0]), isGoal: true }] : []),
    ],
    figure: percent,
    label: month,
    newest: "last month",
    dots: true,
  });
  if (points.length) chart.update(points, spanOf(points, "month"));
  return element("div", { class: "card" }, points.length ? chart.node : element("p", { class: "muted" }, `${title}: the cards do not say.`));
}
