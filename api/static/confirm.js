// Asks before something is done, does it, and says how it went.
import { element, show } from "./elements.js";

/**
 * Ask in a dialog, and do it if the answer is yes. What goes wrong is said in the dialog,
 * which then stays.
 *
 * @param {Object} question
 * @param {string} question.title
 * @param {(string|Node)[]} question.words what will happen, a paragraph each
 * @param {string} question.verb on the button that does it
 * @param {boolean} [question.danger] whether it cannot be undone
 * @param {{label: (string|Node)[], must: (string|undefined), length: (number|undefined)}} [question.field]
 *   a line to be typed: what it is, what it must say, how long it may be
 * @param {function(string): Promise<T>} question.act does it, told what was typed
 * @returns {Promise<?T>} what came of it; null if it was not to be
 * @template T
 */
export function confirmed({ title, words, verb, danger, field, act }) {
  const fault = element("p", { class: "notice bad", role: "alert", hidden: true });
  const input = field && element("input", { id: "confirm-field", autocomplete: "off", maxlength: field.length, oninput: weigh });
  const go = element("button", { class: `button ${danger ? "danger" : "primary"}`, disabled: Boolean(field?.must) }, verb);
  let result = null;
  const box = element(
    "dialog",
    { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-words" },
    element(
      "form",
      { onsubmit: doIt },
      element("h2", { id: "confirm-title" }, title),
      element("div", { id: "confirm-words", class: "stack" }, ...words.map((one) => element("p", {}, one))),
      field && element("div", { class: "field" }, element("label", { for: "confirm-field" }, ...field.label), input),
      fault,
      element("div", { class: "actions" }, go, element("button", { class: "button", type: "button", onclick: () => box.close() }, "Cancel")),
    ),
  );

  function typed() {
    return input?.value.trim() ?? "";
  }

  function weigh() {
    go.disabled = Boolean(field.must) && typed() !== field.must;
  }

  async function doIt(event) {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    fault.hidden = true;
    try {
      result = await act(typed());
      box.close();
    } catch (problem) {
      show(fault, problem.message);
      fault.hidden = false;
      go.disabled = false;
    }
  }

  const { promise, resolve } = Promise.withResolvers();
  box.addEventListener("close", () => {
    box.remove();
    resolve(result);
  });
  document.body.append(box);
  box.showModal();
  return promise;
}

/** Return the field in which a word must be typed before something is done. */
export function mustType(word) {
  return { label: ["Type ", element("code", {}, word), " to confirm"], must: word };
}
