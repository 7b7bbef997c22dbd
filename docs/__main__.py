"""`python -m docs` writes the pages of docs/reference, which are made from the code."""

from pathlib import Path

from docs.generated import PAGES


def main() -> None:
    """Write every page, and remove what is none of them."""
    folder = Path(__file__).parent / "reference"
    folder.mkdir(exist_ok=True)
    for old in set(folder.glob("*.md")) - {folder / name for name in PAGES}:
        old.unlink()
    for name, render in PAGES.items():
        (folder / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
