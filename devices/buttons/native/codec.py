"""Topic leaf and payload in, one Reading out: the native codec.

The law kept here: *a press is never dropped because something about it is odd*. `read` raises
PeerError only for what is certainly no call for help, and nothing else ever; the rules stand in
the package's note, in the order they are tried.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from core.errors import PeerError
from core.signals import UNKNOWN_WORD, AlarmKind, AnswerKind, Level, Reading, SignalType
from devices.buttons.native import fields
from devices.buttons.native.doubt import calls_for_help, is_harmless, may_call, nearly_calls
from devices.buttons.native.meanings import KINDS, TYPES
from devices.buttons.native.objects import (
    PAYLOAD_BYTES_MAX,
    decoded,
    is_text,
    parsed,
    type_of_word,
)
from devices.findings import CHARGING
from devices.registry import NATIVE

RAW_BYTES_MAX = 2_048
"""How much of a message is kept with its Reading."""

ODD_MAX = 12
"""How many oddities of one message are named."""

_COMPLETE_TYPE = re.compile(rb'"type"\s*:\s*"([a-z_]{1,24})"')


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
    said = parsed(payload, odd)
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
        found = type_of_word(value, odd)
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
    return not (isinstance(value, str) and type_of_word(value, []))


def _says_something(value: object) -> bool:
    """Whether a `type` could be meant as a word."""
    return isinstance(value, str | list | dict) and any(letter.isalpha() for letter in str(value))


def _names_an_alarm(said: dict[str, object]) -> bool:
    """Whether an object of a type nobody knows names how bad it is, or what happened."""
    words = [value.casefold() for value in (said.get("kind"), said.get("level")) if is_text(value)]
    return any(word in KINDS or word in tuple(Level) for word in words)


def _answer(value: object, odd: list[str]) -> AnswerKind | None:
    """A word we do not know answers nothing, unless it nearly asks for help ("more_hlp")."""
    answer = fields.token("answer", value, AnswerKind, odd)
    if answer is None and isinstance(value, str) and may_call(value):
        return AnswerKind.MORE_HELP
    return answer


def _looks_like_a_call(said: dict[str, object], payload: bytes) -> bool:
    """An object without `type` that names what an alarm names, or says a word for one."""
    names_kind = isinstance(said.get("kind"), str) and said["kind"] in KINDS
    return names_kind or "level" in said or calls_for_help(decoded(payload, []))


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
    if leaf == Leaf.STATUS and not calls_for_help(said) and not nearly_calls(payload):
        word = fields.text("message", said, odd, fields.NAME_CHARS_MAX) or ""
        return _plain(SignalType.PRESENCE, None, device, payload, odd, code=word.casefold())
    found = type_of_word(said, [])
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
    texts = (decoded(payload, []), payload.decode("latin-1"))
    if any(map(calls_for_help, texts)) or nearly_calls(payload):
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
