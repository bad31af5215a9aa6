"""What intake keeps in memory of each sender: its newest messages, its clock, its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from core.signals import Position, Reading
from devices import device_clock, identity
from devices.device_clock import UNPROVEN
from devices.identity import NOTHING_SEEN

SENDERS_MAX = 100_000
"""Past this the sender met first is forgotten; a copy from it then is a new press."""

POSITION_KEPT_FOR = timedelta(minutes=5)


class Remembered(Protocol):
    """One newest identity of a device, as the store gives it back after a start."""

    @property
    def device(self) -> str: ...

    @property
    def identity(self) -> str: ...

    @property
    def boot(self) -> str | None: ...

    @property
    def epoch(self) -> int: ...

    @property
    def seq(self) -> int | None: ...

    @property
    def at(self) -> datetime: ...


class Sender:
    """What is kept in memory of one device."""

    __slots__ = ("_clock", "_position", "_position_at", "seen")

    def __init__(self) -> None:
        self.seen = NOTHING_SEEN
        self._clock = UNPROVEN
        self._position: Position | None = None
        self._position_at: datetime | None = None

    def pressed_at(self, reading: Reading, wall: datetime) -> datetime | None:
        """T0 on the wall clock, judged by the messages before this one."""
        return device_clock.pressed_at(self._clock, reading, wall)

    def said_at(self, reading: Reading, wall: datetime) -> datetime | None:
        """The earliest moment at which it may have been said, where anything speaks of an age."""
        return device_clock.said_at(self._clock, reading, wall)

    def heard(self, reading: Reading, now: datetime, wall: datetime) -> None:
        """Learn what a message tells besides its meaning: the device's clock and its place."""
        self._clock = device_clock.heard(self._clock, reading, wall)
        if reading.position is not None:
            self._position, self._position_at = reading.position, now

    def position(self, now: datetime) -> Position | None:
        if self._position_at is not None and now - self._position_at > POSITION_KEPT_FOR:
            self._position = self._position_at = None
        return self._position


class Senders:
    """Every sender met since the start, or recalled from the store."""

    def __init__(self) -> None:
        self._senders: dict[str, Sender] = {}

    def of(self, device: str) -> Sender:
        known = self._senders.get(device)
        if known is None:
            if len(self._senders) >= SENDERS_MAX:
                del self._senders[next(iter(self._senders))]
            known = self._senders[device] = Sender()
        return known

    def position(self, device: str, now: datetime) -> Position | None:
        known = self._senders.get(device)
        return None if known is None else known.position(now)

    def recall(self, row: Remembered) -> None:
        sender = self.of(row.device)
        sender.seen = identity.recalled(
            sender.seen, row.identity, row.boot, row.epoch, row.seq, row.at
        )
