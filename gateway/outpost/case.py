"""One victim nobody there knows of: who was called about them, who is there, what is due. Pure.

A new press of theirs is new need: whoever is there or coming hears it at once, and unless they say
something others are called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.signals import AlarmKind, AnswerKind, Level, Signal
from core.values import replace

AGAIN_LEAST = timedelta(seconds=5)
"""Law 4: and never closer than this, whatever is answered."""

ACCEPT_HOLDS = timedelta(seconds=180)
"""The longest an accept is waited for (law 2); then everybody is called again."""

HERE_HOLDS = timedelta(minutes=10)
"""Whoever has arrived is asked this often whether it is over (law 2)."""

ANSWERED_WITHIN = timedelta(seconds=20)
"""Who is there or coming says something to a new press by then, or others are called."""

TAKEN_FOR_GRANTED_FOR = timedelta(minutes=5)
"""Who said nothing for longer may have left: at a new press others are called beside them."""

NEWS_PACE = timedelta(seconds=15)
"""Presses are told to those at once, then at most this often."""

OVER_COUNTS_AFTER = timedelta(seconds=15)
"""That it is over, said sooner after another press, was said without knowing of it."""

OTHERS_ASKED_FROM = 2
"""So often it is asked in vain whether it is over; from then on everybody here is asked."""

OF_ONE_CASE_MAX = 50
"""Presses of one case; past this the oldest is no longer told of by itself."""

SAYS_PRESENT = (AnswerKind.SEEN, AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.MORE_HELP)
"""Not that it is over: that may have been said before the press was heard."""


@dataclass(slots=True)
class Case:
    """One victim nobody there knows of. `due`: when colleagues are called next; None: it is over.

    `untold`: presses whose wearer is to be told, and when. `coming`: until then they are waited
    for. `more`: whoever is there wants more help. `again`: when whoever is there or coming hears of
    a new press, `answer_by`: when others are called unless they say something, `since`: when the
    first press came that nobody has answered. `not_counted`: who said nothing, or did not come
    before; they are followed, and not waited for.
    """

    id: str
    signal: Signal
    due: datetime | None
    presses: dict[str, Signal] = field(default_factory=dict)
    untold: dict[str, datetime] = field(default_factory=dict)
    rung_at: datetime | None = None
    times: int = 0
    notices: dict[str, str] = field(default_factory=dict)
    coming: dict[str, datetime] = field(default_factory=dict)
    here: dict[str, None] = field(default_factory=dict)
    declined: dict[str, None] = field(default_factory=dict)
    says_over: bool = False
    more: bool = False
    pressed: int = 1
    again: datetime | None = None
    again_told_at: datetime | None = None
    pressed_at: datetime | None = None
    since: datetime | None = None
    answer_by: datetime | None = None
    said_at: dict[str, datetime] = field(default_factory=dict)
    not_counted: dict[str, None] = field(default_factory=dict)
    let_down: dict[str, None] = field(default_factory=dict)
    over_unanswered: int = 0

    @property
    def level(self) -> Level:
        return self.signal.level or Level.RED

    @property
    def is_over(self) -> bool:
        return self.due is None

    @property
    def wake_at(self) -> datetime | None:
        moments = (self.due, self.again, self.answer_by, *self.untold.values())
        return min((at for at in moments if at is not None), default=None)

    def soon(self, now: datetime) -> datetime:
        """As soon as the law lets another round be."""
        return now if self.rung_at is None else max(now, self.rung_at + AGAIN_LEAST)

    def holds(self, now: datetime) -> bool:
        """Whether somebody is there, or on their way and not late, and is counted on."""
        return bool(self.counted(now))

    def counted(self, now: datetime) -> list[str]:
        """Who is there, or on their way and not late, and said so since they were last asked."""
        here = [device for device in self.here if device not in self.not_counted]
        coming = (device for device, until in self.coming.items() if until > now)
        return here + [d for d in coming if d not in self.here and d not in self.not_counted]

    def follow(self, device: str, now: datetime) -> bool:
        """Somebody accepts; whether they are waited for: not who did not come once."""
        self.declined.pop(device, None)
        until = self.coming.get(device)
        if until is not None and until <= now:
            self.let_down[device] = None
        if until is None or until <= now:
            self.coming[device] = now + ACCEPT_HOLDS
        if device in self.let_down and device not in self.here:
            self.not_counted[device] = None
            return False
        self.more, self.answer_by = False, None
        if not self.is_over:
            self.due = self._looked_at_next(now)
        return True

    def arrive(self, device: str, now: datetime) -> None:
        self.here[device] = None
        self.not_counted.pop(device, None)
        self.due, self.answer_by = now + HERE_HOLDS, None

    def leave(self, device: str, now: datetime) -> bool:
        """Somebody is not to be counted on; whether they were."""
        was_counted_on = device in self.counted(now)
        if device in self.coming and device not in self.here:
            self.let_down[device] = None
        self.coming.pop(device, None)
        self.here.pop(device, None)
        self.declined[device] = None
        return was_counted_on

    def hear(self, device: str, answer: AnswerKind, said: datetime | None, now: datetime) -> bool:
        """Somebody says something; whether that answers a press, or counts them again.

        `said`: when; None: nobody knows, so it may have been before the press.
        """
        if answer is AnswerKind.RANG or self.is_over:
            return False
        self.over_unanswered = 0
        if said is None or (self.since is not None and said < self.since):
            return False
        self.said_at[device] = said
        there = device in self.here or (device in self.coming and device not in self.let_down)
        if answer not in SAYS_PRESENT or not there:
            return False
        asked = self.answer_by is not None or device in self.not_counted
        self.not_counted.pop(device, None)
        self.answer_by = None
        if asked:
            self.due = self._looked_at_next(now)
        return asked

    def nobody_answered(self, now: datetime) -> None:
        """Whoever is there or coming said nothing to a new press: others are called."""
        self.answer_by = None
        self.not_counted |= dict.fromkeys(self.counted(now))
        self.due = self.soon(now)

    def may_be_over(self, now: datetime) -> bool:
        """Not right after another press: that was said before the press was heard."""
        return self.pressed_at is None or now - self.pressed_at >= OVER_COUNTS_AFTER

    def _looked_at_next(self, now: datetime) -> datetime:
        """An accept said again and again holds nobody back for longer."""
        return now + HERE_HOLDS if self.here else max(self.coming.values())


def pressed_again(case: Case, signal: Signal, due: datetime, now: datetime) -> None:
    """Somebody who has pressed presses again: whoever is there or coming hears it and answers."""
    before, is_worse = case.signal, _weight(signal) > _weight(case.signal)
    is_new = not any(_is_same_press(one, signal) for one in case.presses.values())
    if is_worse:
        case.signal = signal
    elif not _is_weapon(before):
        case.signal = replace(signal, level=before.level)
    if case.is_over:
        for said in (case.here, case.coming, case.declined, case.not_counted, case.let_down):
            said.clear()
    case.says_over = False
    if is_new or is_worse:
        case.pressed += is_new
        _new_need(case, is_worse, now)
    if is_worse or not case.holds(now):
        case.more = case.more or (is_worse and bool(case.here))
        case.due = due if case.due is None else min(case.due, due)


def _new_need(case: Case, is_worse: bool, now: datetime) -> None:
    """They hear it now, or when their turn comes; who said nothing for long is not waited for."""
    case.pressed_at, told = now, case.again_told_at
    if not case.here and not case.coming:
        return
    case.again = now if told is None or is_worse else max(now, told + NEWS_PACE)
    lately = now - TAKEN_FOR_GRANTED_FOR
    silent = [d for d in case.counted(now) if case.said_at.get(d, lately) <= lately]
    case.not_counted |= dict.fromkeys(silent)
    if case.answer_by is None:
        case.since = now
        case.answer_by = now + ANSWERED_WITHIN if case.holds(now) else None


def _is_same_press(one: Signal, other: Signal) -> bool:
    """One press in other words, e.g. with a position by now; what has no number is a new one."""
    was, fresh = one.reading, other.reading
    named = (one.device, was.boot, one.epoch, was.seq)
    return fresh.seq is not None and named == (other.device, fresh.boot, other.epoch, fresh.seq)


def _weight(signal: Signal) -> tuple[bool, int]:
    return _is_weapon(signal), (signal.level or Level.RED).rank


def _is_weapon(signal: Signal) -> bool:
    return signal.reading.kind is AlarmKind.WEAPON


def shorten(kept: dict[str, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
