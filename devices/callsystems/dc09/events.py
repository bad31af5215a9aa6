"""The content of a DC-09 message to Events: which codec, which place, which text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from core.errors import PeerError
from core.signals import Position, SignalType
from core.values import replace, value
from devices.callsystems.codes import contact_id, sia
from devices.callsystems.codes.meaning import Event, Meaning, shown, sure
from devices.callsystems.dc09.codec import Content, Frame, stamp_of
from devices.callsystems.dc09.meanings import (
    LATITUDE,
    LONGITUDE,
    OCCURRED,
    TEXTS,
    TOKENS,
    Speaks,
)
from devices.callsystems.dc09.settings import PROTOCOL
from devices.texts import text_again

_CONTACT_ID = re.compile(
    r"\s*(?:18)?\s*([0-9EPR])([0-9A-Fa-f]{3}) ?([0-9A-Fa-f]{2}) ?([0-9A-Fa-f]{3})(.*)", re.DOTALL
)
_CONTACT_ID_LOOSE = re.compile(r"\s*(?:18)?.([0-9A-Fa-f]{3}).(.{2}).(.{3})", re.DOTALL)
_DIGITS = re.compile(r"[0-9A-Fa-f]+")
_BEGINS_A_BLOCK = ("N", "O", "1", "3", "6")
_CONTACT_ID_CUT = re.compile(r"\s*(?:18)?\s*([0-9EPR])([0-9A-Fa-f]{3})[ 0-9A-Fa-f]{0,6}")
_ACCOUNT = re.compile(r"#?([0-9A-Za-z]{3,16})\|")
_MINUTES = re.compile(r"\s*(\d{1,3})([NSEWnsew])(\d{1,2}(?:\.\d{1,10})?)\s*", re.ASCII)
_DEGREES = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,10})?)\s*([NSEWnsew]?)\s*", re.ASCII)


@value(frozen=True)
class Report:
    """What one message reports, all of it by one panel. `device` is the account it speaks for."""

    device: str
    events: tuple[Event, ...]
    occurred: datetime | None = None
    position: Position | None = None

    @property
    def known(self) -> bool:
        """Whether a table knows what any of it means; all of it is raised or kept in any case."""
        return any(event.meaning.source for event in self.events)


def report(
    speaks: Speaks | None,
    content: Content,
    account: str,
    own: Mapping[str, Meaning],
    *,
    doubt: bool = False,
) -> Report:
    """The events of a message. Raises PeerError where there is none that could be read.

    A concentrator speaks in the frame with its own account and in the data with the panel's. A
    type nobody knows is read as what its data look like. `doubt`: its sum is wrong, so a byte of it
    may be.
    """
    name = _named_in_doubt if doubt else _named
    device, blocks = name(content.data, account)
    if speaks is None:
        speaks = _looks_like(blocks, device)
    if speaks is Speaks.SIA:
        events = sia.events(blocks, device, own)
    else:
        events = [_contact_id(blocks, device, own, doubt=doubt)]
    if doubt:
        events = _without_half_a_number(events)
    if not events:
        raise PeerError(f"a message of {device} that reports nothing")
    if not content.extras:
        return Report(device, tuple(events))
    extras = dict(content.extras)
    said = shown(", ".join(filter(None, (shown(extras.get(name, "")) for name in TEXTS))))
    if said:
        events = [_with_text(event, said) for event in events]
    return Report(device, tuple(events), stamp_of("_" + extras.get(OCCURRED, "")), _place(extras))


def calls_in(frame: Frame, own: Mapping[str, Meaning]) -> tuple[str, list[Event]]:
    """The calls for help in what there is of a frame that was cut off, and who calls.

    Only what a table knows: the rest comes again. A number that may have lost digits is no place.
    """
    if frame.encrypted:
        return frame.account, []
    data, closed, _ = text_again(frame.body).partition("]")
    device, blocks = _named_in_doubt(data, frame.account)
    speaks = TOKENS.get(frame.token)
    if speaks is Speaks.CONTACT_ID and (cut := _CONTACT_ID_CUT.fullmatch(blocks)) and not closed:
        events = [contact_id.event(cut[1], cut[2].upper(), "", "", device, own)]
    elif speaks is Speaks.CONTACT_ID and _CONTACT_ID.fullmatch(blocks):
        events = [_contact_id(blocks, device, own)]
    else:
        events = sia.events(blocks, device, own) if speaks in (Speaks.SIA, None) else []
    if events and not closed:
        events[-1] = replace(events[-1], number="")
    sure = [one for one in events if one.meaning.source]
    return device, [one for one in sure if one.meaning.type is SignalType.ALARM]


def _named(data: str, account: str) -> tuple[str, str]:
    """Whom the data speak for, and the rest of them."""
    named = _ACCOUNT.match(data)
    return (named[1].upper(), data[named.end() :]) if named else (account, data)


def _named_in_doubt(data: str, account: str) -> tuple[str, str]:
    """The same where a letter may be wrong: frame and data that nearly name one name that one."""
    device, blocks = _named(data, account)
    if device != account and _is_but_for_a_letter(device, account):
        return device if _DIGITS.fullmatch(device) else account, blocks
    if blocks == data and data[:1] not in _BEGINS_A_BLOCK:
        most = len(account) + 1
        before = re.match(rf".{{0,{most}}}\||.?{re.escape(account)}.", data, re.DOTALL)
        return account, data[before.end() :] if before else data
    return device, blocks


def _is_but_for_a_letter(said: str, account: str) -> bool:
    if len(said) == len(account) + 1:
        return said.endswith(account)
    same_length = len(said) == len(account)
    return same_length and sum(one != other for one, other in zip(said, account, strict=True)) == 1


def _without_half_a_number(events: list[Event]) -> list[Event]:
    """Where something was read past, the number before it may have lost a digit: it is no place."""
    if any(one.startswith("code: ") for event in events for one in event.odd):
        return [replace(event, number="") for event in events]
    return events


def _looks_like(blocks: str, device: str) -> Speaks:
    """Raises PeerError where it looks like nothing we read."""
    if _CONTACT_ID.fullmatch(blocks):
        return Speaks.CONTACT_ID
    if blocks[:1] in ("N", "O") and any(one.meaning.source for one in sia.events(blocks, "", {})):
        return Speaks.SIA
    raise PeerError(f"a message of {device} of a type that is not read here")


def _contact_id(
    blocks: str, device: str, own: Mapping[str, Meaning], *, doubt: bool = False
) -> Event:
    found = _CONTACT_ID.fullmatch(blocks)
    loose = _CONTACT_ID_LOOSE.match(blocks) if doubt else None
    if found is None and loose is not None:
        area, number = sure(loose[2], 2), sure(loose[3], 3)
        return contact_id.event("1", loose[1].upper(), area, number, device, own)
    if found is None:
        raise PeerError(f"a Contact ID message of {device} that is not Q XYZ GG CCC")
    qualifier, code, area, number, rest = found.groups()
    event = contact_id.event(qualifier, code.upper(), area, number, device, own)
    return _with_text(event, shown(rest.lstrip("|"))) if rest.strip() else event


def _with_text(event: Event, said: str) -> Event:
    both = ", ".join(filter(None, (said, event.said)))
    return Event(event.meaning, event.code, event.number, event.area, both, event.odd)


def _place(extras: Mapping[str, str]) -> Position | None:
    """Longitude and latitude, both or nothing; 0, 0 is a receiver without a fix."""
    lat = _degrees(extras.get(LATITUDE, ""), "NS", 90)
    lon = _degrees(extras.get(LONGITUDE, ""), "EW", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return None
    return Position(lat, lon, source=PROTOCOL)


def _degrees(text: str, sides: str, limit: float) -> float | None:
    minutes = _MINUTES.fullmatch(text)
    if minutes is not None:
        degrees = int(minutes[1]) + float(minutes[3]) / 60
        side = minutes[2].upper()
    else:
        plain = _DEGREES.fullmatch(text)
        if plain is None:
            return None
        degrees, side = float(plain[1]), plain[2].upper()
    if (side and side not in sides) or abs(degrees) > limit:
        return None
    return -degrees if side in ("S", "W") else degrees
