"""The file in which a Redis reads who may log in, and what for."""

import hashlib
from collections.abc import Mapping

#: The user that Redis has by itself, and takes who names none for.
DEFAULT = "default"


def text(rules: Mapping[str, str], passwords: Mapping[str, str]) -> str:
    """Return the file, from which nobody learns a password.

    It always says what becomes of who names no user: a server takes a file that does
    not for one that lets everybody in, to do everything.

    Args:
        rules: What each user may do, in Redis's own words.
        passwords: Of each of them.
    """
    lines = [
        f"user {user} on #{_digest(passwords[user])} {rule}"
        for user, rule in rules.items()
    ]
    if DEFAULT not in rules:
        lines.append(f"user {DEFAULT} off")
    return "".join(f"{line}\n" for line in lines)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
