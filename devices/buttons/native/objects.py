"""The JSON of a device as far as it goes: an object, a bare word, or a batch with a call in it.

Two things JSON forbids are read, since there may be a press in them: a name that stands twice, and
more behind the first object.
"""

from __future__ import annotations

import json
import re
from typing import TypeGuard

from core.signals import AlarmKind, SignalType
from devices.buttons.native import fields
from devices.buttons.native.doubt import calls_for_help, may_call, nearly_calls
from devices.buttons.native.meanings import ALARM_ALIASES, KINDS, KINDS_THAT_ARE_TYPES, TYPES
from devices.texts import text_of

PAYLOAD_BYTES_MAX = 65_536
"""A longer message is not parsed, only looked through for a call for help."""

DIGITS_MAX = 20
"""A longer whole number is kept as text: no field of ours needs it, and reading it costs time."""

BEHIND_MAX = 64
"""So many messages behind another are read one by one; what follows is looked through."""

_BETWEEN = re.compile(r"[\s,;\0]*")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def parsed(payload: bytes, odd: list[str]) -> object:
    """The JSON value, the bare text where it is none, or None for what is too long or empty."""
    if not payload or len(payload) > PAYLOAD_BYTES_MAX:
        return None
    text = decoded(payload, odd).strip("\0 \t\r\n")
    try:
        value, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, _Pairs):
        first = _object(value, odd)
        if not text[end:].strip():
            return first
        odd.append("message: more after the object")
        return first if _calls(first) else _call_behind(text, end) or first
    return value if isinstance(value, str) and end == len(text) else text


def _call_behind(text: str, at: int) -> dict[str, object] | None:
    """The first call for help behind another message: a device may send what it kept as one."""
    for _ in range(BEHIND_MAX):
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        try:
            value, at = _JSON.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        said = _object(value, []) if isinstance(value, _Pairs) else {}
        if _calls(said):
            return said
    rest = text[at:]
    in_doubt = calls_for_help(rest) or nearly_calls(rest.encode())
    return {"type": SignalType.ALARM.value, "kind": AlarmKind.UNKNOWN.value} if in_doubt else None


def _calls(said: dict[str, object]) -> bool:
    """Whether an object of a batch, by its type or its answer, asks for help."""
    words = [word for word in (said.get("type"), said.get("answer")) if is_text(word)]
    return any(word.casefold() not in _QUIET_TYPES and may_call(word) for word in words)


def type_of_word(word: str, odd: list[str]) -> tuple[SignalType, AlarmKind | None] | None:
    """The type a word means; the alarm's kind where the word says it."""
    plain = word.strip().casefold()
    if plain in TYPES:
        if plain != word:
            odd.append(f"type: written differently ({fields.shown(word)})")
        return TYPES[plain], None
    if plain in ALARM_ALIASES or (plain in KINDS and plain not in KINDS_THAT_ARE_TYPES):
        odd.append(f"type: another word for an alarm ({fields.shown(word)})")
        return SignalType.ALARM, KINDS.get(plain) or ALARM_ALIASES.get(plain)
    return None


def is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def decoded(payload: bytes, odd: list[str]) -> str:
    """The text of a message, whatever encoding it is in."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if payload.startswith(mark):
            odd.append("message: begins with a byte order mark")
            return payload[len(mark) :].decode(encoding, "replace")
    try:
        return payload.decode()
    except UnicodeDecodeError:
        odd.append("message: not UTF-8")
        return text_of(payload)


class _Pairs(list[tuple[str, object]]):
    """A JSON object as it was written, duplicate names included."""


def _object(pairs: _Pairs, odd: list[str]) -> dict[str, object]:
    """The outermost object; of a name that stands twice the last counts, but an alarm stays one."""
    said: dict[str, object] = {}
    for name, value in pairs:
        value = dict(value) if isinstance(value, _Pairs) else value
        if name in said:
            odd.append(f"message: a name stands twice ({fields.shown(name)})")
            if name == "type" and _is_alarm(said[name]):
                continue
        said[name] = value
    return said


def _is_alarm(value: object) -> bool:
    found = type_of_word(value, []) if isinstance(value, str) else None
    return found is not None and found[0] is SignalType.ALARM


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= DIGITS_MAX else digits


_QUIET_TYPES = tuple(word for word, type_ in TYPES.items() if type_ is not SignalType.ALARM)

_JSON = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_whole_number, parse_constant=lambda word: word
)
