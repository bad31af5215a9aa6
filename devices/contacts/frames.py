"""Requests to boards, and their answers however the bytes were split.

An answer is known by its board, its function and its length: there is one read of each, so nothing
else on the wire can pass for it, and an answer that comes late is still the answer to its read. All
other bytes are noise, of a bad cable, of another master, or the echo of our own request by an
RS-485 converter: they are passed over one at a time, so that noise before an answer costs nothing.

The answer to a write repeats the request. Where the converter echoes, the first of two is the echo:
whether it does is seen at the read before, whose answer cannot be taken for its request.

    RTU   unit function count content… CRC           exception: unit function+80 code CRC
          unit 5 address FF00 or 0000 CRC            a coil is written; its answer is the same
    TCP   number 0 0 length unit function count …    the same behind six bytes, without the CRC

Time is linear: past `NOISE_BYTES_MOST` without an answer the rest is passed over unread until the
next request. At most the longest answer and one read of the wire are held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.contacts.board import Framing, Output, Read, Write

NOISE_BYTES_MOST = 1_024

EXCEPTION = 0x80
"""Set in the function of an answer: the board refuses, and says why."""

WRITE_COIL = 5
"""The function that writes one output [Modbus application protocol V1.1b3, 6.5]."""

_ON, _OFF = b"\xff\x00", b"\x00\x00"

RAW_BYTES_MAX = 64
"""How much of noise is kept with its word."""

_TCP_HEAD_BYTES, _CRC_BYTES = 6, 2
_UNASKED = "bytes that answer nothing asked here"
_HEAD_BYTES = 3
"""Unit, function, and the count of bytes or the code of an exception."""

_WRITTEN_BYTES = 6
"""Unit, function, address, value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a board said to one read; nothing but its code, `exception`, when it refused."""

    read: Read
    content: bytes
    exception: int | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What a board said to one write: done, or the code of its refusal."""

    write: Write
    exception: int | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that answer nothing that is asked here."""

    why: str
    raw: bytes


class Reader:
    """The answers on one line. Never raises for what came."""

    def __init__(
        self, framing: Framing, reads: Iterable[Read], outputs: Iterable[Output] = ()
    ) -> None:
        self._tcp = framing is Framing.TCP
        self._lead = _TCP_HEAD_BYTES if self._tcp else 0
        self._tail = 0 if self._tcp else _CRC_BYTES
        self._reads = {(read.unit, int(read.table)): read for read in reads}
        self._outputs = {(output.unit, output.address): output for output in outputs}
        self._writable = dict.fromkeys(unit for unit, _ in self._outputs)
        self._units = dict.fromkeys((*(unit for unit, _ in self._reads), *self._writable))
        self._held = bytearray()
        self._asked = b""
        self._writing: Write | None = None
        self._first = b""
        self._echoes = self._echo_due = False
        self._noise = 0
        self._why = _UNASKED

    def asks(self, request: bytes, writing: Write | None = None) -> Noise | None:
        """This request leaves now: what is left of bytes before it is no part of its answer."""
        left = self._given_up(len(self._held))
        if self._asked[self._lead + 1 : self._lead + 2] != bytes((WRITE_COIL,)):
            self._echoes = self._asked != b"" and self._first == self._asked
        self._asked, self._first, self._noise = request, b"", 0
        self._writing = writing or self._writing
        self._echo_due = self._echoes
        return left

    def feed(self, received: bytes) -> list[Answer | Written | Noise]:
        self._held += received
        self._first += received[: len(self._asked) - len(self._first)]
        found: list[Answer | Written | Noise] = []
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
        counted = self._body_bytes(bytes(head))
        if counted and len(head) < _HEAD_BYTES:
            return least
        if not counted or (self._tcp and lead[2:] != counted.to_bytes(2)):
            return 0
        return self._lead + counted + self._tail

    def _body_bytes(self, head: bytes) -> int:
        """From its unit on, without the check; 0: nothing that is asked is answered like this."""
        unit, function = head[0], head[1] & ~EXCEPTION
        read = self._reads.get((unit, function))
        writes = function == WRITE_COIL and unit in self._writable
        if head[1] & EXCEPTION:
            return _HEAD_BYTES if read is not None or writes else 0
        if read is None:
            return _WRITTEN_BYTES if writes else 0
        counts_right = head[2:] in (b"", bytes((read.content_bytes,)))
        return _HEAD_BYTES + read.content_bytes if counts_right else 0

    def _whole(self, at: int, length: int) -> Answer | Written | None:
        raw = bytes(self._held[at : at + length])
        body = raw[self._lead : len(raw) - self._tail]
        if not self._tcp and crc16(body) != raw[-_CRC_BYTES:]:
            self._why = "wrong checksum"
            return None
        if body[1] & ~EXCEPTION == WRITE_COIL:
            return self._written(body, raw)
        if self._asked.startswith(raw):
            return None
        read = self._reads[body[0], body[1] & ~EXCEPTION]
        if body[1] & EXCEPTION:
            return Answer(read, b"", body[2], raw)
        return Answer(read, body[_HEAD_BYTES:], None, raw)

    def _written(self, body: bytes, raw: bytes) -> Written | None:
        """A refusal names no output: it is that of the write before it."""
        if body[1] & EXCEPTION:
            asked = self._writing
            is_its = asked is not None and asked.output.unit == body[0]
            return Written(asked, body[2], raw) if asked is not None and is_its else None
        if self._echo_due and raw == self._asked:
            self._echo_due = False
            return None
        output = self._outputs.get((body[0], int.from_bytes(body[2:4])))
        if output is None or body[4:] not in (_ON, _OFF):
            return None
        return Written(Write(output, body[4:] == _ON), None, raw)

    def _passed_over(self, count: int) -> list[Noise]:
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


def write_request(framing: Framing, write: Write, number: int) -> bytes:
    """What is sent to switch one output."""
    output = write.output
    what = output.address.to_bytes(2) + (_ON if write.on else _OFF)
    return framed(framing, bytes((output.unit, WRITE_COIL)) + what, number)


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
