"""Files of the Helm chart that say again what the code says."""

from worker import redis_acl


def redis_users() -> str:
    """Return who may do what in the chart's Redis: a user and its rules a line."""
    return "".join(f"{user} {rules}\n" for user, rules in redis_acl.rules().items())
