// Lanes: what waits and runs in each, and how to pause, resume and purge it.
import { confirmed, mustType } from "./confirm.js";
import { element, show } from "./elements.js";
import { Figures } from "./figures.js";
import { untilDone } from "./ops_bulk.js";
import { fetchJson } from "./session.js";
import { count, duration, figure, many, moment } from "./words.js";

/** Lane -> what people call it; one that is not here goes by its own name. */
const NAMES = { predictions: "Predictions", batches: "Batches", webhooks: "Webhooks" };
/** Seconds that the first in line may have waited before it is worth a word. */
const LONG_WAIT_S = 60;
const STANDSTILL_S = 10;
/** Lane -> what becomes of its jobs after a purge, where that is not the usual. */
const AFTER_PURGE = { webhooks: "They can be sent still: kerbside webhooks recover does that." };
const LONGEST_REASON = 200;

/** Return what people call a lane. */
export function laneName(lane) {
  return NAMES[lane] ?? lane;
}

/** Return a lane's state in a word, and how good that is. */
export function laneState(lane) {
  if (lane.paused) return ["Paused", "warn"];
  if (!lane.workers) return ["No worker", "bad"];
  return lane.backlog || lane.scheduled || lane.jobs_per_s ? ["Working", "good"] : ["Idle", "calm"];
}

/** Return what is wrong with a lane, in sentences; empty where nothing is. */
function laneHints(lane) {
  const waits = lane.waiting === 1 ? "1 job waits" : `${count(lane.waiting)} jobs wait`;
  const hints = [];
  if (lane.paused) {
    hints.push(`${pausedWords(lane)} Jobs are taken in, and no worker starts one${lane.waiting ? `: ${waits}` : ""}.`);
  } else if (!lane.workers) {
    hints.push(`No worker takes from this lane${lane.waiting ? `: ${waits}` : ""}. Start one, or look at the logs of those that should be there.`);
  } else if (lane.waiting && !lane.jobs_per_s && lane.oldest_age_s > STANDSTILL_S) {
    hints.push(`${many(lane.workers, "worker")} asked for work and none of it ends: look at their logs.`);
  } else if (lane.oldest_age_s > LONG_WAIT_S) {
    hints.push(`The first in line has waited ${duration(lane.oldest_age_s)}: more workers would shorten the line.`);
  }
  if (lane.strays) {
    hints.push(`${many(lane.strays, "message")} without a job ${lane.strays === 1 ? "was" : "were"} set aside.`);
  }
  return hints;
}

function pausedWords({ paused_since: since, paused_by: by, paused_reason: reason }) {
  return `Paused${since ? ` since ${moment(since)}` : ""}${by ? ` by ${by}` : ""}${reason ? `: ${reason}` : ""}.`;
}

/** Return the panel of the lanes. */
export function lanesPanel(page) {
  const cards = new Map();
  const node = element("div", { class: "lanes" });
  return {
    id: "lanes",
    title: "Lanes",
    everyS: 2,
    node,
    read: async () => (await fetchJson("v1/ops/queues")).body.queues,
    update(queues) {
      const fresh = Object.keys(queues).filter((name) => !cards.has(name));
      for (const name of fresh) cards.set(name, laneCard(name, page));
      if (fresh.length) show(node, ...Object.keys(queues).map((name) => cards.get(name).node));
      for (const [name, lane] of Object.entries(queues)) cards.get(name).update(lane);
    },
  };
}

const FIGURES = [
  ["waiting", "waiting", count],
  ["running", "in hand", count],
  ["oldest_age_s", "first in line waits", duration],
  ["workers", "workers", count],
  ["arrivals_per_s", "came in a second", figure],
  ["jobs_per_s", "ended a second", figure],
  ["scheduled", "to be tried again", count],
  ["dead", "dead letters", count],
];

function laneCard(name, page) {
  const badge = element("span", { class: "badge" });
  const hints = element("div", { class: "stack" });
  const figures = new Figures(FIGURES);
  const pause = element("button", { class: "button small", type: "button", id: `pause-${name}`, onclick: turn });
  const purge = element("button", { class: "button small danger", type: "button", onclick: empty }, "Purge…");
  let paused = false;

  function turn() {
    return page.act(() => (paused ? resumed(name) : pausedLane(name)));
  }

  function empty() {
    return page.act(() => purged(name));
  }

  return {
    node: element(
      "article",
      { class: "card stack", "aria-labelledby": `lane-${name}` },
      element("div", { class: "row apart" }, element("h3", { id: `lane-${name}` }, laneName(name)), badge),
      figures.node,
      hints,
      element("div", { class: "actions end" }, pause, purge),
    ),
    update(lane) {
      const [word, mood] = laneState(lane);
      paused = lane.paused;
      badge.className = `badge ${mood}`;
      badge.textContent = word;
      figures.update(lane);
      page.rewrite(hints, laneHints(lane).map((one) => element("p", { class: `notice ${mood === "bad" ? "bad" : "warn"} small` }, one)));
      pause.textContent = paused ? "Resume…" : "Pause…";
    },
  };
}

function change(lane, verb, body) {
  return fetchJson(`v1/ops/queues/${lane}:${verb}`, { method: "POST", body: body || undefined }).then((answer) => answer.body);
}

async function pausedLane(lane) {
  const done = await confirmed({
    title: `Pause ${laneName(lane)}?`,
    words: ["Jobs are still taken in and wait. What workers have in hand they finish, and they start nothing new until you resume the lane."],
    verb: "Pause",
    field: { label: ["Why (others read it)"], length: LONGEST_REASON },
    act: (reason) => change(lane, "pause", reason && { reason }),
  });
  return done && `${laneName(lane)} is paused.`;
}

async function resumed(lane) {
  const done = await confirmed({
    title: `Resume ${laneName(lane)}?`,
    words: ["Workers start on what waits at once."],
    verb: "Resume",
    act: () => change(lane, "resume"),
  });
  return done && `${laneName(lane)} goes on.`;
}

async function purged(lane) {
  const { purged: first, remaining } = await change(lane, "purge", { dry_run: true });
  const waiting = first + remaining;
  if (!waiting) return `Nothing waits in ${laneName(lane)}.`;
  const done = await confirmed({
    title: `Purge ${laneName(lane)}?`,
    words: [
      `${many(waiting, "waiting job")} will end as canceled. ${AFTER_PURGE[lane] ?? "Those who wait for them are told."}`,
      "What workers have in hand goes on.",
    ],
    verb: "Purge",
    danger: true,
    field: mustType(lane),
    act: () => untilDone(() => change(lane, "purge"), "purged", waiting),
  });
  return done && `${many(done.purged, "job")} of ${laneName(lane)} canceled.`;
}
