// How the houses that the champion prices differ from the sales that it was trained on.
import { Choice } from "./choice.js";
import { element } from "./elements.js";
import { Figures } from "./figures.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, figure, moment } from "./words.js";

const WINDOWS = { recent: "newest houses", "1d": "24 hours", "7d": "7 days", "30d": "30 days" };
const VERDICTS = { drift: ["bad", "changed"], stable: ["good", "as the sales"], unknown: ["warn", "not known"] };

const percent = (share) => `${figure(100 * share)} %`;
const FIGURES = [
  ["houses", "houses", count],
  ["flagged", "unlike the sales", percent],
  ["changed", "features changed", count],
];

/** Return the panel of drift. */
export function driftPanel(page) {
  const figures = new Figures(FIGURES);
  const table = new Table("Features of houses", ["Feature", "Verdict", "PSI", "of limit", "KS", "of limit", "Missing", "Unknown", "Flagged", "Since"], [2, 3, 4, 5, 6, 7, 8]);
  const span = new Choice("drift-window", "Of the", Object.entries(WINDOWS), () => page.refresh("drift"));
  return {
    id: "drift",
    title: "Houses against the sales",
    everyS: 30,
    node: element(
      "div",
      { class: "card stack" },
      span.node,
      figures.node,
      table.node,
      element("p", { class: "help" }, "A report with plots: ", element("code", {}, "kerbside drift --html FILE")),
    ),
    read: async () => (await fetchJson(`v1/monitoring/drift?window=${span.value}`)).body,
    update(report) {
      figures.update({ ...report, changed: report.features.filter(({ verdict }) => verdict === "drift").length });
      // What has changed comes first.
      table.update(report.features.toSorted((one, other) => weight(other) - weight(one)).map(row));
    },
  };
}

function weight({ verdict, psi, psi_limit: limit }) {
  return (verdict === "drift" ? 1000 : 0) + (psi === null ? 0 : psi / limit);
}

function row(one) {
  const [kind, words] = VERDICTS[one.verdict];
  const why = one.reasons.length ? `${words}: ${one.reasons.join(", ")}` : words;
  return [
    one.feature,
    element("span", { class: `badge ${kind}` }, why),
    measure(one.psi),
    measure(one.psi_limit),
    measure(one.ks),
    measure(one.ks_limit),
    percent(one.missing),
    percent(one.unknown),
    percent(one.flagged),
    one.since ? moment(one.since) : "",
  ];
}

function measure(value) {
  return value === null ? "" : value.toFixed(3);
}
