"""The dispatcher as one process on virtual time: the engine that the service runs, run in steps.

What asyncio, a disk and a network do for the service, the agenda does here: everything the engine
asks for is an entry of it, so that the process can die between any two steps (law 5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from alarms.model import Cause, Notice
from alarms.vocabulary import LostWhy
from core.errors import DomainError, StoreUnavailable, TilkaldError
from core.signals import AnswerKind, ReceiptState, Signal, Taken
from core.values import replace
from core.words import words
from devices.findings import State
from dispatcher.channels.desk import AnswerOutcome, Source
from dispatcher.channels.rows import CHANNELS
from dispatcher.channels.wearer import Tell
from dispatcher.engine.actions import (
    Action,
    Answered,
    Commit,
    HandOver,
    ReadBack,
    Settle,
    Sound,
    Ticket,
    WriteDown,
)
from dispatcher.engine.commit_line import CommitLine
from dispatcher.engine.health import LOCALES
from dispatcher.engine.kinds import KINDS
from dispatcher.engine.machine import Machine
from dispatcher.engine.outcome import Do, Moment, Outcome
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.model import Language
from dispatcher.roster.organisation import Organisation
from dispatcher.safety.self_check import SELF_CHECK, THE_SERVICE, CameBack, Press
from dispatcher.store.journal.replay import Replaying, Settling
from dispatcher.store.states import storable
from firmware_sim.world.agenda import Agenda, Planned
from firmware_sim.world.witness import WitnessedStore

COMMIT_TAKES = timedelta(milliseconds=2)
ANSWER_TAKES = timedelta(milliseconds=1)
"""From the disk back to the process: it may die knowing nothing of what is stored."""

OWN_PRESS_TAKES = timedelta(milliseconds=20)
LOOK_AGAIN = timedelta(milliseconds=250)
"""How long a disk that hangs is left alone."""

Result = TypeVar("Result")


class Outside(Protocol):
    """Where things go that leave the process."""

    def hand_over(self, notice: Notice) -> None:
        """To the channel. What it returns comes back as `Process.returned`."""
        ...

    def tell(self, tell: Tell) -> None: ...

    def acknowledge(self, signal: Signal) -> None:
        """The line's own acknowledgement: what the device said is kept (law 1)."""
        ...

    def decided(self, outcome: Outcome) -> None: ...

    journal: list[bytes]
    """The emergency journal, on a disk of its own."""

    def new_name(self) -> str:
        """A name nothing had before."""
        ...


class WatchedLine(CommitLine):
    """The line into the store, with somebody who reads what is decided the moment it is."""

    watch: Callable[[Outcome], None]

    def gather(self, outcome: Outcome, now: datetime) -> Ticket:
        self.watch(outcome)
        return super().gather(outcome, now)


class WatchedMachine(Machine):
    line_type = WatchedLine


class UnknownDevices:
    """Supervision is another part's work: here nothing is known of any device."""

    def state_of(self, device: str) -> tuple[State, float | None, float | None]:
        return State.UNKNOWN, None, None


def at_once(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What the store in memory answers: it never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise AssertionError("the store in memory waited")


class Process:
    """One life of the dispatcher. After a death another one starts from the same store."""

    machine_type: type[Machine] = WatchedMachine

    def __init__(
        self, store: WitnessedStore, agenda: Agenda, organisation: Organisation, outside: Outside
    ) -> None:
        self.store = store
        self.agenda = agenda
        self.outside = outside
        self.life = agenda.life
        self.organisation = organisation
        self.started = agenda.clock.now()
        self.pictures = SitePictures(organisation, at_once(store.presence()), UnknownDevices())
        self.machine = self.machine_type(
            self.pictures,
            self.pictures,
            CHANNELS,
            lambda: words(Language.ENGLISH, LOCALES),
            outside.new_name(),
            outside.new_name,
            KINDS,
        )
        assert isinstance(self.machine.line, WatchedLine)
        self.machine.line.watch = outside.decided
        self.core = self.machine.core
        self.pictures.watch_over(self.core.open_alarms)
        self.disk: deque[Commit | Settle] = deque()
        self._owed: dict[Ticket, Signal] = {}
        self._under_way: dict[str, None] = {}
        self._stored = {row.identity: None for row in at_once(store.last_heard())}
        self._wakes_at: datetime | None = None
        self._alarm_clock: Planned | None = None

    @property
    def at(self) -> Moment:
        return Moment(self.agenda.clock.now(), self.agenda.clock.wall())

    # Life

    def start(self) -> None:
        """Take over what journal and store hold, finish what was being sent, run what is due."""
        is_read_back = self._journal_is_read_back()
        self.machine.load(
            at_once(self.store.open_alarms()),
            at_once(self.store.open_notices()),
            at_once(self.store.open_links()),
            at_once(self.store.unfinished_notices()),
            at_once(self.store.open_cases()),
            self.at,
        )
        if not is_read_back:
            self.machine.line.read_back_later(self.at.now)
        self.machine.go_on(self.at)
        for alarm in self.core.open_alarms.alarms.values():
            self.machine.tell_present_state(alarm, self.at)
        self.machine.wake(self.at)
        self._run()

    def _journal_is_read_back(self) -> bool:
        replaying = Replaying(self.store)
        try:
            for line in self.outside.journal:
                at_once(replaying.take(line))
        except StoreUnavailable:
            return False
        self.outside.journal.clear()
        return True

    # What comes in

    def take(self, signal: Signal) -> None:
        """A signal, marked when it is a copy of one that is stored, as intake does.

        A copy of one that is under way waits for the commit of that.
        """
        if signal.identity in self._under_way:
            return
        signal = replace(signal, repeat=signal.identity in self._stored)
        self._under_way[signal.identity] = None
        self._owed[self.machine.take(signal, self.at)] = signal
        self._run()

    def answer(
        self, notice_id: str, answer: AnswerKind, source: Source, said: datetime | None = None
    ) -> str:
        """An answer from somewhere: it counts only from where its notice was sent (law 6)."""
        notice = self.core.open_alarms.notices.get(notice_id) or at_once(
            self.store.notice(notice_id)
        )
        if notice is None:
            return AnswerOutcome.NOT_YOURS
        outcome, _ = self.machine.answer(notice, answer, source, self.at, said)
        self._run()
        return outcome

    def close(self, alarm_id: str, rev: int, person: str) -> str:
        """The console's close; empty, or the code it is refused with."""
        cause = Cause.NOT_NEEDED_ANY_MORE
        try:
            self.machine.close(alarm_id, rev, person, cause, "", self.at)
        except DomainError as refused:
            return refused.code
        self._run()
        return ""

    def returned(self, notice_id: str, state: ReceiptState, ref: str = "") -> None:
        """What the call of a channel comes to."""
        if state.failed:
            self.machine.refused(notice_id, state, "", self.at)
        else:
            self.machine.handed_over(notice_id, state, self.at, ref)
        self._run()

    def moved(self, notice_id: str, state: ReceiptState) -> None:
        """What a provider or a device says of a notice later."""
        self.machine.receipt(notice_id, state, self.at)
        self._run()

    def silent(self, device: str, person: str | None) -> None:
        self.pictures.unreachable((device,), "silent")
        self.machine.technical(f"silent:{device}", f"{device} is silent", "", device, self.at)
        if person is not None:
            self.machine.lost(person, LostWhy.DEVICE_LOST, self.at)
        self._run()

    def heard_again(self, device: str) -> None:
        self.pictures.unreachable((device,), None)
        self.machine.recovered(f"silent:{device}", self.at)
        self._run()

    def configure(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.pictures.configure(organisation)
        self.machine.reconfigured(self.at)
        self._run()

    # What the engine asks for

    def _run(self) -> None:
        while actions := self.machine.take_actions(self.at):
            for action in actions:
                self._do(action)
        wake = self.machine.wake_at
        if self._alarm_clock is not None:
            if wake is not None and wake.at == self._wakes_at:
                return
            self.agenda.cancel(self._alarm_clock)
            self._alarm_clock = None
        if wake is not None:
            self._wakes_at, what = wake.at, f"wake: {wake.why}"
            self._alarm_clock = self.agenda.at(wake.at, what, self._wake, life=self.life)

    def _wake(self) -> None:
        self._alarm_clock = None
        self.machine.wake(self.at)
        self._run()

    def _do(self, action: Action) -> None:
        match action:
            case Commit() | Settle():
                self.disk.append(action)
                if len(self.disk) == 1:
                    self._soon(COMMIT_TAKES, "commit", self._turn_the_disk)
            case Answered(ticket=ticket, taken=taken):
                self._answered(ticket, taken)
            case Tell():
                self.outside.tell(action)
            case HandOver(notice=notice):
                self.outside.hand_over(notice)
            case Sound(alarm=alarm):
                self.machine.sounded(alarm.id, 0, self.at)
            case WriteDown(transaction=transaction):
                self.outside.journal.append(msgspec.json.encode(storable(transaction)))
            case Do(effect=Press(seq=seq)):
                self._soon(OWN_PRESS_TAKES, "own press", lambda: self._own_press_is_back(seq))
            case ReadBack(take_over=take_over):
                self._soon(COMMIT_TAKES, "read back", lambda: self._read_back(take_over))
            case _:
                pass  # for pages and logs: nobody looks at them here

    def _own_press_is_back(self, seq: int) -> None:
        """It came the whole way if the store took it: nothing else lies in its way here."""
        if not self.store.hangs and self.store.fail_with is None:
            self.machine.happened(SELF_CHECK, THE_SERVICE, CameBack(seq), self.at)
            self._run()

    def _answered(self, ticket: Ticket, taken: Taken) -> None:
        signal = self._owed.get(ticket)
        if signal is None or taken is Taken.UNSTORED:
            return
        del self._owed[ticket]
        self._under_way.pop(signal.identity, None)
        if taken is Taken.STORED:
            self._stored[signal.identity] = None
            self.outside.acknowledge(signal)

    def _turn_the_disk(self) -> None:
        """One transaction, once the disk answers."""
        if self.store.hangs:
            self._soon(LOOK_AGAIN, "the disk hangs", self._turn_the_disk)
            return
        asked, error = self.disk[0], None
        try:
            self._write(asked)
        except TilkaldError as failed:
            error = failed
        self._soon(ANSWER_TAKES, "stored", lambda: self._disk_answers(error))

    def _disk_answers(self, error: TilkaldError | None) -> None:
        asked = self.disk.popleft()
        if self.disk:
            self._soon(COMMIT_TAKES, "commit", self._turn_the_disk)
        if error is None:
            self.machine.committed(asked.ticket, self.at)
        else:
            self.machine.failed(asked.ticket, error, self.at)
        self._run()

    def _write(self, asked: Commit | Settle) -> None:
        if isinstance(asked, Commit):
            self.store.commit_now(asked.transaction)
            return
        settling = Settling(self.store)
        for transaction in asked.transactions:
            at_once(settling.settle(transaction))

    def _read_back(self, take_over: bool) -> None:
        if self.store.hangs:
            self._soon(LOOK_AGAIN, "the disk hangs", lambda: self._read_back(take_over))
            return
        if not self._journal_is_read_back():
            full = StoreUnavailable("the disk is full")
            self.machine.line.read_back_failed(full, self.at.now)
        else:
            if take_over:
                self.machine.take_over(
                    at_once(self.store.open_alarms()),
                    at_once(self.store.open_notices()),
                    at_once(self.store.open_links()),
                    at_once(self.store.unfinished_notices()),
                    at_once(self.store.open_cases()),
                    self.at,
                )
            self.machine.line.read_back(self.at.now)
        self._run()

    # What the laws look at

    @property
    def is_ahead(self) -> bool:
        """Help goes on from memory: the store has not all of it yet."""
        return bool(self.machine.line.ahead())

    def has_in_hand(self, notice_id: str) -> bool:
        """Whether it is on its way out, or what became of it is on its way into the store."""
        if self.machine.outbox.holds(notice_id) or self.machine.will_send(notice_id):
            return True
        decided = (one.transaction for one in self.machine.receipts)
        waiting = (one.transaction for one in self.machine.line.waiting())
        return any(
            any(notice.id == notice_id for notice in transaction.notices)
            or any(move.notice == notice_id for move in transaction.moves)
            for transaction in (*waiting, *decided)
        )

    def _soon(self, wait: timedelta, what: str, action: Callable[[], None]) -> None:
        self.agenda.after(wait, what, action, life=self.life)
