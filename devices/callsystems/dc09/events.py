"""The content of a DC-09 message to Events: which codec, which place, which text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import PeerError
from core.signals import Position
from devices.callsystems.codes import contact_id, sia
from devices.callsystems.codes.meaning import Event, Meaning, shown
from devices.callsystems.dc09.codec import Content, stamp_of
from devices.callsystems.dc09.meanings import LATITUDE, LONGITUDE, OCCURRED, TEXTS, Speaks
from devices.callsystems.dc09.settings import PROTOCOL

_CONTACT_ID = re.compile(
    r"\s*(?:18)?\s*([0-9EPR])([0-9A-Fa-f]{3}) ?([0-9A-Fa-f]{2}) ?([0-9A-Fa-f]{3})(.*)", re.DOTALL
)
_ACCOUNT = re.compile(r"#?([0-9A-Za-z]{3,16})\|")
_MINUTES = re.compile(r"\s*(\d{1,3})([NSEWnsew])(\d{1,2}(?:\.\d{1,10})?)\s*", re.ASCII)
_DEGREES = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,10})?)\s*([NSEWnsew]?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
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


def report(speaks: Speaks, content: Content, account: str, own: Mapping[str, Meaning]) -> Report:
    """The events of a message. Raises PeerError where there is none that could be read.

    A concentrator speaks in the frame with its own account and in the data with the panel's.
    """
    named = _ACCOUNT.match(content.data)
    device = named[1].upper() if named else account
    blocks = content.data[named.end() :] if named else content.data
    if speaks is Speaks.SIA:
        events = sia.events(blocks, device, own)
    else:
        events = [_contact_id(blocks, device, own)]
    if not events:
        raise PeerError(f"a message of {device} that reports nothing")
    if not content.extras:
        return Report(device, tuple(events))
    extras = dict(content.extras)
    said = shown(", ".join(filter(None, (shown(extras.get(name, "")) for name in TEXTS))))
    if said:
        events = [_with_text(event, said) for event in events]
    return Report(device, tuple(events), stamp_of("_" + extras.get(OCCURRED, "")), _place(extras))


def _contact_id(blocks: str, device: str, own: Mapping[str, Meaning]) -> Event:
    found = _CONTACT_ID.fullmatch(blocks)
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
