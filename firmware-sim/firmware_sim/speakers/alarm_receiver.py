"""The computer port of an alarm receiver, as Sur-Gard and Ademco 685 have it.

One message at a time, since an ACK names nothing: a call waits for the answer of the heartbeat
before it, is sent again until its ACK has come, and at once after a NAK.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from firmware_sim.speakers.ports import Call, Calls, first

ACK, NAK = 0x06, 0x15

AGAIN_AFTER = timedelta(seconds=4)
"""How long a receiver waits for its ACK (MLR2-E manual 9.2)."""


class AlarmReceiver:
    """One receiver. `write` makes a message of a call, `beat` is its heartbeat."""

    def __init__(
        self,
        write: Callable[[Call], bytes],
        beat: bytes,
        beat_every: timedelta,
        again_after: timedelta = AGAIN_AFTER,
    ) -> None:
        self.calls = Calls(again_after)
        self._write = write
        self._beat = beat
        self._beat_every = beat_every
        self._again_after = again_after
        self._beat_at: datetime | None = None
        self._beating_until: datetime | None = None
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return self._beating_until or first(self.calls.again_at, self._beat_at)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._beating_until = None
        self.calls.again()
        self._beat_at = self._beat_at or now
        self.wake(now, wall)

    def lost(self, now: datetime) -> None:
        """It goes on by its timers; what is under way is said again on the next connection."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        for byte in data:
            if self._beating_until is not None:
                self._beating_until = None
            elif byte == ACK and self.calls.under_way is not None:
                self.calls.took()
            elif byte == NAK:
                self.calls.again()
        self.wake(now, wall)

    def wake(self, now: datetime, wall: datetime) -> None:
        if self._beating_until is not None:
            if now < self._beating_until:
                return
            self._beating_until = None
        call = self.calls.due(now)
        if call is not None:
            self._wire.append(self._write(call))
        if self._beat_at is None or now < self._beat_at:
            return
        self._beat_at = now + self._beat_every
        if self.calls.under_way is None:
            self._beating_until = now + self._again_after
            self._wire.append(self._beat)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire
