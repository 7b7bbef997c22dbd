"""`kerbside serve`: becomes the HTTP server of an installation."""

import errno
import json
import os
import socket
import sys

import click

from api import server
from api.launcher import faults, installation
from api.launcher.faults import PortTaken
from model_store.command_line import Command

_HELP = """Serve the API alone, beside workers and a Redis that are started elsewhere.

This process becomes the server: a signal sent to it is the server's, and SIGTERM ends
it in order within 10 seconds. Everything else it reads from the settings. What slow
and idle clients can hold is bounded.

It speaks plain HTTP, so let nothing but a balancer come to it.
"""


@click.command(cls=Command, help=_HELP, exit_codes=faults.exit_codes(PortTaken))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address of this machine to listen at; 0.0.0.0 is all of them.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Port to listen at.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=server.PROCESSES,
    show_default=True,
    help="Server processes; each answers hundreds of requests a second.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object first.")
def serve(*, host: str, port: int, processes: int, as_json: bool) -> None:
    """Become the server; `_HELP` says it to the user."""
    waiters = installation.read_settings().waiters
    _must_be_free(host, port)
    record = {"host": host, "port": port, "processes": processes}
    told = f"Serving at {host}, port {port}, with {processes} processes."
    click.echo(json.dumps(record) if as_json else told)
    # It will be another program's, which flushes nothing of this one.
    sys.stdout.flush()
    words = server.command(host=host, port=port, processes=processes, waiters=waiters)
    os.execv(words[0], words)  # noqa: S606 -- becomes the program, no shell


def _must_be_free(host: str, port: int) -> None:
    """Look whether the server could listen there; its own message names no option.

    Raises:
        PortTaken: Something else does.
        click.BadParameter: This machine has no such address, or not for this user.
    """
    try:
        family, kind, *_, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} of {host} is taken by another program. Choose another"
                " with --port."
            ) from error
        told = "--port" if isinstance(error, PermissionError) else "--host"
        raise click.BadParameter(
            f"Cannot listen at {host}, port {port}: {error.strerror}. Expected an"
            " address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them,"
            " and a port that this user may take, such as 8000.",
            param_hint=told,
        ) from error
