// The last minutes of a lane, as charts.
import { LineChart } from "./chart.js";
import { laneName } from "./ops_lanes.js";
import { Choice } from "./choice.js";
import { element } from "./elements.js";
import { fetchJson } from "./session.js";
import { clock, count, duration, figure, minute, moment } from "./words.js";

const MINUTE_MS = 60_000;
/** Minutes that can be looked back -> what that is called, and minutes between marks. */
const SPANS = { 15: ["15 minutes", 5], 60: ["1 hour", 15] };
/** Steps without a point from which on nobody looked. */
const GAP_STEPS = 3;

const CHARTS = [
  { title: "Jobs a second", figure, reach: [0, 1], series: [{ name: "came in", of: (point) => point.arrivals_per_s }, { name: "ended", of: (point) => point.jobs_per_s }] },
  { title: "Time waited", figure: duration, reach: [0, 0.1], series: [{ name: "mean of those started", of: (point) => point.mean_wait_s }, { name: "first in line", of: (point) => point.oldest_age_s }] },
  { title: "In the lane", figure: count, reach: [0, 4], series: [{ name: "waiting", of: (point) => point.waiting }, { name: "in hand", of: (point) => point.running }] },
];

/** Return the panel of throughput and waits. */
export function historyPanel(page, lanes) {
  const charts = CHARTS.map((one) => new LineChart({ ...one, label: clock, newest: "latest", shaded: (point) => point.paused }));
  const again = () => page.refresh("history");
  const lane = new Choice("history-lane", "Lane", lanes.map((name) => [name, laneName(name)]), again);
  const span = new Choice("history-span", "Last", Object.entries(SPANS).map(([minutes, [words]]) => [minutes, words]), again);
  const hint = element("div");
  return {
    id: "history",
    title: "Throughput and waits",
    everyS: 10,
    node: element(
      "div",
      { class: "stack" },
      element("div", { class: "row" }, lane.node, span.node),
      hint,
      element("div", { class: "charts" }, ...charts.map((chart) => element("div", { class: "card" }, chart.node))),
    ),
    read: async () => (await fetchJson(`v1/ops/history?lane=${lane.value}&minutes=${span.value}`)).body,
    update(told) {
      const now = Date.parse(told.time);
      const points = told.points.map((point) => ({ ...point, at: Date.parse(point.time) }));
      const gapMs = GAP_STEPS * told.step_s * 1000;
      for (const chart of charts) chart.update(points, { gapMs, ...spanOf(now, Number(span.value)) });
      page.rewrite(hint, missing(now, points, gapMs).map((words) => element("p", { class: "notice warn small" }, words)));
    },
  };
}

function missing(now, points, gapMs) {
  const last = points.at(-1)?.at;
  if (last === undefined) return ["Nothing is known of this time yet: the upkeep writes a point each 10 seconds."];
  if (now - last < gapMs) return [];
  return [`Nobody has looked after the lanes since ${moment(last)}: see to the worker of lane upkeep and to beat.`];
}

function spanOf(now, minutes) {
  const every = SPANS[minutes][1] * MINUTE_MS;
  const from = now - minutes * MINUTE_MS;
  const first = Math.ceil(from / every) * every;
  const marks = [];
  for (let at = first; at <= now; at += every) marks.push({ at, words: minute(at) });
  return { from, to: now, marks };
}
