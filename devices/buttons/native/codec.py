"""Topic leaf and payload in, one Reading out: the native codec.

The law kept here: *a press is never dropped because something about it is odd*. `read` raises
PeerError only for what is certainly no call for help, and nothing else ever; the rules stand in
the package's note, in the order they are tried.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from enum import StrEnum
from typing import TypeGuard

from core.errors import PeerError
from core.signals import UNKNOWN_WORD, AlarmKind, AnswerKind, Level, Reading, SignalType
from devices.buttons.native import fields
from devices.buttons.native.doubt import is_harmless, may_call
from devices.buttons.native.meanings import (
    ALARM_ALIASES,
    ALARM_WORDS,
    KINDS,
    KINDS_THAT_ARE_TYPES,
    TYPES,
)
from devices.findings import CHARGING
from devices.registry import NATIVE
from devices.texts import text_of

PAYLOAD_BYTES_MAX = 65_536
"""A longer message is not parsed, only looked through for a call for help."""

RAW_BYTES_MAX = 2_048
"""How much of a message is kept with its Reading."""

ODD_MAX = 12
"""How many oddities of one message are named."""

DIGITS_MAX = 20
"""A longer whole number is kept as text: no field of ours needs it, and reading it costs time."""

BEHIND_MAX = 64
"""So many messages behind another are read one by one; what follows is looked through."""

BEGUN_CHARS_LEAST = 2
"""So many letters of a type that was cut off are enough to be the beginning of an alarm."""

_BEGUN_TYPE = re.compile(r"""["']?type["']?\s*:\s*([^,}\]]{1,40})""")
_BETWEEN = re.compile(r"[\s,;\0]*")
_ONE_WORD = re.compile(r"\W*\w{1,24}\W*")
_COMPLETE_TYPE = re.compile(rb'"type"\s*:\s*"([a-z_]{1,24})"')
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class Leaf(StrEnum):
    """The last part of the topic a device publishes on."""

    UP = "up"
    BEAT = "beat"
    STATUS = "status"


def read(
    leaf: str,
    payload: bytes,
    device: str,
    *,
    wall: datetime,
    presses_in_doubt: bool,
    retain: bool = False,
    topic_fault: str = "",
) -> Reading:
    """What a logged-in device said. Raises PeerError for what is certainly no call for help.

    `leaf` may be any text. `retain`: the message asks to be kept. `presses_in_doubt` comes from
    the device's kind (`devices.catalogue`). `topic_fault`: what is wrong with where it came.
    """
    odd: list[str] = [f"topic: {topic_fault}"] if topic_fault else []
    said = _parsed(payload, odd)
    if isinstance(said, dict):
        return _of_object(said, leaf, payload, device, wall, presses_in_doubt, odd)
    if isinstance(said, str):
        bare = _bare_word(said, leaf, payload, device, odd)
        if bare is not None:
            return bare
    return _unreadable(leaf, payload, device, presses_in_doubt, retain, odd)


def _of_object(
    said: dict[str, object],
    leaf: str,
    payload: bytes,
    device: str,
    wall: datetime,
    presses_in_doubt: bool,
    odd: list[str],
) -> Reading:
    misplaced = bool(odd) and odd[0].startswith("topic:")
    type_, kind = _type(said, leaf, payload, presses_in_doubt, odd)
    if leaf not in tuple(Leaf) and not misplaced:
        odd.append(f"topic: not one of ours ({fields.shown(leaf)})")
    elif type_ is SignalType.ALARM and leaf != Leaf.UP and not misplaced:
        odd.append(f"topic: an alarm belongs on up ({fields.shown(leaf)})")
    code = fields.text("code", said.get("code"), odd, fields.NAME_CHARS_MAX) or ""
    if type_ is SignalType.HEARTBEAT and _charging(said.get("charging"), odd):
        code = CHARGING
    if type_ is SignalType.TECHNICAL and _is_unknown_word(said.get("type")):
        code = UNKNOWN_WORD
    return Reading(
        protocol=NATIVE,
        device=device,
        type=type_,
        kind=kind if kind is not None else _kind(said.get("kind"), odd),
        level=fields.token("level", said.get("level"), Level, odd),
        at=fields.instant("at", said.get("at"), wall, odd),
        age=fields.age("age_ms", said.get("age_ms"), odd),
        seq=fields.seq("seq", said.get("seq"), odd),
        boot=fields.boot("boot", said.get("boot"), odd),
        battery=fields.battery("battery", said.get("battery"), odd),
        zone=fields.text("zone", said.get("zone"), odd, fields.NAME_CHARS_MAX),
        position=fields.position("position", said.get("position"), wall, odd),
        text=fields.text("text", said.get("text"), odd) or "",
        code=code,
        cancels=fields.cancels("cancels", said.get("cancels"), odd),
        notice=fields.text("notice", said.get("notice"), odd, fields.NAME_CHARS_MAX),
        answer=_answer(said.get("answer"), odd),
        authenticated=True,
        odd=tuple(odd[:ODD_MAX]),
        raw=payload[:RAW_BYTES_MAX],
    )


def _type(
    said: dict[str, object], leaf: str, payload: bytes, presses_in_doubt: bool, odd: list[str]
) -> tuple[SignalType, AlarmKind | None]:
    """The type, and the alarm's kind where the type says it."""
    value = said.get("type")
    if isinstance(value, str):
        found = _type_of_word(value, odd)
        if found is not None:
            return found
    if _says_something(value):
        odd.append(f"type: not a word we know ({fields.shown(value)})")
        word = str(value)
        if may_call(word):
            return SignalType.ALARM, None
        if is_harmless(word):
            return SignalType.UNKNOWN, None
        return (SignalType.ALARM if _names_an_alarm(said) else SignalType.TECHNICAL), None
    odd.append("type: missing" if value is None else f"type: no word ({fields.shown(value)})")
    if _looks_like_a_call(said, payload):
        return SignalType.ALARM, None
    if leaf == Leaf.BEAT:
        return SignalType.HEARTBEAT, None
    if leaf == Leaf.STATUS:
        return SignalType.PRESENCE, None
    in_doubt = presses_in_doubt and leaf == Leaf.UP
    return (SignalType.ALARM if in_doubt else SignalType.UNKNOWN), None


def _is_unknown_word(value: object) -> bool:
    return not (isinstance(value, str) and _type_of_word(value, []))


def _type_of_word(word: str, odd: list[str]) -> tuple[SignalType, AlarmKind | None] | None:
    plain = word.strip().casefold()
    if plain in TYPES:
        if plain != word:
            odd.append(f"type: written differently ({fields.shown(word)})")
        return TYPES[plain], None
    if plain in ALARM_ALIASES or (plain in KINDS and plain not in KINDS_THAT_ARE_TYPES):
        odd.append(f"type: another word for an alarm ({fields.shown(word)})")
        return SignalType.ALARM, KINDS.get(plain) or ALARM_ALIASES.get(plain)
    return None


def _says_something(value: object) -> bool:
    """Whether a `type` could be meant as a word."""
    return isinstance(value, str | list | dict) and any(letter.isalpha() for letter in str(value))


def _names_an_alarm(said: dict[str, object]) -> bool:
    """Whether an object of a type nobody knows names how bad it is, or what happened."""
    words = [value.casefold() for value in (said.get("kind"), said.get("level")) if _is_text(value)]
    return any(word in KINDS or word in tuple(Level) for word in words)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _answer(value: object, odd: list[str]) -> AnswerKind | None:
    """A word we do not know answers nothing, unless it nearly asks for help ("more_hlp")."""
    answer = fields.token("answer", value, AnswerKind, odd)
    if answer is None and isinstance(value, str) and may_call(value):
        return AnswerKind.MORE_HELP
    return answer


def _looks_like_a_call(said: dict[str, object], payload: bytes) -> bool:
    """An object without `type` that names what an alarm names, or says a word for one."""
    names_kind = isinstance(said.get("kind"), str) and said["kind"] in KINDS
    return names_kind or "level" in said or _calls_for_help(_decoded(payload, []))


def _kind(value: object, odd: list[str]) -> AlarmKind | None:
    kind = fields.token("kind", value, AlarmKind, odd)
    return AlarmKind.UNKNOWN if kind is None and value is not None else kind


def _charging(value: object, odd: list[str]) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    odd.append(f"charging: neither true nor false ({fields.shown(value)})")
    return False


def _bare_word(said: str, leaf: str, payload: bytes, device: str, odd: list[str]) -> Reading | None:
    """A payload that is one word: `alarm`, `online`, `heartbeat`."""
    if leaf == Leaf.STATUS and not _calls_for_help(said) and not _nearly_calls(payload):
        word = fields.text("message", said, odd, fields.NAME_CHARS_MAX) or ""
        return _plain(SignalType.PRESENCE, None, device, payload, odd, code=word.casefold())
    found = _type_of_word(said, [])
    if found is None and is_harmless(said):
        odd.append(f"message: one word, not an object ({fields.shown(said)})")
        return _plain(SignalType.PRESENCE, None, device, payload, odd)
    if found is None:
        return None
    odd.append(f"message: one word, not an object ({fields.shown(said)})")
    kind = AlarmKind.UNKNOWN if found[0] is SignalType.ALARM else None
    return _plain(found[0], kind, device, payload, odd)


def _unreadable(
    leaf: str, payload: bytes, device: str, presses_in_doubt: bool, retain: bool, odd: list[str]
) -> Reading:
    """Rules 4 to 7 of the package's note."""
    if leaf == Leaf.STATUS and not payload:
        return _plain(SignalType.PRESENCE, None, device, payload, odd)
    why = _why_unreadable(payload)
    certain = _certainly(payload)
    if certain is not None:
        raise PeerError(f"{why}; it begins as {certain}")
    # A mark of another encoding may be the wrong byte: both readings are looked through.
    texts = (_decoded(payload, []), payload.decode("latin-1"))
    if any(map(_calls_for_help, texts)) or _nearly_calls(payload):
        odd.append(f"message: {why}, but it calls for help")
        return _plain(SignalType.ALARM, AlarmKind.UNKNOWN, device, payload, odd)
    cleared = retain and not payload
    if leaf not in (Leaf.BEAT, Leaf.STATUS) and presses_in_doubt and not cleared:
        odd.append(f"message: {why}; in doubt it is a press")
        return _plain(SignalType.ALARM, AlarmKind.UNKNOWN, device, payload, odd)
    if leaf == Leaf.BEAT and not payload:
        odd.append("message: empty")
        return _plain(SignalType.HEARTBEAT, None, device, payload, odd)
    raise PeerError(why)


def _plain(
    type_: SignalType,
    kind: AlarmKind | None,
    device: str,
    payload: bytes,
    odd: list[str],
    code: str = "",
) -> Reading:
    return Reading(
        NATIVE,
        device,
        type_,
        kind,
        code=code,
        authenticated=True,
        odd=tuple(odd[:ODD_MAX]),
        raw=payload[:RAW_BYTES_MAX],
    )


def _why_unreadable(payload: bytes) -> str:
    if not payload:
        return "empty"
    if len(payload) > PAYLOAD_BYTES_MAX:
        return f"{len(payload)} bytes, more than {PAYLOAD_BYTES_MAX}"
    return "not a JSON object"


def _certainly(payload: bytes) -> SignalType | None:
    """The type a broken object names whole, at its outermost level, before any other type."""
    named = _COMPLETE_TYPE.search(payload)
    if named is None or payload.count(b"{", 0, named.start()) != 1:
        return None
    types = [TYPES.get(match.decode()) for match in _COMPLETE_TYPE.findall(payload)]
    return None if SignalType.ALARM in types else types[0]


def _nearly_calls(payload: bytes) -> bool:
    """A broken object whose type, or a message whose only word, is nearly one for an alarm.

    The type may be cut off with the message: "al" may have become an alarm.
    """
    text = payload.decode("latin-1").strip("\0 \t\r\n")
    found = _BEGUN_TYPE.search(text)
    if found is not None:
        word, is_cut = found[1].strip("\"' ").casefold(), found.end() == len(text)
        begun = is_cut and len(word) >= BEGUN_CHARS_LEAST and _begins_an_alarm(word)
        return begun or may_call(word)
    return _ONE_WORD.fullmatch(text) is not None and may_call(text)


def _begins_an_alarm(word: str) -> bool:
    return any(said.startswith(word) for said in ALARM_WORDS)


def _calls_for_help(text: str) -> bool:
    plain = text.casefold()
    return any(word in plain for word in ALARM_WORDS)


def _parsed(payload: bytes, odd: list[str]) -> object:
    """The JSON value, the bare text where it is none, or None for what is too long or empty."""
    if not payload or len(payload) > PAYLOAD_BYTES_MAX:
        return None
    text = _decoded(payload, odd).strip("\0 \t\r\n")
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
    in_doubt = _calls_for_help(rest) or _nearly_calls(rest.encode())
    return {"type": SignalType.ALARM.value, "kind": AlarmKind.UNKNOWN.value} if in_doubt else None


def _calls(said: dict[str, object]) -> bool:
    """Whether an object of a batch, by its type or its answer, asks for help."""
    words = [word for word in (said.get("type"), said.get("answer")) if _is_text(word)]
    return any(word.casefold() not in _QUIET_TYPES and may_call(word) for word in words)


def _decoded(payload: bytes, odd: list[str]) -> str:
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
    found = _type_of_word(value, []) if isinstance(value, str) else None
    return found is not None and found[0] is SignalType.ALARM


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= DIGITS_MAX else digits


_QUIET_TYPES = tuple(word for word, type_ in TYPES.items() if type_ is not SignalType.ALARM)

_JSON = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_whole_number, parse_constant=lambda word: word
)
