"""What helps where a database cannot be used, by what its driver says."""

import re

_URL = "KERBSIDE_ARCHIVE_URL"
#: Part of the words of a driver -> the way to mend it; the first one that fits.
_REMEDIES = (
    (
        r"password authentication failed|no password supplied|pg_hba|role .* not exist",
        f"look at the user and the password in {_URL}",
    ),
    (
        r"database .* does not exist",
        f"make it, or look at the name of the database in {_URL}",
    ),
    (
        r"resolve host|translate host|not known|No address associated",
        f"look at the host in {_URL}",
    ),
    (
        r"[Rr]efused|No such file|timeout expired|connection timeout|unreachable",
        f"start the server, or look at host and port in {_URL}",
    ),
    (r"invalid connection option", f"look at what follows the `?` in {_URL}"),
    (
        r"permission denied",
        "let the user of the database make tables, and read and write them",
    ),
    (
        r"already exists",
        f"name a database of its own in {_URL}, or rename what is in the way",
    ),
    (
        r"unable to open database file",
        "let this user write file and folder; `kerbside archive migrate` makes a file",
    ),
    (
        r"readonly database",
        "let this user write file and folder",
    ),
    (r"not a database", f"name another file in {_URL}: this one is not SQLite's"),
    (r"malformed", "restore it from a backup"),
    (r"database or disk is full", "make room"),
)


def remedy(said: str) -> str | None:
    """Return the way to mend what a driver complains of, where it is known."""
    for words, way in _REMEDIES:
        if re.search(words, said):
            return way
    return None
