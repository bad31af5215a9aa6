"""What one block says: a Reading, without its place in the order of blocks (`seq`).

A call whose meaning no table knows is an alarm of kind unknown: in doubt it is a call for help.
Only a call type that a table calls a reset is a restore. Nothing on this wire is authenticated.
"""

from __future__ import annotations

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.callsystems.espa444.codec import Block
from devices.callsystems.espa444.meanings import (
    CALL_STATUS,
    EMERGENCY,
    NATIONAL,
    NORMAL,
    STANDARD_CALL,
    SYSTEM_STATUS,
    Charset,
    Header,
    Record,
)
from devices.callsystems.espa444.settings import PROTOCOL, EspaLine, WhoCalls
from devices.texts import on_one_line, text_of

TEXT_CHARS_MAX = 256
"""Of a display message; the specification has 128, a DAKS sends 160."""

NAME_CHARS_MAX = 64
"""Of what becomes a wire identity or a code."""


def read(block: Block, line: EspaLine) -> Reading | None:
    """What a block with the right check character says; None when it only asks something."""
    match block.header:
        case Header.CALL:
            return _call(block, line)
        case Header.STATUS:
            return _status(block, line)
        case Header.STATUS_REQUEST:
            return None
        case _:
            return _foreign(block, line)


def in_doubt(block: Block, line: EspaLine) -> Reading | None:
    """What a block that never came whole may have been: a call for help, or None.

    A reset that came with an error opens nothing, and is none.
    """
    sound = any(name.isdigit() and value for name, value in block.records)
    if block.header != Header.CALL or not sound:
        return None
    if _call_type(block, line) is SignalType.RESTORE:
        return None
    who = _who(block, line)
    text = f"in doubt a call from {who}: {message(block, line)}"
    odd = (f"message: {block.fault}, and not repeated",)
    said = _kind(block, line) if block.values(Record.PRIORITY) else None
    kind = _worded(text, line) or said or AlarmKind.UNKNOWN
    return _alarm(block, line, kind, text, odd)


def as_it_stands(block: Block, line: EspaLine) -> Reading | None:
    """What a block says that came wrong in the same way again and again; it takes nothing back."""
    odd = f"message: {block.fault}, and the same again and again"
    said = read(block, line)
    if said is None:
        return None
    if said.type is SignalType.UNKNOWN and block.header not in tuple(Header) and block.records:
        who, text = _who(block, line), message(block, line)
        said = _alarm(block, line, AlarmKind.UNKNOWN, f"in doubt a call from {who}: {text}", ())
    if said.type in (SignalType.RESTORE, SignalType.CANCEL):
        said = replace(said, type=SignalType.UNKNOWN)
    return replace(said, odd=(*said.odd, odd))


def address(block: Block) -> str:
    """The call address; the first one, where there are more."""
    found = block.values(Record.ADDRESS)
    said = found[0].decode("latin-1") if found else ""
    # A digit that was damaged is not left out: the rest would be another room.
    return on_one_line("".join(c if c.isprintable() else "?" for c in said), NAME_CHARS_MAX)


def message(block: Block, line: EspaLine) -> str:
    """The display message in the line's character set, on one line."""
    parts = [_decoded(value, line.charset) for value in block.values(Record.MESSAGE)]
    return on_one_line(" ".join(parts), TEXT_CHARS_MAX)


def _call(block: Block, line: EspaLine) -> Reading:
    odd = _oddities(block)
    types = _shown(block, Record.CALL_TYPE, STANDARD_CALL)
    type_ = _call_type(block, line)
    text = message(block, line)
    if type_ is not None and type_ is not SignalType.ALARM:
        return _reading(block, line, type_, text, odd)
    if type_ is None:
        text = f"unknown code {_hex(types)} from {_who(block, line)}: {text}"
        odd = (*odd, f"code: no such call type ({types})")
        return _alarm(block, line, AlarmKind.UNKNOWN, text, odd)
    kind = _kind(block, line)
    if kind is None:
        priority = _shown(block, Record.PRIORITY, NORMAL)
        odd = (*odd, f"level: no such priority ({priority})")
    return _alarm(block, line, _worded(text, line) or kind or AlarmKind.UNKNOWN, text, odd)


def _call_type(block: Block, line: EspaLine) -> SignalType | None:
    """A block that says two things is a reset only if both do."""
    said = [_ascii(value) for value in block.values(Record.CALL_TYPE)] or [STANDARD_CALL]
    types = [line.call_types.get(value) for value in said]
    if SignalType.ALARM in types:
        return SignalType.ALARM
    return None if None in types else types[0]


def _kind(block: Block, line: EspaLine) -> AlarmKind | None:
    """Of two priorities the more acute; None when no table knows one of them."""
    said = [_ascii(value) for value in block.values(Record.PRIORITY)] or [NORMAL]
    if EMERGENCY in said:
        return line.priorities.get(EMERGENCY)
    kinds = [line.priorities.get(value) for value in said]
    return None if None in kinds else kinds[0]


def _worded(text: str, line: EspaLine) -> AlarmKind | None:
    plain = text.casefold()
    return next((kind for word, kind in line.words if word in plain), None)


def _status(block: Block, line: EspaLine) -> Reading | None:
    """About a page or the paging system, said by the line itself: never a call for help."""
    for value in block.values(Record.SYSTEM_STATUS):
        said = on_one_line(_ascii(value), NAME_CHARS_MAX)
        known = SYSTEM_STATUS.get(said)
        type_ = SignalType.UNKNOWN if known is None else SignalType.TECHNICAL
        code = known or f"system_status_{said}"
        return _of_line(block, line, type_, code, f"system status {_hex(said)}")
    for value in block.values(Record.CALL_STATUS):
        said = on_one_line(_ascii(value), NAME_CHARS_MAX)
        known = CALL_STATUS.get(said)
        type_ = SignalType.UNKNOWN if known is None else SignalType.PRESENCE
        code = f"call_{known}" if known else f"call_status_{said}"
        return _of_line(block, line, type_, code, f"call to {address(block)}")
    return None


def _foreign(block: Block, line: EspaLine) -> Reading:
    """A block of another header: a call for help only if it says so, or if nobody knows it."""
    text = message(block, line)
    emergency = EMERGENCY in [_ascii(value) for value in block.values(Record.PRIORITY)]
    unheard = block.header not in tuple(Header) and text
    said = f"unknown code {_hex(block.header)} from {_who(block, line)}: {text}"
    if emergency or unheard:
        odd = (f"type: no call, another header ({on_one_line(block.header, NAME_CHARS_MAX)})",)
        return _alarm(block, line, AlarmKind.UNKNOWN, said, odd)
    return _of_line(block, line, SignalType.UNKNOWN, f"header_{block.header}", said)


def _reading(
    block: Block, line: EspaLine, type_: SignalType, text: str, odd: tuple[str, ...]
) -> Reading:
    return Reading(
        PROTOCOL,
        _who(block, line),
        type_,
        boot=line.identity,
        text=on_one_line(text, TEXT_CHARS_MAX),
        code=_code(block),
        odd=odd,
        raw=block.raw,
    )


def _alarm(
    block: Block, line: EspaLine, kind: AlarmKind, text: str, odd: tuple[str, ...]
) -> Reading:
    return Reading(
        PROTOCOL,
        _who(block, line),
        SignalType.ALARM,
        kind,
        boot=line.identity,
        text=on_one_line(text, TEXT_CHARS_MAX),
        code=_code(block),
        odd=odd,
        raw=block.raw,
    )


def _of_line(block: Block, line: EspaLine, type_: SignalType, code: str, text: str) -> Reading:
    return Reading(
        PROTOCOL,
        line.identity,
        type_,
        boot=line.identity,
        text=on_one_line(text, TEXT_CHARS_MAX),
        code=on_one_line(code, NAME_CHARS_MAX),
        raw=block.raw,
    )


def _who(block: Block, line: EspaLine) -> str:
    """Who calls, as far as the line can say; the line itself when it cannot."""
    called = address(block)
    if line.who_calls is WhoCalls.TEXT:
        called = message(block, line)[:NAME_CHARS_MAX] or called
    return line.named(called) if called else line.identity


def _code(block: Block) -> str:
    """Header, call type and priority as they were sent, `-` for what was not."""
    said = (block.header, _shown(block, Record.CALL_TYPE), _shown(block, Record.PRIORITY))
    return on_one_line("/".join(said), NAME_CHARS_MAX)


def _oddities(block: Block) -> tuple[str, ...]:
    odd = []
    if not block.values(Record.ADDRESS):
        odd.append("device: no call address")
    once = (Record.ADDRESS, Record.CALL_TYPE, Record.PRIORITY)
    odd += [f"message: record {name} stands twice" for name in once if len(block.values(name)) > 1]
    return tuple(odd)


def _shown(block: Block, record: Record, missing: str = "-") -> str:
    values = block.values(record)
    return ",".join(_ascii(value) for value in values)[:NAME_CHARS_MAX] if values else missing


def _ascii(value: bytes) -> str:
    return value.decode("latin-1").strip()


def _hex(said: str) -> str:
    return "0x" + said.encode("latin-1", "replace")[:8].hex()


def _decoded(value: bytes, charset: Charset) -> str:
    """Latin-1 is what nobody has set, and UTF-8 what newer senders write all the same."""
    if charset is Charset.LATIN_1:
        return text_of(value)
    national = NATIONAL.get(charset)
    if national is not None:
        return value.decode("latin-1").translate(national)
    return value.decode(charset, "replace")
