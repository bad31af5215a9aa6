"""The store in memory: the same contract without a file, for the seeded world, tests and demos.

Everything happens at once: `commit_now` needs no event loop, and what `submit` returns is done.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from alarms.model import Alarm, Notice
from alarms.receipts import UNFINISHED, moves_forward
from core.clock import ClockMark
from core.errors import Conflict, StoreUnavailable, TilkaldError
from core.ids import salt as new_salt
from core.signals import Signal
from core.values import replace
from dispatcher.roster.model import Presence
from dispatcher.roster.organisation import Organisation
from dispatcher.safety.timed_case import TimedCase
from dispatcher.store.chain import BEGINNING, ERASED, Head, Kept, breaks, checkpoint_hash, link
from dispatcher.store.cursor import alarm_of, cursor_of, not_ours, page_size
from dispatcher.store.limits import (
    HEARD_MAX_PER_DEVICE,
    RAW_BYTES_MAX,
    RAW_MAX,
    RAW_MAX_PER_SENDER,
)
from dispatcher.store.ports import (
    AlarmPage,
    ChainedEntry,
    Checkpoint,
    LastHeard,
    LinkWrite,
    NoticeMove,
    RawBytes,
    TimelineEntry,
    Transaction,
)
from dispatcher.store.sqlite.transactions import Salt, alarm_name, case_name, conflict
from dispatcher.store.states import storable, written


@dataclass(frozen=True, slots=True)
class _Outbox:
    """A notice as far as it has come, and since when."""

    notice: Notice
    moved_at: datetime


class MemoryStore:
    """`Store` without a disk. Set `fail_with` and every write fails with it, until it is None."""

    def __init__(self, salt: Salt = new_salt) -> None:
        self.fail_with: TilkaldError | None = None
        self._salt = salt
        self._closed = False
        self._once: dict[str, None] = {}
        self._signals: dict[str, Signal] = {}
        self._alarms: dict[str, Alarm] = {}
        self._cases: dict[tuple[str, str], TimedCase] = {}
        self._notices: dict[str, _Outbox] = {}
        self._links: dict[str, LinkWrite] = {}
        self._entries: list[Kept] = []
        self._heads: dict[str, Head] = {}
        self._raw: list[RawBytes] = []
        self._presence: dict[str, Presence] = {}
        self._clock: ClockMark | None = None
        self._organisations: list[tuple[Organisation, datetime, str]] = []
        self._staff_tokens: dict[str, str] = {}

    def submit(self, transaction: Transaction) -> Future[None]:
        """Done already when it returns, with or without a running event loop."""
        future: Future[None] = Future(loop=_loop())
        try:
            self.commit_now(transaction)
        except TilkaldError as problem:
            future.set_exception(problem)
        else:
            future.set_result(None)
        return future

    def commit_now(self, transaction: Transaction) -> None:
        """All of it or nothing. Raises Conflict, StoreUnavailable, or what `fail_with` is."""
        self._require_open()
        if transaction.once and transaction.once in self._once:
            return
        self._check_revs(transaction)
        self._check_references(transaction)
        try:
            chained = self._chained(transaction.timeline)
        except UnicodeEncodeError:
            return self.commit_now(storable(transaction))
        self._write(transaction)
        self._append(chained)

    async def open_alarms(self) -> Sequence[Alarm]:
        return self._open_alarms()

    async def open_cases(self) -> Sequence[TimedCase]:
        return [case for case in self._cases.values() if case.open]

    async def case(self, kind: str, case_id: str) -> TimedCase | None:
        return self._cases.get((kind, case_id))

    async def unreadable_alarms(
        self, read: Mapping[str, object] | None = None
    ) -> Sequence[tuple[str, str]]:
        return []

    async def unfinished_notices(self) -> Sequence[Notice]:
        return self._notices_where(lambda notice: notice.state in UNFINISHED)

    async def open_notices(self, alarms: Sequence[str] | None = None) -> Sequence[Notice]:
        asked = [one.id for one in self._open_alarms()] if alarms is None else alarms
        wanted = dict.fromkeys(asked)
        return self._notices_where(lambda notice: notice.alarm in wanted)

    async def open_links(self) -> Sequence[LinkWrite]:
        return [link for link in self._links.values() if self._alarms[link.alarm].open]

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return self._alarms.get(alarm_id)

    async def alarms(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        before = alarm_of(cursor)
        older = list(reversed(self._alarms.values()))
        if before is not None:
            if before not in self._alarms:
                raise not_ours()
            older = older[[alarm.id for alarm in older].index(before) + 1 :]
        shown = older[: page_size(limit)]
        following = cursor_of(shown[-1].id) if len(older) > len(shown) else None
        return AlarmPage(tuple(shown), following)

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        return self._notices_where(lambda notice: notice.alarm == alarm_id)

    async def notice(self, notice_id: str) -> Notice | None:
        box = self._notices.get(notice_id)
        return None if box is None else box.notice

    async def notice_by_provider(self, channel: str, provider_ref: str) -> Notice | None:
        wanted = (channel, provider_ref)
        found = self._notices_where(lambda one: (one.channel, one.provider_ref) == wanted)
        return found[-1] if found and provider_ref else None

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        return [one.entry for one in self._entries if one.entry.alarm == alarm_id]

    async def link(self, token_hash: str) -> LinkWrite | None:
        return self._links.get(token_hash)

    async def last_heard(self) -> Sequence[LastHeard]:
        seen: Counter[str] = Counter()
        newest = []
        for signal in reversed(self._signals.values()):
            seen[signal.device] += 1
            if seen[signal.device] <= HEARD_MAX_PER_DEVICE:
                newest.append(_heard(signal))
        return newest[::-1]

    async def has_signal(self, identity: str) -> bool:
        return identity in self._signals

    async def presence(self) -> Sequence[Presence]:
        return [self._presence[person] for person in sorted(self._presence)]

    async def clock_mark(self) -> ClockMark | None:
        return self._clock

    async def organisation(self, version: int | None = None) -> Organisation | None:
        number = len(self._organisations) if version is None else version
        if not 1 <= number <= len(self._organisations):
            return None
        return self._organisations[number - 1][0]

    async def write_organisation(self, organisation: Organisation, by: str, at: datetime) -> int:
        self._require_open()
        version = len(self._organisations) + 1
        self._organisations.append((replace(organisation, version=version), at, by))
        return version

    async def organisation_versions(self) -> Sequence[tuple[int, datetime, str]]:
        return [(number, at, by) for number, (_, at, by) in enumerate(self._organisations, start=1)]

    async def staff_token(self, token_hash: str) -> str | None:
        return self._staff_tokens.get(token_hash)

    async def staff_tokens(self) -> Sequence[tuple[str, str]]:
        return list(self._staff_tokens.items())

    async def write_staff_token(self, token_hash: str, person: str, at: datetime) -> None:
        self._require_open()
        self._staff_tokens[token_hash] = person

    async def raw(self, *, limit: int = 100) -> Sequence[RawBytes]:
        return self._raw[-limit:]

    async def verify(self, checkpoints: Sequence[Checkpoint] = ()) -> Sequence[str]:
        found: list[str] = []
        for alarm_id, head in self._heads.items():
            kept = [one for one in self._entries if one.entry.alarm == alarm_id]
            found += breaks(alarm_id, kept, head)
        for one in checkpoints:
            if self._checkpoint_at(one.entries) != one:
                found.append(f"checkpoint {one.hash[:12]} does not hold")
        return found

    async def checkpoint(self) -> Checkpoint:
        return self._checkpoint_at(len(self._entries))

    async def erase(self, alarm_id: str, at: datetime, wall: datetime, reason: str) -> int:
        self._require_open()
        erased = 0
        for number, kept in enumerate(self._entries):
            if kept.entry.alarm == alarm_id and kept.entry.body is not None:
                self._entries[number] = Kept(replace(kept.entry, body=None), None)
                erased += 1
        body = written({"reason": reason, "erased": erased}).decode()
        self._append(self._chained([TimelineEntry(alarm_id, at, wall, ERASED, body)]))
        return erased

    async def restored_at(self) -> datetime | None:
        return None

    async def confirm_restored(self, by: str, at: datetime) -> None:
        self._require_open()

    async def close(self) -> None:
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed: nothing was written.")
        if self.fail_with is not None:
            raise self.fail_with

    def _check_revs(self, transaction: Transaction) -> None:
        alarms = [
            (alarm_name(one.alarm.id), one.seen_rev, one.alarm.rev, self._alarms.get(one.alarm.id))
            for one in transaction.alarms
        ]
        cases = [
            (case_name(one.case), one.seen_rev, one.case.rev, self._cases.get(_key(one.case)))
            for one in transaction.cases
        ]
        revs: dict[str, int] = {}
        for name, seen_rev, rev, there in (*alarms, *cases):
            stored_rev = revs.get(name, there.rev if there else 0)
            if stored_rev != seen_rev:
                raise conflict(name, seen_rev, stored_rev)
            revs[name] = rev

    def _check_references(self, transaction: Transaction) -> None:
        alarms = ChainMap(self._alarms, {one.alarm.id: one.alarm for one in transaction.alarms})
        new = {one.id: _Outbox(one, one.created) for one in transaction.notices}
        notices = ChainMap(self._notices, new)
        missing = [one.alarm for one in transaction.notices if one.alarm not in alarms]
        missing += [one.notice for one in transaction.links if one.notice not in notices]
        if missing:
            raise Conflict(f"The transaction names something that is not stored ({missing[0]}).")

    def _write(self, transaction: Transaction) -> None:
        if transaction.once:
            self._once[transaction.once] = None
        for signal in transaction.signals:
            self._signals.setdefault(signal.identity, signal)
        for write in transaction.alarms:
            self._alarms[write.alarm.id] = replace(write.alarm, unstored=False)
        for case_write in transaction.cases:
            self._cases[_key(case_write.case)] = case_write.case
        for notice in transaction.notices:
            self._notices.setdefault(notice.id, _Outbox(notice, notice.created))
        for move in transaction.moves:
            self._move(move)
        for link_write in transaction.links:
            self._links.setdefault(link_write.token_hash, link_write)
        for raw in transaction.raw:
            self._keep_raw(raw)
        for presence in transaction.presence:
            self._write_presence(presence)
        mark = transaction.clock
        if mark and (self._clock is None or mark.service >= self._clock.service):
            self._clock = mark

    def _move(self, move: NoticeMove) -> None:
        box = self._notices.get(move.notice)
        if box is None:
            return
        notice = box.notice
        if move.provider_ref and not notice.provider_ref:
            notice = replace(notice, provider_ref=move.provider_ref)
        if moves_forward(notice.state, move.state):
            box = _Outbox(replace(notice, state=move.state), move.at)
        else:
            box = _Outbox(notice, box.moved_at)
        self._notices[move.notice] = box

    def _keep_raw(self, raw: RawBytes) -> None:
        self._raw.append(replace(raw, content=raw.content[:RAW_BYTES_MAX]))
        sender = (raw.protocol, raw.sender)
        of_sender = [one for one in self._raw if (one.protocol, one.sender) == sender]
        if len(of_sender) > RAW_MAX_PER_SENDER:
            self._raw.remove(of_sender[0])
        if len(self._raw) > RAW_MAX:
            del self._raw[0]

    def _write_presence(self, presence: Presence) -> None:
        before = self._presence.get(presence.person)
        if before is None or presence.at >= before.at:
            self._presence[presence.person] = presence

    def _chained(self, entries: Iterable[TimelineEntry]) -> list[Kept]:
        heads: dict[str, Head] = {}
        chained = []
        for entry in entries:
            salt = self._salt()
            head = heads.get(entry.alarm) or self._heads.get(entry.alarm, BEGINNING)
            one = link(head, entry, salt)
            heads[entry.alarm] = Head(one.number, one.hash)
            chained.append(Kept(one, salt))
        return chained

    def _append(self, chained: Sequence[Kept]) -> None:
        self._entries += chained
        for one in chained:
            self._heads[one.entry.alarm] = Head(one.entry.number, one.entry.hash)

    def _checkpoint_at(self, entries: int) -> Checkpoint:
        heads: dict[str, Head] = {}
        for one in self._entries[:entries]:
            heads[one.entry.alarm] = Head(one.entry.number, one.entry.hash)
        return Checkpoint(entries, len(heads), checkpoint_hash(sorted(heads.items(), key=_alarm)))

    def _open_alarms(self) -> Sequence[Alarm]:
        return [alarm for alarm in self._alarms.values() if alarm.open]

    def _notices_where(self, wanted: Callable[[Notice], bool]) -> list[Notice]:
        return [box.notice for box in self._notices.values() if wanted(box.notice)]


class _NoLoop:
    """What a finished future needs of a loop where none runs: its callbacks run at once."""

    def get_debug(self) -> bool:
        return False

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> None:
        callback(*args)

    def call_exception_handler(self, context: object) -> None:
        """A future nobody asked for its failure: the caller of `submit` chose so."""


_NO_LOOP = cast(asyncio.AbstractEventLoop, _NoLoop())


def _loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return _NO_LOOP


def _key(case: TimedCase) -> tuple[str, str]:
    return case.kind, case.id


def _alarm(item: tuple[str, Head]) -> str:
    return item[0]


def _heard(signal: Signal) -> LastHeard:
    return LastHeard(
        device=signal.device,
        identity=signal.identity,
        boot=signal.reading.boot,
        epoch=signal.epoch,
        seq=signal.reading.seq,
        at=signal.at,
    )
