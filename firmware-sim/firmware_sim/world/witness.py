"""What really happened, seen from outside: what left the house, what the store kept, who said what.

The laws are checked against this and never against what the deciding says of itself alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from alarms.model import Alarm, Notice, TellType
from alarms.receipts import UNFINISHED
from alarms.vocabulary import Timeline
from core.errors import TilkaldError
from core.signals import AnswerKind, ReceiptState, Signal, SignalType
from dispatcher.engine.outcome import Outcome
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import Transaction

LEFT = (ReceiptState.SENT, ReceiptState.DELIVERED, ReceiptState.READ)


@dataclass(slots=True)
class HandOver:
    """One notice given to its channel: how often, and whether it was stored the first time."""

    times: int
    stored: bool


@dataclass(slots=True)
class Witness:
    """Facts, each kept no longer than a law needs it, and every breach a fact itself shows."""

    tried: Counter[str] = field(default_factory=Counter)
    handed: dict[str, HandOver] = field(default_factory=dict)
    told: dict[tuple[str, TellType], datetime] = field(default_factory=dict)
    owed_received: dict[tuple[str, int | None], datetime | None] = field(default_factory=dict)
    accepted_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    arrived: dict[tuple[str, str], None] = field(default_factory=dict)
    last_call: dict[str, datetime] = field(default_factory=dict)
    last_round: dict[str, datetime] = field(default_factory=dict)
    nobody_since: dict[str, datetime] = field(default_factory=dict)
    unheard: dict[str, datetime] = field(default_factory=dict)
    alone: dict[str, datetime] = field(default_factory=dict)
    to_leave: dict[str, datetime] = field(default_factory=dict)
    with_channel: dict[str, datetime] = field(default_factory=dict)
    lapsed: dict[tuple[str, str], None] = field(default_factory=dict)
    lapsing: dict[tuple[str, str], None] = field(default_factory=dict)
    pressed: dict[str, None] = field(default_factory=dict)
    breaches: list[tuple[int, str, str]] = field(default_factory=list)

    def breach(self, law: int, claim: str, about: str) -> None:
        """A fact that is itself against a law."""
        self.breaches.append((law, claim, about))

    def died(self) -> None:
        """What the process only meant to do is nobody's memory."""
        for kept in (self.owed_received, self.last_round, self.unheard, self.alone, self.to_leave):
            kept.clear()
        self.with_channel.clear()
        self.lapsing.clear()

    def read_presses(self, work: Outcome, now: datetime) -> None:
        """A new press in an alarm that goes on is heard by somebody, and answered or widened.

        One that is said once more after a crash may be in its alarm already.
        """
        presses = [s for s in work.transaction.signals if s.type is SignalType.ALARM]
        pressed = [s.device for s in presses if s.identity not in self.pressed]
        self.pressed |= {s.identity: None for s in presses}
        for alarm in (write.alarm for write in work.transaction.alarms):
            theirs = any(presser.device in pressed for presser in alarm.pressers)
            if theirs and alarm.open and not alarm.technical:
                self.unheard.setdefault(alarm.id, now)
                self.alone.setdefault(alarm.id, now)

    def read_lapses(self, work: Outcome) -> None:
        """Who did not come is known when it is decided, and for good when it is stored."""
        self.lapsing |= {lapse: None for lapse in lapses(work.transaction)}

    def answered(self, alarm_id: str, answer: AnswerKind) -> None:
        """A person said something about it; who comes or is there since a press knows of it."""
        self.alone.pop(alarm_id, None)
        if answer in (AnswerKind.ACCEPT, AnswerKind.ARRIVED):
            self.unheard.pop(alarm_id, None)

    def forget(self, alarm_id: str) -> None:
        """A closed alarm needs no watching any more."""
        for kept in (
            *(self.last_call, self.last_round, self.nobody_since),
            *(self.unheard, self.alone),
        ):
            kept.pop(alarm_id, None)
        for kind in TellType:
            self.told.pop((alarm_id, kind), None)


class WitnessedStore(MemoryStore):
    """The store in memory, with somebody who reads every transaction as it is written."""

    def __init__(self, witness: Witness) -> None:
        super().__init__(salt=lambda: b"the same in every run")
        self.witness = witness
        self.hangs = False
        self.stored_signals: dict[str, None] = {}
        self.stored_presses: dict[tuple[str, int | None], None] = {}
        self._failed_at: datetime | None = None
        self.unfinished: dict[str, ReceiptState] = {}
        self._steps: dict[str, list[str]] = {}

    def knows(self, notice_id: str) -> bool:
        return notice_id in self._notices

    def rev_of(self, alarm_id: str) -> int | None:
        alarm = self._alarms.get(alarm_id)
        return alarm.rev if alarm is not None else None

    def works_since(self, now: datetime) -> datetime | None:
        """Since when it has neither failed nor hung; None: it does."""
        if self.hangs or self.fail_with is not None:
            self._failed_at = now
        return None if self._failed_at == now else self._failed_at

    def state_of(self, notice_id: str) -> ReceiptState | None:
        box = self._notices.get(notice_id)
        return box.notice.state if box is not None else None

    def commit_now(self, unit: Transaction) -> None:
        before = {w.alarm.id: self._alarms.get(w.alarm.id) for w in unit.alarms}
        try:
            super().commit_now(unit)
        except TilkaldError:
            self.witness.tried["commits refused"] += 1
            raise
        self.witness.tried["commits"] += 1
        for write in unit.alarms:
            self._read_alarm(before[write.alarm.id], write.alarm)
        for signal in unit.signals:
            self._read_signal(signal, unit)
        for notice in unit.notices:
            self._follow(notice.id)
        for move in unit.moves:
            self._read_move(move.notice, move.state)
        self._read_timeline(unit)

    def _read_alarm(self, before: Alarm | None, alarm: Alarm) -> None:
        if before is not None and alarm.rev <= before.rev:
            self.witness.breach(5, "rev strictly rises", f"{alarm.id} {before.rev}→{alarm.rev}")
        if before is not None and not before.open:
            self.witness.breach(6, "what is closed stays closed", alarm.id)

    def _read_signal(self, signal: Signal, unit: Transaction) -> None:
        if signal.identity in self.stored_signals:
            return  # the emergency journal brought it once more
        self.stored_signals[signal.identity] = None
        self.stored_presses[signal.device, signal.reading.seq] = None
        if signal.type is SignalType.ALARM:
            self.witness.owed_received[signal.device, signal.reading.seq] = None
        if signal.type is SignalType.ALARM and not self._is_in_an_alarm(signal, unit):
            self.witness.breach(1, "a stored press is in an alarm", signal.identity)

    def _is_in_an_alarm(self, signal: Signal, unit: Transaction) -> bool:
        """An open one, or one this unit writes: it may have closed while nothing was stored."""
        alarms = (*(write.alarm for write in unit.alarms), *self._open_alarms())
        return any(p.device == signal.device for alarm in alarms for p in alarm.pressers)

    def _read_move(self, notice_id: str, state: ReceiptState) -> None:
        self._follow(notice_id)
        if state in LEFT and notice_id not in self.witness.handed:
            self.witness.breach(5, "what counts as sent was handed over", notice_id)

    def _follow(self, notice_id: str) -> None:
        state = self.state_of(notice_id)
        if state in UNFINISHED:
            self.unfinished[notice_id] = state
        else:
            self.unfinished.pop(notice_id, None)

    def _read_timeline(self, unit: Transaction) -> None:
        """Within one plan snapshot every step runs once, until the calling begins anew."""
        self.witness.lapsed |= {lapse: None for lapse in lapses(unit)}
        for entry in unit.timeline:
            if entry.what in ("opened", "raised", "anew"):
                self._steps[entry.alarm] = []
            elif entry.what == "step":
                done = self._steps.setdefault(entry.alarm, [])
                number = entry.body.partition('"number":"')[2].partition('"')[0]
                if number in done:
                    about = f"{entry.alarm} step {number}"
                    self.witness.breach(5, "no step is completed twice", about)
                done.append(number)
            elif entry.what == Timeline.CLOSED:
                self._steps.pop(entry.alarm, None)


def lapses(unit: Transaction) -> list[tuple[str, str]]:
    """The alarms and people of accepts whose time is over."""
    return [
        (entry.alarm, entry.body.partition('"person":"')[2].partition('"')[0])
        for entry in unit.timeline
        if entry.what == "accept_lapsed"
    ]


def kind_of(notice: Notice) -> str:
    """How a hand-over is counted in the report."""
    return f"{notice.channel}: {notice.purpose}"
