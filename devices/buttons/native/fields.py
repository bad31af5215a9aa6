"""Reading one field of a native message: a value or None, and never an exception.

Every reader takes the JSON value and a list that collects what was odd, in words a person can
act on: `battery: a text, "87%"`.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from core.signals import MessageRef, Position

SEQ_MAX = 2**63 - 1
TEXT_CHARS_MAX = 200
NAME_CHARS_MAX = 64
SHOWN_CHARS_MAX = 40
"""How much of a wrong value is named in `odd`."""

AGE_MAX = timedelta(days=30)
AT_AHEAD_MAX = timedelta(minutes=5)
AT_BEHIND_MAX = timedelta(days=30)
ACCURACY_M_MAX = 100_000.0

_NUMBER = re.compile(r"\s*([+-]?\d{1,20}(?:[.,]\d{1,20})?)\s*(%?)\s*", re.ASCII)
_MILLISECONDS_FROM = 1e11
"""A numeric time above this counts milliseconds since 1970, below it seconds."""

Token = TypeVar("Token", bound=StrEnum)


def text(name: str, value: object, odd: list[str], limit: int = TEXT_CHARS_MAX) -> str | None:
    """A text without control characters, cut at `limit`; a number is taken as its digits."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        _note(odd, name, "not a text", value)
        return None
    if not isinstance(value, str):
        _note(odd, name, "a number, not a text", value)
    clean = printable(str(value))
    if len(clean) > limit:
        odd.append(f"{name}: {len(clean)} characters, cut after {limit}")
    return clean[:limit].strip() or None


def token(name: str, value: object, kinds: type[Token], odd: list[str]) -> Token | None:
    """A word of a closed list; another spelling of its case is read past."""
    if value is None:
        return None
    try:
        found = kinds(value.strip().casefold() if isinstance(value, str) else "")
    except ValueError:
        _note(odd, name, "not a word we know", value)
        return None
    if found.value != value:
        _note(odd, name, "written differently", value)
    return found


def number(name: str, value: object, odd: list[str]) -> float | None:
    """A finite number; one written as text is read, with a comma or a percent sign too."""
    if value is None:
        return None
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        _note(odd, name, "a text, not a number", value)
        if match is None:
            return None
        return float(match[1].replace(",", ".")) / (100 if match[2] else 1)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _note(odd, name, "not a number", value)
        return None
    return float(value)


def seq(name: str, value: object, odd: list[str]) -> int | None:
    """A counter: a whole number from 0 to 2^63 − 1."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,19}\s*", value, re.ASCII):
        _note(odd, name, "a text, not a number", value)
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        _note(odd, name, "not a whole number", value)
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= SEQ_MAX:
        _note(odd, name, "not a counter", value)
        return None
    return value


def boot(name: str, value: object, odd: list[str]) -> str | None:
    """Which start of the device: a number's digits, or a text; see the package's note."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        _note(odd, name, "neither a whole number nor a text", value)
        return None
    clean = printable(value)
    if clean != value or len(clean) > NAME_CHARS_MAX:
        # Cut or cleaned, two starts could look like one; a start we cannot name we count ourselves.
        _note(odd, name, f"not a plain text of at most {NAME_CHARS_MAX} characters", value)
        return None
    looks_otherwise = clean.startswith('"') or re.fullmatch(r"-?\d+", clean, re.ASCII)
    return json.dumps(clean) if looks_otherwise else clean


def boot_as_said(boot_read: str | None) -> int | str | None:
    """The inverse of `boot`: what the device must be given back."""
    if boot_read is None:
        return None
    if re.fullmatch(r"-?\d+", boot_read, re.ASCII):
        return int(boot_read)
    return str(json.loads(boot_read)) if boot_read.startswith('"') else boot_read


def battery(name: str, value: object, odd: list[str]) -> float | None:
    """A share from 0 to 1; 1 < value ≤ 100 can only be percent."""
    share = number(name, value, odd)
    if share is not None and 1 < share <= 100:
        _note(odd, name, "percent, not a share", value)
        share /= 100
    if share is not None and not 0 <= share <= 1:
        _note(odd, name, "not between 0 and 1", value)
        return None
    return share


def age(name: str, value: object, odd: list[str]) -> timedelta | None:
    """How long ago, in milliseconds on the wire."""
    ms = number(name, value, odd)
    if ms is None:
        return None
    if not 0 <= ms <= AGE_MAX / timedelta(milliseconds=1):
        _note(odd, name, f"not between 0 and {AGE_MAX.days} days", value)
        return None
    return timedelta(milliseconds=ms)


def instant(name: str, value: object, wall: datetime, odd: list[str]) -> datetime | None:
    """A moment, RFC 3339; kept as it was said, and odd when it cannot be true at `wall`."""
    if value is None:
        return None
    said = _parsed_instant(name, value, odd)
    if said is None:
        return None
    if said - wall > AT_AHEAD_MAX:
        _note(odd, name, "in the future", value)
    elif wall - said > AT_BEHIND_MAX:
        _note(odd, name, f"more than {AT_BEHIND_MAX.days} days ago", value)
    return said


def position(name: str, value: object, wall: datetime, odd: list[str]) -> Position | None:
    """A place on the globe; 0,0 is what a receiver without a fix reports, so it is none."""
    if value is None:
        return None
    if not isinstance(value, dict):
        _note(odd, name, "not an object", value)
        return None
    lat, lon = number(name, value.get("lat"), odd), number(name, value.get("lon"), odd)
    on_the_globe = lat is not None and lon is not None and abs(lat) <= 90 and abs(lon) <= 180
    if lat is None or lon is None or not on_the_globe or lat == lon == 0:
        _note(odd, name, "not a place on the globe", value)
        return None
    accuracy = number(name, value.get("accuracy_m"), odd)
    if accuracy is not None and not 0 <= accuracy <= ACCURACY_M_MAX:
        _note(odd, name, "no such accuracy", accuracy)
        accuracy = None
    return Position(lat, lon, accuracy, instant(name, value.get("at"), wall, odd), "device")


def cancels(name: str, value: object, odd: list[str]) -> MessageRef | None:
    """The earlier message a cancel means."""
    if value is None:
        return None
    if not isinstance(value, dict):
        _note(odd, name, "not an object", value)
        return None
    count = seq(name, value.get("seq"), odd)
    if count is None:
        _note(odd, name, "names no seq", value)
        return None
    return MessageRef(count, boot(name, value.get("boot"), odd))


def printable(value: str) -> str:
    """Without control, unassigned and half characters, which no store or screen can hold."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(char if unicodedata.category(char)[0] != "C" else " " for char in value)


def shown(value: object) -> str:
    """A wrong value, short and harmless, for a line a person reads."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    words = printable(str(value))
    cut = words[:SHOWN_CHARS_MAX]
    return f'"{cut}…"' if len(words) > len(cut) else f'"{cut}"'


def _parsed_instant(name: str, value: object, odd: list[str]) -> datetime | None:
    try:
        if isinstance(value, str):
            said = datetime.fromisoformat(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            _note(odd, name, "a number, not RFC 3339", value)
            said = datetime.fromtimestamp(value / (1000 if value > _MILLISECONDS_FROM else 1), UTC)
        else:
            raise ValueError(value)
        if said.tzinfo is None:
            _note(odd, name, "without a zone, taken as UTC", value)
            said = said.replace(tzinfo=UTC)
        return said.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        _note(odd, name, "not a time", value)
        return None


def _note(odd: list[str], name: str, what: str, value: object) -> None:
    odd.append(f"{name}: {what} ({shown(value)})")
