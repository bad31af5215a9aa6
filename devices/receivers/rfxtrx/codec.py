"""RFXtrx433: bytes ↔ packets. A length byte, and so many bytes: no sync byte, no checksum.

    length · type · subtype · sequence · data …

So a lost byte could make a press out of a thermometer's tail. What keeps the reading honest: a
length no packet has puts the line *out of step*; then only a length that is exactly right for its
type, and a type we know, starts a packet again, and so does a pause, since the receiver writes each
packet in one go.

The sequence byte counts what *the receiver* wrote, whatever transmitter it came from; it is kept
with the packet and says nothing about the press.

Sources: pyRFXtrx `lowlevel.py` (layouts, commands); RFXtrx user guide (packet types).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.values import value
from devices.receivers.receiver import Junk
from devices.receivers.rfxtrx.meanings import LENGTHS, RECEIVED

LENGTH_MIN, LENGTH_MAX = 4, 40
"""What the length byte may say: type, subtype and sequence are always there."""

STALE_AFTER = timedelta(milliseconds=500)
"""A packet that stops for so long is none; at 38,400 baud the longest takes 11 ms."""


@value(frozen=True)
class Packet:
    """One packet. `data` is what follows the sequence byte."""

    type: int
    subtype: int
    sequence: int
    data: bytes


def encode(packet: Packet) -> bytes:
    length = 3 + len(packet.data)
    assert LENGTH_MIN <= length <= LENGTH_MAX
    return bytes((length, packet.type, packet.subtype, packet.sequence)) + packet.data


def command(sequence: int, number: int) -> bytes:
    """A command to the receiver itself: 0 reset, 2 get status, 7 start receiving."""
    return encode(Packet(0x00, 0x00, sequence, bytes((number,)).ljust(10, b"\0")))


class Reader:
    """Bytes in, in any split; packets and junk out."""

    __slots__ = ("_buffer", "_in_step", "_last")

    def __init__(self) -> None:
        self._buffer = b""
        self._in_step = True
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
        """After a pause the line is in step again."""
        if self._last is None or now - self._last < STALE_AFTER:
            return []
        return self.ended()

    def ended(self) -> list[Packet | Junk]:
        """Nothing follows, or after a pause: half a packet is searched and given up."""
        found: list[Packet | Junk] = []
        if self._buffer:
            # A byte that was lost made its packet swallow the next one: that may be a press.
            found.append(Junk("a packet stopped in the middle", self._buffer))
            self._in_step = False
            found += [one for one in self._packets(self._buffer[1:]) if isinstance(one, Packet)]
        self._buffer, self._in_step = b"", True
        return found

    def _packets(self, buffer: bytes) -> list[Packet | Junk]:
        found: list[Packet | Junk] = []
        at = junk_from = 0
        while at < len(buffer):
            if not self._starts(buffer, at):
                if len(buffer) - at < 2 and _length_is_possible(buffer[at]):
                    break  # the type decides, and it is not here yet
                self._in_step = False
                at += 1
                continue
            if len(buffer) - at <= buffer[at]:
                break
            if at > junk_from:
                found.append(Junk("not a packet", buffer[junk_from:at]))
            end = at + 1 + buffer[at]
            found.append(_packet(buffer[at:end]))
            self._in_step = True
            at = junk_from = end
        if at > junk_from:
            found.append(Junk("not a packet", buffer[junk_from:at]))
        self._buffer = buffer[at:]
        return found

    def _starts(self, buffer: bytes, at: int) -> bool:
        """Whether a packet starts here, as far as its length and its type can say."""
        if not _length_is_possible(buffer[at]) or len(buffer) - at < 2:
            return False
        right = LENGTHS.get(buffer[at + 1])
        if self._in_step and buffer[at + 1] in RECEIVED:
            return right is None or buffer[at] >= min(right)
        return right is not None and buffer[at] in right


def as_it_stands(raw: bytes) -> Packet | None:
    """A packet of a type we read whose length is wrong; None where it is not even that."""
    known = len(raw) > LENGTH_MIN and LENGTHS.get(raw[1]) is not None
    return Packet(raw[1], raw[2], raw[3], raw[4 : LENGTH_MAX + 1]) if known else None


def _packet(whole: bytes) -> Packet:
    return Packet(whole[1], whole[2], whole[3], whole[4:])


def _length_is_possible(length: int) -> bool:
    return LENGTH_MIN <= length <= LENGTH_MAX
