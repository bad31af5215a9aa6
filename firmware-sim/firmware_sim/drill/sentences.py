"""The sentences a scenario is written in, and what they mean. Pure.

A sentence is matched whole, in lower case, against the tables below; one that fits none is refused
with the table's examples, so whoever writes a scenario sees what can be said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from core.errors import ConfigError
from core.signals import AlarmKind, Level
from firmware_sim.device.faults import Faults
from firmware_sim.device.state import Feel
from firmware_sim.drill.grammar import NUMBER, WHO, Row, matched, seconds
from firmware_sim.drill.line_sentences import (
    EXPECTED_OF_LINES,
    HAPPENS_TO_LINES,
    LineHappening,
    LineMeaning,
)
from firmware_sim.people.colleague import Habits, Willing

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
    | LineHappening
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
    | LineMeaning
)


@dataclass(frozen=True, slots=True)
class Expectation:
    what: Meaning
    text: str


def line(text: str) -> Line:
    """One script line. Raises ConfigError with examples."""
    timed = _AT.match(text)
    at = seconds(timed[1]) if timed else timedelta()
    rest = text[timed.end() :] if timed else text
    return Line(at, matched(rest, _HAPPENINGS, "happens"), text)


def expectation(text: str) -> Expectation:
    """One expectation. Raises ConfigError with examples."""
    return Expectation(matched(text, _EXPECTATIONS, "is expected"), text)


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
        made[verb] = seconds(clause[2]) if clause[2] else timedelta()
    return made


def _share(text: str) -> float:
    return float(text) / 100


_AT = re.compile(rf"at {NUMBER} s ")
_CLAUSE = re.compile(
    rf"(accepts|declines|arrives|says over|ignores|vanishes|by link)(?: after {NUMBER} s)?"
)
_HABIT_EXAMPLE = "accepts after 3 s, arrives after 8 s, says over after 2 s"

_HAPPENINGS: tuple[Row[Happening], ...] = (
    (
        "anna presses red",
        rf"{WHO} presses (\w+)",
        lambda m: Presses(m[1], Level(m[2]), AlarmKind.ATTACK),
    ),
    (
        "anna presses blue medical",
        rf"{WHO} presses (\w+) (\w+)",
        lambda m: Presses(m[1], Level(m[2]), AlarmKind(m[3])),
    ),
    ("anna cancels", rf"{WHO} cancels", lambda m: Cancels(m[1])),
    ("anna tests", rf"{WHO} tests", lambda m: Tests(m[1])),
    (
        "bo is out of reach for 10 s",
        rf"{WHO} is out of reach for {NUMBER} s",
        lambda m: GoesOutOfReach(m[1], seconds(m[2])),
    ),
    ("bo reboots", rf"{WHO} reboots", lambda m: Reboots(m[1])),
    ("listener restarts", r"listener restarts", lambda m: ListenerRestarts()),
    ("provider refuses", r"provider refuses", lambda m: ProviderTurns(True, timedelta())),
    (
        "provider is slow by 3 s",
        rf"provider is slow by {NUMBER} s",
        lambda m: ProviderTurns(False, seconds(m[1])),
    ),
    ("provider is well", r"provider is well", lambda m: ProviderTurns(False, timedelta())),
    (
        "lines lose 20 %",
        rf"lines lose {NUMBER} %",
        lambda m: LinesTurn(Faults(lost=_share(m[1]))),
    ),
    (
        "lines are late 20 %",
        rf"lines are late {NUMBER} %",
        lambda m: LinesTurn(Faults(late=_share(m[1]))),
    ),
    (
        "lines double 20 %",
        rf"lines double {NUMBER} %",
        lambda m: LinesTurn(Faults(doubled=_share(m[1]))),
    ),
    (
        "lines reorder 20 %",
        rf"lines reorder {NUMBER} %",
        lambda m: LinesTurn(Faults(reordered=_share(m[1]))),
    ),
    ("lines are good", r"lines are good", lambda m: LinesTurn(Faults())),
    *HAPPENS_TO_LINES,
)

_EXPECTATIONS: tuple[Row[Meaning], ...] = (
    (
        "bo rings within 5 s",
        rf"{WHO} rings within {NUMBER} s",
        lambda m: RingsWithin(m[1], seconds(m[2])),
    ),
    (
        "ida rings after 45 s",
        rf"{WHO} rings after {NUMBER} s",
        lambda m: RingsAfter(m[1], seconds(m[2])),
    ),
    ("bo rings before ida", rf"{WHO} rings before {WHO}", lambda m: RingsBefore(m[1], m[2])),
    (
        "bo rings 3 times within 45 s",
        rf"{WHO} rings (\d+) times within {NUMBER} s",
        lambda m: RingsTimes(m[1], int(m[2]), seconds(m[3])),
    ),
    ("anna is never called", rf"{WHO} is never called", lambda m: NeverCalled(m[1])),
    (
        "anna is told coming within 8 s",
        rf"{WHO} is told (\w+) within {NUMBER} s",
        lambda m: ToldWithin(m[1], Feel(m[2]), seconds(m[3])),
    ),
    (
        "bo is called as not_instructed",
        rf"{WHO} is called as (\w+)",
        lambda m: CalledAs(m[1], m[2]),
    ),
    (
        "every alarm closes within 30 s",
        rf"every alarm closes within {NUMBER} s",
        lambda m: ClosesWithin(seconds(m[1])),
    ),
    ("no alarm closes", r"no alarm closes", lambda m: StaysOpen()),
    ("there are 2 alarms", r"there (?:are|is) (\d+) alarms?", lambda m: AlarmsAre(int(m[1]))),
    *EXPECTED_OF_LINES,
)
