"""The sentences about lines: who calls on which, what is pulled out, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from firmware_sim.drill.grammar import NUMBER, WHO, Row, seconds

EVERY_LINE = "every line "
"""An expectation that begins so stands for one of each line of the scenario."""

# What happens.


@dataclass(frozen=True, slots=True)
class CallsOn:
    """Somebody presses at the far end of a line: a device of the site, by its id."""

    device: str
    line: str


@dataclass(frozen=True, slots=True)
class IsUnplugged:
    """The line's cable is out for so long, and is plugged in again."""

    line: str
    lasting: timedelta


LineHappening = CallsOn | IsUnplugged

# What is expected. Each counts from the moment it is about: the call, the pulling, the return.


@dataclass(frozen=True, slots=True)
class RaisesAlarms:
    """The devices that call on the line have so many alarms, each where its device is."""

    line: str
    count: int


@dataclass(frozen=True, slots=True)
class CallsTaken:
    """Each call is stored once within this of its press, or of the line's return.

    Where its protocol acknowledges, the far end has the acknowledgement by then too. What was
    pressed into an open cable on a wire that answers nobody is gone, and not waited for.
    """

    line: str
    most: timedelta


@dataclass(frozen=True, slots=True)
class Missed:
    """Each time the line is unplugged there is one technical alarm, within this, and no other."""

    line: str
    most: timedelta


@dataclass(frozen=True, slots=True)
class Back:
    """Each of these technical alarms ends by itself within this of the return, and not before."""

    line: str
    most: timedelta


@dataclass(frozen=True, slots=True)
class TechnicalAre:
    """Of the whole drill: no more technical alarms than were caused, whatever they name."""

    count: int


LineMeaning = RaisesAlarms | CallsTaken | Missed | Back | TechnicalAre

HAPPENS_TO_LINES: tuple[Row[LineHappening], ...] = (
    (
        "room-11 calls on nurse-call",
        rf"{WHO} calls on {WHO}",
        lambda m: CallsOn(m[1], m[2]),
    ),
    (
        "nurse-call is unplugged for 8 s",
        rf"{WHO} is unplugged for {NUMBER} s",
        lambda m: IsUnplugged(m[1], seconds(m[2])),
    ),
)

EXPECTED_OF_LINES: tuple[Row[LineMeaning], ...] = (
    (
        "nurse-call raises 2 alarms",
        rf"{WHO} raises (\d+) alarms?",
        lambda m: RaisesAlarms(m[1], int(m[2])),
    ),
    (
        "nurse-call has its calls taken within 5 s",
        rf"{WHO} has its calls taken within {NUMBER} s",
        lambda m: CallsTaken(m[1], seconds(m[2])),
    ),
    (
        "nurse-call is missed within 10 s",
        rf"{WHO} is missed within {NUMBER} s",
        lambda m: Missed(m[1], seconds(m[2])),
    ),
    (
        "nurse-call is back within 10 s",
        rf"{WHO} is back within {NUMBER} s",
        lambda m: Back(m[1], seconds(m[2])),
    ),
    (
        "there are 2 technical alarms",
        r"there (?:are|is) (\d+) technical alarms?",
        lambda m: TechnicalAre(int(m[1])),
    ),
)


def each(text: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """One expectation, or the same of each line: "every line is back within 10 s"."""
    said = " ".join(text.split())
    if not said.startswith(EVERY_LINE):
        return (text,)
    return tuple(f"{line} {said.removeprefix(EVERY_LINE)}" for line in lines)
