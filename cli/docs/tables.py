"""Markdown tables, and the line that says a page is generated."""

from collections.abc import Iterable, Sequence

NOTICE = "<!-- Made from the code by `./torg docs`. Change the code, not this page. -->"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, one line a row, with a line break at the end."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
