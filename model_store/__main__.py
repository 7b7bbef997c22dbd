"""`python -m model_store`: train, list and show models."""

from model_store.cli import cli

cli(prog_name="python -m model_store")
