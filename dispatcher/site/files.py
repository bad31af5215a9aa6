"""Reading a site directory: its files become one Organisation, or one error with every mistake.

    site.toml     [[site]]: one per site; `[site.words]` within it
    people.toml   [[person]]
    units.toml    [[unit]]
    zones.toml    [[zone]] and [[walk]]
    devices.toml  [[device]] and [[assignment]]
    lines.toml    [[line]]: one per serial line or port; `[line.settings]` within it.
                  [[gateway]]: one per gateway on another machine
    plans.toml    [[plan]] with its [[plan.step]]
    shifts.toml   [[shift]], and shifts.csv, or both

One directory holds the whole installation. With several sites every record carries `site = "…"`;
with one it need not. Files but `site.toml` may be missing; one that is not known is a mistake,
because it was surely meant to say something.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from core.errors import ConfigError
from dispatcher.roster.model import Shift
from dispatcher.roster.organisation import Organisation
from dispatcher.site import lines, records, shifts_csv
from dispatcher.site.description import Description
from dispatcher.site.fields import Fields, toml_place
from dispatcher.site.mistakes import Mistake, SiteMistakes, Where
from dispatcher.site.references import broken_references

FILE_BYTES_MOST = 16 * 1024 * 1024
"""A roster of 10,000 people for a year fits; a file that does not is not ours."""

FILES: Mapping[str, Mapping[str, Description[Any]]] = {
    "site.toml": {"sites": records.SITE},
    "people.toml": {"people": records.PERSON},
    "units.toml": {"units": records.UNIT},
    "zones.toml": {"zones": records.ZONE, "walks": records.WALK},
    "devices.toml": {"devices": records.DEVICE, "assignments": records.ASSIGNMENT},
    "lines.toml": {"lines": records.LINE, "gateways": records.GATEWAY},
    "plans.toml": {"plans": records.PLAN},
    "shifts.toml": {"shifts": records.SHIFT},
    shifts_csv.FILE: {},
}
"""The files there are, and which part of the Organisation the tables of each are."""

SHIFT_FILES = frozenset(("shifts.toml", shifts_csv.FILE))
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read_directory(directory: Path) -> Organisation:
    """The Organisation of a site directory. Raises ConfigError; SiteMistakes names each mistake."""
    return read_files(contents(directory))


def contents(directory: Path) -> dict[str, bytes]:
    """Name → bytes of every file that may be a site's. Raises ConfigError."""
    if not directory.is_dir():
        raise ConfigError(f"{directory}: is no directory; name one that holds a site.toml")
    found: dict[str, bytes] = {}
    for path in sorted(directory.iterdir()):
        if path.suffix in (".toml", ".csv") and not path.name.startswith("."):
            try:
                with path.open("rb") as file:
                    found[path.name] = file.read(FILE_BYTES_MOST + 1)
            except OSError as error:
                raise ConfigError(f"{path.name}: cannot be read: {error.strerror}") from None
    return found


def read_files(files: Mapping[str, bytes]) -> Organisation:
    """The Organisation of files given by name. Raises SiteMistakes."""
    reading = _Reading()
    tables = {name: reading.tables(name, raw) for name, raw in files.items()}
    if "site.toml" not in files:
        reading.mistakes.append(
            Mistake(Where("site.toml"), 'is missing; it holds [[site]] id = "…"')
        )
    organisation = reading.organisation(tables, reading.csv(files.get(shifts_csv.FILE)))
    if not reading.mistakes:
        reading.check_references(organisation)
    if reading.mistakes:
        raise SiteMistakes(reading.mistakes)
    return organisation


@dataclass(frozen=True, slots=True)
class _Tables:
    """One TOML file, with the lines its keys stand on."""

    content: Mapping[str, object]
    lines: Mapping[lines.Path, int]


@dataclass(slots=True)
class _Reading:
    """What was found so far: mistakes, and where each record stands."""

    mistakes: list[Mistake] = field(default_factory=list)
    places: dict[str, list[Callable[[str], Where]]] = field(default_factory=dict)

    def tables(self, name: str, raw: bytes) -> _Tables:
        text = self._text(name, raw)
        if text is None or name == shifts_csv.FILE:
            return _Tables({}, {})
        try:
            content = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            found = _TOML_LINE.search(str(error))
            said = _TOML_LINE.sub("", str(error)).strip() or "nested too deep"
            where = Where(name, int(found[1]) if found else None)
            self.mistakes.append(Mistake(where, f"is not written as TOML: {said}"))
            return _Tables({}, {})
        tables = _Tables(content, lines.line_numbers(text))
        self._known_tables(name, tables)
        return tables

    def csv(self, raw: bytes | None) -> list[tuple[Shift, Where]]:
        text = self._text(shifts_csv.FILE, raw) if raw is not None else None
        return shifts_csv.read_shifts_csv(text, self.mistakes) if text is not None else []

    def organisation(
        self, tables: Mapping[str, _Tables], rows: list[tuple[Shift, Where]]
    ) -> Organisation:
        parts: dict[str, Any] = {"sites": self._all(tables, "site.toml", "sites", {})}
        if "site.toml" in tables and not parts["sites"] and not self.mistakes:
            self.mistakes.append(Mistake(Where("site.toml"), "names no site; write [[site]]"))
        countries = {site.id: site.country for site in parts["sites"]}
        for name, kinds in FILES.items():
            for part in kinds:
                parts[part] = parts.get(part) or self._all(tables, name, part, countries)
        parts["shifts"] += tuple(shift for shift, _ in rows)
        self.places.setdefault("shifts", []).extend(_in_row(where) for _, where in rows)
        return Organisation(**parts)

    def check_references(self, organisation: Organisation) -> None:
        for broken in broken_references(organisation):
            where = self.places[broken.part][broken.number]
            self.mistakes.append(Mistake(where(broken.key), broken.text))

    def _all(
        self, tables: Mapping[str, _Tables], name: str, part: str, countries: Mapping[str, str]
    ) -> tuple[Any, ...]:
        """The records of one part, with where each stands."""
        described = FILES[name][part]
        content = tables[name].content.get(described.table) if name in tables else None
        if not isinstance(content, list):
            return ()
        found = []
        for number, table in enumerate(cast("list[object]", content)):
            place = toml_place(name, tables[name].lines, (described.table, number))
            self.places.setdefault(part, []).append(place)
            found.append(described.read(Fields(table, place, self.mistakes, countries)))
        return tuple(found)

    def _text(self, name: str, raw: bytes) -> str | None:
        if name not in FILES:
            close = get_close_matches(name, FILES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(FILES)}"
            self.mistakes.append(Mistake(Where(name), f"is no file of a site; {hint}"))
            return None
        if len(raw) > FILE_BYTES_MOST:
            most = FILE_BYTES_MOST // 1024 // 1024
            self.mistakes.append(Mistake(Where(name), f"is larger than {most} MiB; split the site"))
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self.mistakes.append(Mistake(Where(name, line), "is not UTF-8; save it as UTF-8"))
            return None

    def _known_tables(self, name: str, tables: _Tables) -> None:
        for key, value in tables.content.items():
            where = Where(name, lines.line_of(tables.lines, (key,)) or tables.lines.get((key, 0)))
            kinds = [described.table for described in FILES[name].values()]
            if key not in kinds:
                known = " and ".join(f"[[{kind}]]" for kind in kinds)
                self.mistakes.append(Mistake(where, f"{key!r} is not known here; write {known}"))
            elif not isinstance(value, list):
                self.mistakes.append(Mistake(where, f"write [[{key}]] with two brackets"))


def _in_row(where: Where) -> Callable[[str], Where]:
    return lambda key: Where(where.file, where.line, key)
