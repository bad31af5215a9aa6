"""What a channel asks of the engine when somebody writes back; the engine's Desk has it.

A narrow port, so that channels know no engine: what an answer is, where it came from, and what
became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from alarms.model import Alarm, Notice
from core.signals import AnswerKind, ReceiptState, Taken
from core.values import value
from dispatcher.roster.organisation import Organisation


class SourceKind(StrEnum):
    """Where an answer came from: it counts only from where its notice was sent (law 6)."""

    DEVICE = "device"
    NUMBER = "number"
    LINK = "link"
    STAFF = "staff"


@value(frozen=True)
class Source:
    """`value`: device id, E.164 number, the link's notice id, or the person of a staff token."""

    kind: SourceKind
    value: str


class AnswerOutcome(StrEnum):
    """What became of an answer; only `counted` and `raised` have changed anything."""

    COUNTED = "counted"
    STOOD_DOWN = "stood_down"  # recorded; others are enough, or it is over
    ALREADY = "already"
    CLOSED = "closed"
    NOT_YET = "not_yet"  # "over" before arriving, or on a picture without who has joined since
    NOT_YOURS = "not_yours"
    RAISED = "raised"  # more help, but no alarm for it: the person's own alarm is raised
    UNKNOWN = "unknown"


class OnDuty(Protocol):
    """Whether a person is at work now."""

    @property
    def person(self) -> str: ...

    @property
    def on_shift(self) -> bool: ...


class ReplyDesk(Protocol):
    """Takes what people write back, and knows what they were asked."""

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome: ...

    async def call_for_help(self, person: str | None, text: str) -> Taken: ...

    async def receipt(self, notice_id: str, state: ReceiptState, detail: str = "") -> None: ...

    async def standing_notices(self, number: str) -> Sequence[Notice]: ...

    async def asked_notices(self, number: str) -> Sequence[Notice]: ...

    async def closed_notices(self, number: str) -> Sequence[Notice]: ...

    def open_alarms(self) -> Sequence[Alarm]: ...

    def open_alarm(self, alarm_id: str) -> Alarm | None: ...

    def organisation(self) -> Organisation: ...

    def people(self) -> Sequence[OnDuty]: ...

    def now(self) -> datetime: ...
