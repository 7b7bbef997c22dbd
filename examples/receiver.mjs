// Receive events in JavaScript: Node 18 or newer, and `npm ci` in this folder.
//
// An event may come again, or late: each is known by its id, and what is older than
// what is known of a prediction changes nothing. Keep both in your database: what is
// kept here is lost when the process ends.

import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const { KERBSIDE_WEBHOOK_SECRET: secret, PORT: port = "8090" } = process.env;
const MOST_BYTES = 262_144;

const webhook = new Webhook(secret);
const MOST_KNOWN = 100_000;
const known = new Set(); // ids of events, the oldest first
const sequences = new Map(); // prediction -> sequence of the newest event

class TooLarge extends Error {}

/** Forget what came first, so that memory is bounded: no event comes so late. */
function trim(collection) {
  if (collection.size > MOST_KNOWN) collection.delete(collection.keys().next().value);
}

/** Return the bytes of a request: these are signed, not what they mean. */
async function bytesOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Do what there is to be done about an event; here: print it. */
function act({ data: prediction }) {
  if (!("sequence" in prediction)) return; // it is about no prediction
  if (prediction.sequence <= (sequences.get(prediction.id) ?? 0)) return;
  sequences.delete(prediction.id); // and to the end
  sequences.set(prediction.id, prediction.sequence);
  trim(sequences);
  console.log(prediction.id, prediction.status);
}

const server = createServer(async (request, response) => {
  let event;
  try {
    event = webhook.verify(await bytesOf(request), request.headers);
  } catch (error) {
    const status = error instanceof TooLarge ? 413 : 401;
    response.writeHead(status, { Connection: "close" }).end();
    return;
  }
  response.writeHead(204).end();
  const id = request.headers["webhook-id"];
  if (known.has(id)) return;
  known.add(id);
  trim(known);
  setImmediate(act, event); // after the answer
});

server.listen(Number(port), "127.0.0.1");
