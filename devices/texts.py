"""A peer's bytes as text for people: UTF-8, and what is none of it as Windows-1252.

Hardly a protocol says how its texts are written, and hardly a maker asks. A letter beyond ASCII in
UTF-8 is two bytes that nobody writes side by side in Windows-1252, so each run of bytes is read as
what it can only be: one odd byte costs that byte, and none of its neighbours.
"""

from __future__ import annotations

import codecs

_RULE = "tilkald-windows-1252"


def text_of(raw: bytes) -> str:
    """The text. Never fails; a byte neither of the two knows keeps its number."""
    return raw.decode("utf-8", _RULE)


def text_again(text: str) -> str:
    """The same for what was read byte by byte, as latin-1, to find its way through it."""
    if text.isascii():
        return text
    try:
        return text_of(text.encode("latin-1"))
    except UnicodeEncodeError:
        return text


def on_one_line(text: str, chars_max: int) -> str:
    """Without control characters and line ends, cut to its limit."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())[:chars_max]


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(map(_char, error.object[error.start : error.end])), error.end


def _char(byte: int) -> str:
    one = bytes((byte,))
    try:
        return one.decode("cp1252")
    except UnicodeDecodeError:
        return one.decode("latin-1")


codecs.register_error(_RULE, _as_windows_1252)
