// Price one house in JavaScript: Node 18 or newer, no packages.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const { KERBSIDE_URL: url, KERBSIDE_API_KEY: key } = process.env;
const ENDED = ["succeeded", "failed", "canceled"];
const LATER = [429, 502, 503, 504];

/** Return the JSON of an answer; what may pass is tried again, for a minute. */
async function ask(path, { headers, ...options } = {}) {
  const until = Date.now() + 60_000;
  for (let pause = 200; ; pause = Math.min(2 * pause, 10_000)) {
    // When the connection breaks, whether the request arrived is unknown.
    const answer = await fetch(url + path, {
      ...options,
      headers: { Authorization: `Bearer ${key}`, ...headers },
      redirect: "error",
      signal: AbortSignal.timeout(30_000),
    }).catch((fault) => fault);
    if (answer.ok) return answer.json();

    const isLater = answer instanceof Error || LATER.includes(answer.status);
    const asked = Number(answer.headers?.get("Retry-After") ?? 0) * 1000;
    const wait = Math.max(asked, Math.random() * pause);
    if (!isLater || Date.now() + wait > until) {
      throw answer instanceof Error ? answer : new Error(await answer.text());
    }
    await sleep(wait);
  }
}

/** Submit a house and return its prediction once it has ended. */
async function price(house) {
  let prediction = await ask("/v1/predictions", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      // The same in every try, so that all tries are one prediction.
      "Idempotency-Key": randomUUID(),
      Prefer: "wait=10",
    },
    body: JSON.stringify({ input: house }),
  });
  while (!ENDED.includes(prediction.status)) {
    const path = `/v1/predictions/${prediction.id}`;
    prediction = await ask(path, { headers: { Prefer: "wait=10" } });
  }
  if (prediction.status !== "succeeded") throw new Error(prediction.error);
  return prediction.output;
}

const schema = await ask("/v1/models/champion/schema");
const { price: amount, currency, interval } = await price(schema.examples[0]);
console.log(`Price: ${amount} ${currency}`);
console.log(`Range: ${interval.low} to ${interval.high}`);
