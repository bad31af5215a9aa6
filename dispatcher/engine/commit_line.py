"""One line of outcomes into the store, each performed after its commit (laws 1 and 5). Pure.

- Outcomes are committed in the order they were decided, and performed when they are committed.
  What is decided while the store is at work is committed together, when it has answered.
- When the store fails, or is silent for `PATIENCE`, help goes on from memory: the outcome is
  performed, marked unstored and written to the emergency journal. What failed is offered to the
  store again every second, in its order; while the store is silent nothing waits for it once more.
- Only `received` and `test_ok` wait for the commit, because they promise it.
- Whoever was answered UNSTORED is answered once more: STORED after all, or NEVER.

    submitted ─▶ gathered ─▶ in flight ──committed──▶ performed
                    │    ╰─silent─▶ given up (performed from memory) ──committed──▶ promised
                    ╰──failed──▶ unsaved (performed from memory) ──offered, committed──▶ promised
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import NamedTuple, TypeAlias

from alarms.model import Alarm, TellType
from core import ids
from core.errors import Conflict, TilkaldError, Unstorable
from core.signals import Taken
from core.values import replace, value
from dispatcher.engine.actions import (
    Answered,
    Commit,
    Degraded,
    Log,
    ReadBack,
    Restored,
    Settle,
    Ticket,
    WriteDown,
)
from dispatcher.engine.moments import CaseKey
from dispatcher.engine.open_alarms import ALARM, OpenAlarms
from dispatcher.engine.outcome import Outcome, Wake, merged
from dispatcher.safety.timed_case import TimedCase
from dispatcher.store.ports import AlarmWrite, Transaction

PATIENCE = timedelta(seconds=1)
"""How long the store may be silent. One that answers what came before is at work, not silent."""

RETRY_EVERY = timedelta(seconds=1)
TOGETHER_MOST = 64
"""Outcomes committed in one transaction: what fails with others is tried again alone."""

BACKLOG_MOST = 100_000
"""Outcomes kept in memory while the store is away; beyond this only the journal remembers."""

PICTURED_MOST = 200
"""Open alarms that go whole into the journal when the store goes away: it may not come back."""

NOT_STORED = "Alarms are called but not stored. Free the disk. ({why})"
NO_JOURNAL = "The emergency journal does not work: {why}"
TWO_WRITERS = "Another process writes the same store. Stop one of them."

_PROMISES = (TellType.RECEIVED, TellType.TEST_OK)
_NOTHING = Transaction()


@value(frozen=True)
class Perform:
    """Do what follows a commit: it is stored, or help does not wait for the store."""

    outcome: Outcome


LineAction: TypeAlias = (
    Commit | Settle | WriteDown | ReadBack | Answered | Perform | Degraded | Restored | Log
)


@dataclass(slots=True)
class _Submission:
    """One outcome on its way. `answered`: who waits for it has heard STORED or UNSTORED."""

    ticket: Ticket
    outcome: Outcome
    since: datetime
    performed: bool = False
    answered: bool = False
    given_up: bool = False
    alone: bool = False


class CommitLine:
    """Events in with `now`; what is to be done comes out of `take_actions`."""

    def __init__(self, cases: OpenAlarms, life: str) -> None:
        """`life` names this run of the process: no other run has had the same."""
        self._cases = cases
        self._life = life
        self._committed_rev = {(ALARM, one.id): one.rev for one in cases.alarms.values()}
        self._tickets = 0
        self._gathered: deque[_Submission] = deque()
        self._in_flight: list[_Submission] = []
        self._patient: dict[Ticket, _Submission] = {}  # not answered, and the store is not given up
        self._given_up = 0
        self._answered_at: datetime | None = None
        self._looked_again = False
        self._unsaved: deque[_Submission] = deque()
        self._ahead: dict[Ticket, Outcome] = {}
        self._retry_at: datetime | None = None
        self._saving = False
        self._is_journalled = False
        self._takes_over = False
        self._actions: list[LineAction] = []

    # Events

    def submit(self, outcome: Outcome, now: datetime) -> Ticket:
        """Commit it, then perform it; `Answered` says whether its sender may be acknowledged."""
        ticket = self.gather(outcome, now)
        self._commit_gathered()
        return ticket

    def gather(self, outcome: Outcome, now: datetime) -> Ticket:
        """The same, in one transaction with what is submitted next."""
        self._tickets += 1
        one = _Submission(Ticket(self._tickets), outcome, now)
        if self._unsaved:
            self._go_on_unstored(one, now)
        elif outcome.transaction == _NOTHING and not (self._in_flight or self._gathered):
            self._finish(one)
        else:
            self._gathered.append(one)
            if self._given_up:
                self._give_up(one)
            else:
                self._patient[one.ticket] = one
        return one.ticket

    def committed(self, ticket: Ticket, now: datetime) -> None:
        """The store has it, for good."""
        if not self._is_in_flight(ticket):
            self._saved(now)
            return
        self._answered_at, self._looked_again = now, False
        for one in self._landed():
            self._note_committed(one.outcome.transaction)
            self._ahead.pop(one.ticket, None)
            if one.given_up:
                self._caught_up(one, now)
            self._finish(one)
        self._commit_gathered()

    def failed(self, ticket: Ticket, why: TilkaldError, now: datetime) -> None:
        """The store has not taken it: full, gone, or an alarm in it is at another `rev`."""
        if not self._is_in_flight(ticket):
            self._not_saved(why, now)
            return
        if len(self._in_flight) > 1 and isinstance(why, Conflict | Unstorable):
            for one in self._in_flight:
                one.alone = True
            self._gathered.extendleft(reversed(self._in_flight))
            self._in_flight = []
            self._commit_gathered()
            return
        self._say_why(self._in_flight[0], why)
        for one in (*self._landed(), *self._none_gathered()):  # in the order they were decided
            self._go_on_unstored(one, now)

    def _say_why(self, one: _Submission, why: TilkaldError) -> None:
        if isinstance(why, Conflict) and not self._is_ours(one.outcome.transaction):
            # One process owns the store, so somebody else writing our alarms is our mistake.
            self._say("another process writes our alarms; calling from memory", error=why)
            self._actions.append(Degraded("store", TWO_WRITERS))
        else:
            self._actions.append(Degraded("store", NOT_STORED, (("why", why),)))

    def journal_failed(self, why: TilkaldError) -> None:
        """What was to be written down is in memory alone."""
        self._actions.append(Degraded("journal", NO_JOURNAL, (("why", why),)))

    def read_back_later(self, now: datetime) -> None:
        """The journal could not be read at the start: it is, when the store works."""
        self._is_journalled = self._takes_over = True
        self._save_soon(now)

    def read_back(self, now: datetime) -> None:
        """All that was written down is stored, and memory has taken it over."""
        self._saving = self._takes_over = False
        self._save_on(now)

    def read_back_failed(self, why: TilkaldError, now: datetime) -> None:
        self._saving, self._is_journalled = False, True
        self._try_again(why, now)

    def adopt(self, alarms: Iterable[Alarm], cases: Iterable[TimedCase]) -> None:
        """The store holds these, and memory from now on."""
        self._committed_rev |= {(ALARM, alarm.id): alarm.rev for alarm in alarms}
        self._committed_rev |= {(case.kind, case.id): case.rev for case in cases}

    def wake(self, now: datetime) -> None:
        """Look at the store once more: is it silent, is it time to try again?"""
        if self._retry_at is not None and self._retry_at <= now:
            self._retry_at = None
            self._save_on(now)
        impatient_at = self._impatient_at()
        if impatient_at is None or now < impatient_at:
            return
        if not self._looked_again:
            # When we ourselves are late, its answer may stand right behind this moment.
            self._looked_again = True
            return
        self._looked_again = False
        for one in list(self._patient.values()):
            self._give_up(one)

    # Questions

    @property
    def wake_at(self) -> Wake | None:
        """When to look again, and why; None: when the next event comes."""
        impatient_at = self._impatient_at()
        moments = []
        if self._retry_at is not None:
            moments.append(Wake(self._retry_at, "the store is tried again"))
        if impatient_at is not None:
            moments.append(Wake(impatient_at, "the store may be silent"))
        return min(moments, key=lambda wake: wake.at, default=None)

    def take_actions(self) -> list[LineAction]:
        """What is to be done now, in this order; asked again, only what came since."""
        actions, self._actions = self._actions, []
        return actions

    def is_committed(self, alarm_id: str) -> bool:
        """Whether the store holds this open alarm, at whatever `rev`."""
        return (ALARM, alarm_id) in self._committed_rev

    @property
    def is_idle(self) -> bool:
        """Whether the store has everything."""
        return not (self._in_flight or self._gathered or self._unsaved or self._saving)

    def waiting(self) -> Iterator[Outcome]:
        """What the store does not have yet, in its order."""
        return (one.outcome for one in (*self._unsaved, *self._in_flight, *self._gathered))

    @property
    def unsaved(self) -> int:
        return len(self._unsaved)

    def ahead(self) -> Sequence[Outcome]:
        """What has been performed and is not stored, in its order."""
        return tuple(self._ahead.values())

    # In flight

    def _commit_gathered(self) -> None:
        """All that waits, in one transaction; what has failed with others goes alone."""
        if self._in_flight or not self._gathered:
            return
        together = [self._gathered.popleft()]
        while self._gathered and not (together[0].alone or self._gathered[0].alone):
            if len(together) == TOGETHER_MOST:
                break
            together.append(self._gathered.popleft())
        self._in_flight = together
        transaction = reduce(merged, (one.outcome.transaction for one in together))
        self._actions.append(Commit(together[0].ticket, transaction))

    def _is_in_flight(self, ticket: Ticket) -> bool:
        return bool(self._in_flight) and self._in_flight[0].ticket == ticket

    def _landed(self) -> list[_Submission]:
        landed, self._in_flight = self._in_flight, []
        return self._no_longer_waiting(landed)

    def _none_gathered(self) -> list[_Submission]:
        gathered = list(self._gathered)
        self._gathered.clear()
        return self._no_longer_waiting(gathered)

    def _no_longer_waiting(self, submissions: list[_Submission]) -> list[_Submission]:
        for one in submissions:
            self._given_up -= one.given_up
            self._patient.pop(one.ticket, None)
        return submissions

    def _finish(self, one: _Submission) -> None:
        """Acknowledged first: nothing that the outcome starts goes before that."""
        self._actions.append(Answered(one.ticket, Taken.STORED))
        self._actions.append(Perform(_promises(one.outcome) if one.performed else one.outcome))

    def _impatient_at(self) -> datetime | None:
        if not self._patient:
            return None
        since = next(iter(self._patient.values())).since
        return max(self._answered_at or since, since) + PATIENCE

    def _give_up(self, one: _Submission) -> None:
        one.given_up = True
        self._given_up += 1
        self._patient.pop(one.ticket, None)
        why = f"no answer for {PATIENCE.total_seconds():g} s"
        self._actions.append(Degraded("store", NOT_STORED, (("why", why),)))
        self._perform_unstored(one)

    def _caught_up(self, one: _Submission, now: datetime) -> None:
        """A store that was silent has answered after all; with the last of it all is well."""
        self._mark_unstored(one.outcome, False)
        if self._given_up or self._unsaved:
            return
        if self._is_journalled:
            self._save_soon(now)
        else:
            self._actions.append(Restored("store"))

    # From memory

    def _perform_unstored(self, one: _Submission) -> None:
        """Nobody knows whether it will be stored: its sender is not acknowledged."""
        self._mark_unstored(one.outcome, True)
        self._call_ahead(one)
        if not one.answered:
            one.answered = True
            self._actions.append(Answered(one.ticket, Taken.UNSTORED))

    def _call_ahead(self, one: _Submission) -> None:
        """Help does not wait for the commit; what promises that it is stored does."""
        if one.performed:
            return
        one.performed = True
        if one.outcome.transaction != _NOTHING:
            # One name wherever it is written: so it counts once.
            once = ids.derived("unit", self._life, str(one.ticket))
            named = replace(one.outcome.transaction, once=once)
            one.outcome = replace(one.outcome, transaction=named)
            self._ahead[one.ticket] = one.outcome
            self._write_down(named)
        self._actions.append(Perform(_without_promises(one.outcome)))

    def _go_on_unstored(self, one: _Submission, now: datetime) -> None:
        self._perform_unstored(one)
        if one.outcome.transaction == _NOTHING:
            self._actions.append(Answered(one.ticket, Taken.STORED))
            return
        if len(self._unsaved) < BACKLOG_MOST:
            self._unsaved.append(one)
        else:
            self._ahead.pop(one.ticket, None)
            self._actions.append(Answered(one.ticket, Taken.NEVER))
        self._save_soon(now)

    def _write_down(self, transaction: Transaction) -> None:
        """At once, not when the store has failed for good: the process may end before."""
        if replace(transaction, clock=None, once="") != _NOTHING:
            self._actions.append(WriteDown(transaction))
        if not self._is_journalled:
            self._is_journalled = True
            self._actions += [WriteDown(picture) for picture in self._pictures()]

    def _pictures(self) -> Iterator[Transaction]:
        """Each open alarm as memory has it: the store may be gone with what it had."""
        most_acute = sorted(self._cases.alarms.values(), key=lambda a: (a.technical, -a.level.rank))
        for alarm in most_acute[:PICTURED_MOST]:
            yield Transaction(
                alarms=(AlarmWrite(alarm, alarm.rev),),
                notices=tuple(self._cases.notices_of(alarm.id)),
                links=tuple(self._cases.links_of(alarm.id)),
            )

    # Saving what failed

    def _save_soon(self, now: datetime) -> None:
        if self._retry_at is None and not self._saving:
            self._retry_at = now + RETRY_EVERY

    def _save_on(self, now: datetime) -> None:
        """The next piece; then the journal has done its work; then all is well."""
        if self._unsaved:
            self._saving = True
            first = self._unsaved[0]
            self._actions.append(Commit(first.ticket, first.outcome.transaction))
        elif self._is_journalled and self._given_up:
            self._retry_at = now + RETRY_EVERY
        elif self._is_journalled:
            self._saving, self._is_journalled = True, False
            self._actions.append(ReadBack(self._takes_over))
        else:
            self._say("everything unsaved is stored again", serious=False)
            self._actions.append(Restored("journal"))
            if not self._given_up:
                self._actions.append(Restored("store"))

    def _saved(self, now: datetime) -> None:
        one = self._unsaved.popleft()
        self._saving = False
        self._ahead.pop(one.ticket, None)
        self._note_committed(one.outcome.transaction)
        self._mark_unstored(one.outcome, False)
        self._actions.append(Answered(one.ticket, Taken.STORED))
        self._actions.append(Perform(_promises(one.outcome)))
        self._save_on(now)

    def _not_saved(self, why: TilkaldError, now: datetime) -> None:
        self._saving = False
        first = self._unsaved[0]
        if isinstance(why, Conflict):
            # The stored alarm went on without this decision, or the store is another one now.
            self._say("an unsaved decision does not fit what is stored", error=why)
            self._saving = True
            known = (*self._pictures(), first.outcome.transaction)
            self._actions.append(Settle(first.ticket, known))
        elif isinstance(why, Unstorable):
            self._say("an outcome cannot be stored", error=why)
            self._unsaved.popleft()
            self._ahead.pop(first.ticket, None)
            self._actions.append(Answered(first.ticket, Taken.NEVER))
            self._save_on(now)
        else:
            self._try_again(why, now)

    def _try_again(self, why: TilkaldError, now: datetime) -> None:
        self._actions.append(Degraded("store", NOT_STORED, (("why", why),)))
        self._retry_at = now + RETRY_EVERY

    # What the store has

    def _is_ours(self, transaction: Transaction) -> bool:
        """Whether an earlier state of one of these alarms never reached the store, or the journal
        brings a later one that is not taken over yet."""
        return self._takes_over or any(
            self._committed_rev.get(write.key, 0) != write.seen_rev
            for write in _case_writes(transaction)
        )

    def _note_committed(self, transaction: Transaction) -> None:
        for write in _case_writes(transaction):
            if write.is_open:
                self._committed_rev[write.key] = write.rev
            else:
                self._committed_rev.pop(write.key, None)

    def _mark_unstored(self, outcome: Outcome, unstored: bool) -> None:
        for write in outcome.transaction.alarms:
            alarm = self._cases.get(write.alarm.id)
            if alarm is not None and alarm.unstored is not unstored:
                self._cases.keep(replace(alarm, unstored=unstored))

    def _say(self, what: str, *, serious: bool = True, **fields: object) -> None:
        self._actions.append(Log(what, tuple(fields.items()), serious))


class _Write(NamedTuple):
    """One case of whatever kind, as a transaction writes it."""

    key: CaseKey
    seen_rev: int
    rev: int
    is_open: bool


def _case_writes(transaction: Transaction) -> Iterator[_Write]:
    for write in transaction.alarms:
        alarm = write.alarm
        yield _Write((ALARM, alarm.id), write.seen_rev, alarm.rev, alarm.open)
    for one in transaction.cases:
        case = one.case
        yield _Write((case.kind, case.id), one.seen_rev, case.rev, case.open)


def _promises(outcome: Outcome) -> Outcome:
    tell = tuple(tell for tell in outcome.tell if tell.type in _PROMISES)
    return Outcome(tell=tell, changed=outcome.changed)


def _without_promises(outcome: Outcome) -> Outcome:
    tell = tuple(tell for tell in outcome.tell if tell.type not in _PROMISES)
    return replace(outcome, tell=tell)
