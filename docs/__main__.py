"""`python -m docs` writes the pages of docs/reference that are made from the code."""

from pathlib import Path

from docs import settings_page


def main() -> None:
    """Write every generated page beside this file."""
    reference = Path(__file__).parent / "reference"
    reference.mkdir(exist_ok=True)
    (reference / "settings.md").write_text(settings_page.render(), encoding="utf-8")


if __name__ == "__main__":
    main()
