// Who takes work from the lanes.
import { element } from "./elements.js";
import { laneName } from "./ops_lanes.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { moment } from "./words.js";

/** Return the panel of the workers. */
export function workersPanel() {
  const table = new Table("Table of workers", ["Name", "Lane", "Last asked for work"]);
  const none = element("p", { class: "muted" }, "No worker has asked for work within ten seconds.");
  return {
    id: "workers",
    title: "Workers",
    everyS: 5,
    node: element("div", { class: "card" }, table.node, none),
    read: async () => (await fetchJson("v1/ops/workers")).body.results,
    update(workers) {
      table.update(workers.map(({ name, lane, last_seen: seen }) => [name, laneName(lane), moment(seen)]));
      table.node.hidden = !workers.length;
      none.hidden = workers.length > 0;
    },
  };
}
