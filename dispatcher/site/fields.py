"""Reading one table of a site's files: each value checked, each mistake noted with its place.

A mistake never stops the reading: a person who wrote ten of them wants to hear of ten. What could
not be read gets a harmless value, and the files as a whole are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from dispatcher.site.lines import Path, line_of
from dispatcher.site.mistakes import Mistake, Where

TEXT_MOST = 200
LONG_TEXT_MOST = 10_000
LIST_MOST = 1_000
NO_SITES: Mapping[str, str] = {}
YEARS = range(2000, 2101)

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # docs/glossary.md
_KEY_PARTS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_Token = TypeVar("_Token", bound=StrEnum)


def is_id(text: str) -> bool:
    """Whether this can be the id of something (docs/glossary.md)."""
    return _ID.fullmatch(text) is not None


class Fields:
    """One table. Ask for every key it may have, then call `done`.

    `above` is what its record has so far, by field: a key may be read by what stands above it.
    `countries` are those of the sites there are, by site.
    """

    def __init__(
        self,
        table: object,
        where: Callable[[str], Where],
        mistakes: list[Mistake],
        countries: Mapping[str, str] = NO_SITES,
    ) -> None:
        self._where = where
        self._mistakes = mistakes
        self.countries = countries
        self.above: dict[str, Any] = {}
        self._asked: dict[str, None] = {}
        if isinstance(table, Mapping):
            self._table = cast("Mapping[str, object]", table)
        else:
            self._table = {}
            self.mistake("", f"is {_shown(table)}; write it as a table of its own")

    @property
    def where(self) -> Where:
        return self._where("")

    def mistake(self, key: str, text: str) -> None:
        self._mistakes.append(Mistake(self._where(key), text))

    def has(self, key: str) -> bool:
        return key in self._table

    def raw(self, key: str) -> object:
        """The value as it stands in the file, None where there is none."""
        self._asked[key] = None
        return self._table.get(key)

    def done(self) -> None:
        """Every key nobody asked for is a mistake: a misspelt one must not be silently left out."""
        for key in self._table:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(self._asked)}"
                self.mistake(key, f"is no key here; {hint}")

    def id(self, key: str, example: str) -> str:
        value = self.text(key, required=True)
        if value and not _ID.fullmatch(value):
            self.mistake(key, f"{_shown(value)} is no id; {_ID_RULE}, like {example!r}")
        return value

    def reference(self, key: str) -> str | None:
        """An id of something else; whether it exists is asked when everything is read."""
        return self.text(key) or None

    def site(self, key: str) -> str:
        """The record's site; an installation with one need not name it."""
        named = self.reference(key)
        if named is not None:
            return named
        if len(self.countries) == 1:
            return next(iter(self.countries))
        self.mistake(key, f"is missing; write one of: {', '.join(self.countries)}")
        return ""

    def text(
        self, key: str, default: str = "", *, required: bool = False, lines: bool = False
    ) -> str:
        value = self.raw(key)
        if value is None:
            if required:
                self.mistake(key, f'is missing; write {key} = "…"')
            return default
        if not isinstance(value, str):
            self.mistake(key, f"is {_shown(value)}; write text in quotes")
            return default
        why = _odd_text(value, LONG_TEXT_MOST if lines else TEXT_MOST, lines=lines)
        if why or (required and not value.strip()):
            self.mistake(key, why or "is empty")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        found = []
        for number, value in enumerate(self.items(key), start=1):
            if isinstance(value, str) and value.strip() and not _odd_text(value, TEXT_MOST):
                found.append(value)
            else:
                self.mistake(f"{key}[{number}]", f"is {_shown(value)}; write a short text")
        for value in [v for n, v in enumerate(found) if v in found[:n]]:
            self.mistake(key, f"names {value!r} twice")
        return tuple(found)

    def items(self, key: str) -> list[object]:
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.mistake(key, f"is {_shown(value)}; write a list: {key} = [ … ]")
            return []
        if len(value) > LIST_MOST:
            self.mistake(key, f"has {len(value)} entries; at most {LIST_MOST}")
        return cast("list[object]", value[:LIST_MOST])

    def flag(self, key: str) -> bool:
        value = self.raw(key)
        if value is not None and not isinstance(value, bool):
            self.mistake(key, f"is {_shown(value)}; write true or false")
        return value is True

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.mistake(key, f"is {_shown(value)}; write a whole number from {least} to {most}")
            return default
        return value

    def number(
        self, key: str, least: float, most: float, *, required: bool = False
    ) -> float | None:
        value = self.raw(key)
        if value is None:
            if required:
                self.mistake(key, f"is missing; write a number from {least:g} to {most:g}")
            return None
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if (
            not right
            or not isfinite(cast("float", value))
            or not least <= cast("float", value) <= most
        ):
            self.mistake(key, f"is {_shown(value)}; write a number from {least:g} to {most:g}")
            return None
        return float(cast("float", value))

    def seconds(
        self, key: str, least: float, most: float, missing: timedelta = timedelta(), **how: bool
    ) -> timedelta:
        value = self.number(key, least, most, **how)
        return missing if value is None else timedelta(seconds=value)

    def choice(self, key: str, kinds: type[_Token], default: _Token) -> _Token:
        value = self.raw(key)
        return default if value is None else (self._token(key, value, kinds) or default)

    def choices(self, key: str, kinds: type[_Token]) -> tuple[_Token, ...]:
        tokens = (self._token(key, value, kinds) for value in self.items(key))
        return tuple(dict.fromkeys(token for token in tokens if token is not None))

    def clock(self, key: str) -> time:
        """A time of day, `"07:00"`."""
        value = self.raw(key)
        if isinstance(value, time) and value.microsecond == 0:
            return value
        parts = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            self.mistake(key, f'{_is(value)}; write a time of day, like {key} = "07:00"')
            return time(0)
        return time(int(parts[1]), int(parts[2]), int(parts[3] or 0))

    def day(self, key: str) -> date | None:
        """A date, `2026-12-24`."""
        value = self.raw(key)
        if value is None or value == "":
            return None
        found = _date(value)
        if found is None or found.year not in YEARS:
            self.mistake(key, f"{_is(value)}; write a date, like {key} = 2026-12-24")
            return None
        return found

    def instant(self, key: str) -> datetime:
        """A moment with its offset, `2026-12-24T15:00:00+01:00`; UTC inside."""
        value = self.raw(key)
        right = isinstance(value, datetime) and value.tzinfo is not None and value.year in YEARS
        if not right:
            hint = f"write a moment with its offset, like {key} = 2026-12-24T15:00:00+01:00"
            self.mistake(key, f"{_is(value)}; {hint}")
            return datetime(2000, 1, 1, tzinfo=UTC)
        return cast("datetime", value).astimezone(UTC)

    def timezone(self, key: str) -> str:
        value = self.text(key, required=True)
        if value and not _known_zone(value):
            self.mistake(key, f"{_shown(value)} is no time zone; like 'Europe/Copenhagen'")
        return value

    def table(self, key: str) -> Fields:
        value = self.raw(key)
        return Fields(
            {} if value is None else value,
            lambda inner: self._where(f"{key}.{inner}" if inner else key),
            self._mistakes,
        )

    def tables(self, key: str) -> list[Fields]:
        """A list of tables, `[[plan.step]]`."""

        def place(number: int) -> Callable[[str], Where]:
            table = f"{key}[{number}]"
            return lambda inner: self._where(f"{table}.{inner}" if inner else table)

        found = enumerate(self.items(key), start=1)
        return [Fields(value, place(number), self._mistakes) for number, value in found]

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table of texts, in the order of the file."""
        inner = self.table(key)
        return tuple((name, inner.text(name)) for name in list(inner._table))

    def _token(self, key: str, value: object, kinds: type[_Token]) -> _Token | None:
        if isinstance(value, str) and value in [kind.value for kind in kinds]:
            return kinds(value)
        known = ", ".join(kind.value for kind in kinds)
        close = get_close_matches(str(value), [kind.value for kind in kinds], n=1)
        hint = f"did you mean {close[0]}?" if close else f"write one of: {known}"
        self.mistake(key, f"is {_shown(value)}; {hint}")
        return None


def toml_place(file: str, lines: Mapping[Path, int], path: Path) -> Callable[[str], Where]:
    """Where a key of the table at `path` stands. A key may lie deeper: `step[2].by`."""

    def where(key: str) -> Where:
        parts = (int(n) - 1 if n else word for n, word in _KEY_PARTS.findall(key))
        return Where(file, line_of(lines, (*path, *parts)), _readable(path, key))

    return where


def _readable(path: Path, key: str) -> str:
    """`("plan", 0, "step", 1)` and `by` → `plan[1].step[2].by`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return f"{text}.{key}".strip(".") if key else text.strip(".")


_ID_RULE = "lower-case letters, digits, - and _, at most 64"


def _odd_text(value: str, most: int, *, lines: bool = False) -> str:
    if len(value) > most:
        return f"has {len(value)} characters; at most {most}"
    allowed = "\n\t" if lines else ""
    if any(not letter.isprintable() and letter not in allowed for letter in value):
        return f"{_shown(value)} holds a character that cannot be printed; take it out"
    return ""


def _known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder's name is an OSError, not a missing key
        return False
    return True


def _date(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _is(value: object) -> str:
    return "is missing" if value is None else f"is {_shown(value)}"


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, datetime | date | time) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
