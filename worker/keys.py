"""The names of what Kerbside keeps in Redis, and what each key holds.

Scripts in `worker/lua/` build the same names from ids.

| key | type | lives | written by | holds |
|---|---|---|---|---|
| `<lane>` | list | - | prelude, claim, reap | native Celery messages: newest left, oldest right |
| `kerbside:job:<id>` | hash | until the result TTL after its end; with an archive until its window has passed since it was archived | all | the job's record |
| `kerbside:gone:<id>` | string | tombstone TTL; of an archived job idempotency TTL | prelude, delete, retry, archived | tenant and end of a finished job; of a deleted one also when |
| `kerbside:waiting:<lane>` | zset | - | prelude, claim, reap | id -> `sent` of its message |
| `kerbside:running:<lane>` | zset | - | claim, renew, release, reap, prelude | id -> end of lease |
| `kerbside:deadlines:<lane>` | zset | - | prelude, reap | id -> deadline |
| `kerbside:idempotency:<tenant>:<hash>` | string | idempotency TTL | submit | id and fingerprint |
| `kerbside:tenant:<tenant>` | zset | result and dead-letter TTL after the last submit; an entry as long as its record, then until submit or a listing drop it | submit, retry, delete, listing | id -> created |
| `kerbside:batch:<batch>` | hash | result TTL after its last chunk ended and, of one that is stored, all of it is | submit_batch, cancel_batch, stored, unread, prelude | a batch's record: counts of rows, and of each chunk that has ended the attempt whose files hold its results; no row |
| `kerbside:batches:<tenant>` | zset | result and dead-letter TTL after the last submit; an entry until its record is gone and a listing drops it | submit_batch, cancel_batch, batches | ids of batches, which begin with their time |
| `kerbside:batch_totals` | hash | - | submit_batch, prelude, batches, unstored | `submitted`: count of batches, `rows`: of their rows, status of an end -> how many ended so, `out_of_reach`: count of requests whose files were, `chunks_lost`: of chunks whose prices could not be stored, ever |
| `kerbside:unstored` | set | an entry until all of it is stored | submit_batch, cancel_batch, stored | batches whose prices go into the archive as valuations |
| `kerbside:revalued` | hash | - | submit_batch, revaluing | tenant and model -> the version by which its properties were valued anew last, and when that began |
| `kerbside:number:<lane>` | string | - | prelude | count of submits and retries |
| `kerbside:claimed:<lane>` | string | - | claim | highest number claimed |
| `kerbside:done:<lane>` | string | - | prelude | count of ends |
| `kerbside:outcomes:<lane>` | hash | - | prelude | state and detail of an end -> how many ended so |
| `kerbside:refusals:<lane>` | hash | - | submit, retry | reason -> how many requests were refused for it |
| `kerbside:priced:<lane>` | string | - | complete | count of ends that a worker brought |
| `kerbside:capacity:<lane>` | string | - | measure, complete | jobs a second that one worker of the lane is able to end, how many workers there are, 0 where they stand still, and `guess` until it is measured |
| `kerbside:open:<lane>` | hash | while there are any | prelude, reap | tenant -> count of its open jobs |
| `kerbside:rate:<key id>` | string | until the limit is whole again | submit, retry | when that will be, in microseconds since the epoch |
| `kerbside:bell:<lane>` | list | - | prelude, claim, resume | one element that wakes one idle worker |
| `kerbside:awake:<lane>` | string | some ms | claim | worker that is about to ask again |
| `kerbside:workers:<lane>` | zset | 10 s per entry | claim | worker -> last claim |
| `kerbside:strays:<lane>` | list | newest 1,000 | claim | messages without a record, set aside |
| `kerbside:dead:<lane>` | zset | dead-letter TTL per entry | reap, retry, delete, redeliver, webhooks | id -> time of death |
| `kerbside:paused:<lane>` | string | while the lane is paused | pauses | JSON of `since_ms`, `by` and `reason` of its pause; claim and reap look only whether it is there |
| `kerbside:tick:<lane>` | string | - | reap | time of the reaper's last tick |
| `kerbside:upkeep:<lane>` | string | 5 s | reap | last tick by the upkeep itself, not by who stands in for it |
| `kerbside:samples:<lane>` | list | newest 16 | reap | `time number done claimed priced first paused` of each tick; `first`: `sent` of the first in line, 0 where nobody waits; `paused`: 1 while it was |
| `kerbside:starts:<lane>` | hash | - | claim | `count` of starts, `waited_ms`: how long all of them together had lain in the lane, and `strays`: count of messages set aside |
| `kerbside:history:<lane>` | list | newest 361 | reap | `time number done waiting running first paused count waited_ms`, about each 10 s, for an hour |
| `kerbside:memory_full` | string | 10 s | note_memory | why new jobs are refused: `memory` or `evicting` |
| `kerbside:memory` | string | 10 s | note_memory | bytes that Redis takes and may take, 0 for any |
| `kerbside:probe` | string | 60 s | write_probe | proves that Redis takes writes |
| `kerbside:loaded` | zset | newest 100 | accept | model version -> last time that a worker loaded it or made it its champion |
| `kerbside:refused` | hash | newest 100, until a worker loads the version | refuse, accept | model version -> JSON of `count`, `reason`, `since`, `last` |
| `kerbside:seen` | zset | newest 20 | count_houses | model version -> when houses were last counted that it priced, in seconds |
| `kerbside:seen:<version>:<bucket>` | string | 2 h, 49 h, 32 days after the last count | count_houses | counts of the houses that a version priced in a minute (`m<number>`), an hour (`h`) or a day (`d`), 32 bits each, places as in `model_store/count_layout.py` |
| `kerbside:drift` | hash | 32 days after the last look | drift | model version -> JSON of what the upkeep's last look at its houses found, and of each feature that has changed since when |
| `kerbside:scheduled:<lane>` | zset | - | webhooks, attempted | delivery that is tried again -> when |
| `kerbside:cooling:<lane>` | zset | - | attempted, claim | destination that is paused -> until when |
| `kerbside:webhook:<endpoint>` | hash | - | change_endpoint, endpoints, webhooks | an endpoint's record, its secrets sealed; `default:<tenant>` has those of requests' own webhooks |
| `kerbside:subscriptions:<tenant>` | hash | - | change_endpoint, endpoints, webhooks | endpoint -> `on` or `off`, and the event types that it takes |
| `kerbside:deliveries:<endpoint>` | zset | 30 days after the last event | webhooks | delivery -> created |
| `kerbside:ended:<endpoint>` | zset | 30 days after the last end; the newest, for the log's TTL | webhooks, redeliver | those that were made -> when |
| `kerbside:missed:<endpoint>` | zset | the same | webhooks, redeliver | those that failed or were called off, and can be recovered -> created |
| `kerbside:destination:<destination>` | hash | 30 days after the last attempt | webhooks, attempted, change_endpoint | how a receiver answers: failures, pause, what was dropped |
| `kerbside:active:<destination>` | set | - | webhooks | its deliveries in the lane or in hand |
| `kerbside:parked:<destination>` | zset | - | webhooks | its deliveries that wait for one of those to end -> their number |
| `kerbside:probing:<tenant>` | set | - | webhooks | deliveries in the lane or in hand whose destination has not answered yet |
| `kerbside:unproved:<tenant>` | zset | - | webhooks | destinations that wait for one of those to end -> since when |
| `kerbside:announced:<event>` | string | 30 days | publish | when an event of the installation itself was told to its operators: it is told once |
| `kerbside:aliases` | string | - | promotions | the aliases of the model store that were announced last, as their file has them |
| `kerbside:shadow:<challenger>:<champion>` | hash | 30 days after the last | shadow_totals | what the challenger said of the champion's houses: count, sum of the logarithms of price over price, bins of them, CPU |
| `kerbside:shadowed` | list | newest 10,000, a day after the last | shadow_totals | JSON of each such price that the archive does not have yet |
| `kerbside:keys` | hash | - | credentials | API key id -> its JSON record |
| `kerbside:used` | hash | - | key_uses | API key id -> when it was last used, to the minute |
| `kerbside:valuation_reads` | hash | - | valuation_reads | what a reader of a stored price found -> how many did |
| `kerbside:audit` | list | newest 10,000 | audit | JSON of each action of an operator that was done, newest left |
| `kerbside:audit_in_vain` | list | newest 1,000 | audit | the same of those that were refused or failed |
| `kerbside:errand:<name>` | string | 30 s after its worker died | errands | who runs the errand that is under way |
| `kerbside:feed` | stream | while there is an archive; an entry until it is archived | prelude, delete, webhooks, audit, feed, archived, inherit, close_feed | what the archive is to take up: `job`, the id of one that has ended or changed since, with `erased`, its tenant, where it was deleted, or `delivery`, the id of one that told its webhook again and has ended; or `audit`, the JSON of an action. Its group `archivists` makes it, and `kerbside archive leave` removes it |
| `kerbside:finished:<db>` | channel | - | prelude | ids of finished jobs, one a line |
| `kerbside:models:<db>` | channel | - | refuse | JSON of `type` (`model.refused`), `version`, `reason`, `time`; once for each reason |

Times are milliseconds since the epoch.
"""

from typing import Literal

import redis

from worker import connection

#: Lanes of the ledger, whose jobs the workers' own boot steps take.
PREDICTIONS = "predictions"
BATCHES = "batches"
WEBHOOKS = "webhooks"
LANES = (PREDICTIONS, BATCHES, WEBHOOKS)
#: Lane of the periodic tasks, the only one that kombu consumes.
UPKEEP = "upkeep"

#: Starts the name of every key and channel but the lists of the lanes.
PREFIX = "kerbside:"
#: Hash of API keys.
API_KEYS = "kerbside:keys"
#: When each API key was last used.
KEYS_USED = "kerbside:used"
#: How often stored prices were read.
VALUATION_READS = "kerbside:valuation_reads"
#: What operators did.
AUDIT = "kerbside:audit"
AUDIT_IN_VAIN = "kerbside:audit_in_vain"
#: Why new jobs are refused, while they are.
MEMORY_FULL = "kerbside:memory_full"
#: How much memory Redis takes, and may take.
MEMORY = "kerbside:memory"
#: What has become of all batches together.
BATCH_TOTALS = "kerbside:batch_totals"
#: Which model versions workers have loaded, and which they refuse.
LOADED, REFUSED = "kerbside:loaded", "kerbside:refused"
#: Which versions' houses were counted, and what was made of it.
SEEN, DRIFT = "kerbside:seen", "kerbside:drift"
#: What challengers said, until it is archived.
SHADOWED = "kerbside:shadowed"
#: The aliases that were announced last.
ALIASES = "kerbside:aliases"
#: What the archive is told of, and the group of those who write it there.
FEED, ARCHIVISTS = "kerbside:feed", "archivists"
#: Batches that are to be stored, and by what tenants' properties were valued anew last.
UNSTORED, REVALUED = "kerbside:unstored", "kerbside:revalued"
#: Written to prove that Redis takes writes.
PROBE = "kerbside:probe"

LaneKey = Literal[
    "bell",
    "capacity",
    "claimed",
    "cooling",
    "dead",
    "done",
    "history",
    "number",
    "outcomes",
    "paused",
    "refusals",
    "running",
    "samples",
    "scheduled",
    "starts",
    "strays",
    "upkeep",
    "waiting",
    "workers",
]
EndpointKey = Literal[
    "deliveries", "destination", "ended", "missed", "parked", "webhook"
]


def lane_key(kind: LaneKey, lane: str) -> str:
    """Return the key of one kind that a lane has."""
    return f"kerbside:{kind}:{lane}"


def job_key(job_id: str) -> str:
    """Return the key of a job's record."""
    return f"kerbside:job:{job_id}"


def tombstone_key(job_id: str) -> str:
    """Return the key of what is left when a job's record is gone."""
    return f"kerbside:gone:{job_id}"


def deleted_for(tombstone: bytes | None) -> str | None:
    """Return whose a job was that was deleted, by what is left of it; else None."""
    # Tenant, end and, of a deleted one, when that was.
    tenant, _, ends = (tombstone or b"").decode().partition(" ")
    return tenant if " " in ends else None


def tenant_key(tenant: str) -> str:
    """Return the key of a tenant's list of jobs."""
    return f"kerbside:tenant:{tenant}"


def batch_key(batch_id: str) -> str:
    """Return the key of a batch's record."""
    return f"kerbside:batch:{batch_id}"


def batches_key(tenant: str) -> str:
    """Return the key of a tenant's list of batches."""
    return f"kerbside:batches:{tenant}"


def endpoint_key(kind: EndpointKey, endpoint: str) -> str:
    """Return the key of one kind that an endpoint has, or `default:<tenant>`."""
    return f"kerbside:{kind}:{endpoint}"


def subscriptions_key(tenant: str) -> str:
    """Return the key of a tenant's endpoints and what each takes."""
    return f"kerbside:subscriptions:{tenant}"


def errand_key(name: str) -> str:
    """Return the key of the lock of an errand."""
    return f"kerbside:errand:{name}"


def seen_key(version: str, bucket: str) -> str:
    """Return the key of what was counted of a version's houses in a stretch of time."""
    return f"{SEEN}:{version}:{bucket}"


def shadow_key(challenger: str, champion: str) -> str:
    """Return the key of what one version said of another's houses."""
    return f"kerbside:shadow:{challenger}:{champion}"


def finished_channel(client: redis.Redis) -> str:
    """Return the channel of finished ids; channels know no databases by themselves."""
    return f"kerbside:finished:{connection.database(client)}"


def models_channel(client: redis.Redis) -> str:
    """Return the channel of what happens to model versions."""
    return f"kerbside:models:{connection.database(client)}"
