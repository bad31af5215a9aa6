"""What a page request says: a Reading, without the identity of its press (`pages`).

The timestamp of a message is when it was written, by a clock without a zone: it is not used.
"""

from __future__ import annotations

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.broken_xml import picked
from devices.callsystems.espax.codec import Message
from devices.callsystems.espax.meanings import CALL_WORDS, NO_CALL, PRIORITIES, SIGNALS
from devices.callsystems.espax.settings import PROTOCOL, EspaXListener
from devices.texts import on_one_line

TEXT_CHARS_MAX = 256
"""Of the text people read; the schema has 160."""

NAME_CHARS_MAX = 64
"""Of what becomes a wire identity, a reference or a code."""

RAW_BYTES_MAX = 4_096

CALLED = ("CP-GROUPID", "CP-PHONENO")
"""Who is called: names the caller only where nothing else does."""


PICKED = (
    *("CP-CALLINGNO", "CP-CALLINGNAME", "CP-WARD", "CP-BED", "CP-TEXTMSG", "CP-PRIO", "CP-SIGNAL"),
    *CALLED,
)
"""The fields that are picked out of what is no XML."""

TEXTS = ("CP-CALLINGNAME", "CP-WARD", "CP-BED", "CP-TEXTMSG")


def page(message: Message, raw: bytes, client: str, listener: EspaXListener) -> Reading:
    """A REQ.P-START: always a call for help, whatever is missing or unknown in it."""
    kind, odd = _kind(message)
    odd = (*message.odd, *odd)
    text = _text(message)
    return _alarm(_who(message, client, listener), kind, text, _code(message), odd, raw)


def unknown_request(
    message: Message, raw: bytes, client: str, listener: EspaXListener
) -> Reading | None:
    """A request no table knows: in doubt a call when it carries what a page carries."""
    if not any(message.get(name) for name in ("CP-TEXTMSG", *CALLED)):
        return None
    who = _who(message, client, listener)
    text = f"unknown code {message.name} from {who}: {_text(message)}"
    odd = (f"type: no such request ({shown(message.name)})",)
    return _alarm(who, AlarmKind.UNKNOWN, text, shown(message.name), odd, raw)


def in_doubt(raw: bytes, why: str, client: str, listener: EspaXListener) -> Reading | None:
    """XML that is broken and seems to start a page, or carries what a page does: a page."""
    fields = picked(raw, PICKED, TEXTS)
    starts = any(word in raw for word in CALL_WORDS)
    if not fields and not starts and (b"REQ.P" not in raw or any(one in raw for one in NO_CALL)):
        return None
    said = page(Message("", {}, fields, (f"message: {shown(why)}",)), raw, client, listener)
    text = f"in doubt a call from {said.device}: {said.text}".rstrip(": ")
    return replace(said, text=shown(text, TEXT_CHARS_MAX))


def shown(text: str, chars_max: int = NAME_CHARS_MAX) -> str:
    """On one line, without control characters, cut to its limit."""
    return on_one_line(text, chars_max)


def _kind(message: Message) -> tuple[AlarmKind, tuple[str, ...]]:
    """Of priority and signal the more acute; a word no table knows leaves the kind open."""
    said = (("CP-PRIO", PRIORITIES), ("CP-SIGNAL", SIGNALS))
    kinds, odd = [], []
    for name, table in said:
        value = message.get(name)
        if not value:
            continue
        kinds.append(table.get(value, AlarmKind.UNKNOWN))
        if value not in table:
            odd.append(f"level: no such {name} ({shown(value)})")
    for kind in (AlarmKind.SOS, AlarmKind.UNKNOWN):
        if kind in kinds:
            return kind, tuple(odd)
    return AlarmKind.CALL, tuple(odd)


def _text(message: Message) -> str:
    text = shown(message.get("CP-TEXTMSG"), TEXT_CHARS_MAX)
    names = ("CP-CALLINGNAME", "CP-WARD", "CP-BED")
    return text or shown(" ".join(message.get(name) for name in names), TEXT_CHARS_MAX)


def _who(message: Message, client: str, listener: EspaXListener) -> str:
    parts = [message.get(name) for name in listener.who_calls]
    called = [message.get(name) for name in ("CP-CALLINGNAME", *CALLED)]
    known = [part for part in parts if part] or [part for part in called if part][:1]
    return listener.named(shown("/".join(known))) if known else client


def _code(message: Message) -> str:
    """Priority and signal as they were sent, `-` for what was not."""
    return shown("/".join(message.get(name) or "-" for name in ("CP-PRIO", "CP-SIGNAL")))


def _alarm(
    who: str, kind: AlarmKind, text: str, code: str, odd: tuple[str, ...], raw: bytes
) -> Reading:
    return Reading(
        PROTOCOL,
        who,
        SignalType.ALARM,
        kind,
        text=shown(text, TEXT_CHARS_MAX),
        code=code,
        odd=odd,
        raw=raw[:RAW_BYTES_MAX],
    )
