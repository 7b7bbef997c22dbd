// A prediction of the service: submitted once however often it is tried, and followed to its
// end.
import { fetchJson, Problem } from "./session.js";

const PATH = "v1/predictions";
// Seconds for which the service holds a question, so that its place in the queue is fresh.
const WAIT_S = 2;
// Seconds after which to ask again where nothing better was said.
const AGAIN_S = 2;

/** Tell whether a prediction is still open. */
export function isOpen({ status }) {
  return status === "starting" || status === "processing";
}

/** Return a new name for a submit. */
export function newKey() {
  // crypto.randomUUID is not there on pages that come without TLS from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

/**
 * Submit a house.
 *
 * @param {Object} body of the request
 * @param {string} key that names this submit: a repeat makes no second prediction
 * @param {AbortSignal} signal ends the request
 */
export async function submit(body, key, signal) {
  const headers = { "Idempotency-Key": key };
  return (await fetchJson(PATH, { method: "POST", body, headers, signal })).body;
}

/** Do something to a prediction: `cancel` it or `retry` it. */
export async function act(id, verb) {
  return (await fetchJson(`${PATH}/${id}/${verb}`, { method: "POST" })).body;
}

/**
 * Yield a prediction as it is, each time that it was asked for, until it has ended.
 *
 * Where a question fails and may succeed later, the Problem is yielded instead, and the
 * question repeated.
 */
export async function* follow(id, signal) {
  let wait = {};
  for (;;) {
    const found = await asked(id, wait, signal);
    yield found.body ?? found.problem;
    if (found.body && !isOpen(found.body)) return;
    if (found.againS) await pause(found.againS, signal);
    wait = { Prefer: `wait=${WAIT_S}` };
  }
}

async function asked(id, headers, signal) {
  try {
    const answer = await fetchJson(`${PATH}/${id}`, { headers, signal });
    // It was held already, or has not been asked to hold.
    const wasHeld = answer.headers.has("Preference-Applied") || !headers.Prefer;
    return { body: answer.body, againS: wasHeld ? 0 : AGAIN_S };
  } catch (problem) {
    if (!(problem instanceof Problem) || !problem.passes) throw problem;
    return { problem, againS: problem.retryAfterS ?? AGAIN_S };
  }
}

function pause(seconds, signal) {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  setTimeout(resolve, seconds * 1000);
  return promise.finally(() => signal.removeEventListener("abort", stop));
}
