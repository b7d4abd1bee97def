"""Pieces of a Markdown page."""

from collections.abc import Iterable, Sequence

REFRESH = "Written by `make reference` from the code; a test fails where the two differ."


def cell(text: str) -> str:
    """Text of a table's cell: one line, and a bar that is no end of the cell."""
    return " ".join(text.split()).replace("|", "\\|") or "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table, and the empty line after it."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(map(cell, row))} |" for row in rows),
        "",
    ]


def page(title: str, *parts: Iterable[str]) -> str:
    """A whole page: title, how it is refreshed, parts."""
    lines = [f"# {title}", "", REFRESH, "", *(line for part in parts for line in part)]
    return "\n".join(lines).rstrip() + "\n"
