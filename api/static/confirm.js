// Asks before something is done, does it, and says how it went.
import { element, show } from "./elements.js";

/**
 * Ask in a dialog, and do it if the answer is yes. The dialog stays until that is done, and
 * when it went wrong: it says why.
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
  const cancel = element("button", { class: "button", type: "button", onclick: () => box.close() }, "Cancel");
  let doing = null;
  const box = element(
    "dialog",
    { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-words", oncancel: stay, onclose: left },
    element(
      "form",
      { onsubmit: doIt },
      element("h2", { id: "confirm-title" }, title),
      element("div", { id: "confirm-words", class: "stack" }, ...words.map((one) => element("p", {}, one))),
      field && element("div", { class: "field" }, element("label", { for: "confirm-field" }, ...field.label), input),
      fault,
      element("div", { class: "actions" }, go, cancel),
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
    fault.hidden = true;
    doing = act(typed());
    hold(true);
    try {
      await doing;
      box.close();
    } catch (problem) {
      doing = null;
      show(fault, problem.message);
      fault.hidden = false;
      hold(false);
    }
  }

  /** Keep the dialog while it is done: what has begun cannot be called back. */
  function hold(isHeld) {
    go.disabled = cancel.disabled = isHeld;
    // Else the second Escape closes it, whatever `stay` says.
    box.closedBy = isHeld ? "none" : "closerequest";
  }

  function stay(event) {
    if (doing) event.preventDefault();
  }

  function left() {
    box.remove();
    resolve(doing);
  }

  const { promise, resolve } = Promise.withResolvers();
  document.body.append(box);
  box.showModal();
  return promise;
}

/** Return the field in which a word must be typed before something is done. */
export function mustType(word) {
  return { label: ["Type ", element("code", {}, word), " to confirm"], must: word };
}
