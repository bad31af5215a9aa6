"""Ademco 685 computer output: one message to Readings, and back for those we send in tests.

`<LF>` receiver, line group, space, account, space, what is reported, `<CR>`. After `18` it is
Contact ID, after four digits the channels of a High Speed panel, after one or two digits the code
of a low-speed panel; `OKAY @` is a heartbeat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from core.errors import PeerError
from core.signals import Reading, SignalType
from core.values import value
from devices.callsystems.ademco685.meanings import LOW_SPEED
from devices.callsystems.codes import contact_id, high_speed
from devices.callsystems.codes.meaning import (
    About,
    Event,
    Meaning,
    Sender,
    reading,
    sure,
    unknown,
)

PROTOCOL = "ademco685"
LF, CR = 0x0A, 0x0D

_BEGINS = re.compile(rb"\n")
_HEARTBEAT = re.compile(r"(?P<line>[0-9A-Z]{2}) OKAY @ ?")
_HEAD = r"(?P<line>[0-9A-Z]{2}) (?P<account>[0-9A-F]{3,10}) "
_CONTACT_ID = re.compile(
    _HEAD + r"18 (?P<q>[ERP])(?P<code>[0-9A-F]{3}) (?P<area>[0-9A-F]{2}) "
    r"(?P<about>[CU])(?P<number>[0-9A-F]{3}) ?"
)
_HIGH_SPEED = re.compile(_HEAD + r"(?P<one>[0-9]{4}) (?P<two>[0-9]{4}) (?P<nine>[0-9]) ?")
_LOW_SPEED = re.compile(_HEAD + r"(?P<first>[0-9A-F])(?: (?P<second>[0-9A-F]))? ?")
_LOOSE = re.compile(
    r"(?:.{2,3} |.{3}(?=[0-9A-F]{4} ))(?P<account>[0-9A-F]{3,10})(?: 18 | 1. | .8 |.18 | 18.)"
    r"(?P<q>.)(?P<code>.{3})."
    r"(?P<area>.{2}).(?P<about>.)(?P<number>.{3}) ?.?"
)
_ABOUT = {"C": About.POINT, "U": About.USER}


@value(frozen=True)
class Ademco685:
    """The grammar of one receiver. `own`: the site's words for its panels' codes."""

    own: Mapping[str, Meaning] = field(default_factory=dict)

    @property
    def protocol(self) -> str:
        return PROTOCOL

    @property
    def ends(self) -> int:
        return CR

    @property
    def begins(self) -> re.Pattern[bytes]:
        return _BEGINS

    def trim(self, raw: bytes) -> bytes:
        """What follows the last `<LF>`: a message that was cut off stands before it."""
        return raw[raw.rfind(LF) + 1 :]

    def read(self, text: str, raw: bytes) -> list[Reading]:
        """What one message says. Raises PeerError for a format we do not know."""
        if beat := _HEARTBEAT.fullmatch(text):
            device = f"R{beat['line']}"
            return [Reading(PROTOCOL, device, SignalType.HEARTBEAT, code="OKAY", raw=raw)]
        found = _CONTACT_ID.fullmatch(text)
        if found is not None:
            return self._told(found, [self._contact_id(found)], raw)
        found = _HIGH_SPEED.fullmatch(text)
        if found is not None:
            channels = found["one"] + found["two"]
            return self._told(found, high_speed.events(channels, found["nine"], self.own), raw)
        found = _LOW_SPEED.fullmatch(text)
        if found is not None:
            return self._told(found, [self._low_speed(found)], raw)
        raise PeerError("a message in no format of Ademco 685 that is read here")

    def loosely(self, text: str, raw: bytes) -> list[Reading]:
        """Contact ID with a wrong letter around its code."""
        found = _LOOSE.fullmatch(text)
        return [] if found is None else self._told(found, [self._contact_id(found)], raw)

    def _told(self, found: re.Match[str], events: list[Event], raw: bytes) -> list[Reading]:
        return [reading(Sender(PROTOCOL, found["account"]), event, raw) for event in events]

    def _contact_id(self, found: re.Match[str]) -> Event:
        return contact_id.event(
            found["q"] if found["q"] in "ERP" else "E",
            found["code"],
            sure(found["area"], 2),
            sure(found["number"], 3),
            found["account"],
            self.own,
            _ABOUT.get(found["about"], About.POINT),
        )

    def _low_speed(self, found: re.Match[str]) -> Event:
        code = found["first"] + (found["second"] or "")
        known = self.own.get(code) or LOW_SPEED.get(code)
        # Its installer gave each button a code: the code is the point.
        return Event(known or unknown(code, found["account"], may_call=True), code, number=code)


def as_sent(written: bytes) -> bytes:
    """A message a person wrote down without its `<LF>` and `<CR>`, as it travels."""
    return b"\n" + written.strip(b"\r\n") + b"\r"


def heartbeat(line: str = "11") -> bytes:
    """A heartbeat as emulating receivers send it."""
    return f"\n{line} OKAY @ \r".encode()


def contact_id_message(account: str, said: str, *, line: str = "11") -> bytes:
    """A Contact ID message; `said` as printed: `E110 00 C001`."""
    return f"\n{line} {account} 18 {said}\r".encode()
