"""An EnOcean receiver: it answers what it is asked, and hands on what rockers say.

A rocker says its press three times within 40 ms, a repeater says it once more, and the finger goes
up a moment later. Nobody acknowledges radio: what is pressed while the cable is out is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from devices.receivers.esp3.codec import Packet, PacketType, Reader, Telegram, encode, radio
from devices.receivers.esp3.meanings import PRESSED, RPS
from firmware_sim.speakers.air import Air
from firmware_sim.speakers.ports import Unanswered

COPIES_AT = tuple(timedelta(milliseconds=ms) for ms in (0, 20, 40))
REPEATED_AT = timedelta(milliseconds=90)
LET_GO_AFTER = timedelta(milliseconds=400)

BUTTON_BI = 2 << 5
T21 = 0x20
NORMAL = 0x10

BY_RADIO = b"\x01\xff\xff\xff\xff\x2d\x00"
"""Optional data of a reception: one subtelegram, to everybody, -45 dBm, not secured."""

VERSION = Packet(PacketType.RESPONSE, bytes(33))
"""RET_OK and a version of zeros."""


class RadioGateway:
    """One receiver on a serial line."""

    def __init__(self) -> None:
        self.calls = Unanswered()
        self._reader = Reader()
        self._air = Air()
        self._answers: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return self._air.wake_at

    def connected(self, now: datetime, wall: datetime) -> None:
        """It is quiet until a rocker is pressed."""

    def lost(self, now: datetime) -> None:
        """It notices nothing."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        for found in self._reader.feed(data, now):
            if isinstance(found, Packet) and found.type == PacketType.COMMON_COMMAND:
                self._answers.append(encode(VERSION))
        self.wake(now, wall)

    def wake(self, now: datetime, wall: datetime) -> None:
        while (call := self.calls.due(now)) is not None:
            self._press(call.who, now)
        self._answers += self._air.due(now)

    def to_send(self) -> Sequence[bytes]:
        answers, self._answers = self._answers, []
        return answers

    def _press(self, sender: str, now: datetime) -> None:
        down, up = now, now + LET_GO_AFTER
        for start, byte, status in ((down, BUTTON_BI | PRESSED, T21 | NORMAL), (up, 0, T21)):
            for after in COPIES_AT:
                self._air.at(start + after, _heard(sender, byte, status))
            self._air.at(start + REPEATED_AT, _heard(sender, byte, status | 1))


def _heard(sender: str, byte: int, status: int) -> bytes:
    said = radio(Telegram(RPS, bytes((byte,)), sender, status))
    return encode(Packet(said.type, said.data, BY_RADIO))
