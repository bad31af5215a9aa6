"""DC-09 frames: bytes to frames and back, and what stands between a frame's brackets.

`<LF> CRC 0LLL "ID" seq [Rrcvr] Lpref [#acct] [data] [x-data]… [_time] <CR>`. CRC-16/ARC and length
count from the first quotation mark up to the character before `<CR>` (5.5.1.2, 5.5.1.3).

A frame without its `<LF>` or its `<CR>` is one all the same: what stands between frames is looked
through (`through`) once the next begins, or the peer pauses or ends, and its sums say what it is.
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime

from core.errors import PeerError
from core.values import value
from devices.texts import text_again

LF, CR = 0x0A, 0x0D
QUOTE = 0x22

TEXT_BYTES_MAX = 0xFFF
"""The length has three digits."""

FRAME_BYTES_MAX = TEXT_BYTES_MAX + 10
JUNK_KEPT_MAX = 256
JUNK_BYTES_MAX = FRAME_BYTES_MAX
"""Bytes between frames that are held; then they are looked through, and begin anew."""

HEAD_BYTES = 8
"""CRC and length in front of the first quotation mark."""

EXTRAS_MAX = 32
"""Extended data fields read from one message."""

_HEAD = re.compile(
    r'"(\*?)([A-Z0-9-]{1,16})"([0-9A-Fa-f]{4})'
    r"(?:R([0-9A-Fa-f]{0,6}))?(?:L([0-9A-Fa-f]{0,6}))?#?([0-9A-Za-z]{0,16})\["
)
_QUOTED = re.compile(rb'(?<!\*)"\*?[A-Z0-9-]{1,16}"(?=[0-9A-Fa-f]{4})')
"""How the text of a frame begins, wherever it stands."""

_ENDS = re.compile(rb"[\r\n\0]")
_WHO = (
    re.compile(r"\[#([0-9A-Za-z]{3,16})(\|.*)", re.DOTALL),
    re.compile(r"#([0-9A-Za-z]{3,16})\[(.*)", re.DOTALL),
    re.compile(r"#([0-9A-Za-z]{3,16})(\|.*)", re.DOTALL),
)
"""Whom a frame names whose head cannot be read; the surest first."""

_EXTRA = re.compile(r"\[([A-Za-z])([^\]]*)\]")
_STAMP = re.compile(r"_(\d\d):(\d\d):(\d\d),(\d\d)-(\d\d)-(\d{4})\s*$", re.ASCII)


@value(frozen=True)
class Frame:
    """One message as it travels. `line` None: no `L` at all, which some diallers leave out.

    `body` is what follows the opening bracket: `data][x-data]…_time`, or its cipher text.
    `binary_crc`: two bytes instead of four digits, as some old senders do; answered alike.
    """

    token: str
    seq: str
    receiver: str | None
    line: str | None
    account: str
    body: str
    encrypted: bool = False
    binary_crc: bool = False


@value(frozen=True)
class Content:
    """What stood between the brackets. `stamp` is the sender's clock as it sent."""

    data: str
    extras: tuple[tuple[str, str], ...] = ()
    stamp: datetime | None = None


@value(frozen=True)
class Piece:
    """A run of bytes: a frame with where its text begins, or junk (`text_at` 0).

    `whole`: it begins with `<LF>` and ends with `<CR>`; else what is missing was guessed. `ends`:
    how many bytes at its end are none of its text.
    """

    raw: bytes
    text_at: int = 0
    whole: bool = True
    ends: int = 1

    @property
    def text(self) -> bytes:
        return self.raw[self.text_at : len(self.raw) - self.ends]


class Framer:
    """Cuts a stream into frames. Bytes between frames are looked through once the next begins."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._junk = bytearray()
        self._junk_told = False

    @property
    def is_half(self) -> bool:
        """Whether something stands here that is no frame yet."""
        return bool(self._buffer or self._junk)

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that are complete now. Keeps at most one frame of bytes, and one of junk."""
        self._buffer += data
        pieces: list[Piece] = []
        at = 0
        while True:
            begins = self._buffer.find(LF, at)
            if begins < 0:
                self._drop(at, len(self._buffer), pieces)
                at = len(self._buffer)
                break
            self._drop(at, begins, pieces)
            at = begins
            taken = self._frame_at(at, pieces)
            if taken is None:
                break
            at = taken
        self._scanned = max(self._scanned - at, 0)
        del self._buffer[:at]
        return pieces

    def give_up(self) -> list[Piece]:
        """Nothing follows: what there is."""
        pieces: list[Piece] = []
        self._drop(0, len(self._buffer), pieces)
        self._buffer.clear()
        self._scanned = 0
        self._look_through(pieces)
        return pieces

    def _frame_at(self, at: int, pieces: list[Piece]) -> int | None:
        """Where to go on after the `<LF>` at `at`, or None while more bytes must come."""
        self._look_through(pieces)
        if len(self._buffer) - at < 10:
            return None
        if self._buffer[at + 9] == QUOTE:
            text_at = 9
        elif self._buffer[at + 7] == QUOTE:
            text_at = 7
        else:
            return at + 1
        ends = self._end(max(at + text_at, self._scanned), at + FRAME_BYTES_MAX)
        if ends < 0 and len(self._buffer) - at <= FRAME_BYTES_MAX:
            self._scanned = len(self._buffer)
            return None
        self._scanned = 0
        if ends < 0 or self._buffer[ends] == LF:
            # It has no <CR>, or is cut off: what follows is looked through at the next `<LF>`.
            return at + 1
        pieces.append(Piece(bytes(self._buffer[at : ends + 1]), text_at))
        self._junk_told = False
        return ends + 1

    def _end(self, start: int, limit: int) -> int:
        """Where a `<CR>` ends the frame or an `<LF>` cuts it off; below 0: nowhere yet."""
        cut = self._buffer.find(LF, start, limit)
        ends = self._buffer.find(CR, start, limit if cut < 0 else cut)
        return ends if ends >= 0 else cut

    def _drop(self, start: int, end: int, pieces: list[Piece]) -> None:
        """These bytes begin no frame. Of junk without end only the first is told."""
        while start < end:
            part = self._buffer[start : min(end, start + JUNK_BYTES_MAX - len(self._junk))]
            self._junk += part
            start += len(part)
            if len(self._junk) >= JUNK_BYTES_MAX:
                found = through(bytes(self._junk))
                frames = [piece for piece in found if piece.text_at]
                pieces += frames if self._junk_told else found
                self._junk_told = not frames
                self._junk.clear()

    def _look_through(self, pieces: list[Piece]) -> None:
        if self._junk:
            pieces += through(bytes(self._junk))
            self._junk.clear()


def through(junk: bytes) -> list[Piece]:
    """The frames that stand somewhere in these bytes; all of it as junk where there is none."""
    heads = [found.start() for found in _QUOTED.finditer(junk)]
    if not heads:
        return [Piece(junk[:FRAME_BYTES_MAX])] if junk.strip(b"\r\n\0 ") else []
    pieces: list[Piece] = []
    since = 0
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        limit = len(junk) if following is None else max(following - HEAD_BYTES, head)
        end = _ENDS.search(junk, head, limit)
        stop = limit if end is None else end.end()
        begins = max(head - HEAD_BYTES, since)
        raw = junk[begins:stop][: FRAME_BYTES_MAX - 1]
        pieces.append(Piece(raw, head - begins, whole=False, ends=0 if end is None else 1))
        since = stop
    return pieces


def parse(piece: Piece, *, decimal_length: bool = False) -> Frame:
    """The frame of a piece. Raises PeerError: wrong CRC, wrong length, or not a frame."""
    if not piece.text_at and piece.whole:
        raise PeerError("bytes that are no DC-09 frame")
    text, before = piece.text, piece.raw[: piece.text_at]
    right = crc16(text)
    binary = piece.text_at == 7 if piece.whole else before[-6:-4] == right.to_bytes(2, "big")
    _check_crc(before[-6:-4] if binary else before[-8:-4], right, binary)
    _check_length(before[-4:], len(text), decimal_length)
    found = _read_head(text, binary=binary)
    if found is None:
        raise PeerError("a frame whose head cannot be read (ID, number, receiver, line, account)")
    return found


def as_it_stands(piece: Piece) -> Frame | None:
    """What a damaged piece says, its sums left out; None where it names nobody.

    `token` empty: its head cannot be read, so it cannot be answered either.
    """
    found = _read_head(piece.text)
    if found is not None:
        return found
    said = piece.raw.rstrip(b"\r\n\0").decode("latin-1")
    who = next(filter(None, (pattern.search(said) for pattern in _WHO)), None)
    return None if who is None else Frame("", "0000", None, None, who[1].upper(), who[2])


def _read_head(text: bytes, *, binary: bool = False) -> Frame | None:
    said = text.decode("latin-1")
    head = _HEAD.match(said)
    if head is None:
        return None
    star, token, seq, receiver, line, account = head.groups()
    body = said[head.end() :]
    return Frame(token, seq, receiver, line, account.upper(), body, bool(star), binary)


def encode(frame: Frame) -> bytes:
    """The bytes of a frame. Not longer than `FRAME_BYTES_MAX`, or it is our fault."""
    star = "*" if frame.encrypted else ""
    receiver = "" if frame.receiver is None else f"R{frame.receiver}"
    line = "" if frame.line is None else f"L{frame.line}"
    # The NAK of the standard names no account: `R0L0A0[]`.
    account = frame.account if frame.token == "NAK" else f"#{frame.account}"
    head = f'"{star}{frame.token}"{frame.seq}{receiver}{line}{account}['
    text = (head + frame.body).encode("latin-1")
    assert len(text) <= TEXT_BYTES_MAX
    crc = crc16(text)
    sent_crc = crc.to_bytes(2, "big") if frame.binary_crc else b"%04X" % crc
    return b"\n%b%04X%b\r" % (sent_crc, len(text), text)


def as_sent(written: bytes) -> bytes:
    """A frame a person wrote down without its `<LF>` and `<CR>`, as it travels."""
    return b"\n" + written.strip(b"\r\n") + b"\r"


def content(body: str, *, closed: bool = True) -> Content:
    """What stands in a plain body. Raises PeerError where its data never ends.

    The body was read byte by byte; what is text in it is read for people here. Not `closed`: a
    damaged one may have lost its bracket.
    """
    body = text_again(body)
    ends = body.find("]")
    if ends < 0 and not closed:
        sent = _STAMP.search(body)
        ends = len(body) - 1 if sent is None else sent.start() - 1
        return Content(body[:ends], (), stamp_of(body))
    if ends < 0:
        raise PeerError("a frame whose data has no end")
    extras: list[tuple[str, str]] = []
    at = ends + 1
    while len(extras) < EXTRAS_MAX and (extra := _EXTRA.match(body, at)):
        extras.append((extra[1], extra[2]))
        at = extra.end()
    return Content(body[:ends], tuple(extras), stamp_of(body[at:]))


def without_padding(plain: str) -> str:
    """The body of a decrypted text: padding ends at `|`, or at the data where that is empty."""
    bar, ends = plain.find("|"), plain.find("]")
    return plain[bar + 1 :] if 0 <= bar < ends else plain[max(ends, 0) :]


def is_body(plain: str) -> bool:
    """Whether a decrypted text is one: the wrong key gives neither bracket nor time."""
    return "]" in plain and stamp_of(plain[-40:]) is not None


def stamp(wall: datetime) -> str:
    """A time as DC-09 writes it: UTC, month first."""
    return wall.astimezone(UTC).strftime("_%H:%M:%S,%m-%d-%Y")


def stamp_of(text: str) -> datetime | None:
    """The time at the end of a text, or None where there is none or it is no moment."""
    found = _STAMP.search(text)
    if found is None:
        return None
    hour, minute, second, month, day, year = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def crc16(text: bytes) -> int:
    """CRC-16/ARC, which DC-09 takes from DC-07: polynomial 0xA001 reflected, start 0.

    Eight bytes a step. From start 0 zero bytes in front change nothing, so they fill the first one.
    """
    filled = bytes(-len(text) % 8) + text
    crc = 0
    for first, second, third, last in _FOUR_WORDS.iter_unpack(filled):
        crc = _BY_8[crc ^ first] ^ _BY_6[second] ^ _BY_4[third] ^ _BY_2[last]
    return crc


def _crc_table() -> list[int]:
    """What becomes of each register value in 16 steps, that is, when two bytes have gone in."""
    of_byte = [_shifted(value) for value in range(256)]
    half = ((of_byte[word & 0xFF], word >> 8) for word in range(0x10000))
    return [of_byte[(low ^ high) & 0xFF] ^ (low >> 8) for low, high in half]


def _shifted(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


_FOUR_WORDS = struct.Struct("<4H")
_BY_2 = _crc_table()
_BY_4 = [_BY_2[crc] for crc in _BY_2]
_BY_6 = [_BY_2[crc] for crc in _BY_4]
_BY_8 = [_BY_2[crc] for crc in _BY_6]
"""What becomes of two bytes when so many bytes have gone in, themselves included."""


def _check_crc(sent: bytes, right: int, binary: bool) -> None:
    try:
        given = int.from_bytes(sent, "big") if binary else int(sent, 16)
    except ValueError:
        given = -1
    if given != right:
        raise PeerError(f"a wrong CRC: {sent.hex() if binary else sent!r}, not {right:04X}")


def _check_length(sent: bytes, right: int, decimal_length: bool) -> None:
    for base in (16, 10) if decimal_length else (16,):
        try:
            if int(sent, base) == right:
                return
        except ValueError:
            continue
    raise PeerError(f"a wrong length: {sent!r}, not {right:04X}")
