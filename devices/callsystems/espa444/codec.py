"""Bytes to what an ESPA 4.4.4 line says, however the bytes were split, and blocks back to bytes.

A block is `<SOH>` header `<STX>` record { `<RS>` record } `<ETX>` BCC, a record is id `<US>` data.
The BCC is the XOR of everything after SOH up to and including ETX. It may be any byte, a control
character too, so nothing is searched while it is due. Between blocks only five control characters
mean something, each with the one character before it (an address, or the prefix of a NAK), and
`<STX>`, before which an SOH was lost; everything else there is noise and read past.

Time is linear in the bytes and at most `BLOCK_BYTES_MAX` of a block are held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from operator import xor

from core.values import value
from devices.callsystems.espa444.meanings import Prefix, Record

SOH, STX, ETX, EOT, ENQ, ACK, NAK, RS, US = (
    *(b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x15", b"\x1e", b"\x1f"),
)

BLOCK_BYTES_MAX = 1_024
"""Of a longer block the rest is read past; the specification's longest is about 200."""

RECORDS_MAX = 32
"""Of more records the rest stays in the last one; the specification knows eight."""

_BETWEEN = re.compile(rb"[\x01\x02\x04\x05\x06\x15]")
_WITHIN = re.compile(rb"[\x01\x03\x04\x05]")
NAME_BYTES_MAX = 2
"""An id, and a space before it. A US that stands later may be that of another record."""

_LOST_RS = re.compile(rb"(?<=[^\x1e])[^0-9A-Za-z \x1e\x1f](\d\x1f)")
"""A record that begins behind something that may have been its RS."""

_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))


@value(frozen=True)
class Block:
    """One block. `fault` says what is wrong with it; then nothing in it is certain."""

    header: str
    records: tuple[tuple[str, bytes], ...]
    fault: str = ""
    raw: bytes = b""

    def values(self, record: Record) -> list[bytes]:
        """What stands in the records of one id, in order; mostly none or one."""
        return [value for name, value in self.records if name == record]


@value(frozen=True)
class Enquiry:
    """A poll or a select, which only their order tells apart."""

    address: str


@value(frozen=True)
class Ack: ...


@value(frozen=True)
class Nak:
    prefix: str


@value(frozen=True)
class Eot: ...


Token = Block | Enquiry | Ack | Nak | Eot


class Scanner:
    """Feed it bytes; it gives what they say. Never raises for what a peer sent."""

    def __init__(self, *, seven_bits: bool = False) -> None:
        """`seven_bits`: the eighth bit is parity and is taken off."""
        self._seven_bits = seven_bits
        self._before = ""
        self._block: bytearray | None = None
        self._length = 0
        self._parity = 0
        self._check_due = False

    @property
    def in_block(self) -> bool:
        return self._block is not None

    def feed(self, received: bytes) -> list[Token]:
        if self._seven_bits:
            received = received.translate(_SEVEN_BITS)
        tokens: list[Token] = []
        at = 0
        while at < len(received):
            if self._block is None:
                at = self._between(received, at, tokens)
            elif self._check_due:
                tokens.append(self._checked(received[at]))
                at += 1
            else:
                at = self._within(received, at, tokens)
        return tokens

    def give_up(self) -> Block | None:
        """Whatever there is of a block whose end did not come."""
        return None if self._block is None else self._ended("not whole")

    def _between(self, received: bytes, at: int, tokens: list[Token]) -> int:
        found = _BETWEEN.search(received, at)
        end = len(received) if found is None else found.start()
        if end > at:
            self._before = chr(received[end - 1])
        if found is None:
            return end
        before, self._before = self._before, ""
        match found.group():
            case b"\x01":
                self._begin()
            case b"\x02":
                self._begin()
                self._take(before.encode("latin-1") + STX)
            case b"\x04":
                tokens.append(Eot())
            case b"\x05":
                tokens.append(Enquiry(before))
            case b"\x06":
                tokens.append(Ack())
            case _:
                tokens.append(Nak(before))
        return end + 1

    def _begin(self) -> None:
        self._block = bytearray(SOH)
        self._length = self._parity = 0
        self._check_due = False

    def _within(self, received: bytes, at: int, tokens: list[Token]) -> int:
        found = _WITHIN.search(received, at)
        end = len(received) if found is None else found.start()
        self._take(received[at:end])
        if found is None:
            return end
        if found.group() == ETX:
            self._take(ETX)
            self._check_due = True
            return end + 1
        # Another control character: the sender began anew, and what there is stays a part. One
        # that holds no record yet is noise: were it a message, a line that says nothing but SOH
        # would be one a byte, each read, numbered and handed over.
        assert self._block is not None
        self._before = chr(self._block[-1])
        if US in self._block:
            tokens.append(self._ended("not whole"))
        self._block = None
        return end

    def _take(self, part: bytes) -> None:
        assert self._block is not None
        self._length += len(part)
        self._parity = reduce(xor, part, self._parity)
        room = BLOCK_BYTES_MAX - len(self._block)
        if room > 0:
            self._block += part[:room]

    def _checked(self, check: int) -> Block:
        if check == self._parity:
            return self._ended("", bytes((check,)))
        fault = f"block check is 0x{check:02x}, 0x{self._parity:02x} was due"
        return self._ended(fault, bytes((check,)))

    def _ended(self, fault: str, check: bytes = b"") -> Block:
        assert self._block is not None
        held, self._block = bytes(self._block), None
        header, records = _parts(held[1:])
        return Block(header, records, fault, held + check)


def check_character(part: bytes) -> int:
    """The BCC of what stands between SOH and the BCC, ETX included."""
    return reduce(xor, part, 0)


def encode(header: str, records: Iterable[tuple[str, bytes]]) -> bytes:
    """A block to send. Ids and values must not hold the control characters of the frame."""
    body = RS.join(name.encode("latin-1") + US + value for name, value in records)
    text = header.encode("latin-1") + STX + body
    assert _WITHIN.search(text) is None, "a control character inside a block"
    text += ETX
    return SOH + text + bytes((check_character(text),))


def enquiry(address: str) -> bytes:
    """A poll or a select of one station."""
    return address.encode("latin-1") + ENQ


def nak(prefix: Prefix) -> bytes:
    """A refusal with its reason."""
    return prefix.encode("latin-1") + NAK


def _parts(text: bytes) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Header and records. Some senders put an RS before the ETX, or a space before an id."""
    header, begun, body = text.partition(STX)
    if not begun and US in text:
        # The STX was lost: a record begins with the character before its US.
        at = text.index(US) - 1
        header, body = text[: max(at, 0)], text[max(at, 0) :]
    body = body.removesuffix(ETX)
    records = body.split(RS, RECORDS_MAX - 1)
    if any([record.rfind(US) > NAME_BYTES_MAX for record in records]):
        records = _LOST_RS.sub(RS + rb"\1", body).split(RS, RECORDS_MAX - 1)
    named = [record.partition(US) for record in records if record]
    return header.removesuffix(ETX).decode("latin-1").strip(), tuple(
        [(name.decode("latin-1").strip(), value) for name, _, value in named]
    )
