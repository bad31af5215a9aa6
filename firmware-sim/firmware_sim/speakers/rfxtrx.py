"""An RFXtrx433: it answers commands, and hands on what pendants say, each copy with its number.

A Security1 pendant says panic for about a second while it is held, and that it is well every now
and then. Nobody acknowledges radio.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from devices.receivers.rfxtrx.codec import Packet, Reader, encode
from devices.receivers.rfxtrx.meanings import INTERFACE, SECURITY1
from devices.receivers.rfxtrx.session import RESET
from firmware_sim.speakers.air import Air
from firmware_sim.speakers.ports import Unanswered, first

PANIC, WELL = 0x06, 0x00
X10_REMOTE = 0x02
BATTERY_FULL_RSSI_8 = 0x89

COPIES_AT = tuple(timedelta(milliseconds=200 * copy) for copy in range(5))

STATUS = bytes(10)
"""The rest of an interface response, 0x0D long."""


class RfxReceiver:
    """One receiver. `pendants` are their numbers, as `d3dc54`; each says that it is well."""

    def __init__(self, pendants: Sequence[str], well_every: timedelta) -> None:
        self.calls = Unanswered()
        self._pendants = list(pendants)
        self._well_every = well_every
        self._well_at: datetime | None = None
        self._reader = Reader()
        self._air = Air()
        self._sequence = 0
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return first(self._air.wake_at, self._well_at)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._well_at = now + self._well_every

    def lost(self, now: datetime) -> None:
        """It notices nothing."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        for found in self._reader.feed(data, now):
            if isinstance(found, Packet) and found.type == 0 and found.data[:1] != bytes((RESET,)):
                self._write(INTERFACE, 0, found.data[:1] + STATUS[1:])
        self.wake(now, wall)

    def wake(self, now: datetime, wall: datetime) -> None:
        while (call := self.calls.due(now)) is not None:
            for after in COPIES_AT:
                self._air.at(now + after, _said(call.who, PANIC))
        if self._well_at is not None and now >= self._well_at:
            self._well_at = now + self._well_every
            for pendant in self._pendants:
                self._air.at(now, _said(pendant, WELL))
        for said in self._air.due(now):
            self._write(SECURITY1, X10_REMOTE, said)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire

    def _write(self, type_: int, subtype: int, content: bytes) -> None:
        self._wire.append(encode(Packet(type_, subtype, self._sequence, content)))
        self._sequence = (self._sequence + 1) % 256


def _said(pendant: str, status: int) -> bytes:
    return bytes.fromhex(pendant.removeprefix("security1/")) + bytes((status, BATTERY_FULL_RSSI_8))
