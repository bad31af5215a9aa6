"""The contract of the store. One `Transaction` is one transaction; all of it happens or none.

Both implementations pass `tests/dispatcher/store/test_contract.py`. `submit` keeps the order it was
called in, so a caller may decide on what it submitted before it is committed, as long as nothing
is sent before the future is done (law 5).
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from alarms.model import Alarm, Notice
from core.clock import ClockMark
from core.signals import ReceiptState, Signal
from core.values import value
from dispatcher.roster.model import Presence
from dispatcher.roster.organisation import Organisation
from dispatcher.safety.timed_case import TimedCase


@value(frozen=True)
class AlarmWrite:
    """Write `alarm` if the stored `rev` is still `seen_rev` (0: it must not exist yet)."""

    alarm: Alarm
    seen_rev: int


@value(frozen=True)
class CaseWrite:
    """Write `case` if the stored `rev` is still `seen_rev` (0: it must not exist yet)."""

    case: TimedCase
    seen_rev: int


@value(frozen=True)
class NoticeMove:
    """Move one notice forward (`alarms.receipts`).

    A move that would go backwards leaves the state; a provider's reference not known yet is kept.
    """

    notice: str
    state: ReceiptState
    at: datetime
    detail: str = ""
    provider_ref: str = ""


@value(frozen=True)
class TimelineEntry:
    """One thing that happened to an alarm. `body` (JSON) is erasable, the chained header is not."""

    alarm: str
    at: datetime
    wall: datetime
    what: str
    body: str = "{}"


@value(frozen=True)
class LinkWrite:
    """A notice link: only the token's hash is kept."""

    token_hash: str
    notice: str
    person: str
    alarm: str


@value(frozen=True)
class RawBytes:
    """Bytes nobody could read, kept within the store's limit, newest last."""

    at: datetime
    protocol: str
    sender: str
    why: str
    content: bytes


@value(frozen=True)
class Transaction:
    """One transaction.

    `once` names one that may come twice (the journal's replay, and what is tried again after
    it was journalled): a second one with the same name changes nothing.
    """

    signals: tuple[Signal, ...] = ()
    alarms: tuple[AlarmWrite, ...] = ()
    notices: tuple[Notice, ...] = ()
    moves: tuple[NoticeMove, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    links: tuple[LinkWrite, ...] = ()
    raw: tuple[RawBytes, ...] = ()
    presence: tuple[Presence, ...] = ()
    clock: ClockMark | None = None
    once: str = ""
    cases: tuple[CaseWrite, ...] = ()


@value(frozen=True)
class ChainedEntry:
    """A timeline entry as stored. `body` None: erased. `hash` covers header and previous hash."""

    alarm: str
    number: int
    at: datetime
    wall: datetime
    what: str
    body: str | None
    digest: str
    previous: str
    hash: str


@value(frozen=True)
class Checkpoint:
    """All chains in one line, to be kept outside: `hash` covers the `heads` chain ends that stood

    when `entries` timeline entries had been written. `verify` shows what was cut off since.
    """

    entries: int
    heads: int
    hash: str


@value(frozen=True)
class LastHeard:
    """The newest identities of one device, to rebuild intake's memory after a start."""

    device: str
    identity: str
    boot: str | None
    epoch: int
    seq: int | None
    at: datetime


@value(frozen=True)
class AlarmPage:
    """`complete` is false when the store did not answer: these are what memory has."""

    alarms: tuple[Alarm, ...]
    cursor: str | None
    complete: bool = True


class Store(Protocol):
    """All methods are called on the event loop and never block it.

    Reading raises StoreUnavailable when the store cannot be read.
    """

    def submit(self, transaction: Transaction) -> Future[None]:
        """Queue one transaction. The future fails with Conflict or StoreUnavailable."""
        ...

    async def open_alarms(self) -> Sequence[Alarm]:
        """In the order they were opened.

        Alarms are timed cases too, with a table of their own: its columns are searched by.
        """
        ...

    async def open_cases(self) -> Sequence[TimedCase]:
        """Every case of every kind that has a next moment, in the order they were opened.

        Also one whose state nobody can read: its kind names it to a person.
        """
        ...

    async def case(self, kind: str, case_id: str) -> TimedCase | None: ...

    async def unreadable_alarms(
        self, read: Mapping[str, object] | None = None
    ) -> Sequence[tuple[str, str]]:
        """Open alarms whose stored state cannot be read: (id, why). Raised to a person.

        `read`: alarms and notices, by id, that were read already and are not tried again.
        """
        ...

    async def unfinished_notices(self) -> Sequence[Notice]:
        """Every notice in `pending`, `sending` or `maybe_sent`, oldest first."""
        ...

    async def open_notices(self, alarms: Sequence[str] | None = None) -> Sequence[Notice]:
        """Every notice of every open alarm, oldest first: who must be told when it ends.

        `alarms`: of these alone. A start asks for those of the alarms nobody is coming to first.
        """
        ...

    async def open_links(self) -> Sequence[LinkWrite]:
        """The links of every open alarm's notices."""
        ...

    async def alarm(self, alarm_id: str) -> Alarm | None: ...

    async def alarms(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        """Newest first."""
        ...

    async def notices(self, alarm_id: str) -> Sequence[Notice]: ...

    async def notice(self, notice_id: str) -> Notice | None: ...

    async def notice_by_provider(self, channel: str, provider_ref: str) -> Notice | None:
        """The notice a provider calls so. Not joined yet: for receipts that name none of ours."""
        ...

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]: ...

    async def link(self, token_hash: str) -> LinkWrite | None: ...

    async def last_heard(self) -> Sequence[LastHeard]:
        """Per device the newest identities (within the store's limit), oldest first."""
        ...

    async def has_signal(self, identity: str) -> bool:
        """Whether a signal of this identity is committed."""
        ...

    async def presence(self) -> Sequence[Presence]: ...

    async def clock_mark(self) -> ClockMark | None: ...

    async def organisation(self, version: int | None = None) -> Organisation | None:
        """The configuration at `version`, or the newest."""
        ...

    async def write_organisation(self, organisation: Organisation, by: str, at: datetime) -> int:
        """Store as the next numbered version; returns it."""
        ...

    async def organisation_versions(self) -> Sequence[tuple[int, datetime, str]]:
        """Number, when and by whom, oldest first."""
        ...

    async def staff_token(self, token_hash: str) -> str | None:
        """The person a staff token names."""
        ...

    async def staff_tokens(self) -> Sequence[tuple[str, str]]:
        """Every staff token's hash and the person it names."""
        ...

    async def write_staff_token(self, token_hash: str, person: str, at: datetime) -> None: ...

    async def raw(self, *, limit: int = 100) -> Sequence[RawBytes]: ...

    async def verify(self, checkpoints: Sequence[Checkpoint] = ()) -> Sequence[str]:
        """Check every chain, and against checkpoints kept outside; one line per break."""
        ...

    async def checkpoint(self) -> Checkpoint:
        """Where all chains end now. Not joined yet: for whoever keeps it on another machine."""
        ...

    async def erase(self, alarm_id: str, at: datetime, wall: datetime, reason: str) -> int:
        """Remove the bodies of an alarm's timeline and say so in the chain; how many went.

        Not joined yet: for what a rule or a person says shall not be kept.
        """
        ...

    async def restored_at(self) -> datetime | None:
        """When this store was put back from a backup, until a person has confirmed what is open.

        While it is set nobody is paged for the alarms and notices that were open in the backup.
        """
        ...

    async def confirm_restored(self, by: str, at: datetime) -> None:
        """A person has gone through the open alarms of a restored store."""
        ...

    async def close(self) -> None: ...
