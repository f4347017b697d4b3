"""Where the built site lies."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"


def page_names():
    """The pages of the built book, as paths below the site."""
    return sorted(path.relative_to(SITE).as_posix() for path in (SITE / "book").rglob("*.html"))
