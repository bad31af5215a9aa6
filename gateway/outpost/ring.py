"""Ringing with what is here when nobody there can be reached (design.md section 9). Pure.

A press that the dispatcher has not committed within `RING_AFTER` is told to its wearer as *not
sent*, and to every colleague whose device is connected here, again and again until one of them
accepts or the dispatcher has it. When the dispatcher has the press it calls by its own plan, and
the calls from here end.

The laws of the dispatcher hold here in small: never the presser (3), rounds at most 30 s and at
least 5 s apart (2, 4), an answer counts only from the device that was called, and above yellow only
somebody who was there says that it is over (6). Presses of one person are one case, and each is new
need: who is there or coming hears it, and unless they say something others are called. Nobody's
roster is known here: whoever carries a connected device is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.freshness import Lowers, is_answer_fresh, is_fresh, said_at
from core.ids import derived
from core.signals import AnswerKind, Level, Signal, SignalType, Standing
from devices.buttons.native import messages
from devices.buttons.native.messages import Head, Page, StandDownReason
from gateway.outpost.case import (
    ACCEPT_HOLDS,
    HERE_HOLDS,
    OF_ONE_CASE_MAX,
    OTHERS_ASKED_FROM,
    Case,
    pressed_again,
    shorten,
)
from gateway.outpost.case import AGAIN_LEAST as AGAIN_LEAST

RING_AFTER = timedelta(seconds=5)
AGAIN_AFTER = timedelta(seconds=30)
"""Law 2: rounds at most 30 s apart until a person has answered."""

PRESSES_MAX = 1_000
"""Cases kept in mind; past this one is forgotten: a stranger's first, then one somebody is at."""

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
    """What a colleague is told: `times` they were called, what the presser has said since.

    `presses`: so often they have pressed, to whoever is there or coming.
    """

    signal: Signal
    times: int
    says_over: bool = False
    is_it_over: bool = False
    presses: int = 0


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


class Ring:
    """Every press that is not handed over. Call `wake` at `wake_at`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._cases: dict[str, Case] = {}

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
            case = self._cases[name] = Case(derived("local", signal.identity), signal, due)
        elif signal.identity in case.presses:
            return
        else:
            pressed_again(case, signal, due, now)
        case.presses[signal.identity] = signal
        self._lose(signal, now)
        case.untold[signal.identity] = due
        shorten(case.presses, OF_ONE_CASE_MAX)
        shorten(case.untold, OF_ONE_CASE_MAX)

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
        """The dispatcher has these: it calls now. Whoever is on their way keeps their page.

        A press it has not yet is new need nobody there knows of: its case goes on until it has.
        """
        said = []
        for identity in identities:
            for name, case in list(self._cases.items()):
                if case.presses.pop(identity, None) is None:
                    continue
                case.untold.pop(identity, None)
                if not case.presses:
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
        heard = case.hear(device, answer, said_at(signal), now)
        said = self._to_pressers(case, wall) if heard else []
        match answer:
            case AnswerKind.ACCEPT:
                return self._accepted(case, device, now, wall)
            case AnswerKind.DECLINE | AnswerKind.WITHDRAW:
                return self._declined(case, device, now, wall)
            case AnswerKind.MORE_HELP:
                case.declined.clear()
                case.more, case.due = True, case.soon(now)
                return said
            case AnswerKind.ARRIVED:
                case.arrive(device, now)
                return self._to_pressers(case, wall)
            case AnswerKind.OVER if case.may_be_over(now) and (
                device in case.here or not case.level.only_people_close
            ):
                return self._end(case, StandDownReason.CLOSED, wall)
            case _:
                return said

    def listens(self, device: str, now: datetime, wall: datetime) -> list[Said]:
        """A device listens again: how its own press stands, and whom it is called to."""
        said = []
        for case in self._cases.values():
            if case.rung_at is None or case.is_over:
                continue
            own = [one for one in case.presses.values() if one.device == device]
            if own and own[-1].identity not in case.untold:
                said.append(self._state(case, own[-1], wall))
            if case.answer_by is not None and device in case.counted(now):
                said.append(self._page(case, device, wall, presses=case.pressed))
            busy = device in case.counted(now) or device in case.declined
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
            said += self._news(case, now, wall)
            if case.due is not None and case.due <= now:
                said += self._round(case, now, wall)
        return said

    # One case

    def _colleagues(self, case: Case) -> list[str]:
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
        """Who presses is on their way to nobody else, nor with anybody, on whatever they wear."""
        for case in self._cases.values():
            if any(_is_by(press, signal) for press in case.presses.values()):
                continue
            followed = dict.fromkeys((*case.coming, *case.here))
            lost = [device for device in followed if self._is_theirs(device, signal)]
            for device in lost:
                case.coming.pop(device, None)
                case.here.pop(device, None)
            if lost and not case.is_over and not case.holds(now):
                case.due = case.soon(now)

    def _is_theirs(self, device: str, signal: Signal) -> bool:
        worn = signal.person is not None and self._house.wearer(device) == signal.person
        return worn or device == signal.device

    def _round(self, case: Case, now: datetime, wall: datetime) -> list[Said]:
        case.rung_at, case.due = now, now + AGAIN_AFTER
        case.times += 1
        case.let_down |= {d: None for d, until in case.coming.items() if until <= now}
        there, counted = self._colleagues(case), case.counted(now)
        asked = [device for device in case.here if device in there and device in counted]
        if asked and not case.more:
            case.due = now + HERE_HOLDS
            case.over_unanswered += 1
            asked = list(there) if case.over_unanswered > OTHERS_ASKED_FROM else asked
            return [self._page(case, device, wall, is_it_over=True) for device in asked]
        called = [device for device in there if device not in counted]
        willing = [device for device in called if device not in case.declined]
        return [self._page(case, device, wall) for device in willing or called]

    def _news(self, case: Case, now: datetime, wall: datetime) -> list[Said]:
        """A new press: who is there or coming hears it; others are called when nobody answers."""
        said: list[Said] = []
        if case.again is not None and case.again <= now:
            case.again, case.again_told_at = None, now
            there = self._colleagues(case)
            hear = [d for d in dict.fromkeys((*case.here, *case.coming)) if d in there]
            said += [self._page(case, device, wall, presses=case.pressed) for device in hear]
        if case.answer_by is not None and case.answer_by <= now:
            case.nobody_answered(now)
            said += self._to_pressers(case, wall)
        return said

    def _accepted(self, case: Case, device: str, now: datetime, wall: datetime) -> list[Said]:
        return self._to_pressers(case, wall) if case.follow(device, now) else []

    def _declined(self, case: Case, device: str, now: datetime, wall: datetime) -> list[Said]:
        """Others are called in the next round; at once when they were counted on."""
        was_counted_on = case.leave(device, now)
        if case.is_over or case.holds(now) or not was_counted_on:
            return []
        case.due = case.soon(now)
        return self._to_pressers(case, wall)

    def _end(self, case: Case, why: StandDownReason, wall: datetime) -> list[Said]:
        case.due = case.again = case.answer_by = None
        case.untold.clear()
        return self._stood_down(case, why, wall)

    def _stood_down(self, case: Case, why: StandDownReason, wall: datetime) -> list[Said]:
        """Who is there knows; who is on their way goes on, unless it is over."""
        going_on = case.coming if why is StandDownReason.ENOUGH else {}
        return [
            Said(device, messages.stand_down(_head(wall, notice, why), notice, why))
            for notice, device in case.notices.items()
            if device not in case.here and device not in going_on
        ]

    def _page(
        self,
        case: Case,
        device: str,
        wall: datetime,
        *,
        is_it_over: bool = False,
        presses: int = 0,
    ) -> Said:
        signal, level = case.signal, case.level
        notice = derived("local", case.id, device)
        case.notices[notice] = device
        shorten(case.notices, NOTICES_MAX)
        page = Page(
            notice=notice,
            text=self._house.text(Call(signal, case.times, case.says_over, is_it_over, presses)),
            level=level,
            zone=signal.zone,
            quiet=level in _QUIET,
            expires=wall + ACCEPT_HOLDS,
        )
        return Said(device, messages.page(_head(wall, notice, str(case.times)), page))

    def _to_pressers(self, case: Case, wall: datetime) -> list[Said]:
        """Who is there or coming now, to every device that pressed."""
        devices = dict.fromkeys(one.device for one in case.presses.values())
        said = self._who_comes(case, wall) or messages.nobody_yet(_head(wall, case.id))
        return [Said(device, said) for device in devices]

    def _state(self, case: Case, press: Signal, wall: datetime) -> Said:
        """Law 7: a colleague is there, or is coming; else that it is not sent."""
        said = self._who_comes(case, wall)
        if said is None:
            reading, head = press.reading, _head(wall, press.identity)
            said = messages.not_sent(head, reading.boot, reading.seq)
        return Said(press.device, said)

    def _who_comes(self, case: Case, wall: datetime) -> bytes | None:
        if any(device not in case.not_counted for device in case.here):
            return messages.arrived(_head(wall, case.id))
        coming = [device for device in case.coming if device not in case.not_counted]
        if coming:
            names = [self._house.first_name(device) for device in coming]
            return messages.accepted(_head(wall, case.id), names[0], None, len(names))
        return None

    def _about(self, signal: Signal) -> Case | None:
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


def _is_by(press: Signal, signal: Signal) -> bool:
    """Whether whoever says this has pressed that."""
    same = signal.person is not None and signal.person == press.person
    return same or press.device == signal.device


def _victim(signal: Signal) -> str:
    """Whoever pressed, on whichever device; where nobody knows, the device or its point."""
    by = ("person", signal.person) if signal.person else ("device", signal.device, signal.point)
    return "\x1f".join(by)


def _means(cancel: Signal, press: Signal) -> bool:
    """A cancel that names its press means exactly that one; of who wore the device before none."""
    names, reading = cancel.reading.cancels, press.reading
    here = (press.device, press.point, press.person)
    if (cancel.device, cancel.point, cancel.person) != here:
        return False
    return names is None or (names.seq == reading.seq and names.boot in (None, reading.boot))


def _head(wall: datetime, *about: str) -> Head:
    return Head(derived("m", *about, wall.isoformat()), wall)
