// Dead letters: why, how many, and another try for them.
import { confirmed, mustType } from "./confirm.js";
import { element, show } from "./elements.js";
import { untilDone } from "./ops_bulk.js";
import { fetchJson } from "./session.js";
import { Table } from "./table.js";
import { count, many, moment } from "./words.js";

const SHOWN = 20;
const PATH = "v1/ops/dead-letters";

/** Return the panel of the dead letters. */
export function lettersPanel(page) {
  const causes = element("div");
  const newest = new Table("The newest dead letters", ["Id", "Died", "Tenant", "Version", "Starts", ""], [4]);
  const words = element("summary", {});
  const details = element("details", { hidden: true }, words, newest.node);
  return {
    id: "dead-letters",
    title: "Dead letters",
    everyS: 10,
    node: element("div", { class: "card stack" }, causes, details),
    read: async () => (await fetchJson(`${PATH}?limit=${SHOWN}`)).body,
    update(letters) {
      show(causes, ...byCause(letters, page));
      details.hidden = !letters.total;
      words.textContent = `The newest ${count(letters.results.length)} of ${count(letters.total)}`;
      newest.update(letters.results.map((letter) => letterRow(letter, page)));
    },
  };
}

function byCause({ total, examined, causes }, page) {
  if (!total) return [element("p", { class: "muted" }, "None. A house that kills its worker three times ends up here.")];
  return [
    examined < total && element("p", { class: "help" }, `Why the newest ${count(examined)} of ${count(total)} died:`),
    element("ul", { class: "causes" }, ...causes.map((cause) => causeItem(cause, page))),
  ];
}

function letterRow(letter, page) {
  return [
    element("code", {}, letter.id),
    moment(letter.died_at),
    letter.tenant,
    element("code", {}, letter.version),
    count(letter.attempts),
    replayButton(letter, page),
  ];
}

function causeItem(cause, page) {
  const filter = { cause: cause.error };
  return element(
    "li",
    { class: "row apart" },
    element(
      "div",
      {},
      element("p", {}, element("strong", { class: "figure" }, many(cause.count, "house")), ` ${cause.error}`),
      element("p", { class: "help" }, `${span(cause)}, version ${cause.versions.join(", ")}`),
    ),
    element("div", { class: "actions" }, button("Replay…", "", () => page.act(() => replayed(filter))), button("Discard…", "danger", () => page.act(() => discarded(filter)))),
  );
}

function span({ first, last }) {
  return first === last ? moment(first) : `${moment(first)} to ${moment(last)}`;
}

function replayButton({ id }, page) {
  return button("Replay…", "", () => page.act(() => replayed({ ids: [id] })), `Replay ${id}`);
}

function button(words, kind, onclick, label) {
  return element("button", { class: `button small ${kind}`, type: "button", onclick, "aria-label": label }, words);
}

function change(verb, filter, more) {
  return fetchJson(`${PATH}:${verb}`, { method: "POST", body: { filter, ...more } }).then(({ body }) => body);
}

async function replayed(filter) {
  const { selected } = await change("replay", filter, { dry_run: true });
  if (!selected) return "None of them is left.";
  const told = await confirmed({
    title: "Replay dead letters?",
    words: [
      `${many(selected, "house")} will be priced again, each under its id and by the model version that it was submitted for.`,
      "That helps once what killed the workers is mended. A house that kills its worker three times more comes back here.",
    ],
    verb: `Replay ${count(selected)}`,
    act: () => untilDone(() => change("replay", filter), "done", selected),
  });
  return told && `${many(told.done, "house waits", "houses wait")} anew${skipped(told)}.`;
}

async function discarded(filter) {
  const { selected } = await change("discard", filter, { dry_run: true });
  if (!selected) return "None of them is left.";
  const told = await confirmed({
    title: "Discard dead letters?",
    words: [`${many(selected, "house")} will be erased for good, with all that was submitted. Who asks for one is told that it is gone.`],
    verb: `Discard ${count(selected)}`,
    danger: true,
    field: mustType("discard"),
    act: () => untilDone(() => change("discard", filter), "done", selected),
  });
  return told && `${many(told.done, "house was", "houses were")} erased${skipped(told)}.`;
}

function skipped({ skipped: left }) {
  return left.length ? `; ${count(left.length)} stay as they are: ${left[0].reason}` : "";
}
