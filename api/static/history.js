// The prices that this tab has seen, so that houses can be compared; newest first.
import { element, show } from "./elements.js";
import { money } from "./house_words.js";
import { minute } from "./words.js";

const KEPT = "kerbside.prices";
const MOST = 12;

/** Keep a price that has come; one that is known already stays where it is. */
export function remember({ id, completed_at: time, output }) {
  const { price, currency, interval } = output;
  const kept = remembered();
  if (kept.some((one) => one.id === id)) return;
  kept.unshift({ id, time, price, currency, low: interval.low, high: interval.high });
  sessionStorage.setItem(KEPT, JSON.stringify(kept.slice(0, MOST)));
}

/** Show them in a section, which is hidden while there is none. */
export function showHistory(section, current) {
  const kept = remembered();
  section.hidden = kept.length === 0;
  show(section.querySelector("ol"), ...kept.map((one) => entry(one, one.id === current)));
}

function remembered() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
}

function entry({ id, time, price, currency, low, high }, isCurrent) {
  return element(
    "li",
    { class: "row" },
    element(
      "a",
      { href: `#/predictions/${id}`, "aria-current": isCurrent && "true" },
      money(price, currency),
    ),
    element("span", { class: "small muted" }, `${money(low, currency)} to ${money(high, currency)}`),
    element("time", { class: "small muted", datetime: time }, minute(time)),
  );
}
