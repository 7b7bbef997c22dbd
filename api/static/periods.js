// Charts with a point a month, or a week.
import { day, month } from "./words.js";

const DAY_MS = 86_400_000;
/** Periods that are named below a chart, at most: a phone has no room for more. */
const MOST_NAMED = 4;

/** Length of a period -> how it is told by its first day, and half of its days. */
export const PERIODS = {
  month: { words: month, half: 15 },
  week: { words: (date) => `week of ${day(date)}`, half: 3.5 },
};

/** Return the span of a chart of periods of a length; see `LineChart.update`. */
export function spanOf(points, length) {
  const every = Math.ceil(points.length / MOST_NAMED);
  const named = points.filter((_, place) => place % every === 0);
  const margin = PERIODS[length].half * DAY_MS;
  return {
    from: points.at(0).at - margin,
    to: points.at(-1).at + margin,
    marks: named.map(({ at }) => ({ at, words: length === "month" ? month(at) : day(at) })),
    gapMs: Infinity,
  };
}
