"""Bytes to ESPA-X messages, however the bytes were split, and messages to bytes.

A frame is `EX`, its whole length (u32, big endian, these ten bytes included), an invoke id (u32)
and UTF-8 XML. tetronik calls the upper half of the length "reserved", which for a frame under
64 KiB is the same bytes; its client leaves the id zero, so the one in the XML counts.

The XML is read by expat with nothing that reaches out or grows: a document type is refused where
it begins, so there are no entities but the five of XML; depth, elements and text are limited, and
what is deeper (a maker's own part) is read past. After garbage the next `EX\\0\\0` begins anew.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from core.errors import PeerError

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
NAMESPACE = "http://ns.espa-x.org/espa-x"
VERSION = "1.00"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `REQ.P-START`, its attributes and its fields in order, the last of equals."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def invoke_id(self) -> str:
        return self.attributes.get("invokeID", "")

    def get(self, name: str) -> str:
        """The value of a field, without space around it; empty when it is missing."""
        return self.fields.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Frame:
    """What came in one frame: the XML; or, with `fault`, bytes that were no frame."""

    xml: bytes
    fault: str = ""


class Framer:
    """Cuts a stream into frames. Holds at most one of them; never raises."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._garbage = bytearray()

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
            if len(self._buffer) < start + length:
                break
            self._found(frames)
            frames.append(Frame(bytes(self._buffer[start + HEADER.size : start + length])))
            at = start + length
        del self._buffer[:start]
        return frames

    def _start(self, at: int, frames: list[Frame]) -> int:
        """Where the next frame begins, or may begin with bytes still to come."""
        start = self._buffer.find(BEGIN, at)
        if start < 0:
            # The last bytes may be the beginning of a beginning.
            kept = next((n for n in (3, 2, 1) if self._buffer.endswith(BEGIN[:n])), 0)
            start = max(len(self._buffer) - kept, at)
        self._past(at, start, frames)
        return start

    def _past(self, at: int, end: int, frames: list[Frame]) -> None:
        """Bytes that belong to no frame: said once, until a frame has come again."""
        had = len(self._garbage)
        self._garbage += self._buffer[at : min(end, at + GARBAGE_BYTES - had)]
        if had < GARBAGE_BYTES <= len(self._garbage):
            frames.append(Frame(bytes(self._garbage), NO_HEADER))

    def _found(self, frames: list[Frame]) -> None:
        if 0 < len(self._garbage) < GARBAGE_BYTES:
            frames.append(Frame(bytes(self._garbage), NO_HEADER))
        self._garbage.clear()


def parse(xml: bytes) -> Message:
    """One message. PeerError for XML that is broken or has a document type, and for no ESPA-X."""
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
