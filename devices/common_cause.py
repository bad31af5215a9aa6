"""Devices of one line that were lost by one cause, from the loss of the first to the last one back.

A loss soon after another of its line (`JOINS_FOR`) has the same cause; later, its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

JOINS_FOR = timedelta(minutes=3)
"""A loss this soon after the last one of a common cause has the same cause; later, its own."""


@dataclass(slots=True)
class CommonCause:
    """Devices lost by one cause, and those not yet back; `grew`: when the last of them was lost."""

    key: str
    line: str
    grew: datetime
    named: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)


class CommonCauses:
    """Those that are not over."""

    def __init__(self) -> None:
        self._by_key: dict[str, CommonCause] = {}

    def growing(self, line: str, now: datetime) -> CommonCause | None:
        """The one of this line that may still name more devices."""
        for cause in self._by_key.values():
            if cause.line == line and now - cause.grew <= JOINS_FOR:
                return cause
        return None

    def lost(self, line: str, devices: Iterable[str], now: datetime) -> CommonCause:
        """These are lost together, or with those that were lost just before."""
        cause = self.growing(line, now)
        if cause is None:
            cause = CommonCause(f"common_cause:{line}:{now.isoformat()}", line, now)
            self._by_key[cause.key] = cause
        cause.grew = now
        for device in devices:
            cause.named[device] = cause.missing[device] = None
        return cause

    def back(self, key: str, device: str) -> CommonCause | None:
        """This device is back; the cause, when it is over with that."""
        cause = self._by_key.get(key)
        if cause is None:
            return None
        del cause.missing[device]
        return None if cause.missing else self._by_key.pop(key)
