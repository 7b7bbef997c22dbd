"""`python -m docs` writes what is made from the code."""

from pathlib import Path

from docs.generated import CHART_FILES, PAGES


def main() -> None:
    """Write every page and file, and remove pages that are none of them."""
    docs = Path(__file__).parent
    folder = docs / "reference"
    folder.mkdir(exist_ok=True)
    for old in set(folder.glob("*.md")) - {folder / name for name in PAGES}:
        old.unlink()
    for name, render in PAGES.items():
        (folder / name).write_text(render(), encoding="utf-8")
    for name, render in CHART_FILES.items():
        (docs.parent / "helm" / "kerbside" / name).write_text(render(), "utf-8")


if __name__ == "__main__":
    main()
