"""What happens among the simulated staff, as whoever watches is told it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firmware_sim.colleague import Act as Did
from firmware_sim.wearable_state import Act


@dataclass(frozen=True, slots=True)
class Texted:
    """A telephone got an SMS."""

    number: str
    body: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened among the staff. `device` "": on a telephone."""

    at: datetime
    person: str
    device: str
    what: Act | Did | Texted
