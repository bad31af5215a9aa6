"""Native messages as a session, for `tilkald decode`: a device's own words, without a broker.

A frame is one line: the topic's last two parts and the body, `badge-anna/up {"type":"alarm"}`.
Over MQTT the listener gives the PUBACK after the commit; here the answer is what follows it on the
device's `down` topic: `received`, or `test_ok` for a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.errors import PeerError
from core.signals import Reading, SignalType
from devices.buttons.native import codec, messages
from devices.buttons.native.messages import Head
from devices.buttons.native.objects import PAYLOAD_BYTES_MAX
from devices.session import Heard

LINE_BYTES_MAX = PAYLOAD_BYTES_MAX + 256


class NativeSession:
    """Lines in, Readings out."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._out = bytearray()
        self._owed: dict[int, tuple[Reading, datetime]] = {}
        self._tickets = 0

    @property
    def wake_at(self) -> datetime | None:
        return None

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        self._begun += data
        if b"\n" not in data and len(self._begun) <= LINE_BYTES_MAX:
            return ()
        *lines, rest = self._begun.split(b"\n")
        heard = [self._line(bytes(line), wall) for line in lines if line.strip()]
        if len(rest) > LINE_BYTES_MAX:
            heard.append(Heard(error="a line without an end", raw=bytes(rest[:LINE_BYTES_MAX])))
            rest = bytearray()
        self._begun = rest
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        return ()

    def ended(self, now: datetime) -> Sequence[Heard]:
        line = bytes(self._begun)
        self._begun.clear()
        return [self._line(line, now)] if line.strip() else []

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        reading, wall = self._owed.pop(ticket)
        head = Head(f"decoded-{ticket}", wall)
        match reading.type:
            case SignalType.ALARM | SignalType.CANCEL if kept:
                self._out += messages.received(head, reading.boot, reading.seq) + b"\n"
            case SignalType.TEST if kept:
                self._out += messages.test_ok(head, reading.boot, reading.seq) + b"\n"
            case _:
                return

    def to_send(self) -> bytes:
        sending = bytes(self._out)
        self._out.clear()
        return sending

    def _line(self, line: bytes, wall: datetime) -> Heard:
        topic, _, body = line.partition(b" ")
        device, slash, leaf = topic.decode("utf-8", "replace").rpartition("/")
        if not slash:
            return Heard(error='write device/leaf and the body: badge-anna/up {"type":"alarm"}')
        try:
            reading = codec.read(leaf, body, device, wall=wall, presses_in_doubt=True)
        except PeerError as wrong:
            return Heard(error=str(wrong), raw=line)
        self._tickets += 1
        self._owed[self._tickets] = (reading, wall)
        return Heard(reading, ticket=self._tickets, raw=line)
