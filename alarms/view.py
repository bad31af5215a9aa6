"""The View: a frozen picture of who can be called now and why others cannot.

The engine builds it afresh for every decision and stores it with the decision, so anybody can
read later why Bo was called and Ida was not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from alarms.channel import UNKNOWN, Capabilities
from alarms.vocabulary import ChosenWhy, LeftOutWhy
from alarms.vocabulary import Unusual as Unusual
from core.values import value


@value(frozen=True)
class Route:
    """One way to reach one person. `address` is a device id, an E.164 number, or a person id."""

    channel: str
    address: str
    healthy: bool = True
    why: str = ""


@value(frozen=True)
class Reason:
    """One reason why somebody was chosen; `value` is what it is about."""

    why: ChosenWhy
    value: str = ""

    @classmethod
    def read(cls, text: str) -> Reason:
        """As timelines and the API hold it: `runner`, `walk_s:35`."""
        why, _, about = text.partition(":")
        return cls(ChosenWhy(why), about)

    def __str__(self) -> str:
        return f"{self.why}:{self.value}" if self.value else self.why.value


@value(frozen=True)
class Candidate:
    """Somebody who can be called, in the order they should be. `why` reads in the console.

    `expected_s`: seconds until they can be there, None when unknown (away, on call).
    """

    person: str
    first_name: str
    expected_s: float | None
    routes: tuple[Route, ...]
    why: tuple[Reason, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    unit_name: str = ""


@value(frozen=True)
class LeftOut:
    """Somebody who is not called, and why."""

    person: str
    why: LeftOutWhy


@value(frozen=True)
class View:
    """Everything escalation may know of the world. All lists are in calling order.

    A list may be worked out only as far as somebody looks; what it gives is then as frozen.

    Nobody who pressed stands in any list and no route leads to an address a presser holds (law 3).
    `nearest`: on shift and near, nearest first. `leaders`: duty leader, then deputies.
    `on_call`: bagvagt. `last_resort`: the site's last list. `named`: people a plan names.
    `barred`: every address a presser holds; the last guard of law 3 stands on it.
    `channels`: the row of each channel that is open.
    `consoles`: who has the console open now (None: not known); nobody else hears it ring.
    """

    at: datetime
    wall: datetime
    nearest: Sequence[Candidate] = ()
    leaders: Sequence[Candidate] = ()
    deputies: Sequence[Candidate] = ()
    on_call: Sequence[Candidate] = ()
    last_resort: Sequence[Candidate] = ()
    named: Sequence[Candidate] = ()
    left_out: Sequence[LeftOut] = ()
    barred: Collection[str] = ()
    channels: Mapping[str, Capabilities] = field(default_factory=dict)
    consoles: tuple[str, ...] | None = None

    def channel(self, name: str) -> Capabilities:
        return self.channels.get(name, UNKNOWN)
