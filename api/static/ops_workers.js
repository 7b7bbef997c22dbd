// Who takes work from the lanes.
import { element, show } from "./elements.js";
import { laneName } from "./ops_lanes.js";
import { fetchJson } from "./session.js";
import { moment } from "./words.js";
import { table } from "./table.js";

/** Return the panel of the workers. */
export function workersPanel() {
  const node = element("div", { class: "card" });
  return {
    id: "workers",
    title: "Workers",
    everyS: 5,
    node,
    read: async () => (await fetchJson("v1/ops/workers")).body.results,
    update(workers) {
      const rows = workers.map(({ name, lane, last_seen: seen }) => [name, laneName(lane), moment(seen)]);
      show(node, rows.length ? table(["Name", "Lane", "Last asked for work"], rows) : element("p", { class: "muted" }, "No worker has asked for work within ten seconds."));
    },
  };
}
