"""EnOcean Serial Protocol 3: bytes ↔ packets, and the radio telegram inside one.

    55 | length of data (2) · length of optional (1) · type | CRC8 | data · optional | CRC8

CRC-8 with polynomial 0x07, start 0, over the four header bytes and over data with optional. A 0x55
may stand anywhere, so a packet is one only when both sums are right; else the search goes on behind
its first byte, and nothing inside a false packet is lost.

Sources: EnOcean Serial Protocol 3 specification v1.37 (packet structure, types), the vectors of
kipe/enocean `test_eep.py` and `test_packet.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

from core.values import replace, value
from devices.receivers.receiver import Junk

SYNC = 0x55

CONTENT_BYTES_MAX = 512
"""Data and optional together. A radio telegram has under 300; a longer claim is no packet."""

STALE_AFTER = timedelta(milliseconds=500)
"""A packet that stops for so long is none. The specification says 100 ms; USB bundles bytes."""

RAW_BYTES_MAX = 600

HEAD_BYTES = 6


class PacketType(IntEnum):
    """Types of packets we read; the others are kept as unknown."""

    RADIO_ERP1 = 0x01
    RESPONSE = 0x02
    RADIO_SUB_TEL = 0x03
    EVENT = 0x04
    COMMON_COMMAND = 0x05


@value(frozen=True)
class Packet:
    """One packet with both sums right."""

    type: int
    data: bytes
    optional: bytes = b""


@value(frozen=True)
class Telegram:
    """A radio telegram of type ERP1. `sender` is eight hex digits."""

    rorg: int
    payload: bytes
    sender: str
    status: int

    @property
    def repeated(self) -> int:
        """How many repeaters it went through; it says nothing about the press."""
        return self.status & 0x0F


def crc8(content: bytes) -> int:
    total = 0
    for byte in content:
        total = _CRC8[total ^ byte]
    return total


def encode(packet: Packet) -> bytes:
    assert len(packet.data) + len(packet.optional) <= CONTENT_BYTES_MAX
    head = len(packet.data).to_bytes(2, "big") + bytes((len(packet.optional), packet.type))
    body = packet.data + packet.optional
    return bytes((SYNC,)) + head + bytes((crc8(head),)) + body + bytes((crc8(body),))


def telegram(packet: Packet) -> Telegram | None:
    """The radio telegram of a packet; None when it is too short to name a sender."""
    data = packet.data
    if len(data) < 6:
        return None
    return Telegram(data[0], data[1:-5], data[-5:-1].hex(), data[-1])


def radio(of: Telegram) -> Packet:
    """The packet a receiver makes of a telegram; the inverse of `telegram`."""
    data = bytes((of.rorg,)) + of.payload + bytes.fromhex(of.sender) + bytes((of.status,))
    return Packet(PacketType.RADIO_ERP1, data)


class Reader:
    """Bytes in, in any split; packets and junk out."""

    __slots__ = ("_buffer", "_last")

    def __init__(self) -> None:
        self._buffer = b""
        self._last: datetime | None = None

    @property
    def wake_at(self) -> datetime | None:
        """When what stands half in the buffer must be given up."""
        return self._last + STALE_AFTER if self._buffer and self._last is not None else None

    def feed(self, data: bytes, now: datetime) -> list[Packet | Junk]:
        found = self.stale(now)
        if data:
            self._last = now
            found += self._packets(self._buffer + data)
        return found

    def stale(self, now: datetime) -> list[Packet | Junk]:
        """Give up a packet that stopped; what stands behind its first byte is read."""
        found: list[Packet | Junk] = []
        while self._buffer and self._last is not None and now - self._last >= STALE_AFTER:
            found.append(Junk("a packet stopped in the middle", self._buffer[:RAW_BYTES_MAX]))
            found += self._packets(self._buffer[1:])
        return found

    def ended(self) -> list[Packet | Junk]:
        """Nothing follows: what stands behind the first byte of half a packet is read."""
        found: list[Packet | Junk] = []
        while self._buffer:
            found.append(Junk("a packet stopped in the middle", self._buffer[:RAW_BYTES_MAX]))
            found += self._packets(self._buffer[1:])
        return found

    def _packets(self, buffer: bytes) -> list[Packet | Junk]:
        found: list[Packet | Junk] = []
        at = junk_from = 0
        why = "not a packet"
        while (at := buffer.find(SYNC, at)) >= 0:
            size = _size(buffer, at)
            if size == 0 and len(buffer) - at < HEAD_BYTES:
                break
            if size and len(buffer) - at < size:
                break
            if not size or crc8(buffer[at + HEAD_BYTES : at + size - 1]) != buffer[at + size - 1]:
                why = "wrong checksum"
                at += 1
                continue
            if at > junk_from:
                found.append(Junk(why, buffer[junk_from:at][:RAW_BYTES_MAX]))
            found.append(_packet(buffer, at, size))
            at = junk_from = at + size
        end = at if at >= 0 else len(buffer)
        if end > junk_from:
            found.append(Junk(why, buffer[junk_from:end][:RAW_BYTES_MAX]))
        self._buffer = buffer[end:]
        return found


def as_it_stands(raw: bytes) -> Packet | None:
    """The packet these bytes are but for one of its two sums, or its first byte; else None."""
    size = HEAD_BYTES + 1 + (raw[1] << 8 | raw[2]) + raw[3] if len(raw) > HEAD_BYTES else 0
    if not HEAD_BYTES + 1 < size <= min(len(raw), HEAD_BYTES + 1 + CONTENT_BYTES_MAX):
        return None
    of_head = crc8(raw[1:5]) == raw[5]
    right = (raw[0] == SYNC, of_head, crc8(raw[HEAD_BYTES : size - 1]) == raw[size - 1])
    if sum(right) < len(right) - 1:
        return None
    packet = _packet(raw, 0, size)
    types = [kind for kind in PacketType if crc8(raw[1:4] + bytes((kind,))) == raw[5]]
    return packet if of_head or not types else replace(packet, type=types[0])


def _size(buffer: bytes, at: int) -> int:
    """The whole length of the packet that may start here; 0 when its head is none, or not here."""
    head = buffer[at + 1 : at + 5]
    if len(buffer) - at < HEAD_BYTES or crc8(head) != buffer[at + 5]:
        return 0
    content = (head[0] << 8 | head[1]) + head[2]
    return HEAD_BYTES + content + 1 if content <= CONTENT_BYTES_MAX else 0


def _packet(buffer: bytes, at: int, size: int) -> Packet:
    start = at + HEAD_BYTES
    middle = start + (buffer[at + 1] << 8 | buffer[at + 2])
    return Packet(buffer[at + 4], buffer[start:middle], buffer[middle : at + size - 1])


def _crc8_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1 & 0xFF) ^ (0x07 if byte & 0x80 else 0)
    return byte


_CRC8 = bytes(_crc8_of(byte) for byte in range(256))
