"""`python -m model_store` is `kerbside model`."""

from model_store.cli import cli

cli(prog_name="kerbside model", complete_var="_KERBSIDE_MODEL_COMPLETE")
