"""Ringing with what is here when nobody there can be reached (design.md section 9). Pure.

A press that the dispatcher has not committed within `RING_AFTER` is told to its wearer as *not
sent*, and to every colleague whose device is connected here, again and again until one of them
accepts or the dispatcher has it. Who accepts is told to the wearer, as it would be there. When the
dispatcher has the press it calls by its own plan, and the calls from here end.

Nobody's roster is known here: whoever carries a connected device is called, never the presser.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from core.ids import derived
from core.signals import AnswerKind, Level, Signal, SignalType
from devices.buttons.native import messages
from devices.buttons.native.messages import Head, Page, StandDownReason

RING_AFTER = timedelta(seconds=5)
AGAIN_AFTER = timedelta(seconds=30)
"""Law 2: rounds at most 30 s apart until a person has answered."""

ACCEPT_HOLDS = timedelta(seconds=180)
"""The longest an accept is waited for (law 2); then everybody is called again."""

PRESSES_MAX = 1_000
"""Presses kept in mind; past this the oldest rings on only at its wearer's own device."""

_QUIET = (Level.GREEN, Level.YELLOW)
_ENDS = (AnswerKind.ARRIVED, AnswerKind.OVER)


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes for one device."""

    device: str
    payload: bytes


class House(Protocol):
    """Who is here."""

    def colleagues(self, signal: Signal) -> Sequence[str]:
        """Devices that may be called about this press: connected, worn, not the presser's."""
        ...

    def text(self, signal: Signal) -> str:
        """What a colleague reads."""
        ...

    def first_name(self, device: str) -> str:
        """Of whoever wears a device; empty where nobody knows."""
        ...


@dataclass(slots=True)
class _Press:
    """One press nobody there has. `due`: when something is said about it next; None: never."""

    signal: Signal
    due: datetime | None
    rung: bool = False
    notices: dict[str, str] = field(default_factory=dict)
    coming: dict[str, None] = field(default_factory=dict)


class Ring:
    """Every press that is not handed over. Call `wake` at `wake_at`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._presses: dict[str, _Press] = {}

    @property
    def wake_at(self) -> datetime | None:
        return min((p.due for p in self._presses.values() if p.due is not None), default=None)

    @property
    def ringing(self) -> tuple[Signal, ...]:
        """The presses about which people here are being called."""
        return tuple(press.signal for press in self._presses.values() if press.rung)

    def pressed(self, signal: Signal, now: datetime) -> None:
        """A press was accepted here; somebody there should have it soon."""
        if signal.type is not SignalType.ALARM or signal.identity in self._presses:
            return
        if len(self._presses) >= PRESSES_MAX:
            del self._presses[next(iter(self._presses))]
        self._presses[signal.identity] = _Press(signal, now + RING_AFTER)

    def handed_over(self, identities: Iterable[str], wall: datetime) -> list[Said]:
        """The dispatcher has these: it calls now. Whoever is on their way keeps their page."""
        said = []
        for identity in identities:
            press = self._presses.pop(identity, None)
            if press is None:
                continue
            for notice, device in press.notices.items():
                if device not in press.coming:
                    said.append(_ended(press.signal, notice, device, wall))
        return said

    def is_local(self, signal: Signal) -> bool:
        """Whether this answers a call from here: nobody there knows of it."""
        return signal.type is SignalType.ANSWER and self._about(signal) is not None

    def answered(self, signal: Signal, now: datetime, wall: datetime) -> list[Said]:
        """An answer counts only from the device that was called (law 6)."""
        press = self._about(signal)
        if press is None:
            return []
        match signal.reading.answer:
            case AnswerKind.ACCEPT:
                press.coming[signal.device] = None
                press.due = now + ACCEPT_HOLDS
                return [self._is_coming(press, wall)]
            case AnswerKind.DECLINE | AnswerKind.WITHDRAW | AnswerKind.MORE_HELP:
                press.coming.pop(signal.device, None)
                press.due = press.due if press.coming else now
                return []
            case answer if answer in _ENDS:
                press.coming[signal.device] = None
                press.due = None
                return [Said(press.signal.device, messages.arrived(_head(press.signal, wall)))]
            case _:
                return []

    def wake(self, now: datetime, wall: datetime) -> list[Said]:
        """What is due: the wearer is told once, colleagues in every round."""
        said = []
        for press in self._presses.values():
            if press.due is not None and press.due <= now:
                said += self._round(press, wall)
                press.due = now + AGAIN_AFTER
        return said

    def _round(self, press: _Press, wall: datetime) -> list[Said]:
        signal, said = press.signal, []
        if not press.rung:
            press.rung = True
            said.append(_not_sent(signal, wall))
        for device in self._house.colleagues(signal):
            notice = derived("local", signal.identity, device)
            press.notices[notice] = device
            said.append(Said(device, self._page(signal, notice, wall)))
        return said

    def _page(self, signal: Signal, notice: str, wall: datetime) -> bytes:
        level = signal.level or Level.RED
        return messages.page(
            Head(notice, wall),
            Page(
                notice=notice,
                text=self._house.text(signal),
                level=level,
                zone=signal.zone,
                quiet=level in _QUIET,
                expires=wall + ACCEPT_HOLDS,
            ),
        )

    def _is_coming(self, press: _Press, wall: datetime) -> Said:
        names = [self._house.first_name(device) for device in press.coming]
        said = messages.accepted(_head(press.signal, wall), names[0], None, len(names))
        return Said(press.signal.device, said)

    def _about(self, signal: Signal) -> _Press | None:
        notice = signal.reading.notice or ""
        for press in self._presses.values():
            if press.notices.get(notice) == signal.device:
                return press
        return None


def _head(signal: Signal, wall: datetime) -> Head:
    return Head(derived("m", signal.identity, wall.isoformat()), wall)


def _not_sent(signal: Signal, wall: datetime) -> Said:
    reading = signal.reading
    return Said(signal.device, messages.not_sent(_head(signal, wall), reading.boot, reading.seq))


def _ended(signal: Signal, notice: str, device: str, wall: datetime) -> Said:
    head = Head(derived("m", notice, "over"), wall)
    return Said(device, messages.stand_down(head, notice, StandDownReason.ENOUGH))
