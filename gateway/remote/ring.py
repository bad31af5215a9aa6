"""Ringing with what is here when nobody there can be reached (design.md section 9). Pure.

A press that the dispatcher has not committed within `RING_AFTER` is told to its wearer as *not
sent*, and to every colleague whose device is connected here, again and again until one of them
accepts or the dispatcher has it. When the dispatcher has the press it calls by its own plan, and
the calls from here end.

The laws of the dispatcher hold here in small: never the presser (3), rounds at most 30 s and at
least 5 s apart (2, 4), an answer counts only from the device that was called, and above yellow only
somebody who was there says that it is over (6). Presses of one person are one case. Nobody's roster
is known here: whoever carries a connected device is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.freshness import Lowers, is_answer_fresh, is_fresh, said_at
from core.ids import derived
from core.signals import AlarmKind, AnswerKind, Level, Signal, SignalType, Standing
from devices.buttons.native import messages
from devices.buttons.native.messages import Head, Page, StandDownReason

RING_AFTER = timedelta(seconds=5)
AGAIN_AFTER = timedelta(seconds=30)
"""Law 2: rounds at most 30 s apart until a person has answered."""

AGAIN_LEAST = timedelta(seconds=5)
"""Law 4: and never closer than this, whatever is answered."""

ACCEPT_HOLDS = timedelta(seconds=180)
"""The longest an accept is waited for (law 2); then everybody is called again."""

HERE_HOLDS = timedelta(minutes=10)
"""Whoever has arrived is asked this often whether it is over (law 2)."""

PRESSES_MAX = 1_000
"""Cases kept in mind; past this one is forgotten: a stranger's first, then one somebody is at."""

OF_ONE_CASE_MAX = 50
"""Presses of one case; past this the oldest is no longer told of by itself."""

NOTICES_MAX = 1_000
"""Devices called about one case."""

_QUIET = (Level.GREEN, Level.YELLOW)


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes for one device."""

    device: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """What a colleague is told: `times` they were called, what the presser has said since."""

    signal: Signal
    times: int
    says_over: bool = False
    is_it_over: bool = False


class House(Protocol):
    """Who is here."""

    def colleagues(self, signal: Signal) -> Sequence[str]:
        """Devices that may be called about this press: connected, worn, not the presser's."""
        ...

    def text(self, call: Call) -> str:
        """What a colleague reads; another one every time, so that their device rings again."""
        ...

    def wearer(self, device: str) -> str | None:
        """Who wears a device now."""
        ...

    def first_name(self, device: str) -> str:
        """Of whoever wears a device; empty where nobody knows."""
        ...


@dataclass(slots=True)
class _Case:
    """One victim nobody there knows of. `due`: when colleagues are called next; None: it is over.

    `untold`: presses whose wearer is to be told, and when. `coming`: until then they are waited
    for. `more`: whoever is there wants more help.
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

    @property
    def level(self) -> Level:
        return self.signal.level or Level.RED

    @property
    def is_over(self) -> bool:
        return self.due is None

    @property
    def wake_at(self) -> datetime | None:
        return min((at for at in (self.due, *self.untold.values()) if at is not None), default=None)

    def soon(self, now: datetime) -> datetime:
        """As soon as the law lets another round be."""
        return now if self.rung_at is None else max(now, self.rung_at + AGAIN_LEAST)

    def holds(self, now: datetime) -> bool:
        """Whether somebody is there, or on their way and not late."""
        return bool(self.here) or any(until > now for until in self.coming.values())


class Ring:
    """Every press that is not handed over. Call `wake` at `wake_at`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._cases: dict[str, _Case] = {}

    @property
    def wake_at(self) -> datetime | None:
        moments = (case.wake_at for case in self._cases.values())
        return min((at for at in moments if at is not None), default=None)

    @property
    def ringing(self) -> tuple[Signal, ...]:
        """The cases about which people here are being called."""
        rung = (case for case in self._cases.values() if case.rung_at is not None)
        return tuple(case.signal for case in rung if not case.is_over)

    def unanswered(self, now: datetime) -> tuple[Signal, ...]:
        """Those of them nobody here is at, or on their way to: they are rung for once more."""
        rung = (case for case in self._cases.values() if case.rung_at is not None)
        return tuple(one.signal for one in rung if not one.is_over and not one.holds(now))

    # What happens

    def pressed(self, signal: Signal, now: datetime, heard: datetime | None = None) -> None:
        """A press was accepted here, at `heard` if not now; somebody there should have it soon."""
        if not _calls_help(signal):
            return
        name, due = _victim(signal), max((heard or now) + RING_AFTER, now)
        case = self._cases.get(name)
        if case is None:
            self._make_room()
            case = self._cases[name] = _Case(derived("local", signal.identity), signal, due)
        elif signal.identity in case.presses:
            return
        else:
            _pressed_again(case, signal, due)
        case.presses[signal.identity] = signal
        self._lose(signal, now)
        case.untold[signal.identity] = due
        _shorten(case.presses, OF_ONE_CASE_MAX)
        _shorten(case.untold, OF_ONE_CASE_MAX)

    def cancelled(self, signal: Signal, now: datetime, wall: datetime) -> list[Said]:
        """The wearer says it is over: above yellow nobody stands down, somebody sees them."""
        said = []
        for case in self._cases.values():
            if case.is_over or not any(_means(signal, one) for one in case.presses.values()):
                continue
            if signal.reading.cancels is None and not is_fresh(said_at(signal), now, Lowers.CANCEL):
                continue
            case.says_over = True
            if case.level.only_people_close:
                case.due = case.due if case.rung_at is None else case.soon(now)
            else:
                said += self._end(case, StandDownReason.CANCELLED, wall)
        return said

    def handed_over(self, identities: Iterable[str], wall: datetime) -> list[Said]:
        """The dispatcher has these: it calls now. Whoever is on their way keeps their page."""
        said = []
        for identity in identities:
            for name, case in list(self._cases.items()):
                if identity in case.presses:
                    del self._cases[name]
                    said += self._stood_down(case, StandDownReason.ENOUGH, wall)
        return said

    def is_local(self, signal: Signal) -> bool:
        """Whether this answers a call from here: nobody there knows of it."""
        return signal.type is SignalType.ANSWER and self._about(signal) is not None

    def answered(self, signal: Signal, now: datetime, wall: datetime) -> list[Said]:
        """An answer counts only from the device that was called, of somebody who is no victim here,
        while it is fresh (law 6)."""
        case, device, answer = self._about(signal), signal.device, signal.reading.answer
        if case is None or answer is None or signal.repeat:
            return []
        if answer is not AnswerKind.MORE_HELP and not self._counts(signal, answer, now):
            return []
        match answer:
            case AnswerKind.ACCEPT:
                return self._accepted(case, device, now, wall)
            case AnswerKind.DECLINE | AnswerKind.WITHDRAW:
                return self._declined(case, device, now, wall)
            case AnswerKind.MORE_HELP:
                case.declined.clear()
                case.more, case.due = True, case.soon(now)
                return []
            case AnswerKind.ARRIVED:
                case.here[device] = None
                case.due = now + HERE_HOLDS
                return self._to_pressers(case, wall)
            case AnswerKind.OVER if device in case.here or not case.level.only_people_close:
                return self._end(case, StandDownReason.CLOSED, wall)
            case _:
                return []

    def listens(self, device: str, now: datetime, wall: datetime) -> list[Said]:
        """A device listens again: how its own press stands, and whom it is called to."""
        said = []
        for case in self._cases.values():
            if case.rung_at is None or case.is_over:
                continue
            own = [one for one in case.presses.values() if one.device == device]
            if own and own[-1].identity not in case.untold:
                said.append(self._state(case, own[-1], wall))
            busy = device in case.coming or device in case.here or device in case.declined
            if not busy and not case.holds(now) and device in self._colleagues(case):
                said.append(self._page(case, device, wall))
        return said

    def wake(self, now: datetime, wall: datetime) -> list[Said]:
        """What is due: each press is told of once, colleagues are called in every round."""
        said: list[Said] = []
        for case in self._cases.values():
            for identity in [one for one, at in case.untold.items() if at <= now]:
                del case.untold[identity]
                if identity in case.presses:
                    said.append(self._state(case, case.presses[identity], wall))
            if case.due is not None and case.due <= now:
                said += self._round(case, now, wall)
        return said

    # One case

    def _colleagues(self, case: _Case) -> list[str]:
        """Law 3: no victim of any case, on any device they carry."""
        presses = list(self._open_presses())
        devices = {press.device: None for press in presses}
        people = {press.person: None for press in presses if press.person is not None}
        there = (d for d in self._house.colleagues(case.signal) if d not in devices)
        return [d for d in there if not people or self._house.wearer(d) not in people]

    def _counts(self, signal: Signal, answer: AnswerKind, now: datetime) -> bool:
        pressed = any(_is_by(one, signal) for one in self._open_presses())
        return not pressed and is_answer_fresh(said_at(signal), now, answer)

    def _open_presses(self) -> Iterator[Signal]:
        cases = (case for case in self._cases.values() if not case.is_over)
        return (press for case in cases for press in case.presses.values())

    def _lose(self, signal: Signal, now: datetime) -> None:
        """Who presses is on their way to nobody else, and with nobody else."""
        for case in self._cases.values():
            if any(_is_by(press, signal) for press in case.presses.values()):
                continue
            lost = case.coming.pop(signal.device, None) is not None
            lost = signal.device in case.here or lost
            case.here.pop(signal.device, None)
            if lost and not case.is_over and not case.holds(now):
                case.due = case.soon(now)

    def _round(self, case: _Case, now: datetime, wall: datetime) -> list[Said]:
        case.rung_at, case.due = now, now + AGAIN_AFTER
        case.times += 1
        there = self._colleagues(case)
        asked = [device for device in case.here if device in there]
        if asked and not case.more:
            case.due = now + HERE_HOLDS
            return [self._page(case, device, wall, is_it_over=True) for device in asked]
        called = [d for d in there if d not in case.here and case.coming.get(d, now) <= now]
        willing = [device for device in called if device not in case.declined]
        return [self._page(case, device, wall) for device in willing or called]

    def _accepted(self, case: _Case, device: str, now: datetime, wall: datetime) -> list[Said]:
        case.declined.pop(device, None)
        case.coming[device] = now + ACCEPT_HOLDS
        case.more = False
        if not case.is_over:
            case.due = now + (HERE_HOLDS if case.here else ACCEPT_HOLDS)
        return self._to_pressers(case, wall)

    def _declined(self, case: _Case, device: str, now: datetime, wall: datetime) -> list[Said]:
        """Others are called in the next round; at once when they were counted on."""
        was_counted_on = device in case.coming or device in case.here
        case.coming.pop(device, None)
        case.here.pop(device, None)
        case.declined[device] = None
        if case.is_over or case.holds(now) or not was_counted_on:
            return []
        case.due = case.soon(now)
        return self._to_pressers(case, wall)

    def _end(self, case: _Case, why: StandDownReason, wall: datetime) -> list[Said]:
        case.due = None
        case.untold.clear()
        return self._stood_down(case, why, wall)

    def _stood_down(self, case: _Case, why: StandDownReason, wall: datetime) -> list[Said]:
        """Who is there knows; who is on their way goes on, unless it is over."""
        going_on = case.coming if why is StandDownReason.ENOUGH else {}
        return [
            Said(device, messages.stand_down(_head(wall, notice, why), notice, why))
            for notice, device in case.notices.items()
            if device not in case.here and device not in going_on
        ]

    def _page(self, case: _Case, device: str, wall: datetime, *, is_it_over: bool = False) -> Said:
        signal, level = case.signal, case.level
        notice = derived("local", case.id, device)
        case.notices[notice] = device
        _shorten(case.notices, NOTICES_MAX)
        page = Page(
            notice=notice,
            text=self._house.text(Call(signal, case.times, case.says_over, is_it_over)),
            level=level,
            zone=signal.zone,
            quiet=level in _QUIET,
            expires=wall + ACCEPT_HOLDS,
        )
        return Said(device, messages.page(_head(wall, notice, str(case.times)), page))

    def _to_pressers(self, case: _Case, wall: datetime) -> list[Said]:
        """Who is there or coming now, to every device that pressed."""
        devices = dict.fromkeys(one.device for one in case.presses.values())
        said = self._who_comes(case, wall) or messages.nobody_yet(_head(wall, case.id))
        return [Said(device, said) for device in devices]

    def _state(self, case: _Case, press: Signal, wall: datetime) -> Said:
        """Law 7: a colleague is there, or is coming; else that it is not sent."""
        said = self._who_comes(case, wall)
        if said is None:
            reading, head = press.reading, _head(wall, press.identity)
            said = messages.not_sent(head, reading.boot, reading.seq)
        return Said(press.device, said)

    def _who_comes(self, case: _Case, wall: datetime) -> bytes | None:
        if case.here:
            return messages.arrived(_head(wall, case.id))
        if case.coming:
            names = [self._house.first_name(device) for device in case.coming]
            return messages.accepted(_head(wall, case.id), names[0], None, len(names))
        return None

    def _about(self, signal: Signal) -> _Case | None:
        notice = signal.reading.notice or ""
        for case in self._cases.values():
            if case.notices.get(notice) == signal.device:
                return case
        return None

    def _make_room(self) -> None:
        if len(self._cases) < PRESSES_MAX:
            return
        cases = self._cases.items()
        strangers = (n for n, one in cases if one.signal.standing is Standing.UNKNOWN)
        settled = (n for n, one in cases if one.here or one.is_over)
        del self._cases[next(strangers, None) or next(settled, None) or next(iter(self._cases))]


def _calls_help(signal: Signal) -> bool:
    """Also more help in an alarm nobody here knows of: whoever asks for it may be in need."""
    more = signal.type is SignalType.ANSWER and signal.reading.answer is AnswerKind.MORE_HELP
    return more or signal.type is SignalType.ALARM


def _pressed_again(case: _Case, signal: Signal, due: datetime) -> None:
    """Somebody who has pressed presses again: whoever is coming comes, unless it became worse."""
    before, is_worse = case.signal, _weight(signal) > _weight(case.signal)
    if is_worse:
        case.signal = signal
    elif not _is_weapon(before):
        case.signal = replace(signal, level=before.level)
    if case.is_over:
        case.coming.clear()
        case.here.clear()
        case.declined.clear()
    case.says_over = False
    if case.is_over or case.here or is_worse or not case.coming:
        case.more = bool(case.here)
        case.due = due if case.due is None else min(case.due, due)


def _is_by(press: Signal, signal: Signal) -> bool:
    """Whether whoever says this has pressed that."""
    same = signal.person is not None and signal.person == press.person
    return same or press.device == signal.device


def _victim(signal: Signal) -> str:
    """Whoever pressed, on whichever device; where nobody knows, the device or its point."""
    by = ("person", signal.person) if signal.person else ("device", signal.device, signal.point)
    return "\x1f".join(by)


def _weight(signal: Signal) -> tuple[bool, int]:
    return _is_weapon(signal), (signal.level or Level.RED).rank


def _is_weapon(signal: Signal) -> bool:
    return signal.reading.kind is AlarmKind.WEAPON


def _means(cancel: Signal, press: Signal) -> bool:
    """A cancel that names its press means exactly that one."""
    names, reading = cancel.reading.cancels, press.reading
    if cancel.device != press.device or cancel.point != press.point:
        return False
    return names is None or (names.seq == reading.seq and names.boot in (None, reading.boot))


def _head(wall: datetime, *about: str) -> Head:
    return Head(derived("m", *about, wall.isoformat()), wall)


def _shorten(kept: dict[str, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
