// The page for operators: panels that are read again and again while somebody looks.
import { element, show } from "./elements.js";
import { accuracyPanel } from "./ops_accuracy.js";
import { auditPanel } from "./ops_audit.js";
import { challengerPanel } from "./ops_challenger.js";
import { driftPanel } from "./ops_drift.js";
import { historyPanel } from "./ops_history.js";
import { lanesPanel } from "./ops_lanes.js";
import { lettersPanel } from "./ops_letters.js";
import { modelsPanel } from "./ops_models.js";
import { webhooksPanel } from "./ops_webhooks.js";
import { workersPanel } from "./ops_workers.js";
import { Poll } from "./poll.js";
import { askForKey } from "./session.js";
import { clock, moment } from "./words.js";

const BEAT_MS = 2000;
const TICK_MS = 1000;
/** What was heard longer ago than this passes for new no more. */
const OLD_MS = 10_000;
const SAID_FOR_MS = 10_000;
const REFUSED = [401, 403];

const place = document.getElementById("ops");
const state = element("span", { class: "badge", id: "state" }, "Connecting");
const alarm = element("div", { role: "alert" });
const said = element("p", { class: "toast", role: "status", hidden: true });
const poll = new Poll(beat, BEAT_MS);
let connectedAt = null;
let hush = 0;
let isActing = false;

/** What panels may ask of the page. */
const page = {
  /** Read panels again at once: that of an id, or all. */
  refresh(id) {
    for (const panel of PANELS) if (!id || panel.id === id) panel.readAt = -Infinity;
    poll.now();
  },
  /** Do something and say what came of it: the words that it returns, or the problem's. */
  async act(something) {
    // A question that is on its way to the reader is not asked twice.
    if (isActing) return;
    isActing = true;
    const words = await something().catch((problem) => problem.message);
    isActing = false;
    if (!words) return;
    say(words);
    page.refresh();
  },
  /** Put new content in a place, unless it says what it said before. */
  rewrite(node, children) {
    const words = children.map((child) => child.textContent).join("\n");
    if (node.textContent !== words.replaceAll("\n", "")) show(node, ...children);
  },
};

/** In the order of the page; the first tells whether there is a connection at all. */
const PANELS = [
  lanesPanel(page),
  historyPanel(page, place.dataset.lanes.split(" ")),
  workersPanel(),
  webhooksPanel(),
  lettersPanel(page),
  modelsPanel(),
  challengerPanel(page),
  accuracyPanel(page, "archive" in place.dataset),
  driftPanel(page),
  auditPanel(),
].map((panel) => ({ ...panel, readAt: -Infinity, isBeingRead: false, shown: "", problem: element("div"), since: null }));

/** Read what is due; tell whether the first panel could be read. Nobody waits for the others. */
async function beat() {
  const [first, ...others] = PANELS;
  try {
    await read(first);
  } catch (problem) {
    disconnected(problem);
    return false;
  }
  connected();
  const now = performance.now();
  const due = others.filter((panel) => !panel.isBeingRead && now - panel.readAt >= panel.everyS * 1000);
  for (const panel of due) read(panel).catch((problem) => missing(panel, problem));
  return true;
}

async function read(panel) {
  panel.isBeingRead = true;
  const told = await latest(panel).finally(() => {
    panel.isBeingRead = false;
  });
  // What stands still keeps the place of who reads in it; times lose their date on their day.
  const shown = JSON.stringify([new Date().toDateString(), told]);
  if (shown !== panel.shown) panel.update(told);
  panel.shown = shown;
  panel.since = Date.now();
  panel.node.classList.remove("stale");
  show(panel.problem);
}

/** Return what a panel is told: once more where it was to be read anew meanwhile. */
async function latest(panel) {
  for (;;) {
    panel.readAt = performance.now();
    const told = await panel.read();
    if (panel.readAt !== -Infinity) return told;
  }
}

/** Say at a panel that its figures are old, or that there are none. */
function missing(panel, problem) {
  panel.node.classList.add("stale");
  const since = panel.since ? `Not read since ${moment(panel.since)}` : "Not read";
  show(panel.problem, element("p", { class: "notice warn" }, `${since}: ${problem.message}`));
}

function connected() {
  connectedAt = Date.now();
  state.className = "badge good";
  state.textContent = `Live, ${clock(connectedAt)}`;
  show(alarm);
  place.classList.remove("stale");
}

/** Say so when the answer to a question takes long: what is shown is of before. */
function age() {
  if (!state.classList.contains("good") || Date.now() - connectedAt < OLD_MS) return;
  place.classList.add("stale");
  state.className = "badge warn";
  state.textContent = `Not heard since ${moment(connectedAt)}`;
}

function disconnected(problem) {
  place.classList.add("stale");
  state.className = "badge bad";
  if (REFUSED.includes(problem.status)) {
    poll.stop();
    state.textContent = "Not signed in";
    show(alarm, element("div", { class: "notice bad row apart" }, element("p", {}, problem.message), signIn(problem)));
    return;
  }
  state.textContent = "Not connected";
  const since = connectedAt ? `Not connected since ${moment(connectedAt)}; what is shown is of then.` : "Not connected.";
  page.rewrite(alarm, [element("p", { class: "notice bad" }, `${since} ${problem.message}`)]);
}

function signIn(problem) {
  const again = () => askForKey(problem.message).then(() => poll.start(), () => {});
  return element("button", { class: "button small", type: "button", onclick: again }, "Sign in with another key");
}

function say(words) {
  clearTimeout(hush);
  // Shown first: else it is not read out.
  said.hidden = false;
  said.textContent = words;
  hush = setTimeout(() => {
    said.hidden = true;
  }, SAID_FOR_MS);
}

show(document.getElementById("state-place"), state);
show(
  place,
  ...PANELS.map(({ id, title, node, problem }) =>
    element("section", { id: `panel-${id}`, class: "stack", "aria-labelledby": `title-${id}` }, element("h2", { id: `title-${id}` }, title), problem, node),
  ),
);
place.before(alarm);
document.body.append(said);
setInterval(age, TICK_MS);
poll.start();
