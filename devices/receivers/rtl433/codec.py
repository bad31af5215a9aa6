"""rtl_433 events: bytes ↔ JSON objects, one a reception.

A message ends at a line break or where its object is closed, whichever comes first: files and pipes
have line breaks, MQTT payloads mostly have none. A line break inside an object breaks it off, so
half a message never swallows the next one, unless the next line goes on with it (`"` or `}`). What
is too long, broken or no object comes out as `Broken`, with its bytes; `picked` finds its fields.

Source: rtl_433 `docs/OPERATION.md` (JSON and MQTT output), `src/data.c`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from core.values import value
from devices.texts import text_again

LINE_BYTES_MAX = 8_192
"""A reception has a few hundred bytes; what is longer is broken, up to its line break."""

RAW_BYTES_MAX = 2_048

STALE_AFTER = timedelta(seconds=1)
"""Half a message with nothing behind it is given up, and looked through."""

DIGITS_MAX = 20
_BLANK = b" \t\r\0"
_MARK = b"\xef\xbb\xbf"
_EVENT = re.compile(rb'\{\s*"(?:time|model)"')
_VALUE = r'\s*(?:"([^"]{0,256})"|(-?\d{1,20}(?:\.\d{1,20})?)(?=\s*[,}\]])|(true|false)(?![a-z]))'
"""What stands behind a field's name, its quote and its colon perhaps lost."""

Fields = dict[str, object]


@value(frozen=True)
class Event:
    """One reception."""

    fields: Fields
    raw: bytes


@value(frozen=True)
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
        lines, rest = self._lines(self._buffer + data)
        for line in lines:
            found += self._line(line)
        return found + self._unfinished(rest)

    def ended(self) -> list[Event | Broken]:
        """Nothing follows: half a message is all there is of it."""
        half, self._buffer = self._buffer, b""
        return self._line(half) if half else []

    def _lines(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Whole lines, and the rest; lines of one object that was written over several are one."""
        *ended, rest = data.split(b"\n")
        lines: list[bytes] = []
        for line in ended:
            if lines and _goes_on(lines[-1], line):
                lines[-1] += b" " + line
            else:
                lines.append(line)
        if lines and _goes_on(lines[-1], rest):
            rest = lines.pop() + b"\n" + rest
        return lines, rest

    def stale(self, now: datetime) -> list[Event | Broken]:
        """Give up half a message after a pause."""
        if not self._buffer or self._last is None or now - self._last < STALE_AFTER:
            return []
        return self.ended()

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
    """The first object of a line and what stands behind it.

    A broken one goes on to where another event begins. The tree is read byte by byte, its texts
    afterwards, so that a byte that is no text costs only itself.
    """
    if len(line) > LINE_BYTES_MAX:
        return _too_long(line), b""
    line = line.lstrip(_BLANK).removeprefix(_MARK)
    try:
        fields, end = _JSON.raw_decode(line.decode("latin-1"))
    except (ValueError, RecursionError):
        return _broken("not JSON", line)
    if not isinstance(fields, dict):
        return _broken("not a JSON object", line)
    return Event(fields, line[:end][:RAW_BYTES_MAX]), line[end:].lstrip(_BLANK)


def picked(raw: bytes, names: Iterable[str]) -> Fields:
    """The fields of these names that stand whole in bytes that are no JSON."""
    said = raw.replace(b"\0", b"").decode("latin-1")
    found: Fields = {}
    for name in names:
        field = _field(name).search(said)
        if field is None:
            continue
        text, number, word = field.groups()
        if number is not None:
            found[name] = float(number) if "." in number else int(number)
        else:
            found[name] = word == "true" if word else text_again(text)
    return found


@lru_cache(256)
def _field(name: str) -> re.Pattern[str]:
    return re.compile(rf'(?<![A-Za-z0-9_]){re.escape(name)}(?:"\s*.?|.?\s*:){_VALUE}')


def _broken(why: str, line: bytes) -> tuple[Broken, bytes]:
    following = _EVENT.search(line, 1)
    ends = len(line) if following is None else following.start()
    return Broken(why, line[:ends][:RAW_BYTES_MAX]), line[ends:]


def _goes_on(line: bytes, following: bytes) -> bool:
    """Whether an object that is not closed on its line is on the next; nobody breaks a text off."""
    line, following = line.strip(_BLANK), following.lstrip(_BLANK)
    if not line.startswith(b"{") or len(line) > LINE_BYTES_MAX:
        return False
    goes_on = following[:1] in (b'"', b"}", b"]") if following else line[-1:] in (b"{", b",", b"[")
    return goes_on and isinstance(_first(line)[0], Broken)


def _object(said: list[tuple[str, object]]) -> Fields:
    return {text_again(name): _read(value) for name, value in said}


def _read(value: object) -> object:
    return text_again(value) if isinstance(value, str) else value


def _too_long(line: bytes) -> Broken:
    return Broken(f"longer than {LINE_BYTES_MAX} bytes", line[:RAW_BYTES_MAX])


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= DIGITS_MAX else digits


_JSON = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_whole_number,
    parse_constant=lambda word: word,
    strict=False,
)
