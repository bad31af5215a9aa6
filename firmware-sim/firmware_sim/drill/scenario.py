"""Scenarios: a site, people, what happens and what is expected, read from TOML.

`firmware-sim/scenarios/README.md` describes the format. A mistake names the file and the key.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from core.errors import ConfigError
from dispatcher.roster.organisation import Organisation
from firmware_sim import places
from firmware_sim.drill import line_sentences, sentences
from firmware_sim.drill.line_sentences import CallsOn, IsUnplugged
from firmware_sim.drill.measure import Target
from firmware_sim.drill.sentences import (
    Cancels,
    Expectation,
    GoesOutOfReach,
    Line,
    Presses,
    Reboots,
    Tests,
)
from firmware_sim.people.colleague import Habits
from firmware_sim.speakers.table import Manner, Speaks

LIMIT_S_MAX = 600.0
SENTENCES_MAX = 200
LINES_MAX = 50
BEAT_S_LEAST = 0.2

_KEYS = ("about", "site", "people", "line", "script", "expect", "targets", "limit_s", "seed")
_SITE_KEYS = ("dir", "files")
_LINE_KEYS = ("id", "beat_s", "speaks")
_TARGET = re.compile(r"t([1-8])_(p\d{1,2}|max|median)_s")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. `files` stand in place of the site folder's own (name → text).

    `lines`: those of the site with a far end that speaks, and how it does.
    """

    name: str
    about: str
    site: Path
    files: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, Habits], ...]
    script: tuple[Line, ...]
    expect: tuple[Expectation, ...]
    targets: tuple[Target, ...]
    limit: timedelta
    seed: int = 1
    lines: tuple[tuple[str, Manner], ...] = ()

    def lay_out(self, folder: Path) -> None:
        """Write the scenario's site into an empty folder."""
        shutil.copytree(self.site, folder, dirs_exist_ok=True)
        for name, text in self.files:
            (folder / name).write_text(text)

    def check_people(self, organisation: Organisation) -> None:
        """Raises ConfigError for a name the site does not know."""
        known = {person.id for person in organisation.people}
        for name in (*dict(self.people), *_named(self.script), *_expected(self.expect)):
            if name not in known:
                raise ConfigError(f"{self.name}: the site knows no {name}, only {sorted(known)}")
        self._check_lines(organisation)

    @property
    def calls(self) -> tuple[CallsOn, ...]:
        """Every call on a line, in the order of the script."""
        return tuple(line.what for line in self.script if isinstance(line.what, CallsOn))

    def _check_lines(self, organisation: Organisation) -> None:
        here, there = dict(self.lines), [line.id for line in organisation.lines]
        devices = [device.id for device in organisation.devices if device.wire]
        for name in here:
            if name not in there:
                raise ConfigError(f"{self.name}: the site has no line {name}, only {there}")
        for name in _lines_named(self.script, self.expect):
            if name not in here:
                raise ConfigError(f"{self.name}: nobody speaks on {name}: add it as a [[line]]")
        for call in self.calls:
            if call.device not in devices:
                raise ConfigError(f"{self.name}: {call.device} has no name on a wire: {devices}")


def load(path: Path) -> Scenario:
    """Read one scenario. Raises ConfigError: file, key, what is wrong, an example."""
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such scenario; known: {', '.join(names())}")
    try:
        said = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path.name}: {wrong}") from None
    return _Reader(path, said).scenario()


def find(name: str) -> Path:
    """A scenario by its name (`one-press`) or by its path."""
    path = Path(name)
    return path if path.suffix == ".toml" else places.scenarios() / f"{name}.toml"


def names() -> list[str]:
    """The scenarios that come with Tilkald."""
    return sorted(path.stem for path in places.scenarios().glob("*.toml"))


Made = TypeVar("Made")


class _Reader:
    """Turns one file's tables into a Scenario, and every mistake into file, key and example."""

    def __init__(self, path: Path, said: Mapping[str, object]) -> None:
        self._path = path
        self._said = said

    def scenario(self) -> Scenario:
        self._only(self._said, _KEYS, "")
        site = self._table("site")
        self._only(site, _SITE_KEYS, "site.")
        limit_s = self._number("limit_s")
        if not 0 < limit_s <= LIMIT_S_MAX:
            raise self._wrong("limit_s", f"{limit_s} is not in 1 to {LIMIT_S_MAX:.0f}, try 30")
        lines = self._lines()
        return Scenario(
            name=self._path.stem,
            about=self._text("about"),
            site=self._site(site),
            files=self._files(site),
            people=self._people(),
            script=self._sentences("script", sentences.line),
            expect=self._expected(lines),
            targets=self._targets(),
            limit=timedelta(seconds=limit_s),
            seed=int(self._number("seed", 1)),
            lines=lines,
        )

    def _site(self, site: Mapping[str, object]) -> Path:
        name = site.get("dir", "example")
        if not isinstance(name, str):
            raise self._wrong("site.dir", 'is no text, try "sites/two-houses"')
        folder = places.example_site() if name == "example" else self._path.parent / name
        if not folder.is_dir():
            raise self._wrong("site.dir", f"there is no folder {name}")
        return folder

    def _files(self, site: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
        files = site.get("files", {})
        if not isinstance(files, dict):
            raise self._wrong("site.files", 'is no table, try [site.files] "plans.toml" = """…"""')
        for name, text in files.items():
            if not isinstance(text, str) or Path(name).name != name:
                raise self._wrong(f"site.files.{name}", "must be a plain file name with its text")
        return tuple(files.items())

    def _people(self) -> tuple[tuple[str, Habits], ...]:
        made = []
        for person, text in self._table("people").items():
            key = f"people.{person}"
            made.append((person, self._sentence(key, text, sentences.habits)))
        return tuple(made)

    def _lines(self) -> tuple[tuple[str, Manner], ...]:
        listed = self._said.get("line", [])
        if not isinstance(listed, list) or len(listed) > LINES_MAX:
            raise self._wrong("line", f'must be at most {LINES_MAX} times [[line]] id = "…"')
        made: dict[str, Manner] = {}
        for number, table in enumerate(listed):
            key = f"line[{number}]"
            self._only(table, _LINE_KEYS, f"{key}.")
            name = table.get("id")
            if not isinstance(name, str) or name in made:
                raise self._wrong(f"{key}.id", "must be the name of a line, each once")
            made[name] = self._manner(key, table)
        return tuple(made.items())

    def _manner(self, key: str, table: Mapping[str, object]) -> Manner:
        beat_s, speaks = table.get("beat_s", 1), table.get("speaks", Speaks.CONTACT_ID)
        if isinstance(beat_s, bool) or not isinstance(beat_s, int | float) or beat_s < BEAT_S_LEAST:
            raise self._wrong(f"{key}.beat_s", f"must be {BEAT_S_LEAST} seconds or more, try 1")
        if speaks not in [each.value for each in Speaks]:
            known = ", ".join(each.value for each in Speaks)
            raise self._wrong(f"{key}.speaks", f"is nothing a panel speaks; known: {known}")
        return Manner(timedelta(seconds=beat_s), Speaks(str(speaks)))

    def _expected(self, lines: tuple[tuple[str, Manner], ...]) -> tuple[Expectation, ...]:
        """What is expected of every line is expected of each."""
        names = tuple(dict(lines))

        def read(text: str) -> tuple[Expectation, ...]:
            return tuple(sentences.expectation(one) for one in line_sentences.each(text, names))

        return tuple(one for some in self._sentences("expect", read) for one in some)

    def _targets(self) -> tuple[Target, ...]:
        made = []
        for name, most in self._table("targets").items():
            match = _TARGET.fullmatch(name)
            if match is None:
                raise self._wrong(f"targets.{name}", "is no clock point, try t2_p95_s = 5")
            if isinstance(most, bool) or not isinstance(most, int | float):
                raise self._wrong(f"targets.{name}", "is no number of seconds, try 5")
            made.append(Target(int(match[1]), match[2], float(most)))
        return tuple(made)

    def _sentences(self, key: str, read: Callable[[str], Made]) -> tuple[Made, ...]:
        listed = self._said.get(key)
        if not isinstance(listed, list) or not 0 < len(listed) <= SENTENCES_MAX:
            raise self._wrong(key, f"must be a list of 1 to {SENTENCES_MAX} sentences")
        return tuple(
            self._sentence(f"{key}[{number}]", text, read) for number, text in enumerate(listed)
        )

    def _sentence(self, key: str, text: object, read: Callable[[str], Made]) -> Made:
        if not isinstance(text, str):
            raise self._wrong(key, "is no sentence")
        try:
            return read(text)
        except ConfigError as wrong:
            raise self._wrong(key, str(wrong)) from None

    def _only(self, table: Mapping[str, object], known: tuple[str, ...], before: str) -> None:
        for name in table:
            if name not in known:
                raise self._wrong(f"{before}{name}", f"is not known; known: {', '.join(known)}")

    def _table(self, key: str) -> Mapping[str, object]:
        table = self._said.get(key, {})
        if not isinstance(table, dict):
            raise self._wrong(key, f"is no table, try [{key}]")
        return table

    def _text(self, key: str) -> str:
        text = self._said.get(key)
        if not isinstance(text, str) or not text:
            raise self._wrong(key, "must be a text")
        return text

    def _number(self, key: str, default: float | None = None) -> float:
        number = self._said.get(key, default)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise self._wrong(key, "must be a number, try 30")
        return float(number)

    def _wrong(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self._path.name}: {key}: {problem}")


def _named(script: tuple[Line, ...]) -> list[str]:
    about_people = (Presses, Cancels, Tests, GoesOutOfReach, Reboots)
    return [line.what.person for line in script if isinstance(line.what, about_people)]


def _expected(expect: tuple[Expectation, ...]) -> list[str]:
    fields = ("person", "other")
    return [
        getattr(each.what, field)
        for each in expect
        for field in fields
        if hasattr(each.what, field)
    ]


def _lines_named(script: tuple[Line, ...], expect: tuple[Expectation, ...]) -> list[str]:
    happens = [line.what.line for line in script if isinstance(line.what, CallsOn | IsUnplugged)]
    return happens + [each.what.line for each in expect if hasattr(each.what, "line")]
