"""Who is in the house a remote gateway stands in, and what they read when it rings itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from core import words
from core.clock import Clock
from core.signals import AlarmKind, Signal
from core.words import Words
from devices.catalogue import Down, kind
from devices.registry import MemoryRegistry
from gateway.handover import Part
from gateway.outpost.ring import Call

LOCALES = Path(__file__).parents[1] / "locales"
TEXT_CHARS_MAX = 100

MINUTE = timedelta(minutes=1)
OLD_FROM = timedelta(seconds=90)
"""A press older than this is told with its age."""

_KINDS = {
    AlarmKind.ATTACK: "Attack",
    AlarmKind.MEDICAL: "Illness",
    AlarmKind.FIRE: "Fire",
    AlarmKind.MAN_DOWN: "Fall",
    AlarmKind.FALL: "Fall",
}
"""What makes a difference to how one comes."""


class LocalHouse:
    """`gateway.outpost.ring.House` over the registry and the listener."""

    def __init__(
        self, registry: MemoryRegistry, clock: Clock, connected: Callable[[], Sequence[str]]
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._connected = connected
        self._part = Part()

    def configure(self, part: Part) -> None:
        self._part = part

    def colleagues(self, signal: Signal) -> Sequence[str]:
        """Not the presser, on any device they carry (law 3)."""
        return [
            device
            for device in self._connected()
            if device != signal.device and self._may_be_called(device, signal.person)
        ]

    def text(self, call: Call) -> str:
        """The place first, what is wrong, who; then what to do without a centre (glossary)."""
        say, signal = words.words(self._part.language, LOCALES), call.signal
        who = self._name(signal.person) or signal.device
        if call.is_it_over:
            lines = [say("Is it over now?"), say("The centre cannot be reached.")]
        elif call.says_over:
            lines = [
                say("{who} says it is over.", who=who),
                say("Still go and see {who}.", who=who),
            ]
        elif signal.reading.kind is AlarmKind.WEAPON:
            lines = [
                say("WEAPON. DO NOT GO IN."),
                say("Lock the door. Call the police yourself."),
                say("{who} calls for help.", who=who),
            ]
        else:
            lines = [
                " ".join(
                    filter(None, (self._what(signal, say), say("{who} calls for help.", who=who)))
                ),
                say("The centre cannot be reached. Go there, and call others yourself."),
            ]
        if not call.is_it_over and (age := self._age(signal)) >= OLD_FROM:
            lines.append(say("Pressed {minutes} min ago.", minutes=round(age / MINUTE)))
        if call.presses:
            lines.append(say("{who} has pressed {count} times.", who=who, count=call.presses))
        elif call.times > 1 and not call.is_it_over:
            lines.append(say("Called {count} times. Nobody has answered.", count=call.times))
        return "\n".join([self._place(signal, say), *lines])

    def _age(self, signal: Signal) -> timedelta:
        """Law 8: since the press, as far as anything speaks of that."""
        return self._clock.now() - (signal.pressed_at or signal.at)

    def _what(self, signal: Signal, say: Words) -> str:
        kind = _KINDS.get(signal.reading.kind or AlarmKind.CALL)
        return "" if kind is None else f"{say(kind)}:"

    def _place(self, signal: Signal, say: Words) -> str:
        """The place as staff say it; else what the line's own text says of it."""
        label = self._part.labels.get(signal.zone or "", "")
        said = " ".join(signal.reading.text.split())[:TEXT_CHARS_MAX]
        return " ".join(filter(None, (label.upper(), said))) or say("Place unknown").upper()

    def wearer(self, device: str) -> str | None:
        return self._registry.resolve("native", device, self._clock.wall()).person

    def first_name(self, device: str) -> str:
        return self._name(self.wearer(device)) or device

    def _may_be_called(self, device: str, presser: str | None) -> bool:
        known = self._registry.device(device)
        if known is None or Down.PAGE not in kind(known.kind).told:
            return False
        wearer = self.wearer(device)
        return wearer is not None and wearer != presser

    def _name(self, person: str | None) -> str:
        return self._part.names.get(person or "", "")
