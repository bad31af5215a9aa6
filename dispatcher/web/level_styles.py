"""The colours of the levels as style sheets, from the one table that knows them."""

from __future__ import annotations

from core.levels import LEVELS


def console_style() -> str:
    """For the console: beside `console.css`, which lays out what is coloured here."""
    lines = []
    for level, row in LEVELS.items():
        outline = row.outline or "var(--tone)"
        lines += [
            f".{level} {{ --tone: {row.colour}; --outline: {outline}; }}",
            f".wall .{level} {{ --tone: {row.wall}; }}",
            f".{level} .band {{ color: {row.ink}; }}",
        ]
    return "\n".join(lines) + "\n"


def small_style() -> str:
    """For the notice page: plain rules that a phone from 2013 knows too."""
    return "".join(
        f".{level}{{background:{row.colour};color:{row.ink}}}.{level} .cut{{fill:{row.colour}}}\n"
        for level, row in LEVELS.items()
    )
