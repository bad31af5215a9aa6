"""What one decision of the engine leaves to be done: a transaction, then what leaves the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.signals import AlarmKind, Level, Signal
from dispatcher.alarms.model import Alarm, Notice, Place, TellType
from dispatcher.alarms.plan import Plan
from dispatcher.alarms.view import View
from dispatcher.store.ports import AlarmWrite, Unit


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: service time for what waits, the wall's for rosters."""

    now: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class Tell:
    """One message to one wearer's device (design.md section 8, Down)."""

    device: str
    type: TellType
    alarm: str
    rev: int
    at: datetime
    boot: str | None = None
    seq: int | None = None
    by: tuple[str, ...] = ()
    eta_s: float | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Commit `unit`; then send, tell and show. `ring_locally`: nobody has accepted anywhere."""

    unit: Unit = field(default_factory=Unit)
    send: tuple[Notice, ...] = ()
    tell: tuple[Tell, ...] = ()
    changed: tuple[str, ...] = ()
    ring_locally: tuple[str, ...] = ()
    technical: tuple[str, ...] = ()

    def and_then(self, other: Work) -> Work:
        """Both, in one transaction, in this order."""
        return Work(
            merged(self.unit, other.unit),
            self.send + other.send,
            self.tell + other.tell,
            self.changed + other.changed,
            self.ring_locally + other.ring_locally,
            self.technical + other.technical,
        )


def merged(first: Unit, second: Unit) -> Unit:
    """One transaction out of two; of two writes of one alarm the later state, the earlier `rev`."""
    seen = {write.alarm.id: write.seen_rev for write in reversed((*first.alarms, *second.alarms))}
    newest = {write.alarm.id: write.alarm for write in (*first.alarms, *second.alarms)}
    return Unit(
        signals=first.signals + second.signals,
        alarms=tuple(AlarmWrite(alarm, seen[alarm.id]) for alarm in newest.values()),
        notices=first.notices + second.notices,
        moves=first.moves + second.moves,
        timeline=first.timeline + second.timeline,
        links=first.links + second.links,
        raw=first.raw + second.raw,
        presence=first.presence + second.presence,
        clock=second.clock or first.clock,
    )


class Pictures(Protocol):
    """What the core must know of people, places and plans to decide. Fresh at every call."""

    def view(self, alarm: Alarm, at: Moment) -> View: ...

    def place(self, signal: Signal, at: Moment) -> Place: ...

    def plan(self, site: str, level: Level, kind: AlarmKind, orphan: bool) -> Plan: ...

    def on_shift(self, person: str | None, at: Moment) -> bool: ...

    def leads(self, person: str, site: str, at: Moment) -> bool: ...

    def first_name(self, person: str | None) -> str: ...

    def site_of(self, signal: Signal) -> str: ...
