// Figures and times as people read them.

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** Return a whole number, such as `12,345`. */
export function count(number) {
  return WHOLE.format(number);
}

/** Return a number with three digits that count, such as `0.125`; whole from 100 on. */
export function figure(number) {
  return Math.abs(number) < 100 ? FINE.format(number) : WHOLE.format(number);
}

/** Return how many there are of a thing, such as `1 house` or `3 houses`. */
export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** Return seconds such as `31 ms`, `4.2 s`, `1 min 35 s` or `3 h 5 min`. */
export function duration(seconds) {
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return `${figure(Math.max(1, Math.round(seconds * 1000)))} ms`;
  if (seconds < 59.5) return `${figure(Math.round(seconds * 10) / 10)} s`;
  if (seconds < 3570) return twoUnits(Math.round(seconds), 60, "min", "s");
  if (seconds < 86_000) return twoUnits(Math.round(seconds / 60), 60, "h", "min");
  return twoUnits(Math.round(seconds / 3600), 24, "days", "h");
}

function twoUnits(small, size, big, little) {
  const rest = small % size;
  return `${count(Math.floor(small / size))} ${big}${rest ? ` ${rest} ${little}` : ""}`;
}

/** Return the time of day, with seconds, of an instant of whatever form. */
export function clock(instant) {
  return CLOCK.format(new Date(instant));
}

/** Return the time of day to the minute. */
export function minute(instant) {
  return MINUTE.format(new Date(instant));
}

/** Return a calendar date, such as `27 May 2015`. */
export function day(date) {
  return DAY.format(new Date(date));
}

/** Return the month of a calendar date, such as `May 2015`. */
export function month(date) {
  return MONTH.format(new Date(date));
}

/** Return the time of an instant of today, and the date with it of any other. */
export function moment(instant) {
  const then = new Date(instant);
  const isToday = then.toDateString() === new Date().toDateString();
  return (isToday ? CLOCK : MOMENT).format(then);
}
