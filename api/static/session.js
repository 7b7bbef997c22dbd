// The API key of this tab, and requests that carry it. No cookie, and nothing that stays
// when the tab is closed.
import { element, show } from "./elements.js";

const KEY = "kerbside.key";
const TIMEOUT_MS = 30_000;
const UNAUTHORIZED = 401;

/** What went wrong with a request, in words: RFC 9457, or that no answer came. */
export class Problem extends Error {
  /**
   * @param {Object} told the problem document
   * @param {number} [retryAfterS] seconds after which to come again, if that was said
   */
  constructor(told, retryAfterS) {
    super(told.detail ?? told.title);
    this.title = told.title;
    this.status = told.status;
    this.type = told.type ?? "about:blank";
    this.errors = told.errors ?? [];
    this.requestId = told.request_id;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return [0, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/** Return the key of this tab; empty if there is none. */
export function apiKey() {
  return sessionStorage.getItem(KEY) ?? "";
}

/** Forget the key and all that was kept in this tab, and begin anew. */
export function signOut() {
  sessionStorage.clear();
  location.assign(location.pathname);
}

let dialog = null;

/**
 * Ask for another key, once however many requests need it.
 *
 * @param {string} [words] why the present one does not do
 * @returns {Promise<string>} the key; rejected with a Problem if there is to be none
 */
export function askForKey(words) {
  dialog ??= asked(words).finally(() => {
    dialog = null;
    showSession();
  });
  return dialog;
}

/**
 * Send a request and return its JSON answer; ask for a key if there is none that fits.
 *
 * @param {string} path relative to the page, such as "v1/predictions"
 * @param {Object} [options] method, headers, body (a value, sent as JSON), signal
 * @returns {Promise<{status: number, headers: Headers, body: any}>}
 * @throws {Problem} it was refused, or no answer came
 */
export async function fetchJson(path, options = {}) {
  const key = apiKey() || (await askForKey());
  const answer = await sent(path, options, key);
  if (answer.ok) {
    const body = await answer.json().catch((error) => {
      throw unanswered(error, options.signal);
    });
    return { status: answer.status, headers: answer.headers, body };
  }
  const problem = new Problem(
    { title: answer.statusText, ...(await told(answer)), status: answer.status },
    Number(answer.headers.get("Retry-After")) || undefined,
  );
  if (problem.status !== UNAUTHORIZED) throw problem;
  // Meanwhile another request may have asked for a better key.
  if (apiKey() === key) await askForKey(problem.message);
  return fetchJson(path, options);
}

async function sent(path, { method = "GET", headers, body, signal }, key) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(new URL(path, document.baseURI), {
      method,
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    throw unanswered(error, signal);
  }
}

/** Return what to throw where no answer came, or the end of one did not. */
function unanswered(error, signal) {
  if (signal?.aborted) return error;
  return new Problem({
    title: "No answer",
    status: 0,
    detail: navigator.onLine
      ? "The service does not answer. It may be starting anew, or be down."
      : "This device is offline.",
  });
}

async function told(refusal) {
  try {
    return await refusal.json();
  } catch {
    // A proxy on the way speaks no JSON.
    return null;
  }
}

function asked(words) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const input = element("input", {
    id: "api-key",
    type: "password",
    required: true,
    // A header can carry nothing else; blanks around it are taken off.
    pattern: String.raw`\s*[!-~]+\s*`,
    title: "a key such as kb_5Yq2bR8sT1uV_...",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "kb_...",
    "aria-describedby": "api-key-help",
  });
  const box = element(
    "dialog",
    { class: "sign-in", "aria-labelledby": "sign-in-title", onclose: left },
    element(
      "form",
      { onsubmit: given },
      element("h2", { id: "sign-in-title" }, "Sign in with an API key"),
      words && element("p", { class: "notice bad", role: "alert" }, words),
      element(
        "div",
        { class: "field" },
        element("label", { for: "api-key" }, "API key"),
        input,
        element(
          "p",
          { id: "api-key-help", class: "help" },
          "It stays in this tab and is forgotten when the tab is closed. ",
          element("code", {}, "kerbside up"),
          " shows keys of its own; ",
          element("code", {}, "kerbside keys create"),
          " makes others.",
        ),
      ),
      element(
        "div",
        { class: "actions" },
        element("button", { class: "button primary" }, "Sign in"),
        element("button", { class: "button", type: "button", onclick: () => box.close() }, "Not now"),
      ),
    ),
  );

  function given(event) {
    event.preventDefault();
    const key = input.value.trim();
    if (!key) return;
    sessionStorage.setItem(KEY, key);
    resolve(key);
    box.close();
  }

  function left() {
    box.remove();
    // Without effect where a key was given.
    reject(new Problem({ title: "Not signed in", status: UNAUTHORIZED, detail: "Sign in with an API key to go on." }));
  }

  document.body.append(box);
  box.showModal();
  return promise;
}

/** Show in the page's head whose key is used, and the way in or out. */
export function showSession() {
  const place = document.getElementById("session");
  const key = apiKey();
  if (!key) {
    show(place, button("Sign in", () => askForKey().then(() => location.reload(), () => {})));
    return;
  }
  const id = key.split("_")[1] ?? "";
  show(
    place,
    element("span", { class: "muted" }, "Key ", element("code", {}, id)),
    button("Sign out", signOut),
  );
}

function button(words, onclick) {
  return element("button", { class: "button small", type: "button", onclick }, words);
}

showSession();
document.querySelector(".skip").addEventListener("click", (event) => {
  // The fragment belongs to the page: it says what is shown.
  event.preventDefault();
  document.getElementById("main").focus();
});
