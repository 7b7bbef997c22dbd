// A fault in words, with the way on from it.
import { element } from "./elements.js";
import { apiKey, askForKey } from "./session.js";

const KEYS = [401, 403];

/**
 * Return a notice of what went wrong.
 *
 * @param {Problem} problem what went wrong
 * @param {Function} [again] does anew what failed; where time was asked for, once it is over
 */
export function trouble(problem, again) {
  const needsKey = KEYS.includes(problem.status);
  return element(
    "div",
    { class: `notice stack ${problem.passes || needsKey ? "warn" : "bad"}`, role: "alert" },
    element("p", {}, element("strong", {}, `${problem.title}. `), problem.message),
    problem.requestId &&
      element("p", { class: "small" }, "Request ", element("code", {}, problem.requestId)),
    again &&
      element(
        "div",
        { class: "actions" },
        needsKey ? keyButton(problem, again) : againButton(problem, again),
      ),
  );
}

function keyButton(problem, again) {
  const words = apiKey() ? "Use another key" : "Sign in";
  const ask = () => askForKey(problem.message).then(again, () => {});
  return element("button", { class: "button small", type: "button", onclick: ask }, words);
}

function againButton(problem, again) {
  const button = element(
    "button",
    { class: "button small", type: "button", onclick: again },
    "Try again",
  );
  if (problem.retryAfterS) countDown(button, problem.retryAfterS);
  return button;
}

function countDown(button, seconds) {
  const words = button.textContent;
  const until = Date.now() + seconds * 1000;
  button.disabled = true;
  const timer = setInterval(tick, 250);
  tick();

  function tick() {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.textContent = left > 0 ? `${words} in ${left} s` : words;
    if (left > 0) return;
    button.disabled = false;
    clearInterval(timer);
  }
}
