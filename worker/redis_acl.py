"""What each part of an installation may do in its Redis: one user for each.

The rules are those of Redis 7.0 or newer, or any Valkey: Redis 6.2 knows neither
`%R~` and `%W~` nor rights in brackets, and refuses a file with them.
"""

from collections.abc import Iterator, Mapping

from worker.keys import LANES, PREFIX, UPKEEP, lane_key

#: Server processes of the API.
API = "api"
#: All workers, the upkeep and beat.
WORKER = "worker"
#: The page that shows workers and tasks.
FLOWER = "flower"
#: KEDA's look at how much waits and runs.
KEDA = "keda"
#: The commands of `kerbside`, `up` and `doctor` among them.
OPERATOR = "operator"

#: A sentinel that watches the servers, and a server that copies the primary.
SENTINEL, REPLICA = "sentinel", "replica"

#: Starts the keys in which Flower would keep messages that it has not acknowledged.
FLOWER_UNACKED = "_kombu.flower.unacked"

USERS = (API, WORKER, FLOWER, KEDA, OPERATOR)

#: What concerns nothing but the caller's own connection, under the names of whatever
#: version; the right to list or to end those of others is taken away again below.
#: Tracking tells the names of all keys that anybody changes, patterns or not.
_CONNECTION = ("+@connection", "-client|tracking", "-client|caching", "+@transaction")

#: Verbs of the types that the ledger is made of. Of those for keys of any type only
#: these: SCAN, RANDOMKEY and DBSIZE look past the patterns, COPY, MOVE and RENAME take
#: a key out of them.
_DATA = (
    *("+@string", "+@hash", "+@list", "+@set", "+@sortedset"),
    *("+del", "+unlink", "+exists", "+type", "+ttl", "+pttl", "+persist"),
    *("+expire", "+pexpire", "+expireat", "+pexpireat"),
)

#: What has ended is written to the feed of the archive, and how much waits there is
#: looked at; only workers take anything out of it.
_FEED = ("+xadd", "+xlen", "+xrange")
_ARCHIVING = (
    *("+xgroup|create", "+xgroup|delconsumer", "+xreadgroup", "+xautoclaim"),
    *("+xinfo|consumers", "+xack", "+xdel"),
)

#: The ledger's scripts run under the rights of their caller, command by command, and
#: read the server's clock. Nobody may drop scripts or load functions.
_SCRIPTS = ("+eval", "+evalsha", "+script|load", "+script|exists", "+time")

#: FLUSHALL, KEYS, CONFIG, DEBUG, SHUTDOWN and the like, whatever let them in above.
_NOTHING_DANGEROUS = ("-@dangerous",)

#: Who asks how much memory is left, and whether there is an append-only file.
_INFO = ("+info",)


def rules(database: int = 0) -> Mapping[str, str]:
    """Return what each user may do, in Redis's own words.

    Args:
        database: Number of the installation's database: Celery's channels bear it.
    """
    return {
        API: _told(_of_clients()),
        WORKER: _told(_of_workers(database)),
        FLOWER: _told(_of_flower(database)),
        KEDA: _told(_of_keda()),
        OPERATOR: _told(_of_operators()),
    }


def failover_rules() -> Mapping[str, str]:
    """Return the same for those who keep a primary at hand, and read no data by it."""
    return {
        SENTINEL: _told(
            [
                *("&__sentinel__:hello", "+publish", "+subscribe", "+multi", "+exec"),
                *("+ping", "+info", "+role", "+slaveof", "+config|rewrite"),
                *("+client|setname", "+client|kill", "+script|kill"),
            ]
        ),
        REPLICA: _told(["+psync", "+replconf", "+ping"]),
    }


def _of_clients() -> Iterator[str]:
    """Submit, read and change jobs, and keep keys and endpoints."""
    yield f"~{PREFIX}*"
    # A message is pushed and, when its job is canceled, removed; none can be taken or
    # read, which is for workers.
    yield from (f"%W~{lane}" for lane in LANES)
    # Who waits is told of the ends of jobs.
    yield from (f"&{PREFIX}*", "+publish", "+subscribe", "+unsubscribe")
    yield from (*_CONNECTION, *_DATA, *_FEED, *_SCRIPTS)
    # No request holds a connection by waiting inside Redis.
    yield from ("-@blocking", *_NOTHING_DANGEROUS)


def _of_operators() -> Iterator[str]:
    """Look after everything that clients have."""
    yield from _of_clients()
    # Who has endpoints is in the names of keys alone; of others' it learns the names.
    yield from (*_INFO, "+scan")
    # Who leaves the archive looks whether somebody still reads for it.
    yield "+xinfo|consumers"


def _of_workers(database: int) -> Iterator[str]:
    """Claim, price, tend, and be a Celery worker."""
    # All but the API keys, their last use and the audit log: whoever has a worker in
    # his hand makes no key and covers no trace. Redis knows no exceptions, but patterns
    # of letters: all of these begin with k, us or au.
    yield from (f"~{PREFIX}[^aku]*", f"~{PREFIX}a[^u]*", f"~{PREFIX}u[^s]*")
    for lane in (*LANES, UPKEEP):
        yield from (f"~{lane}", f"~{_priorities(lane)}")
    # What kombu holds until it is acknowledged, and who restores it.
    yield from ("~unacked", "~unacked_index", "~unacked_mutex")
    # Which queues an exchange has; those of remote control, its answers and events.
    yield from ("~_kombu.binding*", "~*.celery.pidbox*", "~celeryev.*")
    yield from _celery_channels(database)
    # Its neighbours, by a pattern of its own.
    yield f"&/{database}.celeryev/worker.*"
    yield from (f"&{PREFIX}*", "+publish", "+subscribe", "+unsubscribe")
    yield from ("+psubscribe", "+punsubscribe")
    yield from (*_CONNECTION, *_DATA, *_FEED, *_ARCHIVING, *_SCRIPTS)
    yield from (*_NOTHING_DANGEROUS, *_INFO)
    # What was counted of priced houses.
    yield "+bitfield"


def _of_flower(database: int) -> Iterator[str]:
    """Hear events, ask workers about themselves, and see how much waits."""
    for lane in (*LANES, UPKEEP):
        yield from (f"%R~{lane}", f"%R~{_priorities(lane)}")
    # Of the exchanges only those of remote control and events, else it could divert
    # what upkeep is sent; of the queues its own.
    yield from ("~_kombu.binding*celery.pidbox", "~_kombu.binding*celeryev")
    yield from ("~_kombu.binding_deadlines", "~*.reply.celery.pidbox*", "~celeryev.*")
    # `worker.flower` has kombu recover nothing from where workers keep what is theirs.
    yield f"~{FLOWER_UNACKED}*"
    yield from _celery_channels(database)
    yield from ("+publish", "+psubscribe", "+punsubscribe")
    # What kombu sends for a queue that is declared, read and deleted, and its scripts.
    yield from ("+llen", "+brpop", "+exists", "+del", "+pexpire", "+set", "+get")
    yield from ("+sadd", "+srem", "+smembers", "+zadd", "+zrem", "+zrange")
    yield from ("+zrangebyscore", *_SCRIPTS, *_CONNECTION, *_NOTHING_DANGEROUS)


def _of_keda() -> Iterator[str]:
    """Count. KEDA's script names its key, which Redis takes for a write of it."""
    for lane in LANES:
        yield f"~{lane}"
        yield f"~{lane_key('running', lane)}"
        yield f"~{lane_key('waiting', lane)}"
    yield from (*_CONNECTION, "+eval", "+type", "+llen", "+zcard", "+zcount")
    yield from _NOTHING_DANGEROUS


def _celery_channels(database: int) -> Iterator[str]:
    """Remote control and events; a pattern must be named as it is subscribed to."""
    yield from (f"&/{database}.celery.pidbox", f"&/{database}.celeryev/*")


def _priorities(lane: str) -> str:
    """Return the pattern of the lists that kombu looks at beside a queue's own."""
    return f"{lane}??[369]"


def _told(words: Iterator[str] | list[str]) -> str:
    return " ".join(words)
