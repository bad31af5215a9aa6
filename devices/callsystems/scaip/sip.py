"""The part of SIP that SCAIP needs: requests and responses ↔ bytes, whole or in any split.

Small and strict: a start line, headers, a body of the length they name, each under a limit. What
breaks these rules comes out as `Broken` with its bytes, and the search goes on behind it. Two
things are read although the rules forbid them, since they may be a call for help: a message without
a length, up to the end of its XML, and XML without any SIP around it (`Bare`). A length that is
wrong is corrected by where the XML ends, and by where the next message begins.

Sources: RFC 3261 (7 messages, 18.3 framing, 20 headers with their short forms), RFC 3428 (MESSAGE),
RFC 5626 4.4.1 (keep-alive by line breaks).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from core.values import value

HEAD_BYTES_MAX = 8_192
HEADERS_MAX = 64
NAMES_KEPT = 256
BODY_BYTES_MAX = 16_384
RAW_BYTES_MAX = 4_096

STALE_AFTER = timedelta(seconds=10)
"""Half a message with nothing behind it for so long is read as it is; mobile networks are slow."""

CLOSED_AFTER = timedelta(seconds=2)
"""The same where its XML is closed or its length reached: only one of them says there is more."""

SHORT = {
    "c": "content-type",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "s": "subject",
    "t": "to",
    "v": "via",
}

Headers = tuple[tuple[str, str], ...]


@value(frozen=True)
class Request:
    """`headers` in their order, names in small letters and never short."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first of that name; empty when there is none."""
        return _first(self.headers, name)


@value(frozen=True)
class Response:
    """An answer to a request of ours, or ours to one of theirs."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str:
        return _first(self.headers, name)


@value(frozen=True)
class Bare:
    """XML with nothing around it."""

    body: bytes


@value(frozen=True)
class Ping:
    """Two line breaks: the peer wants one back."""


@value(frozen=True)
class Broken:
    """Bytes that are no message. `status`: what to answer `request`, where there was one.

    `is_head`: only a head, and what it belonged to comes behind it.
    """

    why: str
    raw: bytes
    status: int = 0
    request: Request | None = None
    is_head: bool = False


Message = Request | Response | Bare | Ping | Broken

_BREAK = re.compile(rb"\r?\n")
_HEAD_END = re.compile(rb"\n\r?\n")
_XML_END = re.compile(rb"</(?:mrq|mrs|scaip)\s*>", re.IGNORECASE)
_BEGINS = re.compile(rb"[A-Z]{2,20} \S{1,512} SIP/|SIP/2\.0 |\r?\n|<(?!/)")
"""What may stand behind a whole message."""

_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:mrq|scaip)\b", re.IGNORECASE)
_MORE_XML = re.compile(rb"\s*<(?:[\w.-]+:)?(?:mrq|scaip)\b", re.IGNORECASE)
_REQUEST = re.compile(r"([A-Z]{2,20}) (\S{1,512}) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?")
_NAME = re.compile(r"[A-Za-z0-9!%*_+`'~.-]{1,64}")
_FOLD = re.compile(r"\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def encode(message: Request | Response) -> bytes:
    """The bytes of a message; its length is added."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} SIP/2.0"
    else:
        start = f"SIP/2.0 {message.status} {message.reason}"
    headers = (*message.headers, ("content-length", str(len(message.body))))
    lines = [start, *(f"{_written(name)}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + message.body


class Reader:
    """Bytes in, messages out. `datagrams`: each `feed` is one message, whole or broken."""

    __slots__ = ("_at", "_breaks", "_buffer", "_datagrams", "_final", "_last", "_patience", "_skip")

    def __init__(self, *, datagrams: bool = False) -> None:
        self._buffer = b""
        self._at = 0
        self._datagrams = datagrams
        self._last: datetime | None = None
        self._breaks = 0
        self._skip = 0
        self._final = datagrams
        self._patience = STALE_AFTER

    @property
    def wake_at(self) -> datetime | None:
        """When what stands half in the buffer must be read as it is."""
        return self._last + self._patience if self._buffer and self._last is not None else None

    def feed(self, data: bytes, now: datetime) -> list[Message]:
        found = self.stale(now)
        if data:
            self._last = now
        self._buffer += data
        if self._datagrams:
            return [*found, *self._rest("a datagram ends in the middle of its message")]
        self._patience = STALE_AFTER
        return [*found, *self._whole()]

    def stale(self, now: datetime) -> list[Message]:
        """Half a message, after a pause."""
        if self._last is None or now - self._last < self._patience:
            return []
        return self._rest("a message stopped in the middle")

    def ended(self) -> list[Message]:
        """Half a message, and nothing more will come."""
        return self._rest("the peer ended in the middle of its message")

    def _rest(self, why: str) -> list[Message]:
        """All there is, as if nothing followed."""
        self._final, self._skip = True, 0
        found = self._whole()
        self._final = self._datagrams
        if self._left:
            found.append(self._given_up(why))
        return found

    def _whole(self) -> list[Message]:
        found: list[Message] = []
        while (one := self._next()) is not None:
            found.append(one)
        # Cut once for all messages of one call: cutting at each would be quadratic.
        self._buffer, self._at = self._buffer[self._at :], 0
        return found

    @property
    def _left(self) -> int:
        return len(self._buffer) - self._at

    def _given_up(self, why: str) -> Broken:
        raw = self._buffer[self._at : self._at + RAW_BYTES_MAX]
        self._buffer, self._at, self._skip = b"", 0, 0
        return Broken(why, raw)

    def _next(self) -> Message | None:
        skipped = min(self._skip, self._left)
        self._at, self._skip = self._at + skipped, self._skip - skipped
        while (blank := _BREAK.match(self._buffer, self._at)) is not None:
            self._at = blank.end()
            self._breaks += 1
        if self._breaks >= 2:
            self._breaks = 0
            return Ping()
        if not self._left or (self._left == 1 and self._buffer[self._at] == 0x0D):
            return None
        return self._bare() if self._buffer[self._at] == ord("<") else self._framed()

    def _bare(self) -> Message | None:
        end = _XML_END.search(self._buffer, self._at, self._at + BODY_BYTES_MAX)
        if end is None:
            if self._left < BODY_BYTES_MAX:
                return Bare(self._given_up("").raw) if self._final else None
            return self._given_up(f"XML longer than {BODY_BYTES_MAX} bytes")
        self._breaks = 0
        body, self._at = self._buffer[self._at : end.end()], end.end()
        return Bare(body)

    def _framed(self) -> Message | None:
        end = _HEAD_END.search(self._buffer, self._at, self._at + HEAD_BYTES_MAX)
        if end is None:
            if self._left < HEAD_BYTES_MAX:
                return None
            return self._given_up(f"a head longer than {HEAD_BYTES_MAX} bytes")
        self._breaks = 0
        head, start = self._buffer[self._at : end.start()].removesuffix(b"\r"), end.end()
        message = _head(head)
        if isinstance(message, Broken):
            self._at = start
            return message
        length = self._length(message, start)
        if length is None:
            return None
        if not 0 <= length <= BODY_BYTES_MAX:
            self._at, self._skip = start, max(0, length)
            return _no_such_length(message, head, length)
        ends = self._ends(message, start, start + length)
        if ends is None:
            return None
        self._at = ends
        return _with_body(message, self._buffer[start:ends])

    def _ends(self, message: Request | Response, start: int, declared: int) -> int | None:
        """Where the body ends; None while more bytes must say so."""
        there = len(self._buffer)
        if declared > start and "xml" in message.header("content-type").lower():
            return self._xml_ends(start, declared, there)
        if there < declared:
            return there if self._final else None
        return declared

    def _xml_ends(self, start: int, declared: int, there: int) -> int | None:
        closed = _XML_END.search(self._buffer, start, start + BODY_BYTES_MAX)
        if closed is None or closed.end() > declared:
            if there >= declared and self._is_all(start, declared, there):
                return declared
            if closed is not None:
                return closed.end()
            if there >= declared:
                self._patience = CLOSED_AFTER
            return min(declared, there) if self._final else None
        if there < declared and not self._final:
            self._patience = CLOSED_AFTER
            return None
        ends = min(declared, there)
        behind = self._buffer[closed.end() : ends]
        return ends if not behind.strip(b" \t\r\n\0") or _MORE_XML.match(behind) else closed.end()

    def _is_all(self, start: int, declared: int, there: int) -> bool:
        """Whether XML that is not closed goes on behind its length no more."""
        begun = _ROOT.search(self._buffer, start, declared)
        followed = _BEGINS.match(self._buffer, declared)
        return begun is None or followed is not None or there - start > BODY_BYTES_MAX

    def _length(self, message: Request | Response, start: int) -> int | None:
        """How long the body is; -1 when that cannot be; None when more bytes must say so."""
        said = message.header("content-length")
        if said:
            return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else -1
        if self._datagrams:
            return len(self._buffer) - start
        if "xml" not in message.header("content-type").lower():
            return 0
        end = _XML_END.search(self._buffer, start, start + BODY_BYTES_MAX)
        if end is not None:
            return end.end() - start
        return None if len(self._buffer) - start < BODY_BYTES_MAX else BODY_BYTES_MAX + 1


def _no_such_length(message: Request | Response, head: bytes, length: int) -> Broken:
    request = message if isinstance(message, Request) else None
    if length > 0:
        return Broken("a body too long", head[:RAW_BYTES_MAX], 413, request)
    return Broken("no length a body can have", head[:RAW_BYTES_MAX], 400, request, is_head=True)


def _head(head: bytes) -> Request | Response | Broken:
    raw = head[:RAW_BYTES_MAX]
    start, _, rest = head.decode("latin-1").replace("\r\n", "\n").partition("\n")
    headers = _headers(rest)
    request = _REQUEST.fullmatch(start)
    response = _RESPONSE.fullmatch(start) if request is None else None
    if request is None and response is None:
        return Broken("not SIP", raw, is_head=True)
    if headers is None:
        return Broken("headers that cannot be read", raw, is_head=True)
    if request is not None:
        return Request(request[1], request[2], headers)
    assert response is not None
    return Response(int(response[1]), response[2] or "", headers)


def _headers(text: str) -> Headers | None:
    """Folded lines are one; None when a line is no header, or there are too many."""
    text = _FOLD.sub(" ", text)
    lines = text.split("\n") if text else []
    if len(lines) > HEADERS_MAX or _CONTROL.search(text):
        return None
    headers = []
    for line in lines:
        said, colon, value = line.partition(":")
        name = _name(said)
        if not colon or not name:
            return None
        headers.append((name, value.lstrip(" \t").rstrip()))
    return tuple(headers)


@lru_cache(NAMES_KEPT)
def _name(said: str) -> str:
    """A header's name in small letters, never short; empty where it is none."""
    name = said.rstrip(" \t")
    low = name.lower()
    return SHORT.get(low, low) if _NAME.fullmatch(name) else ""


def _with_body(message: Request | Response, body: bytes) -> Request | Response:
    headers = tuple([one for one in message.headers if one[0] != "content-length"])
    if isinstance(message, Request):
        return Request(message.method, message.uri, headers, body)
    return Response(message.status, message.reason, headers, body)


def _first(headers: Headers, name: str) -> str:
    for known, said in headers:
        if known == name:
            return said
    return ""


_WRITTEN = {"call-id": "Call-ID", "cseq": "CSeq"}


def _written(name: str) -> str:
    return _WRITTEN.get(name, name.title())
