"""Shifts as a spreadsheet keeps them: `shifts.csv`, a header and one row per shift.

    person,unit,start,end,days,date,duty,runner
    anna,house-1,07:00,15:00,mon tue wed,,staff,yes
    bo,house-2,23:00,07:00,mon-fri,,leader,
    ida,house-1,10:00,18:00,,2026-12-24,,

Commas or semicolons, UTF-8 with or without a mark; columns in any order; `days` may be a range or
`daily`; an empty `duty` is `staff`, an empty `runner` is no.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import time
from io import StringIO

from dispatcher.roster.model import Shift, Weekday
from dispatcher.roster.shifts import WEEKDAYS
from dispatcher.site.fields import Fields
from dispatcher.site.mistakes import Mistake, Where
from dispatcher.site.records import SHIFT

FILE = "shifts.csv"
COLUMNS = tuple(key.name for key in SHIFT.keys)
NEEDED = COLUMNS[:4]

_YES = ("yes", "true", "1", "x", "ja")
_NO = ("", "no", "false", "0", "nej", "nei")


def read_shifts_csv(text: str, mistakes: list[Mistake]) -> list[tuple[Shift, Where]]:
    """Every row, with where it stands. Mistakes are noted and read past."""
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        if not _header_reads(header, mistakes):
            return []
        numbered = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        mistakes.append(Mistake(Where(FILE, rows.line_num), f"cannot be read as CSV: {error}"))
        return []
    return [_row(line, header, row, mistakes) for line, row in numbered]


def write_shifts_csv(shifts: Sequence[Shift]) -> str:
    """The file `read_shifts_csv` reads back as the same shifts."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(shift, key.field)) for key in SHIFT.keys] for shift in shifts)
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, time):
        text = value.isoformat("auto")
        return text.removesuffix(":00") if len(text) > 5 else text
    if isinstance(value, tuple):
        return " ".join(value)
    return "yes" if value is True else str(value or "")


def _header_reads(header: list[str], mistakes: list[Mistake]) -> bool:
    wrong = [name for name in header if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in header]
    twice = [name for n, name in enumerate(header) if name in header[:n]]
    if wrong or missing or twice:
        said = f"has the columns {','.join(header)!r:.80}; write {','.join(COLUMNS)}"
        mistakes.append(Mistake(Where(FILE, 1), said))
    return not (wrong or missing or twice)


def _row(
    line: int, header: list[str], row: list[str], mistakes: list[Mistake]
) -> tuple[Shift, Where]:
    cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
    table: dict[str, object] = {key: value for key, value in cells.items() if value}
    fields = Fields(table, lambda key: Where(FILE, line, key), mistakes)
    if len(row) > len(header):
        fields.mistake("", f"has {len(row)} cells; the header has {len(header)}")
    if "days" in table:
        table["days"] = _days(cells["days"])
    runner = cells.get("runner", "").lower()
    table["runner"] = runner in _YES
    if runner not in (*_YES, *_NO):
        fields.mistake("runner", f"is {runner!r:.40}; write yes or nothing")
    return SHIFT.read(fields), fields.where


def _days(text: str) -> list[str]:
    """`mon tue`, `mon-fri` and `daily` as single days; what is no day is left for the reader."""
    if text.lower() == "daily":
        return [day.value for day in WEEKDAYS]
    days: list[str] = []
    for word in text.lower().replace("/", " ").split():
        first, dash, last = word.partition("-")
        days += _range(first, last) if dash else [word]
    return days


def _range(first: str, last: str) -> list[str]:
    names = [day.value for day in Weekday]
    if first not in names or last not in names:
        return [f"{first}-{last}"]
    start = names.index(first)
    length = (names.index(last) - start) % len(names) + 1
    return [names[(start + n) % len(names)] for n in range(length)]
