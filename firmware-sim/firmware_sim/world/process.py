"""The dispatcher as one process on virtual time: the real core, pictures and store, no threads.

It does in plain steps what `dispatcher.engine` does with tasks: decide, commit in order, perform
after the commit, hand each notice over, report its fate. Every arrow between two steps is an entry
of the agenda, so that the process can die on any of them (law 5).
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from alarms.model import Alarm, Cause, Notice, TellType
from alarms.vocabulary import LostWhy
from core.errors import Conflict, DomainError, StoreUnavailable
from core.freshness import Lowers, is_fresh, said_at
from core.signals import AnswerKind, ReceiptState, Signal, SignalType
from core.values import replace
from devices.findings import State
from dispatcher.channels.desk import AnswerOutcome, Source
from dispatcher.channels.rows import CHANNELS
from dispatcher.channels.wearer import Tell
from dispatcher.engine.core import Core, word_of
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.organisation import Organisation
from dispatcher.store.journal.replay import Replaying
from dispatcher.store.ports import NoticeMove, Transaction
from dispatcher.store.states import storable
from firmware_sim.world.agenda import Agenda
from firmware_sim.world.witness import WitnessedStore

COMMIT_TAKES = timedelta(milliseconds=2)
HAND_OVER_TAKES = timedelta(milliseconds=1)
RETRY_EVERY = timedelta(seconds=1)
PATIENCE = timedelta(seconds=1)
"""How long the store may be silent before help goes on from memory."""

LOOK_AGAIN = timedelta(milliseconds=250)
AT_ONCE_MOST = 500
"""Due alarms handled at one moment; more would be a moment that does not move on."""

Result = TypeVar("Result")


class Outside(Protocol):
    """Where things go that leave the process."""

    def hand_over(self, notice: Notice) -> None:
        """To the channel. Its fate comes back as `Process.moved`."""
        ...

    def tell(self, tell: Tell) -> None: ...

    def acknowledge(self, signal: Signal) -> None:
        """The line's own acknowledgement: what the device said is kept (law 1)."""
        ...

    def decided(self, work: Outcome) -> None: ...

    journal: list[bytes]
    """The emergency journal, on a disk of its own."""

    def name_unit(self) -> str:
        """A name no unit had before, so that each counts once."""
        ...


@dataclass(slots=True)
class _Piece:
    """One piece of work on its way to the store, and the signals it answers."""

    work: Outcome
    signals: tuple[Signal, ...]
    since: datetime
    performed: bool = False


class Eyes:
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

    core_type: type[Core] = Core

    def __init__(
        self, store: WitnessedStore, agenda: Agenda, organisation: Organisation, outside: Outside
    ) -> None:
        self.store = store
        self.agenda = agenda
        self.outside = outside
        self.life = agenda.life
        self.organisation = organisation
        self.started = agenda.clock.now()
        self.pictures = SitePictures(organisation, at_once(store.presence()), Eyes())
        self.core = self.core_type(self.pictures, CHANNELS)
        self.pictures.watch_over(self.core.book)
        self.in_hand: dict[str, Notice] = {}
        self.unsaved: list[_Piece] = []
        self._line: list[_Piece] = []
        self._under_way: dict[str, None] = {}
        self._stored = {row.identity: None for row in at_once(store.last_heard())}
        self._woken_for: object = None

    # Life

    def start(self) -> None:
        """Take over what journal and store hold, finish what was being sent, run what is due."""
        self._replay()
        alarms: Sequence[Alarm] = at_once(self.store.open_alarms())
        notices = [n for a in alarms for n in at_once(self.store.notices(a.id))]
        self.core.load(alarms, notices)
        self._send_again(at_once(self.store.unfinished_notices()))
        works, held = self.core.hold_overdue(self.at)
        for work in (*works, self.core.review(self.at)):
            self.do(work)
        if held:
            places = "; ".join(alarm.place.label or alarm.id for alarm in held)
            self.do(self.core.technical("held", places, held[0].site, "", self.at))
        self.run_due(late=True)
        for alarm in self.core.book.alarms.values():
            self._tell_present_state(alarm)

    @property
    def at(self) -> Moment:
        return Moment(self.agenda.clock.now(), self.agenda.clock.wall())

    def _replay(self) -> None:
        replaying = Replaying(self.store)
        for line in self.outside.journal:
            at_once(replaying.take(line))
        self.outside.journal.clear()

    # What comes in

    def take(self, signal: Signal) -> None:
        """A signal, marked when it is a copy of one that is stored, as intake does.

        A copy of one that is under way waits for the commit of that.
        """
        if signal.identity in self._under_way:
            return
        signal = replace(signal, repeat=signal.identity in self._stored)
        self._under_way[signal.identity] = None
        match signal.type:
            case SignalType.ALARM | SignalType.CANCEL | SignalType.RESTORE:
                work = self.core.signal(signal, self.at)
            case SignalType.TEST:
                work = self.core.test(signal, self.at)
            case SignalType.CHECK_IN | SignalType.CHECK_OUT if signal.person is not None:
                work = self._presence(signal)
            case _:
                work = Outcome(Transaction(signals=() if signal.repeat else (signal,)))
        self.do(work, signal)

    def _presence(self, signal: Signal) -> Outcome:
        leaving = signal.type is SignalType.CHECK_OUT
        if leaving and not is_fresh(said_at(signal), self.at.now, Lowers.CHECK_OUT):
            return self.core.left_long_ago(signal, self.at)
        if signal.repeat or not self.pictures.present(word_of(signal)):
            return self.core.noted(signal, self.at)
        return self.core.presence(signal, self.at)

    def answer(
        self, notice_id: str, answer: AnswerKind, source: Source, said: datetime | None = None
    ) -> str:
        """An answer from somewhere: it counts only from where its notice was sent (law 6)."""
        notice = self.core.book.notices.get(notice_id) or at_once(self.store.notice(notice_id))
        if notice is None:
            return AnswerOutcome.NOT_YOURS
        outcome, work = self.core.answer_from(notice, answer, source, self.at, said)
        self.do(work)
        return outcome

    def close(self, alarm_id: str, rev: int, person: str) -> str:
        """The console's close; empty, or the code it is refused with."""
        cause = Cause.NOT_NEEDED_ANY_MORE
        try:
            self.do(self.core.close(alarm_id, rev, person, cause, "", self.at))
        except DomainError as refused:
            return refused.code
        return ""

    def moved(self, notice_id: str, state: ReceiptState, detail: str = "", ref: str = "") -> None:
        """What a channel says of a notice."""
        self.in_hand.pop(notice_id, None)
        self.do(self.core.receipt(notice_id, state, detail, ref, self.at))

    def silent(self, device: str, person: str | None) -> None:
        self.pictures.unreachable((device,), "silent")
        key = f"silent:{device}"
        self.do(self.core.technical(key, f"{device} is silent", "", device, self.at))
        if person is not None:
            self.do(self.core.lost(person, LostWhy.DEVICE_LOST, self.at))

    def heard_again(self, device: str) -> None:
        self.pictures.unreachable((device,), None)
        self.do(self.core.recovered(f"silent:{device}", self.at))

    def configure(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.pictures.configure(organisation)
        self.do(self.core.review(self.at))

    # Deciding, committing, performing

    def do(self, work: Outcome, *signals: Signal) -> None:
        """One more piece for the line into the store; the clock is set anew."""
        if work != Outcome():
            self.outside.decided(work)
            self._line.append(_Piece(work, signals, self.at.now))
            self._soon(COMMIT_TAKES, "commit", self._commit)
        self.arm()

    def run_due(self, late: bool = False) -> None:
        for _ in range(AT_ONCE_MOST):
            moment = self.core.next_moment()
            if moment is None or moment > self.at.now:
                break
            self.do(self.core.due(self.at, late))
        else:
            raise AssertionError("a moment that does not move on")
        self.arm()

    def arm(self) -> None:
        """One alarm clock at the earliest moment of all."""
        moment = self.core.next_moment()
        if moment is not None and moment != self._woken_for:
            self._woken_for = moment
            self.agenda.at(moment, "wake", self._wake, life=self.life)

    def _wake(self) -> None:
        self._woken_for = None
        self.run_due()

    def _commit(self) -> None:
        """The next piece of the line, once the disk answers."""
        if self.store.hangs:
            self._call_ahead()
            self._soon(LOOK_AGAIN, "the disk hangs", self._commit)
            return
        piece = self._line.pop(0)
        if self.unsaved or not self._is_stored(piece.work.transaction):
            self._unstored(piece)
        else:
            self._committed(piece)
            self._all_is_stored()

    def _is_stored(self, unit: Transaction) -> bool:
        try:
            self.store.commit_now(unit)
        except (StoreUnavailable, Conflict):
            return False
        return True

    def _call_ahead(self) -> None:
        """A disk that hangs does not hold help up: what has waited is called from memory."""
        for piece in self._line:
            if self.at.now - piece.since >= PATIENCE:
                self._from_memory(piece)

    def _from_memory(self, piece: _Piece) -> None:
        """Only what promises storage waits (law 1); the emergency journal has it meanwhile."""
        if piece.performed:
            return
        piece.performed = True
        if piece.work.transaction != Transaction():
            named = replace(piece.work.transaction, once=self.outside.name_unit())
            piece.work = replace(piece.work, transaction=named)
            self.outside.journal.append(msgspec.json.encode(storable(named)))
        tells = tuple(tell for tell in piece.work.tell if not _promise(tell))
        self.perform(replace(piece.work, tell=tells))

    def _unstored(self, piece: _Piece) -> None:
        self._from_memory(piece)
        if not self.unsaved:
            self._soon(RETRY_EVERY, "retry", self._offer_again)
        self.unsaved.append(piece)

    def _offer_again(self) -> None:
        """In the order it was decided, piece by piece; then the journal has done its work."""
        while self.unsaved and not self.store.hangs:
            if not self._is_stored(self.unsaved[0].work.transaction):
                break
            self._committed(self.unsaved.pop(0))
        if self.unsaved:
            self._soon(RETRY_EVERY, "retry", self._offer_again)
        else:
            self._all_is_stored()

    def _all_is_stored(self) -> None:
        """The journal has done its work."""
        if not self.is_ahead:
            self.outside.journal.clear()

    def _committed(self, piece: _Piece) -> None:
        """Stored, if late: the promises go out, and every device is acknowledged."""
        self._stored |= {signal.identity: None for signal in piece.work.transaction.signals}
        promises = Outcome(tell=tuple(tell for tell in piece.work.tell if _promise(tell)))
        self.perform(promises if piece.performed else piece.work)
        for signal in piece.signals:
            self._under_way.pop(signal.identity, None)
            self.outside.acknowledge(signal)

    def perform(self, work: Outcome) -> None:
        for tell in work.tell:
            self.outside.tell(tell)
        for notice in work.send:
            self.send(notice)

    def send(self, notice: Notice) -> None:
        self.in_hand[notice.id] = notice
        self._soon(HAND_OVER_TAKES, f"send {notice.channel}", lambda: self._in_lane(notice))

    def _in_lane(self, notice: Notice) -> None:
        """Looked at once more; what may wait is committed as `sending` before the attempt."""
        if notice.about in self.in_hand:
            self._soon(RETRY_EVERY, "queue behind", lambda: self._in_lane(notice))
            return
        if CHANNELS[notice.channel].immediate:
            self.hand_over(notice)
        elif why := self.core.why_not(notice, self.at):
            self.moved(notice.id, ReceiptState.WITHDRAWN, why)
        else:
            if notice.state is ReceiptState.PENDING:
                self.do(Outcome(Transaction(moves=(self.core.sending(notice.id, self.at),))))
            self._soon(COMMIT_TAKES, "hand over", lambda: self.hand_over(notice))

    def hand_over(self, notice: Notice) -> None:
        if why := self.core.why_not(notice, self.at):
            self.moved(notice.id, ReceiptState.FAILED_PERMANENT, f"not sent: {why}")
            return
        self.outside.hand_over(notice)

    # After a start

    def _send_again(self, unfinished: Sequence[Notice]) -> None:
        doubtful = [n for n in unfinished if n.state is ReceiptState.SENDING]
        maybe = ReceiptState.MAYBE_SENT
        moves = tuple(NoticeMove(n.id, maybe, self.at.now) for n in doubtful)
        if moves:
            self.do(Outcome(Transaction(moves=moves)))
        for notice in unfinished:
            again = replace(notice, state=maybe) if notice in doubtful else notice
            self.core.book.keep_notice(again)
            self.send(again)

    def _tell_present_state(self, alarm: Alarm) -> None:
        """What the wearers would know had nothing happened to us (law 7)."""
        state = alarm.escalation
        if state is None or not alarm.pressers or alarm.technical:
            return
        points = [call.standpoint for call in state.calls]
        kinds = [TellType.RECEIVED]
        if "arrived" in points:
            kinds.append(TellType.ARRIVED)
        elif "accepted" in points:
            kinds.append(TellType.ACCEPTED)
        elif state.told_nobody_yet:
            kinds.append(TellType.NOBODY_YET)
        for presser in alarm.pressers:
            for kind in kinds:
                self.outside.tell(
                    Tell(presser.device, kind, alarm.id, alarm.rev, self.at.now, seq=presser.seq)
                )

    @property
    def is_ahead(self) -> bool:
        """Help goes on from memory: the store has not all of it yet."""
        return bool(self.unsaved) or any(piece.performed for piece in self._line)

    def is_committing(self, notice_id: str) -> bool:
        """It is new, or its last word is on its way into the store."""
        return any(
            any(n.id == notice_id for n in work.transaction.notices)
            or any(m.notice == notice_id for m in work.transaction.moves)
            for work in (piece.work for piece in self._line)
        )

    def _soon(self, wait: timedelta, what: str, action: Any) -> None:
        self.agenda.after(wait, what, action, life=self.life)


def _promise(tell: Tell) -> bool:
    return tell.type in (TellType.RECEIVED, TellType.TEST_OK)
