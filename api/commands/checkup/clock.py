"""Whether this machine and Redis agree what time it is."""

import time
from collections.abc import Iterator

from api.commands.checkup.finding import Finding, Status, Target

#: Seconds by which clocks may differ: leases and deadlines follow Redis's alone, but
#: logs and the expiry of keys follow this machine's.
_TOLERATED_S = 1.0


def check(target: Target) -> Iterator[Finding]:
    """Compare the clock of this machine with that of Redis."""
    with target.redis() as client:
        before = time.time()
        seconds, micros = client.time()
        after = time.time()
    # The answer was made somewhere in between.
    ahead_s = (before + after) / 2 - (seconds + micros / 1e6)
    if abs(ahead_s) <= _TOLERATED_S + (after - before) / 2:
        yield Finding(check="clock", found="this machine and Redis agree within 1 s")
        return
    word = "ahead of" if ahead_s > 0 else "behind"
    yield Finding(
        check="clock",
        status=Status.WARNING,
        found=f"this machine is {abs(ahead_s):,.1f} s {word} Redis",
        expected="a difference of a second at most",
        remedy="Let both machines follow a time server (timedatectl set-ntp true).",
    )
