"""`python -m api` is `kerbside`."""

from api.cli import main

main(prog_name="kerbside")
