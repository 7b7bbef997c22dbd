// A price with its range on a scale, and the comparable sales under it on the same scale.
import { Axis } from "./axis.js";
import { element, shape } from "./elements.js";
import { distance, money, percent, shortMoney } from "./house_words.js";
import { month } from "./words.js";

// Heights in pixels, from the top.
const BAND = { top: 26, height: 26 };
const ENDS = 72;
const SALES = 84;
const ROW = 28;
const DOT = 11;
const TICKS = 22;
// Shares of the width at its ends: words stand at the left one.
const FREE = [0.16, 0.05];
// In hundredths of the width: how far the words before the sales reach, and what a word
// needs beside its mark.
const AWAY = 14;
const NARROW = 24;

/**
 * Return the figure.
 *
 * @param {Object} output of a prediction
 * @param {number} [paid] what the house sold for, where that is known
 */
export function priceChart(output, paid) {
  const { price, currency, interval, comparables } = output;
  const { low, high } = interval;
  // Sales far beyond the range would press it together: they lie at the end of the scale.
  const width = high - low;
  const known = [...comparables.map((one) => one.price_as_of), paid ?? price];
  const axis = new Axis(
    Math.max(Math.min(low, ...known), low - width),
    Math.min(Math.max(high, ...known), high + width),
    FREE,
  );
  const bottom = SALES + ROW * comparables.length;
  return element(
    "figure",
    { class: "price-chart" },
    shape(
      "svg",
      { width: "100%", height: bottom + TICKS, role: "img", "aria-label": inWords(output, paid) },
      ...grid(axis, currency, bottom),
      ...range(axis, output),
      ...(paid ? [line("paid", axis.at(paid), BAND.top - 6, BAND.top + BAND.height + 6)] : []),
      ...priceMark(axis, price, currency, bottom),
      ...sales(axis, comparables),
    ),
    legend(output, paid),
  );
}

function grid(axis, currency, bottom) {
  const ticks = axis.ticks(4).filter((value) => axis.place(value) > AWAY);
  return ticks.flatMap((value) => [
    line("grid", axis.at(value), BAND.top, bottom),
    text("tick", axis, value, bottom + 16, shortMoney(value, currency)),
  ]);
}

function range(axis, { price, currency, interval, fsd }) {
  const { low, high } = interval;
  return [
    band("range", axis, low, high),
    band("likely", axis, Math.max(low, price * (1 - fsd)), Math.min(high, price * (1 + fsd))),
    end(axis, low, currency, axis.place(low) < NARROW ? "start" : "end"),
    end(axis, high, currency, axis.place(high) > 100 - NARROW ? "end" : "start"),
  ];
}

function band(name, axis, low, high) {
  const width = `${(axis.place(high) - axis.place(low)).toFixed(2)}%`;
  return shape("rect", {
    class: name,
    x: axis.at(low),
    y: BAND.top,
    width,
    height: BAND.height,
    rx: 4,
  });
}

function end(axis, value, currency, anchor) {
  const place = { class: "end", x: axis.at(value), y: ENDS, "text-anchor": anchor };
  return shape("text", place, money(value, currency));
}

function priceMark(axis, price, currency, bottom) {
  return [
    line("through", axis.at(price), BAND.top + BAND.height, bottom),
    line("price", axis.at(price), BAND.top - 4, BAND.top + BAND.height + 4),
    text("price", axis, price, BAND.top - 10, money(price, currency)),
  ];
}

/** Return a row for each sale: how far away it is, and what it would cost today. */
function sales(axis, comparables) {
  return comparables.flatMap((sale, at) => {
    const y = SALES + ROW * (at + 0.5);
    return [
      shape("line", { class: "grid", x1: `${AWAY}%`, x2: "100%", y1: y, y2: y }),
      shape("text", { class: "away", x: 0, y: y + 4 }, away(sale)),
      dot(axis, sale, y, at + 1),
    ];
  });
}

function away({ distance_m: metres, sold_on: on }) {
  return metres === undefined ? month(on) : distance(metres);
}

function dot(axis, sale, y, number) {
  const x = axis.at(sale.price_as_of);
  return shape(
    "g",
    { class: axis.reaches(sale.price_as_of) ? "sale" : "sale beyond" },
    shape("circle", { cx: x, cy: y, r: DOT }),
    shape("text", { x, y: y + 4, "text-anchor": "middle" }, number),
  );
}

function line(name, x, top, bottom) {
  return shape("line", { class: name, x1: x, x2: x, y1: top, y2: bottom });
}

function text(name, axis, value, y, words) {
  const place = axis.place(value);
  const anchor = place < 8 ? "start" : place > 92 ? "end" : "middle";
  return shape("text", { class: name, x: axis.at(value), y, "text-anchor": anchor }, words);
}

function legend({ interval, comparables }, paid) {
  const entries = [
    ["range", `${percent(interval.level)} range`],
    ["likely", "two sales of three"],
    paid && ["paid", "what was paid"],
    comparables.length && ["sale", "comparable sales, as in the table"],
  ];
  return element(
    "figcaption",
    { class: "legend small muted" },
    ...entries.filter(Boolean).map(([name, words]) =>
      element("span", {}, element("i", { class: `swatch ${name}` }), words),
    ),
  );
}

function inWords({ price, currency, interval, comparables }, paid) {
  const { low, high } = interval;
  const told = [
    `Price ${money(price, currency)} on a scale, ` +
      `with its range from ${money(low, currency)} to ${money(high, currency)}.`,
    paid && `It sold for ${money(paid, currency)}.`,
    comparables.length && `Under it ${comparables.length} comparable sales; the table has them.`,
  ];
  return told.filter(Boolean).join(" ");
}
