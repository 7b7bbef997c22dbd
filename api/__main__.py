"""`python -m api` is `kerbside`."""

from api.cli import main

main()
