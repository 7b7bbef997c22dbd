// How deliveries to receivers go, over all tenants.
import { element, show } from "./elements.js";
import { fetchJson } from "./session.js";
import { table } from "./table.js";
import { count, duration, many, moment } from "./words.js";

const FIGURES = [
  ["waiting", "waiting", count],
  ["running", "under way", count],
  ["scheduled", "to be tried again", count],
  ["oldest_age_s", "first in line waits", duration],
  ["parked", "wait for their receiver", count],
  ["endpoint_count", "endpoints", count],
  ["disabled_count", "of them off", count],
  ["dead", "dead letters", count],
];

/** Why an endpoint is off. */
const REASONS = { by_client: "its tenant wants it so", gone: "it answered 410 Gone", failing: "it failed for too long" };

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
      const figures = FIGURES.map(([key, words, told]) => element("div", {}, element("dt", {}, words), element("dd", { class: "figure" }, told(health[key]))));
      show(node, element("dl", { class: "figures" }, ...figures), paused(health), disabled(health));
    },
  };
}

function paused({ paused_count: number, paused_receivers: receivers }) {
  if (!number) return element("p", { class: "muted" }, "No receiver is left alone for failing.");
  const rows = receivers.map((one) => [one.origin ?? one.destination, one.tenant ?? "", count(one.parked), at(one.failing_since), at(one.until)]);
  return listed(`${many(number, "receiver")} left alone for failing`, ["Receiver", "Tenant", "Wait for it", "Fails since", "Alone until"], rows, { numbers: [2] });
}

function disabled({ disabled_count: number, disabled_endpoints: endpoints }) {
  if (!number) return null;
  const rows = endpoints.map((one) => [element("code", {}, one.webhook), one.tenant ?? "", one.origin ?? "", REASONS[one.reason] ?? "", at(one.since)]);
  return listed(`${many(number, "endpoint")} off`, ["Endpoint", "Tenant", "Receiver", "Why", "Since"], rows);
}

function listed(title, head, rows, options) {
  return element("div", {}, element("h3", {}, title), table(head, rows, options));
}

function at(instant) {
  return instant ? moment(instant) : "";
}
