"""Bringing back what was journalled: into whatever store stands there now, each thing once.

The store may be the one that was slow (it has the transaction already), an older copy, or a new
one. So each transaction is looked at beside what is stored: a higher `rev` of an open alarm or case
is the newer state and is written whole, one the store does not know is raised again, one that is
over stays over, also where the store knows more of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from core.errors import Conflict, DomainError, Unstorable
from core.values import replace
from dispatcher.store.limits import RAW_MAX
from dispatcher.store.ports import (
    AlarmWrite,
    CaseWrite,
    RawBytes,
    Store,
    TimelineEntry,
    Transaction,
)
from dispatcher.store.states import read_transaction

_Entry = tuple[object, ...]


@dataclass(slots=True)
class Returned:
    """How far a replay has come: see `dispatcher.store.journal.journal.Replay`."""

    stored: int = 0
    superseded: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class Replaying:
    """One replay. Lines come in their order; one that stood in several places comes once."""

    def __init__(self, store: Store) -> None:
        self.returned = Returned()
        self._settling = Settling(store)
        self._number = 0
        self._seen: dict[bytes, None] = {}

    def tell(self, why: str) -> None:
        """A person must know this."""
        self.returned.unreadable.append(why)

    async def take(self, line: bytes) -> None:
        """Raises StoreUnavailable."""
        if line in self._seen:
            return
        self._seen[line] = None
        self._number += 1
        try:
            transaction = read_transaction(line.strip(b"\x00"))
        except (msgspec.MsgspecError, ValueError, RecursionError) as why:
            self.tell(
                f"Line {self._number} of the emergency journal cannot be read ({why}):"
                " look at it yourself."
            )
            return
        try:
            overtaken = await self._settling.settle(transaction)
        except Unstorable as why:
            self.tell(f"Line {self._number} of the emergency journal: {why}")
            return
        self.returned.superseded += overtaken
        self.returned.stored += not overtaken


class Settling:
    """Stores what of a transaction is not stored yet, over whatever is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._timelines: dict[str, set[_Entry]] = {}
        self._raw: dict[RawBytes, None] | None = None

    async def settle(self, transaction: Transaction) -> list[str]:
        """The alarms and cases whose stored state had gone on without it.

        Raises StoreUnavailable.
        """
        writes, overtaken = await self._writes(transaction)
        cases, overtaken_cases = await self._case_writes(transaction)
        timeline = await self._not_told(transaction)
        old = dict.fromkeys(overtaken)
        rest = replace(
            transaction,
            alarms=tuple(writes),
            cases=tuple(cases),
            timeline=tuple(timeline),
            raw=tuple(await self._not_kept(transaction)),
            notices=tuple(one for one in transaction.notices if one.alarm not in old),
            links=tuple(one for one in transaction.links if one.alarm not in old),
        )
        is_news = bool(timeline) or not await self._is_known(transaction)
        try:
            await self._store.submit(rest)
        except Conflict:
            # Notices of an alarm nobody knows any more: keep what happened.
            await self._store.submit(replace(rest, alarms=(), cases=(), notices=(), links=()))
        for entry in timeline:
            self._timelines[entry.alarm].add(_content(entry))
        return [*overtaken, *overtaken_cases] if is_news else []

    async def _writes(self, transaction: Transaction) -> tuple[list[AlarmWrite], list[str]]:
        """What is newer than what is stored, and what is not."""
        writes, overtaken = [], []
        for write in transaction.alarms:
            try:
                stored = await self._store.alarm(write.alarm.id)
            except DomainError:  # it stands there, and cannot be read: a person is told of it
                overtaken.append(write.alarm.id)
                continue
            if stored is None:
                writes.append(AlarmWrite(write.alarm, 0))
            elif _is_newer(write.alarm, stored):
                rev = max(write.alarm.rev, stored.rev + 1)
                writes.append(AlarmWrite(replace(write.alarm, rev=rev), stored.rev))
            else:
                overtaken.append(write.alarm.id)
        return writes, overtaken

    async def _case_writes(self, transaction: Transaction) -> tuple[list[CaseWrite], list[str]]:
        """The same of cases of other kinds."""
        writes, overtaken = [], []
        for write in transaction.cases:
            stored = await self._store.case(write.case.kind, write.case.id)
            if stored is None:
                writes.append(CaseWrite(write.case, 0))
            elif _is_newer(write.case, stored):
                rev = max(write.case.rev, stored.rev + 1)
                writes.append(CaseWrite(replace(write.case, rev=rev), stored.rev))
            else:
                overtaken.append(write.case.id)
        return writes, overtaken

    async def _not_told(self, transaction: Transaction) -> list[TimelineEntry]:
        """The entries that stand in no stored timeline yet."""
        for entry in transaction.timeline:
            if entry.alarm not in self._timelines:
                stored = await self._store.timeline(entry.alarm)
                told: set[_Entry] = {
                    (one.alarm, one.at, one.wall, one.what, one.body) for one in stored
                }
                self._timelines[entry.alarm] = told
        return [
            one for one in transaction.timeline if _content(one) not in self._timelines[one.alarm]
        ]

    async def _not_kept(self, transaction: Transaction) -> list[RawBytes]:
        if transaction.raw and self._raw is None:
            self._raw = dict.fromkeys(await self._store.raw(limit=RAW_MAX))
        found = [one for one in transaction.raw if self._raw is None or one not in self._raw]
        if self._raw is not None:
            self._raw.update(dict.fromkeys(found))
        return found

    async def _is_known(self, transaction: Transaction) -> bool:
        """Whether everything that happened in it is stored: then its transaction was committed."""
        signals = [await self._store.has_signal(one.identity) for one in transaction.signals]
        notices = [await self._store.notice(one.id) for one in transaction.notices]
        return all(signals) and None not in notices


class _Case(Protocol):
    @property
    def rev(self) -> int: ...

    @property
    def open(self) -> bool: ...


def _is_newer(journalled: _Case, stored: _Case) -> bool:
    """What is over stays over; what has ended has ended, however much more the store knows."""
    return stored.open and (stored.rev < journalled.rev or not journalled.open)


def _content(entry: TimelineEntry) -> _Entry:
    return entry.alarm, entry.at, entry.wall, entry.what, entry.body
