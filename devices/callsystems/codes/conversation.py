"""The conversation of an alarm receiver with its computer: one message, one ACK, over one line.

Sur-Gard and Ademco 685 differ in how a message is written, not in how they talk: the receiver sends
one message, waits some seconds, and sends it again (three times) until it gets ACK; NAK makes it
send again at once.

**The law: ACK leaves only when the message is kept** (a heartbeat is answered at once). Not kept:
silence, and the receiver repeats; NAK would make it repeat without pause. A message with bytes no
message has is garbled, as is one that stops before its end: NAK, so that it comes again. The very
same bytes a third time are no noise (`doubts`): they are taken as they are, with all of them that
can be read, so that nothing waits behind them; what they would take back is only kept.

The protocol has no numbers, so a copy is told by its place: the same bytes directly after one
another and within `REPEATED_WITHIN`. While the first copy is under way the second gets no answer of
its own (it would be taken for the ACK of the next message), after its ACK it gets another ACK.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.errors import PeerError
from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.callsystems.codes.meaning import Event, Sender, reading, shown, unknown
from devices.doubts import Doubts
from devices.session import Heard

ACK, NAK = b"\x06", b"\x15"

FRAME_BYTES_MAX = 512
"""The longest message of either protocol is under 100 bytes, a SIA text included."""

REPEATED_WITHIN = timedelta(seconds=20)
"""Three repeats, four seconds apart, and a slow line."""

UNDER_WAY_MAX = 100
"""Messages waiting to be kept. A receiver sends one at a time; more get no answer."""

STALE_AFTER = timedelta(seconds=2)
"""A message that stops for so long has lost its end. The receiver waits four for its answer."""

GARBLED_TOLD = 5
"""After so many garbled messages in a row people are told: speed, parity, or the cable."""

SILENT, GARBLED = "line_silent", "line_garbled"
"""Codes of what this session says itself."""

_ODD_BYTES = re.compile(rb"[^\x20-\x7e]")
_ODD_AROUND = re.compile(rb"^[^\x20-\x7e]+|[^\x20-\x7e]+$")
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))
_TAKES_AWAY = (SignalType.CANCEL, SignalType.RESTORE)


class Grammar(Protocol):
    """How the messages of one protocol are written."""

    @property
    def protocol(self) -> str: ...

    @property
    def ends(self) -> int:
        """The byte that ends a message."""
        ...

    @property
    def begins(self) -> re.Pattern[bytes]:
        """Where a message may begin."""
        ...

    def trim(self, raw: bytes) -> bytes:
        """A message without what may stand around it."""
        ...

    def read(self, text: str, raw: bytes) -> list[Reading]:
        """What it says. Raises PeerError where it is written in no way we know."""
        ...

    def loosely(self, text: str, raw: bytes) -> list[Reading]:
        """What can still be read of a message that is damaged: who, what, where; or nothing."""
        ...


@dataclass(slots=True)
class _Message:
    """A message that was handed out; `left` readings of it wait to be kept."""

    raw: bytes
    at: datetime
    left: int
    all_kept: bool = True

    @property
    def acknowledged(self) -> bool:
        return self.left == 0 and self.all_kept


class ReceiverSession:
    """One line. `silent_after` None: silence means nothing until a heartbeat was heard."""

    def __init__(
        self,
        grammar: Grammar,
        *,
        silent_after: timedelta | None,
        silent_after_beat: timedelta,
        now: datetime | None = None,
        doubts: Doubts | None = None,
    ) -> None:
        """`doubts`: shared by the connections of one port."""
        self._doubts = doubts or Doubts()
        self._grammar = grammar
        self._silent_after = silent_after
        self._silent_after_beat = silent_after_beat
        self._cutter = _Cutter(grammar.ends)
        self._out = bytearray()
        self._owed: dict[int, _Message] = {}
        self._tickets = 0
        self._last: _Message | None = None
        self._came_at: datetime | None = None
        self._garbled_in_a_row = 0
        self._heard_at = now
        self._silent = False
        self._receiver = self._told_of = "receiver"

    @property
    def wake_at(self) -> datetime | None:
        """When this line has been silent for too long, or a message has stopped."""
        if not self._cutter.is_half or self._came_at is None:
            return self._silent_at
        stale = self._came_at + STALE_AFTER
        return stale if self._silent_at is None else min(stale, self._silent_at)

    @property
    def _silent_at(self) -> datetime | None:
        if self._silent_after is None or self._heard_at is None or self._silent:
            return None
        return self._heard_at + self._silent_after

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        """Take bytes; what they say."""
        heard = self._stale(now)
        if data:
            self._came_at = now
        for raw in self._cutter.feed(data):
            heard += self._message(raw, now)
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        """The moment of `wake_at`: a silent line is a technical alarm, once."""
        heard, silent_at = self._stale(now), self._silent_at
        if silent_at is None or now < silent_at or self._silent_after is None:
            return heard
        self._silent = True
        text = f"{self._receiver} has said nothing for {self._silent_after.total_seconds():.0f} s"
        return [*heard, Heard(self._of_line(SignalType.TECHNICAL, None, SILENT, text))]

    def ended(self, now: datetime) -> Sequence[Heard]:
        return self._message(self._cutter.give_up(), now, whole=False)

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """A reading of a message is committed or could not be; the last of them decides."""
        message = self._owed.pop(ticket, None)
        assert message is not None, "a message was settled twice"
        message.left -= 1
        message.all_kept &= kept
        if message.acknowledged:
            self._out += ACK

    def to_send(self) -> bytes:
        """The bytes to write, handed out once."""
        sending = bytes(self._out)
        self._out.clear()
        return sending

    # One message

    def _stale(self, now: datetime) -> list[Heard]:
        if self._came_at is None or now - self._came_at < STALE_AFTER:
            return []
        return list(self.ended(now))

    def _message(self, raw: bytes, now: datetime, *, whole: bool = True) -> list[Heard]:
        heard: list[Heard] = []
        for part in self._apart(_without_parity(raw)):
            if part.strip():
                heard += self._take(part, now, whole=whole)
        return heard

    def _apart(self, raw: bytes) -> list[bytes]:
        """Two messages, where the end byte between them was lost."""
        message = self._grammar.trim(raw)
        if self._read(message) is not None and message in (raw, raw.strip()):
            return [message]
        for begins in self._grammar.begins.finditer(raw, 1):
            one, other = (self._grammar.trim(raw[: begins.start()]), raw[begins.start() :])
            if self._read(one) is not None:
                return [one, *self._apart(other)]
        return [message]

    def _read(self, raw: bytes) -> list[Reading] | None:
        try:
            return self._grammar.read(raw.decode("latin-1"), raw) or None
        except PeerError:
            return None

    def _take(self, raw: bytes, now: datetime, *, whole: bool) -> list[Heard]:
        readings = self._read(raw)
        if readings is None:
            if (not whole or _ODD_BYTES.search(raw)) and not self._doubts.again(now, raw):
                return self._refuse(raw, "bytes no message has" if whole else "it has no end")
            readings = self._in_doubt(raw)
        back = [*self._back(now), *self._readable()]
        if readings[0].type is SignalType.HEARTBEAT:
            return [*back, self._beat(readings[0], raw, now)]
        if self._is_copy(raw, now):
            return back
        return [*back, *self._owing(readings, raw, now)]

    def _beat(self, said: Reading, raw: bytes, now: datetime) -> Heard:
        """A heartbeat shows that the message before it has got its answer."""
        self._out += ACK
        self._last = None
        self._receiver = said.device
        self._silent_after = self._silent_after or self._silent_after_beat
        self._heard_at = now
        return Heard(said, raw=raw)

    def _is_copy(self, raw: bytes, now: datetime) -> bool:
        last = self._last
        if last is None or last.raw != raw or now - last.at > REPEATED_WITHIN:
            return False
        if last.acknowledged:
            self._out += ACK
        return last.left > 0 or last.acknowledged

    def _owing(self, readings: Sequence[Reading], raw: bytes, now: datetime) -> list[Heard]:
        if len(self._owed) + len(readings) > UNDER_WAY_MAX:
            self._last = None
            return [Heard(said, raw=raw) for said in readings]
        self._last = message = _Message(raw, now, len(readings))
        heard: list[Heard] = []
        for said in readings:
            self._tickets += 1
            self._owed[self._tickets] = message
            heard.append(Heard(said, ticket=self._tickets, raw=raw))
        return heard

    def _refuse(self, raw: bytes, why: str) -> list[Heard]:
        self._out += NAK
        self._garbled_in_a_row += 1
        heard = [Heard(error=f"garbled, asked for it again: {why}", raw=raw)]
        if self._garbled_in_a_row == GARBLED_TOLD:
            self._told_of = self._receiver
            text = f"what {self._receiver} sends cannot be read: check speed, parity and cable"
            heard.append(Heard(self._of_line(SignalType.TECHNICAL, None, GARBLED, text)))
        return heard

    def _readable(self) -> list[Heard]:
        told = self._garbled_in_a_row >= GARBLED_TOLD
        self._garbled_in_a_row = 0
        if not told:
            return []
        text = f"what {self._told_of} sends can be read again"
        over = self._of_line(SignalType.RESTORE, AlarmKind.TECHNICAL, GARBLED, text)
        return [Heard(replace(over, device=self._told_of))]

    def _in_doubt(self, raw: bytes) -> list[Reading]:
        """Written in no way we know, so it may be a call for help: all of it that can be read."""
        around, seven = _ODD_AROUND.sub(b"", raw), raw.translate(_SEVEN_BITS)
        loose = self._grammar.loosely(_ODD_BYTES.sub(b"?", raw).decode(), raw)
        guesses = [self._read(guess) or [] for guess in (around, seven) if guess != raw]
        found = next((one for one in (*guesses, loose) if _calls(one)), None)
        read = found or next(filter(None, (loose, *guesses)), [self._unknown(raw)])
        return [_only_raising(said) for said in read]

    def _unknown(self, raw: bytes) -> Reading:
        code = shown(raw.decode("latin-1"), 40)
        event = Event(unknown(code, self._receiver, may_call=True), code)
        return reading(Sender(self._grammar.protocol, self._receiver), event, raw)

    # The line

    def _back(self, now: datetime) -> list[Heard]:
        self._heard_at = now
        if not self._silent:
            return []
        self._silent = False
        text = f"{self._receiver} is heard again"
        over = self._of_line(SignalType.RESTORE, AlarmKind.TECHNICAL, SILENT, text)
        return [Heard(over)]

    def _of_line(self, type_: SignalType, kind: AlarmKind | None, code: str, text: str) -> Reading:
        return Reading(self._grammar.protocol, self._receiver, type_, kind, code=code, text=text)


class _Cutter:
    """Cuts a stream at its end byte. What is too long is cut, and still told when it ends."""

    def __init__(self, ends: int) -> None:
        # A line with parity that is read without one shows its end byte with bit 7 set.
        self._ends = re.compile(b"[%c%c]" % (ends, _with_parity(ends)))
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        *whole, rest = self._ends.split(data)
        if not whole:
            self._rest += rest[: FRAME_BYTES_MAX - len(self._rest)]
            return []
        whole[0] = self._rest + whole[0]
        self._rest = rest[:FRAME_BYTES_MAX]
        return [piece[:FRAME_BYTES_MAX] for piece in whole]

    @property
    def is_half(self) -> bool:
        return bool(self._rest)

    def give_up(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest


def _calls(readings: list[Reading]) -> bool:
    return any(said.type is SignalType.ALARM for said in readings)


def _only_raising(said: Reading) -> Reading:
    odd = (*said.odd, "message: damaged, read as far as it goes")
    if any(one.startswith("code: ") for one in said.odd):
        said = replace(said, zone=None, point="")  # a number that lost a digit is another place
    if said.type in _TAKES_AWAY:
        return replace(said, type=SignalType.UNKNOWN, kind=None, odd=odd)
    return replace(said, odd=odd)


def _without_parity(raw: bytes) -> bytes:
    """Seven bits of each byte, where all carry an even parity bit: the line is set to 8N1."""
    if raw.isascii() or any(byte.bit_count() % 2 for byte in raw):
        return raw
    return bytes(byte & 0x7F for byte in raw)


def _with_parity(byte: int) -> int:
    return byte | 0x80 if byte.bit_count() % 2 else byte
