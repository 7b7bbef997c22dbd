"""What the figures were measured with: machine and versions."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from worker.supervision import embedded

#: Distributions whose versions the figures hang on.
_DISTRIBUTIONS = (
    "kerbside",
    "celery",
    "kombu",
    "redis",
    "hiredis",
    "flask",
    "flask-openapi3",
    "granian",
    "gunicorn",
    "pydantic",
    "orjson",
    "scikit-learn",
    "numpy",
    "pandas",
    "flower",
)


def described() -> list[tuple[str, str]]:
    """Return name and value of whatever the figures hang on."""
    cores = len(os.sched_getaffinity(0))
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return [
        ("machine", f"{cores} cores, {_processor()}, {memory_gb:.0f} GB"),
        ("system", f"Linux {platform.release()}, Python {platform.python_version()}"),
        ("Valkey", _server()),
        ("packages", ", ".join(f"{name} {version(name)}" for name in _DISTRIBUTIONS)),
        ("other load", f"{load_average():.1f} processes in the minute before the run"),
    ]


def load_average() -> float:
    """Return how many processes wanted the cores in the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _server() -> str:
    command = [str(embedded.find_binary()), "--version"]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return next(word[2:] for word in words.split() if word.startswith("v="))
