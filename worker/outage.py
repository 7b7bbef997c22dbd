"""Tells an outage of Redis, which passes by itself, from a fault that does not."""

import re

import redis

#: What a Redis answers while it cannot serve for a reason of its own: it reads its
#: files, it cannot write them, it is full, a script holds it up, its primary or its
#: replicas are away. A new worker would be told the same. READONLY is not among them:
#: after a failover it comes from the old primary, and a new process finds the new one.
_OWN_REASON = re.compile(r"\b(BUSY|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|OOM)\b")
#: Of the same, those to which redis-py gives a class and takes the code away.
_OWN_CLASSES = (redis.OutOfMemoryError, redis.exceptions.MasterDownError)
#: Characters of an answer that are told.
_TOLD = 200


def is_outage(error: redis.RedisError) -> bool:
    """Tell whether an error means that Redis is away and will come back.

    What it answers to a command is none: a wrong type, a missing right and a bug in a
    script stay until somebody mends them.
    """
    if not isinstance(error, redis.ResponseError):
        return True
    return isinstance(error, _OWN_CLASSES) or bool(_OWN_REASON.search(str(error)))


def words_of(error: redis.RedisError) -> str:
    """Return what a log may hold of an error: the answers of a server name no house."""
    kind = type(error).__name__
    if isinstance(error, redis.ResponseError | redis.AuthenticationError):
        return f"{kind}: {str(error)[:_TOLD]}"
    return kind
