// What operators did last.
import { element, show } from "./elements.js";
import { fetchJson } from "./session.js";
import { table } from "./table.js";
import { count, moment } from "./words.js";

const SHOWN = 10;

/** Return the panel of the audit log. */
export function auditPanel() {
  const node = element("div", { class: "card" });
  return {
    id: "audit",
    title: "What operators did",
    everyS: 15,
    node,
    read: async () => (await fetchJson(`v1/ops/audit?limit=${SHOWN}`)).body.results,
    update(actions) {
      const rows = actions.map((action) => [moment(action.time), action.actor, action.operation.replaceAll("_", " "), about(action), action.outcome]);
      show(node, rows.length ? table(["Time", "Who", "What", "About", "Outcome"], rows) : element("p", { class: "muted" }, "Nothing yet."));
    },
  };
}

function about({ targets, target_count: number }) {
  return number > 1 ? `${targets[0]} and ${count(number - 1)} more` : (targets[0] ?? "");
}
