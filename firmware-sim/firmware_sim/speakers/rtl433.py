"""An rtl_433 whose JSON lines come through a pipe: transmitters, and a thermometer as canary.

The canary shows that the stick still hears: without it a quiet air looks like a dead line. A press
is received several times, and nobody acknowledges it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from devices.receivers.rtl433.codec import Fields, encode
from firmware_sim.speakers.air import Air
from firmware_sim.speakers.ports import Unanswered, first

COPIES_AT = tuple(timedelta(milliseconds=150 * copy) for copy in range(4))

CANARY: Fields = {"model": "Acurite-Tower", "id": 4711, "battery_ok": 1, "temperature_C": 21.3}

PANIC = "88"
"""The code of a KR15 [x10_sec.c]."""


class RadioPipe:
    """`rtl_433 -F json -M time:iso:tz | nc ADDRESS PORT`. Callers are named `X10-Security/a1b2`."""

    def __init__(self, canary_every: timedelta) -> None:
        self.calls = Unanswered()
        self._canary_every = canary_every
        self._canary_at: datetime | None = None
        self._air = Air()
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return first(self._air.wake_at, self._canary_at)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._canary_at = now
        self.wake(now, wall)

    def lost(self, now: datetime) -> None:
        """The pipe is broken; nc is started again."""
        self._canary_at = None

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        """Nobody answers a radio."""

    def wake(self, now: datetime, wall: datetime) -> None:
        time = wall.isoformat(timespec="seconds")
        while (call := self.calls.due(now)) is not None:
            model, _, number = call.who.rpartition("/")
            said: Fields = {"model": model, "id": number, "code": PANIC, "event": "PANIC"}
            for after in COPIES_AT:
                self._air.at(now + after, encode({"time": time, **said, "battery_ok": 1}))
        if self._canary_at is not None and now >= self._canary_at:
            self._canary_at = now + self._canary_every
            self._wire.append(encode({"time": time, **CANARY}))
        self._wire += self._air.due(now)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire
