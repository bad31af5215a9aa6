"""XML that breaks its rules, read as far as it goes: mended first, else its tags picked out.

A letter in another encoding, a prolog that names the wrong one, a NUL behind the end, an ampersand
nobody escaped: the parser refuses the whole message for one byte, and with it who calls from where.
`mended` gives it back without these; `picked` finds single fields where the tree itself is broken,
cut or doubled, by one end of their tag. What is damaged inside a field stays visible there, and a
field that is cut off is left out: half a number is another number.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

from devices.texts import text_of

PICKED_BYTES_MAX = 65_536
"""More is not looked through; no message of ours is longer."""

VALUE_CHARS_MAX = 512

_PROLOG = re.compile(r"^[^<]*<\?xml[^>]*\?>")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOST = "\ufffd"
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", ""))
_UTF_16 = (
    (re.compile(rb"<\0[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0<\0[^\0]\0[^\0]"), "utf-16-be"),
)


def mended(body: bytes) -> bytes:
    """The same in UTF-8, without its prolog, and with nothing in it XML cannot hold."""
    text = _NO_XML.sub(_LOST, _PROLOG.sub("", _text(body)).strip(_AROUND))
    return _AMPERSAND.sub("&amp;", text).encode()


def picked(body: bytes, tags: Iterable[str], texts: Iterable[str] = ()) -> dict[str, str]:
    """The fields of these names that stand whole in it, the first of each, in any case.

    `texts` are for people: there a bracket nobody escaped is part of what they say.
    """
    text = _NO_XML.sub(_LOST, _text(body[:PICKED_BYTES_MAX]))
    found: dict[str, str] = {}
    for tag in tags:
        by_start, by_end = _field(tag)
        field = by_start.search(text) or by_end.search(text)
        if field is not None and (said := html.unescape(field[1]).strip()):
            found[tag] = said[:VALUE_CHARS_MAX]
    for tag in texts:
        field = _text_field(tag).search(text)
        if field is not None and (said := html.unescape(field[1]).strip()):
            found[tag] = said[:VALUE_CHARS_MAX]
    return found


def _text(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            body = body[len(mark) :]
            return body.decode(encoding, "replace") if encoding else text_of(body)
    for begins, encoding in _UTF_16:
        if begins.match(body):
            return body.decode(encoding, "replace")
    return text_of(body)


@lru_cache(64)
def _text_field(tag: str) -> re.Pattern[str]:
    """Up to the first end tag, which must be its own."""
    name = rf"(?:[\w.-]+:)?{re.escape(tag)}"
    return re.compile(rf"<{name}>((?:(?!</).){{1,512}})</{name}\s*>", re.IGNORECASE | re.DOTALL)


_AROUND = " \t\r\n\0\ufeff"
_NO_WORD = r"[^0-9A-Za-z<>]"
"""What a damaged bracket may be: a letter or a digit there may be part of the value."""


@lru_cache(256)
def _field(tag: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """By its start tag and anything like its end; by its end tag and anything like its start."""
    name = re.escape(tag)
    start, end = rf"<(?:[\w.-]+:)?{name}(?:\s[^<>]*)?>", rf"</(?:[\w.-]+:)?{name}\s*>"
    return (
        re.compile(rf"{start}([^<>]*?)(?:</|{_NO_WORD}/{name}|<.?{name})", re.IGNORECASE),
        re.compile(rf"(?:>|<{name}{_NO_WORD})([^<>]*){end}", re.IGNORECASE),
    )
