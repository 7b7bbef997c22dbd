// What belongs to a house, as people read it: amounts, distances, features.

const LANGUAGE = "en";
const YEAR = "year";
// Words in names that say what a unit says.
const SPELLINGS = { m2: ["sqm", "qm", "kvm"], ft2: ["sqft", "sf"] };

/** Return a whole amount of a currency. */
export function money(amount, currency) {
  return amount.toLocaleString(LANGUAGE, {
    style: "currency",
    currency,
    maximumFractionDigits: 0,
  });
}

/** Return an amount in as few characters as tell it apart: $450K. */
export function shortMoney(amount, currency) {
  return amount.toLocaleString(LANGUAGE, {
    style: "currency",
    currency,
    notation: "compact",
    maximumFractionDigits: 2,
  });
}

/** Return a share as a whole percentage. */
export function percent(share) {
  return share.toLocaleString(LANGUAGE, { style: "percent", maximumFractionDigits: 0 });
}

/** Return a distance in metres or kilometres. */
export function distance(metres) {
  return metres < 1000 ? `${metres} m` : `${number(Math.round(metres / 100) / 10)} km`;
}

/** Return what a house has for a feature; years have no commas, and nothing is empty. */
export function value(found, feature) {
  if (found === null || found === undefined) return "";
  return typeof found === "number" && feature.unit !== YEAR ? number(found) : String(found);
}

/** Return the name of a feature as words: `yr_built` is "Yr built". */
export function title(name) {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** Return the unit of a feature, `ft2` as "ft²"; empty where its name says it already. */
export function unit({ name, unit: written }) {
  if (!written || written === YEAR || ends(name, written)) return "";
  return written.replace(/2$/, "²").replace(/3$/, "³");
}

function ends(name, written) {
  const [last] = name.toLowerCase().match(/[^\W_]*$/);
  return last.endsWith(written) || SPELLINGS[written]?.includes(last);
}

/** Return a text as parts, those between backticks marked as code. */
export function marked(text) {
  return text.split("`").map((part, at) => ({ part, isCode: at % 2 === 1 }));
}

function number(found) {
  return found.toLocaleString(LANGUAGE, { maximumFractionDigits: 6 });
}
