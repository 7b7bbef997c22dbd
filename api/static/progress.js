// How far a prediction has come, live.
import { element, show } from "./elements.js";
import { isOpen } from "./prediction.js";
import { trouble } from "./trouble.js";
import { duration } from "./words.js";

const STEPS = ["starting", "processing"];
const COLOURS = { succeeded: "good", failed: "bad", canceled: "warn" };
const CANCELED = {
  deadline_exceeded: "It was not priced by its deadline.",
  by_operator: "An operator took it out of the queue.",
};
const TICK_MS = 100;

export class Progress {
  /**
   * @param {Object} actions called on a click: `cancel` and `retry`
   */
  constructor({ cancel, retry }) {
    this.steps = element("ol", { class: "steps" });
    this.words = element("p", { role: "status" });
    this.elapsed = element("span", { class: "muted figure" });
    this.fault = element("div");
    this.cancel = button("Cancel", cancel);
    this.retry = button("Price it anew", retry);
    this.element = element(
      "div",
      { class: "stack progress" },
      this.steps,
      element("div", { class: "row" }, this.words, this.elapsed),
      this.fault,
      element("div", { class: "actions" }, this.cancel, this.retry),
    );
  }

  /** Begin to show a prediction of which nothing is known yet. */
  begin(words) {
    const since = performance.now();
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      this.elapsed.textContent = duration((performance.now() - since) / 1000);
    }, TICK_MS);
    this.status = null;
    this.#notice();
    this.#show([], words);
  }

  /** Show a prediction as it is now; what was complained of stays until it changes. */
  update(job) {
    if (this.faltered || job.status !== this.status) this.#notice();
    this.status = job.status;
    if (!isOpen(job)) this.stop();
    const steps = isOpen(job) ? [...STEPS, "succeeded"] : [...STEPS, job.status];
    const at = steps.indexOf(job.status);
    this.#show(
      steps.map((name, i) => step(name, i - at)),
      sentence(job),
    );
    this.cancel.hidden = !isOpen(job);
    this.retry.hidden = !["failed", "canceled"].includes(job.status);
  }

  /** Show that the question failed and is asked again by itself. */
  falter(problem) {
    const words = "The prediction goes on meanwhile, and is looked for again by itself.";
    // Said aloud once, not at each look.
    if (this.faltered === problem.message) return;
    this.#notice(trouble(problem), element("p", { class: "small muted" }, words));
    this.faltered = problem.message;
  }

  /** Show that what was asked for did not happen. */
  complain(problem) {
    this.#notice(trouble(problem));
  }

  /** Show that nothing is known any more. */
  fail(problem, again) {
    this.stop();
    this.#show([], "");
    this.#notice(trouble(problem, again));
  }

  /** Count the time no more. */
  stop() {
    clearInterval(this.timer);
    this.elapsed.textContent = "";
  }

  #notice(...parts) {
    this.faltered = "";
    show(this.fault, ...parts);
  }

  #show(steps, words) {
    this.cancel.hidden = this.retry.hidden = true;
    this.steps.hidden = steps.length === 0;
    show(this.steps, ...steps);
    // Said aloud once, not at each look.
    if (this.words.textContent !== words) this.words.textContent = words;
  }

}

function button(words, onclick) {
  return element("button", { class: "button small", type: "button", hidden: true, onclick }, words);
}

function step(name, after) {
  const isEnd = name in COLOURS;
  const colour = after > 0 ? "" : isEnd ? COLOURS[name] : after === 0 ? "calm" : "good";
  return element(
    "li",
    { class: `badge ${colour}`, "aria-current": after === 0 && "step" },
    name[0].toUpperCase() + name.slice(1),
  );
}

function sentence(job) {
  return {
    starting: waiting,
    processing: ({ state_detail: detail, attempts }) =>
      detail === "retrying"
        ? `Its worker went away; another one prices it, attempt ${attempts + 1}.`
        : "A worker is pricing it.",
    succeeded: priced,
    failed: ({ error, state_detail: detail }) =>
      `${detail === "dead" ? "It brought its workers down and was set aside" : "The model could not price it"}: ${error}`,
    canceled: ({ state_detail: detail }) => CANCELED[detail] ?? "It was canceled.",
  }[job.status](job);
}

function waiting({ queue_position: position }) {
  if (position === undefined) return "It waits for a worker.";
  const before = position - 1;
  if (before === 0) return "It is the next in the queue.";
  return `It waits in the queue, with ${before} ${before === 1 ? "house" : "houses"} before it.`;
}

function priced({ metrics }) {
  const { queue_time: queued, predict_time: predicted, total_time: total } = metrics;
  return (
    `Priced in ${duration(total)}: ${duration(queued)} in the queue, ` +
    `${duration(predicted)} in the model.`
  );
}
