"""What happens among the simulated staff, as whoever watches is told it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firmware_sim.device.state import Act
from firmware_sim.people.colleague import Act as Did


@dataclass(frozen=True, slots=True)
class Texted:
    """A telephone got an SMS."""

    number: str
    body: str


@dataclass(frozen=True, slots=True)
class CalledOn:
    """Somebody pressed at the far end of a line; `number` is the drill's own."""

    line: str
    number: int


@dataclass(frozen=True, slots=True)
class CallTaken:
    """The far end has its protocol's acknowledgement for this call."""

    line: str
    number: int


@dataclass(frozen=True, slots=True)
class Unplugged:
    """The line's cable is out."""

    line: str


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """The line's cable is in again."""

    line: str


OnLine = CalledOn | CallTaken | Unplugged | PluggedIn


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened among the staff or on a line. `device` "": on a telephone."""

    at: datetime
    person: str
    device: str
    what: Act | Did | Texted | OnLine
