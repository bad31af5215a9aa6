"""Committing in order, performing after; and what happens when the store cannot commit (law 1).

Outcomes are submitted in the order they were decided. Each is performed when its own transaction
is committed. When the store fails, or is silent longer than `PATIENCE_S`, help goes on from memory:
the work is performed, marked unstored and written to the emergency journal; what failed is offered
to the store again every second, in its order. While the store is silent, nothing waits for it once
more. Only `received` and `test_ok` wait for the commit, because they promise it. Whoever was told
UNSTORED hears once more: when it is stored after all, or that it never will be.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from alarms.model import Alarm, TellType
from core import ids, log
from core.clock import Clock, sleep
from core.errors import Conflict, StoreUnavailable, TilkaldError, Unstorable
from core.signals import Taken
from core.values import replace
from dispatcher.engine.health import Health
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Outcome
from dispatcher.store.journal.replay import Settling
from dispatcher.store.ports import AlarmWrite, Store, Transaction

PATIENCE_S = 1.0
"""How long the store may be silent. One that answers others is at work, not silent."""

PATIENCE_LONGEST_S = 3.0
"""And how long one piece waits at most for a store that is busy with others."""

NOT_STORED = "Alarms are called but not stored. Free the disk. ({why})"
RETRY_EVERY_S = 1.0
BACKLOG_MOST = 100_000
"""Pieces kept in memory while the store is away; beyond this only the journal remembers."""

PICTURED_MOST = 200
"""Open alarms that go whole into the journal when the store goes away: it may not come back."""

_PROMISES = (TellType.RECEIVED, TellType.TEST_OK)
_NOTHING = Transaction()
_log = log.logger("dispatcher.commits")


class Journal(Protocol):
    """Where a unit goes that could not be committed; `dispatcher.store.journal.journal`."""

    async def append(self, unit: Transaction) -> Transaction: ...

    async def replay(self, store: Store, wall: datetime) -> object: ...


@dataclass(slots=True)
class _Waiting:
    """One piece on its way. `number`: its place among those performed ahead of their commit."""

    work: Outcome
    taken: asyncio.Future[Taken]
    since_s: float
    number: int = 0
    timer: asyncio.TimerHandle | None = None
    performed: bool = field(default=False)
    looked_again: bool = field(default=False)
    given_up: bool = field(default=False)


class Commits:
    """One line of work into the store."""

    def __init__(
        self,
        store: Store,
        book: OpenAlarms,
        journal: Journal,
        health: Health,
        clock: Clock,
        perform: Callable[[Outcome], None],
    ) -> None:
        self._store = store
        self._book = book
        self._journal = journal
        self._health = health
        self._clock = clock
        self._perform = perform
        self._committed_rev = {alarm.id: alarm.rev for alarm in book.alarms.values()}
        self._unsaved: list[_Waiting] = []
        self._in_flight = 0
        self._given_up = 0
        self._answered_s = 0.0
        self._saving: asyncio.Task[None] | None = None
        self._ahead: dict[int, Outcome] = {}
        self._numbers = itertools.count(1)
        self._is_journalled = False
        self._adopt: Callable[[], Awaitable[None]] | None = None
        self._journalling: dict[asyncio.Task[None], None] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, work: Outcome) -> asyncio.Future[Taken]:
        """Commit, then perform. The future says whether the device may be acknowledged."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(work, loop.create_future(), loop.time())
        if self._unsaved:
            self._go_on_unstored(waiting)
            return waiting.taken
        if work.transaction == _NOTHING and self._in_flight == 0:
            self._finish(waiting)
            return waiting.taken
        self._in_flight += 1
        self._idle.clear()
        self._store.submit(work.transaction).add_done_callback(
            lambda done: self._done(waiting, done)
        )
        if self._given_up:
            self._give_up(waiting)
        else:
            waiting.timer = loop.call_later(PATIENCE_S, self._out_of_patience, waiting)
        return waiting.taken

    async def drain(self, timeout_s: float) -> None:
        """Wait until everything submitted is committed, at most `timeout_s`."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            _log.error("not everything was committed before the stop", unsaved=len(self._unsaved))

    def is_committed(self, alarm_id: str) -> bool:
        """Whether the store holds this open alarm, at whatever `rev`."""
        return alarm_id in self._committed_rev

    @property
    def unsaved(self) -> int:
        return len(self._unsaved)

    def ahead(self) -> Sequence[Outcome]:
        """What has been performed and is not stored, in its order."""
        return tuple(self._ahead.values())

    def replay_later(self, adopt: Callable[[], Awaitable[None]]) -> None:
        """Read the journal back when the store works; `adopt` takes over what it brought."""
        self._is_journalled, self._adopt = True, adopt
        self._save_soon()

    def adopt(self, alarms: Iterable[Alarm]) -> None:
        """The store holds these, and memory from now on."""
        self._committed_rev |= {alarm.id: alarm.rev for alarm in alarms}

    def _done(self, waiting: _Waiting, done: asyncio.Future[None]) -> None:
        if waiting.timer is not None:
            waiting.timer.cancel()
        self._in_flight -= 1
        self._given_up -= waiting.given_up
        error = done.exception() if not done.cancelled() else StoreUnavailable("store closed")
        if error is None:
            self._answered_s = asyncio.get_running_loop().time()
            self._note_committed(waiting.work.transaction)
            self._ahead.pop(waiting.number, None)
            self._caught_up(waiting)
            self._finish(waiting)
        elif isinstance(error, Conflict) and not self._is_ours(waiting.work.transaction):
            self._conflict(waiting, error)
        elif isinstance(error, TilkaldError):
            self._health.report("store", NOT_STORED, why=error)
            self._go_on_unstored(waiting)
        else:
            raise error
        if self._in_flight == 0 and not self._unsaved:
            self._idle.set()

    def _finish(self, waiting: _Waiting) -> None:
        # First, so that the device's acknowledgement is not queued behind what the work starts.
        if waiting.taken.done():
            _tell_later(waiting.work, True)
        else:
            waiting.taken.set_result(Taken.STORED)
        self._perform(_promises(waiting.work) if waiting.performed else waiting.work)

    def _caught_up(self, waiting: _Waiting) -> None:
        """A store that was silent has answered after all; with the last of it all is well again."""
        if waiting.given_up:
            self._mark_unstored(waiting.work, False)
        if self._given_up or self._unsaved:
            return
        if self._is_journalled:
            self._save_soon()
        elif waiting.given_up:
            self._health.clear("store")

    def _out_of_patience(self, waiting: _Waiting) -> None:
        """The transaction is still on its way; help does not wait for it.

        A device does, while the store is only busy: its acknowledgement follows the commit.
        """
        loop = asyncio.get_running_loop()
        if not waiting.looked_again:
            # When we ourselves are late, its answer may lie behind this timer in the queue.
            waiting.looked_again = True
            waiting.timer = loop.call_later(0, self._out_of_patience, waiting)
            return
        silent_s = loop.time() - max(self._answered_s, waiting.since_s)
        waited_s = loop.time() - waiting.since_s
        if silent_s >= PATIENCE_S:
            self._give_up(waiting)
            return
        if waited_s >= PATIENCE_LONGEST_S:
            self._call_ahead(waiting)
        left_s = PATIENCE_S - silent_s
        if not waiting.performed:
            left_s = min(left_s, PATIENCE_LONGEST_S - waited_s)
        waiting.looked_again = False
        waiting.timer = loop.call_later(left_s, self._out_of_patience, waiting)

    def _give_up(self, waiting: _Waiting) -> None:
        waiting.given_up = True
        self._given_up += 1
        self._health.report("store", NOT_STORED, why=f"no answer for {PATIENCE_S:g} s")
        self._perform_unstored(waiting)

    def _perform_unstored(self, waiting: _Waiting) -> None:
        """Nobody knows whether it will be stored: the device is not acknowledged."""
        self._mark_unstored(waiting.work, True)
        self._call_ahead(waiting)
        if not waiting.taken.done():
            waiting.taken.set_result(Taken.UNSTORED)

    def _call_ahead(self, waiting: _Waiting) -> None:
        """Help does not wait for the commit; what promises that it is stored does."""
        if waiting.performed:
            return
        waiting.performed = True
        if waiting.work.transaction != _NOTHING:
            # One name wherever it is written: so it counts once.
            unit = replace(waiting.work.transaction, once=ids.derived("unit", ids.secret()))
            waiting.work = replace(waiting.work, transaction=unit)
            waiting.number = next(self._numbers)
            self._ahead[waiting.number] = waiting.work
            self._write_down(unit)
        self._perform(_without_promises(waiting.work))

    def _go_on_unstored(self, waiting: _Waiting) -> None:
        self._idle.clear()
        self._perform_unstored(waiting)
        if waiting.work.transaction == _NOTHING:
            _tell_later(waiting.work, True)
            return
        if len(self._unsaved) < BACKLOG_MOST:
            self._unsaved.append(waiting)
        else:
            self._ahead.pop(waiting.number, None)
            _tell_later(waiting.work, False)
        self._save_soon()

    def _write_down(self, unit: Transaction) -> None:
        """At once, not when the store has failed for good: the process may end before."""
        if replace(unit, clock=None, once="") != _NOTHING:
            self._journal_soon(unit)
        if not self._is_journalled:
            self._is_journalled = True
            for picture in self._pictured():
                self._journal_soon(picture)

    def _pictured(self) -> Iterable[Transaction]:
        """Each open alarm as memory has it: the store may be gone with what it had."""
        alarms = sorted(self._book.alarms.values(), key=lambda a: (a.technical, -a.level.rank))
        for alarm in alarms[:PICTURED_MOST]:
            yield Transaction(
                alarms=(AlarmWrite(alarm, alarm.rev),),
                notices=tuple(self._book.notices_of(alarm.id)),
                links=tuple(self._book.links_of(alarm.id)),
            )

    def _journal_soon(self, unit: Transaction) -> None:
        writing = asyncio.get_running_loop().create_task(self._append(unit))
        self._journalling[writing] = None
        writing.add_done_callback(self._journalling.pop)

    async def _append(self, unit: Transaction) -> None:
        try:
            await self._journal.append(unit)
        except StoreUnavailable as error:
            message = "The emergency journal does not work: {why}"
            self._health.report("journal", message, why=error)

    def _save_soon(self) -> None:
        if self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_until_done())

    async def _save_until_done(self) -> None:
        """Offer what is unsaved every second until the store has it all, then empty the journal."""
        while self._unsaved or self._is_journalled:
            await sleep(RETRY_EVERY_S)
            try:
                await self._save()
            except StoreUnavailable as error:
                self._health.report("store", NOT_STORED, why=error)
        self._saving = None
        _log.info("everything unsaved is stored again")
        self._health.clear("journal")
        if not self._given_up:
            self._health.clear("store")
        if self._in_flight == 0:
            self._idle.set()

    async def _save(self) -> None:
        """In the order it was decided; each piece counts once, however often it is offered."""
        settling = Settling(self._store)
        while self._unsaved:
            waiting = self._unsaved[0]
            stored = await self._offer(waiting.work.transaction, settling)
            self._unsaved.pop(0)
            self._ahead.pop(waiting.number, None)
            _tell_later(waiting.work, stored)
            if stored:
                self._note_committed(waiting.work.transaction)
                self._mark_unstored(waiting.work, False)
                self._perform(_promises(waiting.work))
        if self._is_journalled and not self._given_up:
            self._is_journalled = False
            try:
                await self._journal.replay(self._store, self._clock.wall())
                if self._adopt is not None:
                    await self._adopt()
                    self._adopt = None
            except StoreUnavailable:
                self._is_journalled = True
                raise

    async def _offer(self, unit: Transaction, settling: Settling) -> bool:
        """False for what can never be stored: nothing behind it may wait for it."""
        try:
            await self._store.submit(unit)
        except Conflict as error:
            # The stored alarm went on without this decision, or the store is another one now.
            _log.error("an unsaved decision does not fit what is stored", error=error)
            for known in (*self._pictured(), unit):
                await settling.settle(known)
        except Unstorable as error:
            _log.error("a piece cannot be stored", error=error)
            return False
        return True

    def _conflict(self, waiting: _Waiting, error: Conflict) -> None:
        """Somebody else wrote the alarm: one process owns the store, so this is our fault."""
        _log.error("another process writes our alarms; calling from memory", error=error)
        self._health.report("store", "Another process writes the same store. Stop one of them.")
        self._go_on_unstored(waiting)

    def _is_ours(self, unit: Transaction) -> bool:
        """Whether an earlier state of one of these alarms never reached the store, or the journal
        has just brought a later one that is not taken over yet."""
        return self._adopt is not None or any(
            self._committed_rev.get(write.alarm.id, 0) != write.seen_rev for write in unit.alarms
        )

    def _note_committed(self, unit: Transaction) -> None:
        for write in unit.alarms:
            if write.alarm.open:
                self._committed_rev[write.alarm.id] = write.alarm.rev
            else:
                self._committed_rev.pop(write.alarm.id, None)

    def _mark_unstored(self, work: Outcome, unstored: bool) -> None:
        for write in work.transaction.alarms:
            alarm = self._book.get(write.alarm.id)
            if alarm is not None and alarm.unstored is not unstored:
                self._book.keep(replace(alarm, unstored=unstored))


def _tell_later(work: Outcome, stored: bool) -> None:
    for later in work.later:
        later(stored)


def _promises(work: Outcome) -> Outcome:
    return Outcome(
        tell=tuple(tell for tell in work.tell if tell.type in _PROMISES), changed=work.changed
    )


def _without_promises(work: Outcome) -> Outcome:
    return replace(work, tell=tuple(tell for tell in work.tell if tell.type not in _PROMISES))


_NOTHING = Transaction()
