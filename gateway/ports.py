"""What the gateway asks of whoever decides; a composition root joins it with the dispatcher."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from core.signals import Owed, Reading, Signal
from devices.findings import Finding


class Desk(Protocol):
    """The other side of intake. Called on the event loop."""

    def hear(self, signal: Signal, owed: Owed) -> None:
        """A signal came in. `owed` hears STORED: acknowledge; UNSTORED: help is called, do not
        acknowledge (law 1) before it hears STORED after all, or NEVER.

        `signal.repeat`: it is stored already, only answer its device again. A signal that was not
        stored may come once more with the same `id`.
        """
        ...

    def keep_raw(self, protocol: str, sender: str, why: str, content: bytes, owed: Owed) -> None:
        """Keep bytes nobody could read, so that they can be acknowledged."""
        ...

    def device_subscribed(self, device: str) -> None:
        """A device listens again: send it the present state."""
        ...

    async def found(self, finding: Finding) -> None:
        """Supervision found a technical trouble, news about one, or its end (same `key`)."""
        ...

    def problem(self, part: str, text: str | None) -> None:
        """Show on every page what is degraded; None: it works again. `part` names it once."""
        ...


class Supervises(Protocol):
    """Who watches over devices and lines, here or on the dispatcher's machine."""

    def heard(self, reading: Reading, device: str) -> None:
        """Hear that a message came from a device."""
        ...

    def alive(self, device: str) -> None:
        """Hear that a device logged in, or said something nobody could read: it is there."""
        ...

    def line_down(self, line: str, site: str = "") -> None: ...

    def line_up(self, line: str) -> None: ...

    def report(self, findings: Iterable[Finding]) -> None:
        """A line or the listener has found something itself."""
        ...
