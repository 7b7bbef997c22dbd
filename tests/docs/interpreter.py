"""A Python that runs one file after the other in the same names."""

import sys
import traceback
from pathlib import Path


def main() -> None:
    """Run each file that a line of stdin names, then print the mark and a code."""
    mark = sys.argv[1]
    names = {"__name__": "__main__"}
    for line in sys.stdin:
        path = Path(line.strip())
        code = 0
        try:
            exec(compile(path.read_text(), path.name, "exec"), names)  # noqa: S102 -- an example of our own pages
        except Exception:  # noqa: BLE001 -- whatever it is, the test tells it
            traceback.print_exc()
            code = 1
        print(mark, code, flush=True)  # noqa: T201 -- the answer to the session


if __name__ == "__main__":
    main()
