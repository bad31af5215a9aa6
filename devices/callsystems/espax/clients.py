"""Which clients of one port have logged in, and which of them are missing.

Shared by every connection of the port, because a client that is gone has no connection: it lost its
cable, its power or its program, and whatever calls through it calls no more. Only its own logout
ends that it is expected; so a client that logs in for one page and out again is never missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

CLIENTS_MAX = 256
"""Clients remembered of one port; of more the one heard longest ago is no longer expected."""


class Clients:
    """The clients that have logged in and not out again."""

    def __init__(self, silent_after: timedelta) -> None:
        self._silent_after = silent_after
        self._heard: dict[str, datetime] = {}
        self._silent: dict[str, None] = {}

    @property
    def wake_at(self) -> datetime | None:
        """When somebody may have been silent for too long."""
        oldest = next((at for name, at in self._heard.items() if name not in self._silent), None)
        return None if oldest is None else oldest + self._silent_after

    def heard(self, name: str, now: datetime) -> bool:
        """A client that is logged in spoke. True when it was called silent, and is back."""
        self._heard.pop(name, None)  # so that the one heard longest ago stands first
        self._heard[name] = now
        if len(self._heard) > CLIENTS_MAX:
            self.left(next(iter(self._heard)))
        return self._silent.pop(name, "") is None

    def left(self, name: str) -> None:
        """It has logged out."""
        self._heard.pop(name, None)
        self._silent.pop(name, None)

    def due(self, now: datetime) -> list[str]:
        """The clients that have been silent for too long, each told once."""
        late = [
            name
            for name, at in self._heard.items()
            if name not in self._silent and now - at >= self._silent_after
        ]
        self._silent.update(dict.fromkeys(late))
        return late
