"""What one decision of the engine leaves to be done: a transaction, then what leaves the house."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime
from itertools import chain
from typing import Protocol, TypeVar

from alarms.model import Alarm, Notice, Place
from alarms.plan import Plan
from alarms.view import View
from core.signals import AlarmKind, Level, Signal
from core.values import value
from dispatcher.channels.wearer import Tell
from dispatcher.store.ports import AlarmWrite, CaseWrite, Transaction

_T = TypeVar("_T")


@value(frozen=True)
class Moment:
    """One instant on both clocks: service time for what waits, the wall's for rosters."""

    now: datetime
    wall: datetime


@value(frozen=True)
class Wake:
    """When something wants to be looked at again, and why."""

    at: datetime
    why: str


@value(frozen=True)
class Outcome:
    """Commit `transaction`; then send, tell and show.

    `hand_over` names notices whose `sending` it commits: now they go. `ring_locally`: nobody has
    accepted anywhere.
    """

    transaction: Transaction = field(default_factory=Transaction)
    send: tuple[Notice, ...] = ()
    tell: tuple[Tell, ...] = ()
    changed: tuple[str, ...] = ()
    ring_locally: tuple[str, ...] = ()
    hand_over: tuple[str, ...] = ()

    def and_then(self, other: Outcome) -> Outcome:
        """Both, in one transaction, in this order."""
        if other == NOTHING:
            return self
        return other if self == NOTHING else together((self, other))


NOTHING = Outcome()
"""Nothing to commit, nothing to do."""

_NO_TRANSACTION = Transaction()


def together(works: Sequence[Outcome]) -> Outcome:
    """All of them in one transaction, in their order."""
    return Outcome(
        _merged([work.transaction for work in works]),
        _joined(work.send for work in works),
        _joined(work.tell for work in works),
        _joined(work.changed for work in works),
        _joined(work.ring_locally for work in works),
        _joined(work.hand_over for work in works),
    )


def merged(first: Transaction, second: Transaction) -> Transaction:
    """One transaction out of two."""
    return _merged((first, second))


def _merged(all_: Sequence[Transaction]) -> Transaction:
    """One transaction; of several writes of one alarm or case the last state, the first `rev`."""
    units = [unit for unit in all_ if unit != _NO_TRANSACTION]
    if len(units) < 2:
        return units[0] if units else _NO_TRANSACTION
    writes = _joined(unit.alarms for unit in units)
    seen = {write.alarm.id: write.seen_rev for write in reversed(writes)}
    newest = {write.alarm.id: write.alarm for write in writes}
    case_writes = _joined(unit.cases for unit in units)
    seen_cases = {(one.case.kind, one.case.id): one.seen_rev for one in reversed(case_writes)}
    newest_cases = {(one.case.kind, one.case.id): one.case for one in case_writes}
    return Transaction(
        signals=_joined(unit.signals for unit in units),
        alarms=tuple(AlarmWrite(alarm, seen[alarm.id]) for alarm in newest.values()),
        notices=_joined(unit.notices for unit in units),
        moves=_joined(unit.moves for unit in units),
        timeline=_joined(unit.timeline for unit in units),
        links=_joined(unit.links for unit in units),
        raw=_joined(unit.raw for unit in units),
        presence=_joined(unit.presence for unit in units),
        clock=next((unit.clock for unit in reversed(units) if unit.clock is not None), None),
        cases=tuple(CaseWrite(case, seen_cases[key]) for key, case in newest_cases.items()),
    )


def _joined(parts: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    return tuple(chain.from_iterable(parts))


class Pictures(Protocol):
    """What the core must know of people, places and plans to decide. Fresh at every call."""

    def view(self, alarm: Alarm, at: Moment) -> View: ...

    def place(self, signal: Signal, at: Moment) -> Place: ...

    def plan(self, site: str, level: Level, kind: AlarmKind, orphan: bool) -> Plan: ...

    def on_shift(self, person: str | None, at: Moment) -> bool: ...

    def leads(self, person: str, site: str, at: Moment) -> bool: ...

    def knows(self, person: str) -> bool:
        """Whether they stand in the configuration."""
        ...

    def holders(self, address: str, at: Moment) -> tuple[str, ...]:
        """Everybody who would hear this device, number or console ring."""
        ...

    def addresses(self, person: str, at: Moment) -> tuple[str, ...]:
        """Everything that would ring at this person."""
        ...

    def is_trusted(self, address: str) -> bool:
        """Whether what comes from there may take help away: no device that is out of use."""
        ...

    def is_revoked(self, address: str) -> bool: ...

    def first_name(self, person: str | None) -> str: ...

    def site_of(self, signal: Signal) -> str: ...
