"""What a technician sets for one ESPA-X listener, and the named limits of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

PROTOCOL = "espax"
"""`Reading.protocol`, and the first half of a wire identity: `espax:1900/W3/B2`."""

PORT = 2023
"""Where clients look by default (Callisto, the ESP32 gateway)."""

SILENT_AFTER = timedelta(seconds=120)
"""A logged-in client without a message for so long is silent.

Seen pauses: 5 s (icingaweb2), 50 s (ESP32 gateway), 55 s and at most 299 s (tetronik). Set it at
least 20 % above the client's own.
"""

WHO_CALLS = ("CP-CALLINGNO", "CP-WARD", "CP-BED")
"""Which fields together name the caller; those present are joined with `/`."""


@dataclass(frozen=True, slots=True)
class EspaXListener:
    """One listening port as its clients were set up.

    `name` stands before every identity when there is more than one listener. `login` says whether
    user and password are right; without it everybody is let in and nobody counts as authenticated.
    `server`, `software` are what we call ourselves: tetronik's own client accepts only servers
    whose `software` begins as its products' do.
    """

    name: str = ""
    login: Callable[[str, str], bool] | None = None
    who_calls: tuple[str, ...] = WHO_CALLS
    silent_after: timedelta = SILENT_AFTER
    server: str = "Tilkald"
    software: str = "Tilkald"

    @property
    def identity(self) -> str:
        """What the line itself is called in readings about it."""
        return self.name or "line"

    def named(self, who: str) -> str:
        """The wire identity of a caller on this listener."""
        return f"{self.name}/{who}" if self.name else who
