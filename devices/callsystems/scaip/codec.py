"""SCAIP messages: XML ↔ `Mrq` (what an alarm unit says) and `Mrs` (what it is told).

The XML is read safely: no document type, hence no entities; depth, number of elements and length of
a text are bounded. A field that breaks its pattern is named in `odd` and read as far as it goes,
since an odd press is still a press. XML that breaks the rules is mended and read again; where it is
broken, cut or doubled as a tree, its tags are picked out (`devices.broken_xml`).

Sources: caruhome/scaip-gateway `scaip_gateway/xml/scaip.py` (tags, patterns), SS 91100:2014 as that
file renders it. `<scaip>` as the root is the dialect of Syntilio/Datahub-Scaip-Proxy.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from core.errors import PeerError
from core.values import replace, value
from devices.broken_xml import mended, picked
from devices.plain_xml import fields_of

DEPTH_MAX = 4
ELEMENTS_MAX = 64
TEXT_CHARS_MAX = 256

ROOTS = ("mrq", "scaip")
MANDATORY = ("ref", "cid", "dty")


@value(frozen=True)
class Mrq:
    """A message of an alarm unit: its tags with their texts; empty tags are left out.

    `is_broken`: it was no XML, and there may have been more in it.
    """

    tags: dict[str, str]
    odd: tuple[str, ...] = ()
    is_broken: bool = False

    def text(self, tag: str) -> str:
        return self.tags.get(tag, "")

    def number(self, tag: str) -> int | None:
        """Numbers come with and without leading zeros; they are compared as integers."""
        said = self.text(tag)
        return int(said) if said.isascii() and said.isdigit() and len(said) <= 9 else None

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(tag for tag in MANDATORY if not self.text(tag))


@value(frozen=True)
class Mrs:
    """Our answer to one message. `number`: 0 is taken; see `meanings.StatusNumber`."""

    ref: str
    number: int
    text: str = ""


@dataclass(slots=True)
class _Tree:
    """What the parser has seen: the root, and the texts of all elements below it."""

    root: str = ""
    open: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    twice: dict[str, None] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    elements: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.open.append(name.rpartition(":")[2].lower())
        self.text.clear()
        if self.elements > ELEMENTS_MAX or len(self.open) > DEPTH_MAX:
            raise PeerError("XML with too many elements, or too deep")
        self.root = self.root or self.open[0]

    def end(self, name: str) -> None:
        tag, said = self.open.pop(), "".join(self.text).strip()
        self.text.clear()
        if not self.open or not said:
            return
        if tag in self.tags:
            self.twice[tag] = None
        else:
            self.tags[tag] = said[:TEXT_CHARS_MAX]

    def data(self, text: str) -> None:
        self.text.append(text)

    def doctype(self, *_: Any) -> None:
        raise PeerError("XML with a document type")


def messages(body: bytes) -> list[bytes]:
    """The messages of one body: mostly one; a unit may write several behind each other."""
    if _BEGIN.search(body, 1) is None:
        return [body]
    *whole, rest = _END.split(body)
    parts = [part for part in [*(one + b"</mrq>" for one in whole), rest] if _BEGIN.search(part)]
    return parts or [body]


def read_mrq(body: bytes) -> Mrq:
    """What an alarm unit says. Raises PeerError for what names no tag of one."""
    plain = _plainly(body)
    if plain is not None:
        return plain
    try:
        return _read(body)
    except PeerError as error:
        why = f"message: {error}"
    try:
        read = _read(mended(body))
    except PeerError:
        read = _picked(body)
    return replace(read, odd=(why, *read.odd))


def _plainly(body: bytes) -> Mrq | None:
    """A message as most units write it, each tag once, which needs no parser."""
    found = fields_of(body)
    if found is None or found[0] != ROOTS[0]:
        return None
    tags = {tag.lower(): text.strip() for tag, text in found[1]}
    if len(tags) < len(found[1]) or len(tags) >= ELEMENTS_MAX:
        return None
    return Mrq({tag: text[:TEXT_CHARS_MAX] for tag, text in tags.items() if text})


def _picked(body: bytes) -> Mrq:
    tags = picked(body, READ, TEXTS)
    if not tags or (_RECEIPT.search(body) and "cid" not in tags):
        raise PeerError("nothing in it is a message of an alarm unit")
    return Mrq({tag: text[:TEXT_CHARS_MAX] for tag, text in tags.items()}, is_broken=True)


def _read(body: bytes) -> Mrq:
    tree = _parsed(body)
    if tree.root not in ROOTS:
        raise PeerError(f"the root is {tree.root[:16]!r}, not mrq")
    odd = [f"message: a tag stands twice ({tag})" for tag in tree.twice]
    if tree.root != ROOTS[0]:
        odd.append(f"message: the root is not mrq ({tree.root})")
    return Mrq(tree.tags, tuple(odd))


def read_mrs(body: bytes) -> Mrs:
    """The inverse of `encode_mrs`, for simulated units. Raises PeerError."""
    tree = _parsed(body)
    number = tree.tags.get("snu", "")
    if tree.root != "mrs" or not (number.isascii() and number.isdigit() and len(number) < 6):
        raise PeerError("not an mrs")
    return Mrs(tree.tags.get("ref", ""), int(number), tree.tags.get("ste", ""))


def encode_mrq(mrq: Mrq) -> bytes:
    """As units write it: no declaration, no namespace. The tags of a place stand inside `lge`."""
    outer = {tag: text for tag, text in mrq.tags.items() if tag not in PLACE}
    inner = {tag: text for tag, text in mrq.tags.items() if tag in PLACE}
    place = f"<lge>{_written(inner)}</lge>" if inner else ""
    return f"<mrq>{_written(outer)}{place}</mrq>".encode()


def encode_mrs(mrs: Mrs) -> bytes:
    tags = {"ref": mrs.ref, "snu": str(mrs.number)} | ({"ste": mrs.text} if mrs.text else {})
    return f"<mrs>{_written(tags)}</mrs>".encode()


PLACE = ("geo", "tim", "gga")
READ = (
    *("ref", "cid", "did", "dty", "mty", "stc", "lco", "lva", "lte", "dte", "stt", "ite"),
    *PLACE,
)
"""The tags that are picked out of what is no XML: those somebody reads."""

TEXTS = ("lva", "lte", "dte", "stt", "ite")

_RECEIPT = re.compile(rb"<(?:[\w.-]+:)?mrs\b", re.IGNORECASE)
_BEGIN = re.compile(rb"<(?:[\w.-]+:)?mrq\b", re.IGNORECASE)
_END = re.compile(rb"</(?:[\w.-]+:)?mrq\s*>", re.IGNORECASE)


def _parsed(body: bytes) -> _Tree:
    tree = _Tree()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    parser.StartDoctypeDeclHandler = tree.doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PeerError(f"not XML: {error}") from error
    return tree


def _written(tags: dict[str, str]) -> str:
    return "".join(f"<{tag}>{html.escape(text)}</{tag}>" for tag, text in tags.items())
