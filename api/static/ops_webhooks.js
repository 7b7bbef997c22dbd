// How deliveries to receivers go, over all tenants.
import { element, show } from "./elements.js";
import { fetchJson } from "./session.js";
import { table } from "./table.js";
import { count, duration, moment } from "./words.js";

const FIGURES = [
  ["waiting", "waiting", count],
  ["running", "under way", count],
  ["scheduled", "to be tried again", count],
  ["oldest_age_s", "first in line waits", duration],
];

/** Return the panel of the webhooks. */
export function webhooksPanel() {
  const node = element("div", { class: "card stack" });
  return {
    id: "webhooks",
    title: "Webhooks",
    everyS: 10,
    node,
    read: async () => (await fetchJson("v1/ops/webhooks")).body,
    update(health) {
      show(
        node,
        element("dl", { class: "figures" }, ...FIGURES.map(([key, words, told]) => element("div", {}, element("dt", {}, words), element("dd", { class: "figure" }, told(health[key]))))),
        receivers(health.paused_receivers),
      );
    },
  };
}

function receivers(paused) {
  if (!paused.length) return element("p", { class: "muted" }, "No receiver is paused.");
  const rows = paused.map(({ destination, until }) => [destination, moment(until)]);
  return table(["Receiver that fails", "Left alone until"], rows);
}
