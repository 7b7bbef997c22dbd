// How deliveries to receivers go, over all tenants.
import { element } from "./elements.js";
import { Figures } from "./figures.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
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
  const figures = new Figures(FIGURES);
  const none = element("p", { class: "muted" }, "No receiver is left alone for failing.");
  const paused = new Listed("Receivers left alone", ["Receiver", "Tenant", "Wait for it", "Fails since", "Alone until"], [2]);
  const disabled = new Listed("Endpoints off", ["Endpoint", "Tenant", "Receiver", "Why", "Since"]);
  return {
    id: "webhooks",
    title: "Webhooks",
    everyS: 10,
    node: element("div", { class: "card stack" }, figures.node, none, paused.node, disabled.node),
    read: async () => (await fetchJson("v1/ops/webhooks")).body,
    update(health) {
      figures.update(health);
      none.hidden = health.paused_count > 0;
      paused.update(`${many(health.paused_count, "receiver")} left alone for failing`, health.paused_count, health.paused_receivers.map(receiver));
      disabled.update(`${many(health.disabled_count, "endpoint")} off`, health.disabled_count, health.disabled_endpoints.map(endpoint));
    },
  };
}

/** A table under a heading that tells how many there are; hidden while there is none. */
class Listed {
  #title = element("h3");
  #table;

  constructor(name, head, numbers) {
    this.#table = new Table(name, head, numbers);
    this.node = element("div", { hidden: true }, this.#title, this.#table.node);
  }

  update(words, number, rows) {
    this.node.hidden = !number;
    this.#title.textContent = rows.length < number ? `${words}, ${count(rows.length)} of them shown` : words;
    this.#table.update(rows);
  }
}

function receiver(one) {
  return [one.origin ?? one.destination, one.tenant ?? "", count(one.parked), at(one.failing_since), at(one.until)];
}

function endpoint(one) {
  return [element("code", {}, one.webhook), one.tenant ?? "", one.origin ?? "", REASONS[one.reason] ?? "", at(one.since)];
}

function at(instant) {
  return instant ? moment(instant) : "";
}
