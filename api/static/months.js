// Charts with a point a month.
import { month } from "./words.js";

const FORTNIGHT_MS = 14 * 86_400_000;
/** Months that are named below a chart, at most: a phone has no room for more. */
const MOST_NAMED = 4;

/** Return the span of a chart of months; see `LineChart.update`. */
export function spanOfMonths(points) {
  const every = Math.ceil(points.length / MOST_NAMED);
  const named = points.filter((_, place) => place % every === 0);
  return {
    from: points.at(0).at - FORTNIGHT_MS,
    to: points.at(-1).at + FORTNIGHT_MS,
    marks: named.map(({ at }) => ({ at, words: month(at) })),
    gapMs: Infinity,
  };
}
