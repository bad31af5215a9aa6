"""The sentences a scenario is written in, and what they mean. Pure.

A sentence is matched whole, in lower case, against the tables below; one that fits none is refused
with the table's examples, so whoever writes a scenario sees what can be said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from core.errors import ConfigError
from core.signals import AlarmKind, Level
from firmware_sim.colleague import Habits, Willing
from firmware_sim.faults import Faults
from firmware_sim.wearable_state import Feel

# What happens.


@dataclass(frozen=True, slots=True)
class Presses:
    person: str
    level: Level
    kind: AlarmKind


@dataclass(frozen=True, slots=True)
class Cancels:
    person: str


@dataclass(frozen=True, slots=True)
class Tests:
    __test__ = False  # not a test class, whatever its name says to pytest
    person: str


@dataclass(frozen=True, slots=True)
class GoesOutOfReach:
    person: str
    lasting: timedelta


@dataclass(frozen=True, slots=True)
class Reboots:
    person: str


@dataclass(frozen=True, slots=True)
class ListenerRestarts:
    pass


@dataclass(frozen=True, slots=True)
class ProviderTurns:
    """`refusing`: every request; else answers come `delay` late (zero: well again)."""

    refusing: bool
    delay: timedelta


@dataclass(frozen=True, slots=True)
class LinesTurn:
    faults: Faults


Happening = (
    Presses
    | Cancels
    | Tests
    | GoesOutOfReach
    | Reboots
    | ListenerRestarts
    | ProviderTurns
    | LinesTurn
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a script: what happens, and when after the start."""

    at: timedelta
    what: Happening
    text: str


# What is expected. Times count from the first press.


@dataclass(frozen=True, slots=True)
class RingsWithin:
    person: str
    most: timedelta


@dataclass(frozen=True, slots=True)
class RingsAfter:
    """Rings, but not before this."""

    person: str
    least: timedelta


@dataclass(frozen=True, slots=True)
class RingsBefore:
    person: str
    other: str


@dataclass(frozen=True, slots=True)
class RingsTimes:
    """Is called anew: so many times at least within this."""

    person: str
    least: int
    most: timedelta


@dataclass(frozen=True, slots=True)
class NeverCalled:
    person: str


@dataclass(frozen=True, slots=True)
class ToldWithin:
    person: str
    feel: Feel
    most: timedelta


@dataclass(frozen=True, slots=True)
class CalledAs:
    """The call says what is unusual about it (a token of `Unusual`)."""

    person: str
    unusual: str


@dataclass(frozen=True, slots=True)
class ClosesWithin:
    """Every alarm of the drill."""

    most: timedelta


@dataclass(frozen=True, slots=True)
class StaysOpen:
    """No alarm of the drill is closed while it runs."""


@dataclass(frozen=True, slots=True)
class AlarmsAre:
    count: int


Meaning = (
    RingsWithin
    | RingsAfter
    | RingsBefore
    | RingsTimes
    | NeverCalled
    | ToldWithin
    | CalledAs
    | ClosesWithin
    | StaysOpen
    | AlarmsAre
)


@dataclass(frozen=True, slots=True)
class Expectation:
    what: Meaning
    text: str


def line(text: str) -> Line:
    """One script line. Raises ConfigError with examples."""
    timed = _AT.match(text)
    at = _seconds(timed[1]) if timed else timedelta()
    rest = text[timed.end() :] if timed else text
    return Line(at, _matched(rest, _HAPPENINGS, "happens"), text)


def expectation(text: str) -> Expectation:
    """One expectation. Raises ConfigError with examples."""
    return Expectation(_matched(text, _EXPECTATIONS, "is expected"), text)


def habits(text: str) -> Habits:
    """How a person answers, e.g. "accepts after 3 s, arrives after 8 s". Raises ConfigError."""
    made = _clauses(text)
    if Willing.IGNORE.value in made:
        return Habits(Willing.IGNORE)
    if "declines" in made:
        return Habits(Willing.DECLINE, made["declines"])
    if "accepts" not in made:
        raise ConfigError(f'"{text}" is no way to answer; try "{_HABIT_EXAMPLE}"')
    willing = Willing.VANISH if "vanishes" in made else Willing.ACCEPT
    walk = made.get("arrives", timedelta(seconds=5))
    over = made.get("says over")
    return Habits(willing, made["accepts"], walk, over, by_link="by link" in made)


def _clauses(text: str) -> dict[str, timedelta]:
    made = {}
    for part in text.split(","):
        clause = _CLAUSE.fullmatch(part.strip())
        if clause is None:
            raise ConfigError(f'"{part.strip()}" is no habit; try "{_HABIT_EXAMPLE}"')
        verb = "ignore" if clause[1] == "ignores" else clause[1]
        made[verb] = _seconds(clause[2]) if clause[2] else timedelta()
    return made


Made = TypeVar("Made")
_Row = tuple[str, str, Callable[[re.Match[str]], Made]]
"""Example, pattern, and what to make of a match."""


def _matched(text: str, table: tuple[_Row[Made], ...], what: str) -> Made:
    said = " ".join(text.split())
    for _, pattern, make in table:
        match = re.fullmatch(pattern, said)
        if match is not None:
            return _made(make, match, text)
    examples = "; ".join(f'"{example}"' for example, _, _ in table)
    raise ConfigError(f'"{text}" is nothing that {what}; try one of: {examples}')


def _made(make: Callable[[re.Match[str]], Made], match: re.Match[str], text: str) -> Made:
    try:
        return make(match)
    except ValueError as wrong:
        raise ConfigError(f'"{text}": {wrong}') from None


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


def _share(text: str) -> float:
    return float(text) / 100


_WHO = r"([a-z0-9][a-z0-9_-]*)"
_NUMBER = r"(\d+(?:\.\d+)?)"
_AT = re.compile(rf"at {_NUMBER} s ")
_CLAUSE = re.compile(
    rf"(accepts|declines|arrives|says over|ignores|vanishes|by link)(?: after {_NUMBER} s)?"
)
_HABIT_EXAMPLE = "accepts after 3 s, arrives after 8 s, says over after 2 s"

_HAPPENINGS: tuple[_Row[Happening], ...] = (
    (
        "anna presses red",
        rf"{_WHO} presses (\w+)",
        lambda m: Presses(m[1], Level(m[2]), AlarmKind.ATTACK),
    ),
    (
        "anna presses blue medical",
        rf"{_WHO} presses (\w+) (\w+)",
        lambda m: Presses(m[1], Level(m[2]), AlarmKind(m[3])),
    ),
    ("anna cancels", rf"{_WHO} cancels", lambda m: Cancels(m[1])),
    ("anna tests", rf"{_WHO} tests", lambda m: Tests(m[1])),
    (
        "bo is out of reach for 10 s",
        rf"{_WHO} is out of reach for {_NUMBER} s",
        lambda m: GoesOutOfReach(m[1], _seconds(m[2])),
    ),
    ("bo reboots", rf"{_WHO} reboots", lambda m: Reboots(m[1])),
    ("listener restarts", r"listener restarts", lambda m: ListenerRestarts()),
    ("provider refuses", r"provider refuses", lambda m: ProviderTurns(True, timedelta())),
    (
        "provider is slow by 3 s",
        rf"provider is slow by {_NUMBER} s",
        lambda m: ProviderTurns(False, _seconds(m[1])),
    ),
    ("provider is well", r"provider is well", lambda m: ProviderTurns(False, timedelta())),
    (
        "lines lose 20 %",
        rf"lines lose {_NUMBER} %",
        lambda m: LinesTurn(Faults(lost=_share(m[1]))),
    ),
    (
        "lines are late 20 %",
        rf"lines are late {_NUMBER} %",
        lambda m: LinesTurn(Faults(late=_share(m[1]))),
    ),
    (
        "lines double 20 %",
        rf"lines double {_NUMBER} %",
        lambda m: LinesTurn(Faults(doubled=_share(m[1]))),
    ),
    (
        "lines reorder 20 %",
        rf"lines reorder {_NUMBER} %",
        lambda m: LinesTurn(Faults(reordered=_share(m[1]))),
    ),
    ("lines are good", r"lines are good", lambda m: LinesTurn(Faults())),
)

_EXPECTATIONS: tuple[_Row[Meaning], ...] = (
    (
        "bo rings within 5 s",
        rf"{_WHO} rings within {_NUMBER} s",
        lambda m: RingsWithin(m[1], _seconds(m[2])),
    ),
    (
        "ida rings after 45 s",
        rf"{_WHO} rings after {_NUMBER} s",
        lambda m: RingsAfter(m[1], _seconds(m[2])),
    ),
    ("bo rings before ida", rf"{_WHO} rings before {_WHO}", lambda m: RingsBefore(m[1], m[2])),
    (
        "bo rings 3 times within 45 s",
        rf"{_WHO} rings (\d+) times within {_NUMBER} s",
        lambda m: RingsTimes(m[1], int(m[2]), _seconds(m[3])),
    ),
    ("anna is never called", rf"{_WHO} is never called", lambda m: NeverCalled(m[1])),
    (
        "anna is told coming within 8 s",
        rf"{_WHO} is told (\w+) within {_NUMBER} s",
        lambda m: ToldWithin(m[1], Feel(m[2]), _seconds(m[3])),
    ),
    (
        "bo is called as not_instructed",
        rf"{_WHO} is called as (\w+)",
        lambda m: CalledAs(m[1], m[2]),
    ),
    (
        "every alarm closes within 30 s",
        rf"every alarm closes within {_NUMBER} s",
        lambda m: ClosesWithin(_seconds(m[1])),
    ),
    ("no alarm closes", r"no alarm closes", lambda m: StaysOpen()),
    ("there are 2 alarms", r"there (?:are|is) (\d+) alarms?", lambda m: AlarmsAre(int(m[1]))),
)
