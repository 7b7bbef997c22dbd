"""The command `kerbside`; what needs the model stack is run, never imported."""

import click

import api
from api.commands.archive.group import archive
from api.commands.audit import audit
from api.commands.batch import batch
from api.commands.dead_letters import dead_letters
from api.commands.doctor import doctor
from api.commands.drift import drift
from api.commands.init import init
from api.commands.keys import keys
from api.commands.lanes import lanes
from api.commands.listen import listen
from api.commands.model import model
from api.commands.outcomes import outcomes
from api.commands.predict import predict
from api.commands.properties import properties
from api.commands.redis_users import redis
from api.commands.serve import serve
from api.commands.webhooks.group import webhooks
from api.launcher.up import up
from model_store.command_line import Group

_HELP = """Price houses: asynchronously, with honest ranges.

\b
Let the shell complete commands and options (or zsh_source, fish_source):
  eval "$(_KERBSIDE_COMPLETE=bash_source kerbside)"
"""


@click.group(
    cls=Group, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(api.__version__, message="kerbside %(version)s")
def main() -> None:
    """Price houses; `_HELP` says it to the user."""


main.add_command(up)
main.add_command(serve)
main.add_command(init)
main.add_command(keys)
main.add_command(model)
main.add_command(drift)
main.add_command(predict)
main.add_command(batch)
main.add_command(properties)
main.add_command(outcomes)
main.add_command(dead_letters)
main.add_command(lanes)
main.add_command(doctor)
main.add_command(audit)
main.add_command(archive)
main.add_command(redis)
main.add_command(webhooks)
main.add_command(listen)
