"""Names and places come from outside: made safe to stand in one line of a message. Pure."""

from __future__ import annotations

import re
import unicodedata

from dispatcher.channels.gsm import plain

NAME_MOST = 16
SCANNED_MOST = 1_000
"""Longer outside text is cut before it is looked at, so that its length costs nothing."""

_DEVICE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # docs/glossary.md
_WIRE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}[:/].+", re.DOTALL)
"""`dc09:1234/7`, or `panel/7`: who speaks on a line, where nobody is known to wear it."""
DEVICE_MOST = 40
_LINKS = re.compile(r"\b(?:https?://|www\.)\S*", re.IGNORECASE)


def one_line(text: str, most: int) -> str:
    """Without control, format (bidi) and private characters, links and newlines; at most `most`."""
    text = _LINKS.sub("", text[:SCANNED_MOST])
    kept = "".join(letter if _printable(letter) else " " for letter in text)
    return " ".join(plain(kept).split())[:most].rstrip()


def name_of(text: str) -> str:
    """A first name or a house name, short enough for a line with others."""
    return one_line(text, NAME_MOST)


def device_id(name: str) -> str | None:
    """The device, where a presser has no name and stands with the device's own id."""
    if _WIRE_NAME.fullmatch(name):
        return one_line(name, DEVICE_MOST)
    return name if _DEVICE_ID.fullmatch(name) else None


def _printable(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CZ"
