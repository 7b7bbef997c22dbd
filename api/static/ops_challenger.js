// The challenger on trial: what it and the champion say of the same houses, and which of them prices.
import { confirmed } from "./confirm.js";
import { element, show } from "./elements.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, duration, figure, many } from "./words.js";

const PLACE = "v1/models/aliases";
const LONGEST_SHARE = 6;
const NOT_FOUND = 404;

const percent = (value) => `${figure(value)} %`;

/** Return the panel of the trial. */
export function challengerPanel(page) {
  const words = element("div", { class: "stack" });
  // Hidden until it is known of what they speak.
  const button = (id, label, ask, kind = "") =>
    element("button", { class: `button small ${kind}`, type: "button", id, hidden: true, onclick: () => page.act(() => ask(told)) }, label);
  const ofChallenger = [
    button("promote", "Promote the challenger…", promoted),
    button("share", "Set its share…", shared),
    button("dismiss", "Dismiss it…", dismissed),
  ];
  const back = button("rollback", "Roll back…", rolledBack, "danger");
  let told = null;
  return {
    id: "challenger",
    title: "The challenger on trial",
    everyS: 10,
    node: element("div", { class: "card stack" }, words, element("div", { class: "actions end" }, ...ofChallenger, back)),
    read: readTrial,
    update(trial) {
      told = trial;
      show(words, ...(trial.comparison ? compared(trial.comparison) : [nobody()]));
      for (const one of ofChallenger) one.hidden = !trial.aliases.challenger;
      back.hidden = !trial.aliases.previous;
    },
  };
}

async function readTrial() {
  const { body: aliases, headers } = await fetchJson(PLACE);
  const comparison = aliases.challenger ? await readComparison() : null;
  // It may have got another post since it was named.
  if (!comparison) aliases.challenger = null;
  return { aliases, seen: headers.get("ETag"), comparison };
}

async function readComparison() {
  try {
    return (await fetchJson(`${PLACE}/challenger/comparison`)).body;
  } catch (problem) {
    if (problem.status === NOT_FOUND) return null;
    throw problem;
  }
}

function nobody() {
  return element(
    "p",
    { class: "muted" },
    "There is no challenger. Name one: ",
    element("code", {}, "kerbside model promote VERSION --as challenger"),
  );
}

function compared({ champion, challenger, share, shadow_every: every, prices, sales }) {
  const table = new Table("The trial", ["", "champion", "challenger"]);
  table.update([
    ["Version", element("code", {}, champion), element("code", {}, challenger)],
    ["Share of the jobs", percent(100 - share), percent(share)],
    ...(sales?.count ? [bySales(sales)] : []),
  ]);
  return [table.node, element("p", {}, byPrices(prices, every)), !sales?.count && element("p", { class: "help" }, noSales(sales))];
}

function bySales({ count: sold, champion_mdape: champions, challenger_mdape: challengers }) {
  const better = challengers < champions;
  const word = better ? "better" : "worse";
  const badge = challengers !== champions && element("span", { class: `badge ${better ? "good" : "warn"}` }, word);
  return [`Median error on the same ${many(sold, "sale")}`, percent(champions), element("span", {}, `${percent(challengers)} `, badge || "")];
}

function byPrices({ count: houses, ratio, quantiles, cpu_s: cpu, cpu_s_each: each }, every) {
  if (!houses) return every ? `No house has been priced by both yet: one of ${count(every)} is.` : "No house is priced by both: KERBSIDE_SHADOW_EVERY is 0.";
  return (
    `Of ${many(houses, "house")} that both have priced, the challenger says ${difference(ratio)} in the mean; ` +
    `nine of ten are between ${difference(quantiles.p05)} and ${difference(quantiles.p95)}. ` +
    `That took ${duration(cpu)} of CPU, ${figure(each * 1000)} ms a house.`
  );
}

function difference(ratio) {
  const by = (ratio - 1) * 100;
  if (Math.abs(by) < 0.05) return "the same";
  return `${percent(Math.abs(by))} ${by > 0 ? "more" : "less"}`;
}

function noSales(sales) {
  return sales ? "None of these houses is known to have been sold yet." : "Without an archive nobody knows what these houses are sold for.";
}

/** Change the aliases, unless somebody did since they were shown. */
async function change(method, path, { seen }, body) {
  return (await fetchJson(`${PLACE}/${path}`, { method, body, headers: { "If-Match": seen } })).body;
}

async function promoted(trial) {
  const { champion, challenger } = trial.aliases;
  const done = await confirmed({
    title: "Promote the challenger?",
    words: [`${challenger} becomes champion and prices whatever names no version. ${champion ?? "Nothing"} is kept as the way back.`],
    verb: "Promote",
    act: () => change("PUT", "champion", trial, { version: challenger }),
  });
  return done && `${done.champion} is champion. Workers switch within five seconds.`;
}

async function shared(trial) {
  const { challenger, share } = trial.aliases;
  const done = await confirmed({
    title: "Set the challenger's share?",
    words: [`${challenger} prices ${percent(share)} of what names no version. Clients see its prices; the same houses of a tenant meet it each time.`],
    verb: "Set",
    field: { label: ["Percent, 0 to 100"], length: LONGEST_SHARE },
    act: (typed) => change("PUT", "challenger", trial, { version: challenger, share: typed ? Number(typed) : share }),
  });
  return done && `The challenger prices ${percent(done.share)}.`;
}

async function dismissed(trial) {
  const { challenger } = trial.aliases;
  const done = await confirmed({
    title: "Dismiss the challenger?",
    words: [`${challenger} is compared no more and prices no share. Its version stays in the store.`],
    verb: "Dismiss",
    act: () => change("DELETE", "challenger", trial),
  });
  return done && `${challenger} is challenger no more.`;
}

async function rolledBack(trial) {
  const { champion, previous } = trial.aliases;
  const done = await confirmed({
    title: "Roll back?",
    words: [`${previous} becomes champion again, in the place of ${champion}. The same once more undoes it.`],
    verb: "Roll back",
    danger: true,
    act: () => change("POST", "champion:rollback", trial),
  });
  return done && `${done.champion} is champion again. Workers switch within five seconds.`;
}
