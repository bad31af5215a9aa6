"""What one decision of the engine leaves to be done: a transaction, then what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from functools import reduce
from typing import Protocol

from alarms.model import Alarm, Notice, Place
from alarms.plan import Plan
from alarms.view import View
from core.moment import Moment as Moment
from core.signals import AlarmKind, Level, Signal
from core.values import value
from dispatcher.channels.wearer import Tell
from dispatcher.store.ports import AlarmWrite, CaseWrite, Transaction


@value(frozen=True)
class Wake:
    """When something wants to be looked at again, and why."""

    at: datetime
    why: str


@value(frozen=True)
class Do:
    """What a timed case asks for, of whoever carries its kind's effects out."""

    kind: str
    case: str
    effect: object


@value(frozen=True)
class Outcome:
    """Commit `transaction`; then send, tell and show.

    `hand_over` names notices whose `sending` it commits: now they go. `ring_locally`: nobody has
    accepted anywhere. `do`: what a timed case of another kind asks for.
    """

    transaction: Transaction = field(default_factory=Transaction)
    send: tuple[Notice, ...] = ()
    tell: tuple[Tell, ...] = ()
    changed: tuple[str, ...] = ()
    ring_locally: tuple[str, ...] = ()
    hand_over: tuple[str, ...] = ()
    do: tuple[Do, ...] = ()

    def and_then(self, other: Outcome) -> Outcome:
        """Join both outcomes in one transaction, in this order."""
        if other == NOTHING:
            return self
        if self == NOTHING:
            return other
        return Outcome(
            merged(self.transaction, other.transaction),
            self.send + other.send,
            self.tell + other.tell,
            self.changed + other.changed,
            self.ring_locally + other.ring_locally,
            self.hand_over + other.hand_over,
            self.do + other.do,
        )


NOTHING = Outcome()
"""Nothing to commit, nothing to do."""

_NO_TRANSACTION = Transaction()


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Join outcomes into one transaction, in their order."""
    return reduce(Outcome.and_then, outcomes, NOTHING)


def merged(first: Transaction, second: Transaction) -> Transaction:
    """One transaction; of several writes of one alarm or case the last state, the first `rev`."""
    if second == _NO_TRANSACTION:
        return first
    if first == _NO_TRANSACTION:
        return second
    return Transaction(
        signals=first.signals + second.signals,
        alarms=_alarm_writes(first.alarms, second.alarms),
        notices=first.notices + second.notices,
        moves=first.moves + second.moves,
        timeline=first.timeline + second.timeline,
        links=first.links + second.links,
        raw=first.raw + second.raw,
        presence=first.presence + second.presence,
        clock=second.clock or first.clock,
        cases=_case_writes(first.cases, second.cases),
    )


def _alarm_writes(
    first: tuple[AlarmWrite, ...], second: tuple[AlarmWrite, ...]
) -> tuple[AlarmWrite, ...]:
    if not (first and second):
        return first or second
    writes = {write.alarm.id: write for write in first}
    for write in second:
        known = writes.get(write.alarm.id, write)
        writes[write.alarm.id] = AlarmWrite(write.alarm, known.seen_rev)
    return tuple(writes.values())


def _case_writes(
    first: tuple[CaseWrite, ...], second: tuple[CaseWrite, ...]
) -> tuple[CaseWrite, ...]:
    if not (first and second):
        return first or second
    writes = {(write.case.kind, write.case.id): write for write in first}
    for write in second:
        key = write.case.kind, write.case.id
        writes[key] = CaseWrite(write.case, writes.get(key, write).seen_rev)
    return tuple(writes.values())


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
