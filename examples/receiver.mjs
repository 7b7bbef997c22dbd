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
const known = new Set(); // ids of events
const sequences = new Map(); // prediction -> sequence of the newest event

/** Return the bytes of a request: these are signed, not what they mean. */
async function bytesOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Do what there is to be done about an event; here: print it. */
function act({ data: prediction }) {
  if (!("sequence" in prediction)) return; // it is about no prediction
  if (prediction.sequence <= (sequences.get(prediction.id) ?? 0)) return;
  sequences.set(prediction.id, prediction.sequence);
  console.log(prediction.id, prediction.status);
}

const server = createServer(async (request, response) => {
  let event;
  try {
    event = webhook.verify(await bytesOf(request), request.headers);
  } catch {
    response.writeHead(401).end();
    return;
  }
  response.writeHead(204).end();
  const id = request.headers["webhook-id"];
  if (known.has(id)) return;
  known.add(id);
  setImmediate(act, event); // after the answer
});

server.listen(Number(port), "127.0.0.1");
