"""Who is in the house a remote gateway stands in, and what they read when it rings itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core import words
from core.clock import Clock
from core.signals import Signal
from devices.catalogue import Down, kind
from devices.registry import MemoryRegistry
from gateway.remote.contract import Part

LOCALES = Path(__file__).parents[1] / "locales"


class LocalHouse:
    """`gateway.remote.ring.House` over the registry and the listener."""

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

    def text(self, signal: Signal) -> str:
        say = words.words(self._part.language, LOCALES)
        who = self._name(signal.person) or signal.device
        where = self._part.labels.get(signal.zone or "", "")
        alarm = say("{who} calls for help: {where}", who=who, where=where or say("place unknown"))
        return (
            f"{alarm}\n{say('The centre cannot be reached. Go there, and call others yourself.')}"
        )

    def first_name(self, device: str) -> str:
        return self._name(self._wearer(device)) or device

    def _may_be_called(self, device: str, presser: str | None) -> bool:
        known = self._registry.device(device)
        if known is None or Down.PAGE not in kind(known.kind).told:
            return False
        wearer = self._wearer(device)
        return wearer is not None and wearer != presser

    def _wearer(self, device: str) -> str | None:
        return self._registry.resolve("native", device, self._clock.wall()).person

    def _name(self, person: str | None) -> str:
        return self._part.names.get(person or "", "")
