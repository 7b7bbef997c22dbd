"""How many connections a server process holds, idle ones too."""

import resource

#: Connections of a process, where the machine lets it open so many files.
_WANTED = 4096
#: Files that a process opens beside them: Redis, models, libraries.
_OTHER_FILES = 256


def capacity() -> int:
    """Return the connections that a process may hold at a time."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return _WANTED
    return max(1, min(_WANTED, most - _OTHER_FILES))


def make_room() -> None:
    """Let this process open as many files as its connections need.

    A server that takes a connection without a file left to it tries again and again.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = capacity() + _OTHER_FILES
    if resource.RLIM_INFINITY != now < needed:
        within = needed if most == resource.RLIM_INFINITY else min(needed, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (within, most))
