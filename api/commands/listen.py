"""`kerbside listen`: events come to this machine, are verified and shown."""

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
from rich.text import Text

from api.commands import service
from api.commands.event_receiver import EventReceiver, Received
from api.commands.webhook_source import Source, found
from api.launcher import faults, showcase
from api.launcher.faults import (
    ApiUnreachable,
    KeyRefused,
    PortTaken,
    RedisUnreachable,
    SecretSealed,
)
from model_store.command_line import Command, results
from worker.supervision import ports

_HELP = """Receive events on this machine, verify them and show them.

Without an option it is for the local `kerbside up`, which must have been started with
--webhooks-to-localhost: it takes the secret from there. With --url or --key it asks
that API for the secret of submits with a `webhook`, which takes a key with the scope
`webhooks`. With --secret it asks nobody.

What is not signed with the secret, or is older than five minutes, is answered with 401
and told on stderr. An event that comes again is shown as repeated. It listens on
127.0.0.1 alone, until Ctrl-C.

With --json each event is a line of JSON on stdout: {"received_at", "id", "repeated",
"answered", "event"}.
"""
_EXIT_CODES = {
    0: "Ended by Ctrl-C, or --count events have come.",
    **faults.exit_codes(
        PortTaken, RedisUnreachable, ApiUnreachable, KeyRefused, SecretSealed
    ),
}

#: Statuses from here on tell the sender to come again.
_FIRST_ERROR = 300


@dataclass(slots=True)
class _Tally:
    """What has come so far."""

    events: int = 0
    repeated: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return (
            f"{self.events} events, {self.repeated} repeated, {self.refused} refused."
        )


@click.command(cls=Command, help=_HELP, exit_codes=_EXIT_CODES)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8090,
    show_default=True,
    help="Where it listens; 0: any.",
)
@click.option(
    "--secret",
    envvar="KERBSIDE_WEBHOOK_SECRET",
    show_envvar=True,
    help="What signs the events: whsec_...",
)
@service.url_option
@service.key_option
@click.option(
    "--status",
    type=click.IntRange(200, 599),
    default=200,
    show_default=True,
    help="Answer good events with it, to rehearse failures.",
)
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def listen(
    *,
    port: int,
    secret: str | None,
    url: str | None,
    key: str | None,
    status: int,
    count: int | None,
    as_json: bool,
) -> None:
    """Receive events; `_HELP` says it to the user."""
    source = found(secret, url, key)
    tally, enough = _Tally(), threading.Event()
    show = _show_json if as_json else _show

    def on_event(received: Received) -> None:
        # What comes while the last one is being answered was not asked for.
        if tally.events == count:
            return
        tally.events += not received.repeated
        tally.repeated += received.repeated
        show(received)

    def on_answered() -> None:
        if count is not None and tally.events >= count:
            enough.set()

    def on_refusal(reason: str) -> None:
        tally.refused += 1
        click.echo(f"Refused with {reason}", err=True)

    receiver = _receiver(
        port,
        secrets=[source.secret],
        status=status,
        on_event=on_event,
        on_refusal=on_refusal,
        on_answered=on_answered,
    )
    with receiver:
        _tell_before(receiver.url, source)
        _serve(receiver, enough)
    click.echo(str(tally), err=True)


def _receiver(port: int, **options: Any) -> EventReceiver:
    try:
        return EventReceiver(port, **options)
    except OSError as error:
        raise PortTaken(
            f"Port {port} of {ports.LOOPBACK} cannot be listened at: {error.strerror}."
            " Choose another with --port; --port 0 takes any free one."
        ) from error


def _serve(receiver: EventReceiver, enough: threading.Event) -> None:
    """Serve until enough events have come, or Ctrl-C."""
    server = threading.Thread(target=receiver.serve_forever, args=(0.05,), daemon=True)
    server.start()
    try:
        enough.wait()
    except KeyboardInterrupt:
        click.echo(err=True)  # the terminal has shown ^C
    finally:
        receiver.shutdown()
        server.join()


def _tell_before(url: str, source: Source) -> None:
    lines = [f"Listening at {url} until Ctrl-C."]
    if source.is_local:
        lines.append(
            "Events come here if `kerbside up` was started with"
            " --webhooks-to-localhost."
        )
    if source.url and source.house:
        command = showcase.curl(source.url, source.token, source.house, webhook=url)
        lines.append(f"\nPrice a house and have the event sent here:\n\n{command}\n")
    else:
        lines.append(f'A submit has its event sent here with "webhook": "{url}".')
    click.echo("\n".join(lines), err=True)


def _show(received: Received) -> None:
    data = received.event["data"]
    output = data.get("output") or {}
    line = Text(f"{datetime.now().astimezone():%H:%M:%S}  ", "dim")
    line.append(received.event["type"], "bold")
    line.append(f"  {data.get('id', '-')}")
    if "status" in data:
        line.append(f"  {data['status']}")
    if isinstance(output.get("price"), int | float):
        line.append(f"  {output['price']:,} {output.get('currency', '')}".rstrip())
    if received.repeated:
        line.append("  repeated", "yellow")
    if received.answered >= _FIRST_ERROR:
        line.append(f"  answered {received.answered}", "yellow")
    results().print(line, soft_wrap=True)


def _show_json(received: Received) -> None:
    record = {
        "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "id": received.id,
        "repeated": received.repeated,
        "answered": received.answered,
        "event": received.event,
    }
    click.echo(json.dumps(record))
