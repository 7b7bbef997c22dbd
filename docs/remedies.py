"""What a client can do about each problem type; the code says what happened."""

#: Last part of the `type` URI -> the remedy.
REMEDIES = {
    "internal-error": "Repeat the request, a submit with the same `Idempotency-Key`. "
    "If it happens again, give the operator the `request_id`: the log has it.",
    "malformed-body": "Send JSON in UTF-8; `detail` says at which character reading "
    "stopped.",
    "cut-body": "Send the whole body again; the connection broke while it was sent.",
    "length-required": "Send `Content-Length`, as clients do that have the whole file; "
    "of a body in chunks nobody can tell whether its end is missing.",
    "slow-body": "Send the whole request again, in one go; the operator sets the time "
    "with `KERBSIDE_UPLOAD_TIMEOUT_S`.",
    "malformed-header": "Write the header as `detail` says.",
    "malformed-parameter": "Write the query parameter as `detail` says; take `cursor` "
    "from `next` or `previous` as it is.",
    "bad-request": "Do what `detail` says.",
    "missing-key": "Send the header `Authorization: Bearer kb_...` with a key that "
    "`kerbside keys create` has printed.",
    "invalid-key": "Look at `kerbside keys list` whether the key has expired or was "
    "revoked, and make a new one.",
    "missing-scope": "Use a key that carries the scope named in `detail`; the scopes "
    "of a key never change, so make another key.",
    "unknown-key": "Look the id up in `GET /v1/keys`: it is the middle part of the "
    "token.",
    "unknown-lane": "Choose a lane of `GET /v1/ops/queues`.",
    "last-operate-key": "Make another key with the scope `operate` first, or say "
    "`?force=true`; then only `kerbside keys create` on the service's own machine "
    "makes one.",
    "archive-unavailable": "Repeat the request after the seconds that `Retry-After` "
    "says. What has ended within the last minutes, and what is new, needs no archive.",
    "unknown-prediction": "Look at the id, and whether the key belongs to the tenant "
    "that submitted it.",
    "unknown-outcome": "Look at the id, `GET /v1/outcomes` lists the sales that you "
    "have told, and whether the key belongs to the tenant that told it.",
    "unknown-property": "Look at the id, `GET /v1/properties` lists yours, and whether "
    "the key belongs to the tenant that put it.",
    "outcome-withdrawn": "Nothing. A sale that is told anew counts again.",
    "unknown-model-version": "Choose a version or alias of `GET /v1/models`.",
    "no-such-route": "Look the address up in `/openapi.json`; a slash more or less "
    "makes another address.",
    "method-not-allowed": "Use a method that the header `Allow` lists.",
    "not-acceptable": "Send no `Accept`, or one that lets the media type of the route "
    "pass.",
    "id-taken": "Choose another id for another request; a repeat must ask for the "
    "same.",
    "not-retryable": "Read the prediction: it has succeeded, or has not ended yet.",
    "prediction-removed": "Submit the house again, with a new `Idempotency-Key`.",
    "precondition-failed": "Read it again and decide anew; leave `If-Match` "
    "or `If-None-Match` out to change it in any case.",
    "if-match-missing": "Read `GET /v1/models/aliases`, decide, and send its `ETag` in "
    "`If-Match`.",
    "no-challenger": "Name one: `PUT /v1/models/aliases/challenger`.",
    "no-previous-champion": "Choose a version of `GET /v1/models` and make it champion "
    "with `PUT /v1/models/aliases/champion`.",
    "body-too-large": "Send less at a time; the operator sets the limit with "
    "`KERBSIDE_BODY_LIMIT`, of a batch with `KERBSIDE_BATCH_BYTES`.",
    "unsupported-media-type": "Send `Content-Type: application/json`, in UTF-8 and not "
    "compressed; what else an address takes, `detail` says.",
    "invalid-submission": "Mend every field that `errors` points at: `pointer` says "
    "where, `detail` what was expected. A repeat as it is will be refused again.",
    "idempotency-key-reused": "Choose a new key for another request; a repeat must "
    "ask for the same.",
    "quota-exceeded": "Wait for `Retry-After` and repeat, a submit with the same "
    "`Idempotency-Key`; `RateLimit` of each answer says how much is left. The operator "
    "sets `KERBSIDE_RATE_LIMIT`, or makes a key with `--rate-limit`.",
    "open-jobs-quota": "Wait for `Retry-After`, or until some of your predictions have "
    "ended, and repeat with the same `Idempotency-Key`. The operator sets "
    "`KERBSIDE_TENANT_QUOTA`.",
    "temporary-reduced-capacity": "Wait for `Retry-After` and repeat with the same "
    "`Idempotency-Key`, or give more time with `deadline`. The operator adds workers, "
    "or raises `KERBSIDE_MAX_WAIT_S`.",
    "unavailable": "Wait for `Retry-After` and repeat.",
    "queue-full": "Wait for `Retry-After` and repeat with the same `Idempotency-Key`. "
    "The operator adds workers, or raises `KERBSIDE_QUEUE_BOUND`.",
    "memory-full": "Wait for `Retry-After` and repeat with the same `Idempotency-Key`. "
    "The operator gives Redis more memory, or keeps results for a shorter time.",
    "job-store-unavailable": "Wait for `Retry-After` and repeat; a submit with the "
    "same `Idempotency-Key`, since it may have been taken.",
    "model-store-unavailable": "Wait for `Retry-After` and repeat. The operator looks "
    "at `KERBSIDE_STORE_URL` and the log.",
    "model-version-refused": "Name another version, or none. The operator finds the "
    "reason with `kerbside model list`.",
    "no-champion": "Wait until the operator has trained or promoted a model with "
    "`kerbside model`.",
    "archive-too-slow": "Ask for less at a time, such as fewer days or a smaller "
    "`limit`, or repeat it later. The operator looks at the database, and at "
    "`KERBSIDE_ARCHIVE_TIMEOUT_S`.",
    "no-archive": "Ask the operator to set `KERBSIDE_ARCHIVE_URL` for the API and the "
    "workers; `kerbside up` keeps an archive by itself.",
    "unknown-batch": "Look at the id, `GET /v1/batches` lists yours, and whether the "
    "key belongs to the tenant that submitted it. A batch is kept for "
    "`KERBSIDE_RESULT_TTL_S` after its end.",
    "too-many-rows": "Send the rows in several batches; the operator sets the limit "
    "with `KERBSIDE_BATCH_ROWS`.",
    "range-not-there": "Ask for bytes that there are; while a batch runs its results "
    "grow, so the same range may be there later.",
    "open-batches-quota": "Wait for `Retry-After`, or until some of your batches have "
    "ended, and repeat with the same `Idempotency-Key`. The operator sets "
    "`KERBSIDE_BATCH_QUOTA`.",
    "no-batches": "Ask the operator to set `KERBSIDE_BATCHES_URL` for the API and the "
    "workers, and to start a worker of lane `batches`; `kerbside up` does both.",
    "batch-files-unavailable": "Repeat the request after the seconds that "
    "`Retry-After` says, a submit with the same `Idempotency-Key`. The operator finds "
    "the reason in the API's log.",
    "not-ready": "Send requests to another process until this one is ready; `detail` "
    "says what it waits for.",
    "unknown-webhook": "Look at the id, `GET /v1/webhooks` lists yours, and whether "
    "the key belongs to the tenant that registered it.",
    "unknown-delivery": "Look at the id, and whether the key belongs to the tenant "
    "whose event it was. Deliveries leave the log with age and number.",
    "too-many-webhooks": "Delete an endpoint that you no longer need; one endpoint can "
    "take any number of event types.",
    "too-many-secrets": "Wait until the oldest no longer signs, a day after it was "
    "replaced, and rotate less often.",
    "webhook-disabled": "Enable it with `POST /v1/webhooks/{webhook_id}/enable`, then "
    "repeat.",
    "delivery-under-way": "Wait for its next attempt: `next_attempt_at` says when.",
    "too-many-deliveries-waiting": "Mend the receiver, wait until it has taken what "
    "waits for it, and repeat. The operator sets the number with "
    "`KERBSIDE_WEBHOOK_PENDING`.",
    "delivery-removed": "Nothing: its prediction was deleted and cannot be sent again.",
    "secret-keys-missing": "Leave `webhook` out and poll, until the operator has set "
    "`KERBSIDE_SECRET_KEYS` to a key that `kerbside webhooks new-key` makes, the same "
    "for every API and worker.",
    "secret-keys-wrong": "Wait until the operator has put the key that is missing back "
    "into `KERBSIDE_SECRET_KEYS`; keys that are replaced stay in the list, after the "
    "new one.",
}
