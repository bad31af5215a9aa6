"""Service time: continuous, never backwards, carried over restarts; and the wall clock beside it.

`now()` is service time, an aware UTC datetime anchored at the wall clock of the very first start
and moved on by CLOCK_BOOTTIME (it counts suspend, and no operator can set it). Everything that
waits uses it, so setting the wall clock moves no scheduled step. `wall()` is service time plus an
offset; `jumped()` says when the machine's wall clock has left that offset.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

JUMP_LEAST = timedelta(seconds=2)
"""A wall clock that moves less than this against service time is being slewed, not set."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What a shell needs to know of time."""

    def now(self) -> datetime:
        """Service time."""
        ...

    def wall(self) -> datetime:
        """What the clock on the wall shows, UTC: for rosters and for people."""
        ...


@dataclass(frozen=True, slots=True)
class ClockMark:
    """Where the clock stood, as the store keeps it between two starts."""

    service: datetime
    wall: datetime
    boottime_s: float
    boot: str


class ServiceClock:
    """The running clock of one process."""

    def __init__(self, last: ClockMark | None = None) -> None:
        wall, boottime_s, boot = _machine_wall(), _boottime_s(), _boot_id()
        start = wall if last is None else _carried_over(last, wall, boottime_s, boot)
        self._boot = boot
        self._base = start - timedelta(seconds=boottime_s)
        self._offset = wall - start

    def now(self) -> datetime:
        return self._base + timedelta(seconds=_boottime_s())

    def wall(self) -> datetime:
        return self.now() + self._offset

    def jumped(self) -> timedelta | None:
        """How far the wall clock was set since last asked (then adopted), or None."""
        moved = _machine_wall() - self.wall()
        if abs(moved) < JUMP_LEAST:
            return None
        self._offset += moved
        return moved

    def mark(self) -> ClockMark:
        boottime_s = _boottime_s()
        now = self._base + timedelta(seconds=boottime_s)
        return ClockMark(now, now + self._offset, boottime_s, self._boot)


class VirtualClock:
    """A clock that stands still until it is moved: for the seeded world and for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.offset = timedelta()

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return self._now + self.offset

    def move_to(self, when: datetime) -> None:
        assert when >= self._now, "service time never goes backwards"
        self._now = when


async def sleep(seconds: float) -> None:
    """The one place a shell may wait for time itself; everything else waits for an event."""
    await asyncio.sleep(seconds)


def monotonic_s() -> float:
    """Seconds for measuring durations inside one process."""
    return time.monotonic()


def _carried_over(last: ClockMark, wall: datetime, boottime_s: float, boot: str) -> datetime:
    if boot == last.boot and boottime_s >= last.boottime_s:
        return last.service + timedelta(seconds=boottime_s - last.boottime_s)
    # The machine was restarted: only the wall clock knows for how long; it never runs us back.
    return last.service + max(wall - last.wall, timedelta())


def _machine_wall() -> datetime:
    return datetime.now(UTC)


def _boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "unknown"
