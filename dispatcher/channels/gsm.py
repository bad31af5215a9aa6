"""How long an SMS is: the GSM 7-bit alphabet, segments, and politely cutting to fit.

Source: 3GPP TS 23.038 section 6.2.1 (alphabet and extension table), TS 23.040 section 9.2.3.24
(concatenation costs 7 septets, or 3 UCS-2 characters, of each segment). æ, ø and å are GSM-7; an
ellipsis, a long dash or one Polish letter is not, and would halve what fits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

SEGMENTS_MOST = 2
"""A call stays within two segments, link included: more arrive late and out of order."""

GSM7_SINGLE, GSM7_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_ALIKE = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "…": "...",
        "·": "-",
        "•": "-",
        "\xa0": " ",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "ı": "i",
        "½": "1/2",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "œ": "oe",
        "Œ": "OE",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message. `spare` above 0 may be left out for space, the highest first."""

    text: str
    spare: int = 0


def plain(text: str) -> str:
    """The text in GSM-7 where a reader loses nothing by it; other scripts stay as they are."""
    whole = unicodedata.normalize("NFC", text).translate(_ALIKE)
    return "".join(_plain_letter(letter) for letter in whole)


def segments(text: str) -> int:
    """How many segments a provider makes of this text."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        septets = sum(2 if letter in _EXTENDED else 1 for letter in text)
        return _parts(septets, GSM7_SINGLE, GSM7_PART)
    units = len(text.encode("utf-16-be")) // 2
    return _parts(units, UCS2_SINGLE, UCS2_PART)


def fitted(lines: Sequence[Line], most: int = SEGMENTS_MOST) -> str:
    """The lines as one message of at most `most` segments: spare lines go, then ends of lines.

    The first line and the last (place and link) are never shortened: a cut link opens nothing.
    """
    kept = [Line(plain(line.text), line.spare) for line in lines if line.text]
    while segments(_joined(kept)) > most and any(line.spare for line in kept):
        kept.remove(max(kept, key=lambda line: line.spare))
    while segments(_joined(kept)) > most and any(len(line.text) > 1 for line in kept[1:-1]):
        longest = max(range(1, len(kept) - 1), key=lambda number: len(kept[number].text))
        kept[longest] = Line(cut(kept[longest].text, len(kept[longest].text) - 1))
    return _joined(kept)


def cut(text: str, most: int) -> str:
    """At most `most` characters, at a word's end where that keeps at least half of them."""
    if len(text) <= most:
        return text
    short = text[:most]
    at_word = short if text[most] == " " else short.rpartition(" ")[0]
    return (at_word if len(at_word) * 2 >= most else short).rstrip(" ,.-+")


def _plain_letter(letter: str) -> str:
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    base = "".join(c for c in unicodedata.normalize("NFKD", letter) if c in _BASIC)
    return base or letter


def _joined(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)


def _parts(units: int, single: int, part: int) -> int:
    return 1 if units <= single else -(-units // part)
