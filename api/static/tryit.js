// The page on which a house can be priced. What it shows stands in the address: a prediction
// can be reloaded, gone back to and passed on to a colleague.
import { element, show } from "./elements.js";
import { showHistory, remember } from "./history.js";
import { areSame, HouseForm } from "./house_form.js";
import { money, percent } from "./house_words.js";
import { act, follow, isOpen, newKey, submit } from "./prediction.js";
import { Progress } from "./progress.js";
import { result } from "./result.js";
import { fetchJson, Problem } from "./session.js";
import { trouble } from "./trouble.js";
import { count, day, month } from "./words.js";

const SHOWN = /^#\/predictions\/([0-9a-f-]{36})$/;

const places = Object.fromEntries(
  ["about", "trouble", "work", "samples", "form", "answer", "progress", "result", "hint", "history"].map(
    (id) => [id, document.getElementById(id)],
  ),
);
const progress = new Progress({ cancel: () => change("cancel"), retry: () => change("retry") });
let card;
let form;
let watching = new AbortController();

begin();

async function begin() {
  show(places.trouble);
  try {
    card = (await fetchJson("v1/models/champion")).body;
  } catch (problem) {
    show(places.trouble, trouble(problem, begin));
    return;
  }
  form = new HouseForm(card, (house, isExplained) => price(house, isExplained, newKey()));
  show(places.about, ...about());
  show(places.form, form.element);
  fill(card.examples[Math.floor(card.examples.length / 2)]?.house ?? example());
  form.element.addEventListener("input", showSamples);
  places.work.hidden = false;
  addEventListener("hashchange", open);
  open();
}

function about() {
  const { data, metrics, interval, as_of: asOf } = card;
  return [
    element("p", {}, `${data.title}: ${count(data.sales)} of them, prices as of ${day(asOf)}.`),
    element(
      "p",
      { class: "muted" },
      `On ${count(metrics.n)} later sales that the model had not seen, half of its prices were ` +
        `within ${metrics.mdape.toFixed(1)}% of what was paid, and its ` +
        `${percent(interval.level)} range held ${metrics.coverage.toFixed(0)}% of them.`,
    ),
  ];
}

function example() {
  return Object.fromEntries(card.schema.features.map((one) => [one.name, one.example]));
}

function fill(house) {
  form.fill(house);
  showSamples();
}

function showSamples() {
  const house = form.house();
  const buttons = card.examples.map((sample) => {
    const isHere = areSame(sample.house, house);
    return element(
      "button",
      {
        class: "button sample",
        type: "button",
        "aria-pressed": String(isHere),
        onclick: () => fill(sample.house),
      },
      element("span", {}, money(sample.sold_for, card.currency)),
      element("span", { class: "small muted" }, month(sample.sold_on)),
    );
  });
  places.samples.hidden = buttons.length === 0;
  show(places.samples.querySelector("div"), ...buttons);
}

/** Submit a house; a repeat after a fault carries the same key, so it is one prediction. */
async function price(house, isExplained, key) {
  const body = isExplained ? { input: house, explain: true } : { input: house };
  const signal = beginToShow("It is on its way.");
  form.button.disabled = true;
  try {
    const job = await submit(body, key, signal);
    history.pushState(null, "", `#/predictions/${job.id}`);
    watch(job.id, signal);
  } catch (problem) {
    if (!signal.aborted) refuse(problem, () => price(house, isExplained, key));
  } finally {
    form.button.disabled = false;
  }
}

function refuse(problem, again) {
  if (problem.errors.length === 0) {
    progress.fail(problem, again);
    return;
  }
  showNothing();
  form.mark(problem.errors);
}

/** Show what the address says: a prediction, or none. */
function open() {
  const id = shownId();
  if (id) watch(id, beginToShow("It is looked up."));
  else showNothing();
}

function shownId() {
  return SHOWN.exec(location.hash)?.[1];
}

function showNothing() {
  watching.abort();
  progress.stop();
  places.hint.hidden = false;
  show(places.progress);
  show(places.result);
  showHistory(places.history);
}

function beginToShow(words) {
  showNothing();
  watching = new AbortController();
  places.hint.hidden = true;
  show(places.progress, progress.element);
  progress.begin(words);
  bringIntoView(places.answer);
  return watching.signal;
}

/** Bring the reader to a section that is on another screen of a phone. */
function bringIntoView(section) {
  section.focus({ preventScroll: true });
  const { top } = section.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 3) section.scrollIntoView();
}

async function watch(id, signal) {
  let isFirst = true;
  try {
    for await (const found of follow(id, signal)) {
      if (found instanceof Problem) {
        progress.falter(found);
        continue;
      }
      // Later the reader may have begun to write down another house.
      if (isFirst && !areSame(found.input, form.house())) fill(found.input);
      isFirst = false;
      showState(found);
    }
  } catch (problem) {
    if (!signal.aborted) progress.fail(problem, open);
  }
}

function showState(job) {
  progress.update(job);
  if (isOpen(job)) return;
  if (job.output) remember(job);
  showHistory(places.history, job.id);
  const sample = card.examples.find((one) => areSame(one.house, job.input));
  const goTo = (feature) => form.fields.get(feature)?.goTo();
  show(places.result, ...result(job, { sample, features: card.schema.features, goTo }));
  // Only now the page may be long enough; a reader who went on is left in peace.
  if (document.activeElement === places.answer) bringIntoView(places.answer);
}

async function change(verb) {
  const id = shownId();
  try {
    await act(id, verb);
    // A canceled one is being watched; one that is tried anew has ended before.
    if (verb === "retry" && id === shownId()) open();
  } catch (problem) {
    if (id === shownId()) progress.complain(problem);
  }
}
