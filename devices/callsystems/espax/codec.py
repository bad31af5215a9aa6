"""Bytes to ESPA-X messages, however the bytes were split, and messages to bytes.

A frame is `EX`, its whole length (u32, big endian, these ten bytes included), an invoke id (u32)
and UTF-8 XML. tetronik calls the upper half of the length "reserved", which for a frame under
64 KiB is the same bytes; its client leaves the id zero, so the one in the XML counts.

The XML is read by expat with nothing that reaches out or grows: a document type is refused where
it begins, so there are no entities but the five of XML; depth, elements and text are limited, and
what is deeper (a maker's own part) is read past. What is no XML is mended and read again. After
garbage the next `EX\\0\\0` begins anew, and XML that stands in it is read; a wrong length is
corrected by where the XML ends, and by where the next frame begins.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from core.errors import PeerError
from core.values import replace, value
from devices.broken_xml import mended
from devices.plain_xml import message_of

MAGIC = b"EX"
BEGIN = b"EX\0\0"
"""How every frame of ours begins: one under 64 KiB."""

HEADER = struct.Struct(">2sII")

FRAME_BYTES_MAX = 65_535
"""What `BEGIN` allows. The schema's longest page is under 20 KiB."""

DEPTH_MAX = 3
"""ESPA-X, the message, its field; deeper stands only in PROPRIETARY."""

FIELDS_MAX = 64
"""Fields of one message; the schema's longest has 18."""

VALUE_CHARS_MAX = 512
"""Of one value. Longer ones (CP-EVENT) are cut."""

GARBAGE_BYTES = 64
"""What is kept of bytes that belong to no frame."""

NO_HEADER = "no ESPA-X header"

ROOT = "ESPA-X"
_OPENS = re.compile(rb"<(?:[\w.-]+:)?ESPA-X\b")
_SAYS = re.compile(rb"REQ\.|CP-[A-Z]")
"""What makes bytes part of a message, its root lost."""

_CLOSES = re.compile(rb"</(?:[\w.-]+:)?ESPA-X\s*>")
NAMESPACE = "http://ns.espa-x.org/espa-x"
VERSION = "1.00"


@value(frozen=True)
class Message:
    """One message: `REQ.P-START`, its attributes and its fields in order, the last of equals.

    `odd`: what was wrong with it and was read past.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    odd: tuple[str, ...] = ()

    @property
    def invoke_id(self) -> str:
        return self.attributes.get("invokeID", "")

    def get(self, name: str) -> str:
        """The value of a field, without space around it; empty when it is missing."""
        return self.fields.get(name, "").strip()


@value(frozen=True)
class Frame:
    """What came in one frame: the XML; or, with `fault`, bytes that were no frame."""

    xml: bytes
    fault: str = ""


class Framer:
    """Cuts a stream into frames. Holds at most one of them; never raises."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._garbage = bytearray()
        self._loose = bytearray()
        self._final = False

    @property
    def is_half(self) -> bool:
        """Whether something stands here that is no frame yet."""
        return bool(self._buffer or self._loose)

    def give_up(self) -> list[Frame]:
        """Nothing follows: what there is, as far as it is XML."""
        self._final = True
        frames = self.feed(b"")
        self._final = False
        self._past(0, len(self._buffer), frames)
        self._buffer.clear()
        self._look_through(frames)
        return frames

    def feed(self, received: bytes) -> list[Frame]:
        self._buffer += received
        frames: list[Frame] = []
        at = 0
        while (start := self._start(at, frames)) + HEADER.size <= len(self._buffer):
            length = HEADER.unpack_from(self._buffer, start)[1]
            if length < HEADER.size:
                self._past(start, start + 1, frames)
                at = start + 1
                continue
            ends = self._ends(start, start + length)
            if ends is None:
                break
            self._found(frames)
            frames.append(Frame(bytes(self._buffer[start + HEADER.size : ends])))
            at = ends
        del self._buffer[:start]
        return frames

    def _ends(self, start: int, declared: int) -> int | None:
        """Where this frame ends; None while more bytes must say so."""
        there = len(self._buffer)
        root = _OPENS.search(self._buffer, start, declared)
        found = None if root is None else _CLOSES.search(self._buffer, root.end())
        closed = there + 1 if found is None else found.end()
        if closed < declared and self._buffer.startswith(BEGIN, closed):
            return closed
        if there < declared:
            return there if self._final else None
        if root is None or closed <= declared:
            return declared
        following = self._buffer.find(BEGIN, declared)
        if closed <= there and not 0 <= following < closed:
            return closed
        too_long = there - start > FRAME_BYTES_MAX
        return declared if following >= 0 or self._final or too_long else None

    def _start(self, at: int, frames: list[Frame]) -> int:
        """Where the next frame begins, or may begin with bytes still to come."""
        if at == len(self._buffer):
            return at
        start = self._buffer.find(BEGIN, at)
        if start < 0:
            # The last bytes may be the beginning of a beginning.
            kept = next((n for n in (3, 2, 1) if self._buffer.endswith(BEGIN[:n])), 0)
            start = max(len(self._buffer) - kept, at)
        self._past(at, start, frames)
        return start

    def _past(self, at: int, end: int, frames: list[Frame]) -> None:
        """Bytes that belong to no frame: said once, until a frame has come again."""
        if at >= end:
            return
        had = len(self._garbage)
        self._garbage += self._buffer[at : min(end, at + GARBAGE_BYTES - had)]
        self._loose += self._buffer[at:end]
        if len(self._loose) > FRAME_BYTES_MAX:
            self._look_through(frames)
        if had < GARBAGE_BYTES <= len(self._garbage):
            frames.append(Frame(bytes(self._garbage), NO_HEADER))

    def _found(self, frames: list[Frame]) -> None:
        if not self._garbage and not self._loose:
            return
        if 0 < len(self._garbage) < GARBAGE_BYTES:
            frames.append(Frame(bytes(self._garbage), NO_HEADER))
        self._garbage.clear()
        self._look_through(frames)

    def _look_through(self, frames: list[Frame]) -> None:
        """Messages without a header, whole or not, in what belonged to no frame."""
        loose, at = bytes(self._loose), 0
        self._loose.clear()
        while (root := _OPENS.search(loose, at)) is not None:
            closed = _CLOSES.search(loose, root.end())
            at = len(loose) if closed is None else closed.end()
            frames.append(Frame(loose[root.start() : at]))
        if _SAYS.search(loose, at):
            frames.append(Frame(loose[at:]))


def parse(xml: bytes) -> Message:
    """One message. PeerError for XML that is broken or has a document type, and for no ESPA-X."""
    plain = _plainly(xml)
    if plain is not None:
        return plain
    try:
        return _parsed(xml)
    except PeerError as error:
        why = error
    try:
        return replace(_parsed(mended(xml)), odd=(f"message: {why}",))
    except PeerError:
        raise why from None


def _plainly(xml: bytes) -> Message | None:
    """A page as most clients write it, which needs no parser."""
    found = message_of(xml)
    if found is None:
        return None
    root, name, attributes, fields = found
    if root != ROOT or len(fields) > FIELDS_MAX:
        return None
    values = {key: value[:VALUE_CHARS_MAX] for key, value in fields}
    return Message(name, {k: v[:VALUE_CHARS_MAX] for k, v in attributes.items()}, values)


def _parsed(xml: bytes) -> Message:
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _no_document_type
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PeerError(f"not well-formed XML: {error}") from error
    return reader.message()


def encode(message: Message, invoke_id: int = 0, timestamp: str = "") -> bytes:
    """A message as one frame."""
    attributes = "".join(f" {k}={quoteattr(v)}" for k, v in message.attributes.items())
    fields = "".join(f"<{k}>{escape(v)}</{k}>" for k, v in message.fields.items())
    stamp = f" timestamp={quoteattr(timestamp)}" if timestamp else ""
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{ROOT} version="{VERSION}" '
        f'xmlns="{NAMESPACE}"{stamp}><{message.name}{attributes}>{fields}</{message.name}></{ROOT}>'
    ).encode()
    return HEADER.pack(MAGIC, HEADER.size + len(xml), invoke_id) + xml


class _Reader:
    """What expat tells, kept within the limits."""

    __slots__ = ("_attributes", "_depth", "_field", "_fields", "_name", "_root", "_value")

    def __init__(self) -> None:
        self._depth = 0
        self._root = ""
        self._name = ""
        self._attributes: dict[str, str] = {}
        self._fields: dict[str, str] = {}
        self._field = ""
        self._value: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self._root = _local(name)
        elif self._depth == 2 and not self._name:
            self._name = _local(name)
            self._attributes = {_local(k): v[:VALUE_CHARS_MAX] for k, v in attributes.items()}
        elif self._depth == DEPTH_MAX and len(self._fields) < FIELDS_MAX:
            self._field, self._value = _local(name), []

    def end(self, name: str) -> None:
        if self._depth == DEPTH_MAX and self._field:
            self._fields[self._field] = "".join(self._value)[:VALUE_CHARS_MAX]
            self._field = ""
        self._depth -= 1

    def text(self, part: str) -> None:
        if self._depth == DEPTH_MAX and self._field:
            self._value.append(part)

    def message(self) -> Message:
        if self._root != ROOT or not self._name:
            raise PeerError(f"no ESPA-X message but <{self._root[:40]}>")
        return Message(self._name, self._attributes, self._fields)


def _no_document_type(*_: object) -> None:
    raise PeerError("a document type in the XML")


def _local(name: str) -> str:
    """Without the prefix some writers give the namespace."""
    return name.rpartition(":")[2] if ":" in name else name
