"""rtl_433 events: bytes ↔ JSON objects, one a reception.

A message ends at a line break or where its object is closed, whichever comes first: files and pipes
have line breaks, MQTT payloads mostly have none. A line break inside an object breaks it off, so
half a message never swallows the next one. What is too long, broken or no object comes out as
`Broken`, with its bytes.

Source: rtl_433 `docs/OPERATION.md` (JSON and MQTT output), `src/data.c`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

LINE_BYTES_MAX = 8_192
"""A reception has a few hundred bytes; what is longer is broken, up to its line break."""

RAW_BYTES_MAX = 2_048

STALE_AFTER = timedelta(seconds=1)
"""Half a message with nothing behind it is given up, and looked through."""

DIGITS_MAX = 20
_BLANK = b" \t\r\0"

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Event:
    """One reception."""

    fields: Fields
    raw: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no event; `why` for a person."""

    why: str
    raw: bytes


def encode(fields: Fields) -> bytes:
    """One line as rtl_433 writes it."""
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


class Reader:
    """Bytes in, in any split; events and broken lines out."""

    __slots__ = ("_buffer", "_last", "_skips")

    def __init__(self) -> None:
        self._buffer = b""
        self._last: datetime | None = None
        self._skips = False

    @property
    def wake_at(self) -> datetime | None:
        """When what stands half in the buffer must be given up."""
        return self._last + STALE_AFTER if self._buffer and self._last is not None else None

    def feed(self, data: bytes, now: datetime) -> list[Event | Broken]:
        found = self.stale(now)
        if data:
            self._last = now
        *lines, rest = (self._buffer + data).split(b"\n")
        for line in lines:
            found += self._line(line)
        return found + self._unfinished(rest)

    def stale(self, now: datetime) -> list[Event | Broken]:
        """Give up half a message after a pause."""
        if not self._buffer or self._last is None or now - self._last < STALE_AFTER:
            return []
        half, self._buffer = self._buffer, b""
        return self._line(half)

    def _line(self, line: bytes) -> list[Event | Broken]:
        """A whole line, less what of it was already taken."""
        if self._skips:
            self._skips = False
            return []
        found: list[Event | Broken] = []
        line = line.strip(_BLANK)
        while line:
            one, line = _first(line)
            found.append(one)
        return found

    def _unfinished(self, rest: bytes) -> list[Event | Broken]:
        """A line without its end: take the objects that are closed, keep what is not."""
        found: list[Event | Broken] = []
        while not self._skips and rest.rstrip(_BLANK).endswith(b"}"):
            one, after = _first(rest)
            if isinstance(one, Broken):
                break
            found.append(one)
            rest = after
        if self._skips or len(rest) > LINE_BYTES_MAX:
            if not self._skips:
                found.append(_too_long(rest))
            self._skips, rest = True, b""
        self._buffer = rest
        return found


def _first(line: bytes) -> tuple[Event | Broken, bytes]:
    """The first object of a line and what stands behind it; a broken one takes the whole line."""
    if len(line) > LINE_BYTES_MAX:
        return _too_long(line), b""
    line = line.lstrip(_BLANK)
    text = _readable(line)
    try:
        fields, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        return Broken("not JSON", line[:RAW_BYTES_MAX]), b""
    if not isinstance(fields, dict):
        return Broken("not a JSON object", line[:RAW_BYTES_MAX]), b""
    raw = text[:end].encode()
    return Event(fields, raw[:RAW_BYTES_MAX]), line[len(raw) :].lstrip(_BLANK)


def _readable(line: bytes) -> str:
    """Up to the first byte that is no text: an object closed before it was whole all the same."""
    try:
        return line.decode()
    except UnicodeDecodeError as wrong:
        return line[: wrong.start].decode()


def _too_long(line: bytes) -> Broken:
    return Broken(f"longer than {LINE_BYTES_MAX} bytes", line[:RAW_BYTES_MAX])


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= DIGITS_MAX else digits


_JSON = json.JSONDecoder(parse_int=_whole_number, parse_constant=lambda word: word)
