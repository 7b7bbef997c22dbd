// What operators did last.
import { element } from "./elements.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, moment } from "./words.js";

const SHOWN = 10;

/** Return the panel of the audit log. */
export function auditPanel() {
  const table = new Table("Table of actions", ["Time", "Who", "What", "About", "Outcome"]);
  const none = element("p", { class: "muted" }, "Nothing yet.");
  return {
    id: "audit",
    title: "What operators did",
    everyS: 15,
    node: element("div", { class: "card" }, table.node, none),
    read: async () => (await fetchJson(`v1/ops/audit?limit=${SHOWN}`)).body.results,
    update(actions) {
      table.update(actions.map((action) => [moment(action.time), action.actor, action.operation.replaceAll("_", " "), about(action), action.outcome]));
      table.node.hidden = !actions.length;
      none.hidden = actions.length > 0;
    },
  };
}

function about({ targets, target_count: number }) {
  return number > 1 ? `${targets[0]} and ${count(number - 1)} more` : (targets[0] ?? "");
}
