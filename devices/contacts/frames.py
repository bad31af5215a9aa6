"""Requests to input boards, and their answers however the bytes were split.

An answer is known by its board, its function and its length: there is one read of each, so nothing
else on the wire can pass for it, and an answer that comes late is still the answer to its read. All
other bytes are noise, of a bad cable, of another master, or the echo of our own request by an
RS-485 converter: they are passed over one at a time, so that noise before an answer costs nothing.

    RTU   unit function count content… CRC           exception: unit function+80 code CRC
    TCP   number 0 0 length unit function count …    the same behind six bytes, without the CRC

Time is linear: past `NOISE_BYTES_MOST` without an answer the rest is passed over unread until the
next request. At most the longest answer and one read of the wire are held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.contacts.board import Framing, Read

NOISE_BYTES_MOST = 1_024

EXCEPTION = 0x80
"""Set in the function of an answer: the board refuses, and says why."""

RAW_BYTES_MAX = 64
"""How much of noise is kept with its word."""

_TCP_HEAD_BYTES, _CRC_BYTES = 6, 2
_UNASKED = "bytes that answer nothing asked here"
_HEAD_BYTES = 3
"""Unit, function, and the count of bytes or the code of an exception."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a board said to one read; nothing but its code, `exception`, when it refused."""

    read: Read
    content: bytes
    exception: int | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that answer nothing that is asked here."""

    why: str
    raw: bytes


class Reader:
    """The answers on one line. Never raises for what came."""

    def __init__(self, framing: Framing, reads: Iterable[Read]) -> None:
        self._tcp = framing is Framing.TCP
        self._lead = _TCP_HEAD_BYTES if self._tcp else 0
        self._tail = 0 if self._tcp else _CRC_BYTES
        self._reads = {(read.unit, int(read.table)): read for read in reads}
        self._units = dict.fromkeys(read.unit for read in reads)
        self._held = bytearray()
        self._asked = b""
        self._noise = 0
        self._why = _UNASKED

    def asks(self, request: bytes) -> Noise | None:
        """This request leaves now: what is left of bytes before it is no part of its answer."""
        left = self._given_up(len(self._held))
        self._asked, self._noise = request, 0
        return left

    def feed(self, received: bytes) -> list[Answer | Noise]:
        self._held += received
        found: list[Answer | Noise] = []
        at = 0
        while at < len(self._held) and self._noise + at <= NOISE_BYTES_MOST:
            length = self._length(at)
            if length == 0:
                at += 1
            elif len(self._held) - at < length:
                break
            else:
                answer = self._whole(at, length)
                if answer is None:
                    at += 1
                    continue
                found += self._passed_over(at)
                found.append(answer)
                del self._held[:length]
                self._noise = at = 0
        if self._noise + at > NOISE_BYTES_MOST:
            at = len(self._held)
        return found + self._passed_over(at)

    def _length(self, at: int) -> int:
        """How long an answer that begins here is, as far as can be told; 0: none begins here."""
        head = self._held[at + self._lead : at + self._lead + _HEAD_BYTES]
        lead = self._held[at + 2 : at + self._lead]
        if self._tcp and any(lead[:2]):
            return 0
        least = self._lead + _HEAD_BYTES + self._tail
        if not head:
            return least
        if head[0] not in self._units:
            return 0
        if len(head) == 1:
            return least
        read = self._reads.get((head[0], head[1] & ~EXCEPTION))
        if read is None:
            return 0
        if len(head) < _HEAD_BYTES:
            return least
        content = 0 if head[1] & EXCEPTION else read.content_bytes
        counted = _HEAD_BYTES + content
        if (content and head[2] != content) or (self._tcp and lead[2:] != counted.to_bytes(2)):
            return 0
        return self._lead + counted + self._tail

    def _whole(self, at: int, length: int) -> Answer | None:
        raw = bytes(self._held[at : at + length])
        body = raw[self._lead : len(raw) - self._tail]
        if not self._tcp and crc16(body) != raw[-_CRC_BYTES:]:
            self._why = "wrong checksum"
            return None
        if self._asked.startswith(raw):
            return None
        read = self._reads[body[0], body[1] & ~EXCEPTION]
        if body[1] & EXCEPTION:
            return Answer(read, b"", body[2], raw)
        return Answer(read, body[_HEAD_BYTES:], None, raw)

    def _passed_over(self, count: int) -> list[Answer | Noise]:
        left = self._given_up(count)
        return [] if left is None else [left]

    def _given_up(self, count: int) -> Noise | None:
        """These first bytes are none of an answer's. An echo of our own request says nothing."""
        raw = bytes(self._held[:count])
        del self._held[:count]
        told = self._noise > NOISE_BYTES_MOST or raw in self._asked
        self._noise += count
        why, self._why = self._why, _UNASKED
        if told:
            return None
        if why is _UNASKED and not self._tcp and crc16(raw[:-_CRC_BYTES]) == raw[-_CRC_BYTES:]:
            why = f"no point is set for function {raw[1]} of unit {raw[0]}"
        return Noise(why, raw[:RAW_BYTES_MAX])


def request(framing: Framing, read: Read, number: int) -> bytes:
    """What is sent to read these inputs; `number` tells requests over TCP apart."""
    what = read.first.to_bytes(2) + read.count.to_bytes(2)
    return framed(framing, bytes((read.unit, read.table)) + what, number)


def framed(framing: Framing, body: bytes, number: int = 0) -> bytes:
    """Unit, function and what follows them, as it stands on the wire."""
    if framing is Framing.TCP:
        return (number & 0xFFFF).to_bytes(2) + bytes(2) + len(body).to_bytes(2) + body
    return body + crc16(body)


def crc16(part: bytes) -> bytes:
    """The check of RTU, low byte first: polynomial A001 from FFFF [serial line V1.02, 6.2.2]."""
    crc = 0xFFFF
    for byte in part:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


def _shifted(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


_CRC = tuple(_shifted(byte) for byte in range(256))
