"""What the gateway, the channels and the web may ask of the engine."""

from __future__ import annotations

from asyncio import Queue
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from alarms.model import Alarm, Cause, Notice
from alarms.view import View
from core.signals import AnswerKind, Owed, ReceiptState, Signal, Taken
from core.values import value
from devices.findings import State
from dispatcher.channels.desk import AnswerOutcome, Source
from dispatcher.roster.organisation import Organisation
from dispatcher.store.ports import ChainedEntry, RawBytes


@value(frozen=True)
class Problem:
    """Something degraded, for every page. `part` names it once: a later one replaces."""

    part: str
    text: str
    since: datetime


@value(frozen=True)
class DeviceState:
    """A device as the console shows it. `heard_s` None: not since the start (unknown)."""

    device: str
    kind: str
    person: str | None
    heard_s: float | None
    battery: float | None
    state: State


@value(frozen=True)
class PersonState:
    """A person as the console shows them now; `protected` by a heard, charged device (law 9)."""

    person: str
    first_name: str
    unit: str | None
    duty: str | None
    on_shift: bool
    runner: bool
    devices: tuple[DeviceState, ...]


@value(frozen=True)
class Change:
    """Something a page should show. `number` rises; `what` is `alarm`, `health` or `devices`."""

    number: int
    what: str
    alarm: str | None = None


class Desk(Protocol):
    """The engine's face. Methods that change something return after the commit."""

    def hear(self, signal: Signal, owed: Owed) -> None:
        """A signal came in. `owed` hears STORED: acknowledge; UNSTORED: help is called, do not
        acknowledge before it hears STORED after all, or NEVER (law 1)."""
        ...

    def keep_raw(self, raw: RawBytes, owed: Owed) -> None:
        """Keep bytes nobody could read, so that they can be acknowledged."""
        ...

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome: ...

    async def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None = None
    ) -> AnswerOutcome:
        """An answer at the console by somebody who may not have been called.

        `rev`: the state they saw; without it nothing that has grown is said to be over.
        """
        ...

    async def call_for_help(self, person: str | None, text: str) -> Taken:
        """Somebody asks for help in words, about no alarm that is known: raised in doubt.

        None: nobody knows who writes; the text should say how to reach them.
        """
        ...

    async def receipt(self, notice_id: str, state: ReceiptState, detail: str = "") -> None: ...

    async def close_alarm(
        self, alarm_id: str, rev: int, person: str, cause: Cause, text: str = ""
    ) -> Alarm:
        """Raises DomainError: `stale`, `not_allowed`, `not_found`."""
        ...

    def device_subscribed(self, device: str) -> None:
        """A device listens again: send it the present state."""
        ...

    def open_alarms(self) -> Sequence[Alarm]:
        """Most acute first; technical and green ones last."""
        ...

    def open_alarm(self, alarm_id: str) -> Alarm | None: ...

    def last_view(self, alarm_id: str) -> View | None:
        """The view of the newest decision on an open alarm: who was chosen and who not, and why."""
        ...

    async def alarm(self, alarm_id: str) -> Alarm | None: ...

    async def notices(self, alarm_id: str) -> Sequence[Notice]: ...

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]: ...

    async def standing_notices(self, number: str) -> Sequence[Notice]:
        """Notices of open alarms sent to a number that still wait for an answer, newest first."""
        ...

    async def asked_notices(self, number: str) -> Sequence[Notice]:
        """All that asked this number in open alarms, whatever became of it since; one an alarm."""
        ...

    async def closed_notices(self, number: str) -> Sequence[Notice]:
        """What went to this number in alarms closed within the hour, newest first."""
        ...

    def organisation(self) -> Organisation: ...

    def people(self) -> Sequence[PersonState]: ...

    def devices(self) -> Sequence[DeviceState]: ...

    def problems(self) -> Sequence[Problem]: ...

    def now(self) -> datetime: ...

    def wall(self) -> datetime: ...

    def follow(self) -> Queue[Change]:
        """A bounded queue of changes for one page; when it overflows it holds one `resync`."""
        ...

    def unfollow(self, queue: Queue[Change]) -> None: ...
