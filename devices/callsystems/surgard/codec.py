"""Sur-Gard computer output: one message to Readings, and back for those that drills send.

A message is its format character, receiver (two), line (one, three from System III on), and what
the format holds; `<DC4>` ends it. Where a space follows, the line's length is read from it; where
none does, `line_digits` decides. A clock may stand at the end (`HH:MM:SS-dd/mm`, no year: left
out).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from core.errors import PeerError
from core.signals import AlarmKind, Reading, SignalType
from core.values import value
from devices.callsystems.codes import contact_id, high_speed, sia
from devices.callsystems.codes.meaning import (
    Event,
    Meaning,
    Sender,
    alarm,
    note,
    reading,
    sure,
    technical,
    unknown,
)
from devices.callsystems.surgard.meanings import BASIC, TELENOT

PROTOCOL = "surgard"
DC4 = 0x14

_CLOCK = re.compile(r"\d\d:\d\d:\d\d-\d\d/\d\d$", re.ASCII)
_RL = r"(?P<receiver>[0-9A-Z]{2})(?P<line>[0-9A-Z]{1,3})"
_ACCOUNT = r"(?P<account>[0-9A-Z]{1,10})"

_BEGINS = re.compile(rb"(?=[013568NSTUa][0-9A-Z]{2}[0-9A-Z]{1,3}[ \[])")
_HEARTBEAT = re.compile(rf"1{_RL} +@ *")
_SAID = r"(?P<q>[ERP])(?P<code>[0-9A-F]{3})(?P<area>[0-9A-F]{2})(?P<number>[0-9A-F]{3})"
_CONTACT_ID = re.compile(rf"5{_RL} 18(?P<account>[0-9A-Z ]{{4,10}}){_SAID}")
_CONTACT_ID_LOOSE = re.compile(
    r".{4,6}(?: 18| 1.| .8|.18)(?P<account>[0-9A-Z ]{4})"
    r"(?P<q>.)(?P<code>.{3})(?P<area>.{2})(?P<number>.{3}).?"
)
_CONTACT_ID_6500 = re.compile(rf"a{_RL} (?P<account>[0-9A-Z]{{4}})18{_SAID}")
_SIA_FULL = re.compile(rf"[S0N]{_RL}\[#(?P<account>[0-9A-Z]{{1,16}})\|(?P<blocks>.*)\]?", re.DOTALL)
_SIA_LOOSE = re.compile(
    r".{4,6}(?:.?#(?P<account>[0-9A-Z]{1,16})\||(?:\[.|.?#)(?P<four>[0-9A-Z]{4})[^0-9A-Z])"
    r"(?P<blocks>.*)",
    re.DOTALL,
)
_SIA_1 = re.compile(
    rf"3{_RL} +(?P<account>[0-9A-F]{{1,10}}?)(?P<code>[A-Z]{{2}})(?P<number>[0-9A-F ]{{4}})"
)
_BASIC = re.compile(
    rf"1{_RL} +{_ACCOUNT} (?P<code>[0-9A-Z \\])(?P<area>[0-9A-F ])(?P<number>[0-9A-Z ]{{1,3}})"
)
_BFSK = re.compile(
    rf"[16]{_RL} +(?P<account>[0-9A-F]{{3,4}})(?P<code>[0-9A-F]{{2}})(?P<number>[0-9A-F ]{{4}})"
)
_TELENOT = re.compile(r"(?P<account>[0-9A-F ]{6}) (?P<code>[A-Z])  (?P<number>[0-9A-F]{2})")
_HIGH_SPEED = re.compile(
    r"(?P<account>[0-9A-F]{4,6}) (?P<channels>[0-9]{4} [0-9]{4}|[0-9]{8}(?: [0-9]{8})?)"
    r" ?(?P<aux>[0-9])"
)


@value(frozen=True)
class SurGard:
    """The grammar of one receiver. `own`: the site's words for its own codes."""

    line_digits: int = 1
    own: Mapping[str, Meaning] = field(default_factory=dict)

    @property
    def protocol(self) -> str:
        return PROTOCOL

    @property
    def ends(self) -> int:
        return DC4

    @property
    def begins(self) -> re.Pattern[bytes]:
        return _BEGINS

    def trim(self, raw: bytes) -> bytes:
        """The Radionics 6500 emulation begins with a space; others may send line ends."""
        return raw.lstrip(b"\r\n\0").rstrip(b"\r\n").removeprefix(b" ")

    def read(self, text: str, raw: bytes) -> list[Reading]:
        """What one message says. Raises PeerError for a format we do not know."""
        plain = _CLOCK.sub("", text)
        if beat := _HEARTBEAT.fullmatch(plain):
            device = f"R{beat['receiver']}"
            return [Reading(PROTOCOL, device, SignalType.HEARTBEAT, code="@", raw=raw)]
        found = self._coded(plain) or self._unspaced(plain)
        if found is None:
            raise PeerError("a message in no format of Sur-Gard that is read here")
        account, events = found
        sender = Sender(PROTOCOL, account.strip() or "0")
        return [reading(sender, event, raw) for event in events]

    def loosely(self, text: str, raw: bytes) -> list[Reading]:
        """Contact ID with something wrong around its code, SIA around its blocks."""
        if at := _CONTACT_ID_LOOSE.fullmatch(text):
            account, events = at["account"], [self._contact_id(at)]
        elif at := _SIA_LOOSE.fullmatch(text):
            account = at["account"] or at["four"]
            events = sia.events(at["blocks"].rstrip("]"), account, self.own)
        else:
            return []
        sender = Sender(PROTOCOL, account.strip() or "0")
        return [reading(sender, event, raw) for event in events]

    def _coded(self, plain: str) -> tuple[str, list[Event]] | None:
        if at := _CONTACT_ID.fullmatch(plain) or _CONTACT_ID_6500.fullmatch(plain):
            return at["account"], [self._contact_id(at)]
        if at := _SIA_FULL.fullmatch(plain):
            return at["account"], sia.events(at["blocks"].rstrip("]"), at["account"], self.own)
        if at := _SIA_1.fullmatch(plain):
            blocks = f"N{at['code']}{at['number'].strip()}"
            return at["account"], sia.events(blocks, at["account"], self.own)
        if at := _BASIC.fullmatch(plain):
            return at["account"], [self._basic(at)]
        if at := _BFSK.fullmatch(plain):
            code, account = at["code"], at["account"]
            meaning = self.own.get(code) or unknown(code, account, may_call=True)
            return account, [Event(meaning, code, at["number"].strip())]
        return None

    def _contact_id(self, at: re.Match[str]) -> Event:
        device = at["account"].strip()
        said = at["q"] if at["q"] in "ERP" else "E"
        return contact_id.event(
            said, at["code"], sure(at["area"], 2), sure(at["number"], 3), device, self.own
        )

    def _basic(self, at: re.Match[str]) -> Event:
        code = at["code"].strip()
        known = self.own.get(code) or BASIC.get(code)
        if known is None and not code:
            known = alarm(AlarmKind.UNKNOWN, "alarm without an event code", "")
        meaning = known or unknown(code, at["account"], may_call=True)
        return Event(meaning, code or "space", at["number"].strip(), at["area"].strip())

    def _unspaced(self, plain: str) -> tuple[str, list[Event]] | None:
        """Formats whose account follows the line at once."""
        format_, rest = plain[:1], plain[3 + self.line_digits :]
        if format_ == "T" and (at := _TELENOT.fullmatch(rest)):
            known = self.own.get(at["code"]) or TELENOT.get(at["code"])
            meaning = known or unknown(at["code"], at["account"], may_call=True)
            return at["account"], [Event(meaning, at["code"], at["number"])]
        if format_ == "8" and (at := _HIGH_SPEED.fullmatch(rest)):
            channels = at["channels"].replace(" ", "")
            return at["account"], high_speed.events(channels, at["aux"], self.own)
        if format_ in ("U", "4") and len(rest) > 6:
            return rest[:6], [Event(note(f"caller {rest[6:].strip()}", "MLR2-DG p. 40"), format_)]
        if format_ == "0":
            # Its own status: printer, line card, battery. No panel speaks here, so nobody calls.
            text = f"receiver {plain[1:3]} reports {plain[3:].strip()}"
            return f"R{plain[1:3]}", [Event(technical(text, "MLR2-E, option 03"), "0")]
        return None


def as_sent(written: bytes) -> bytes:
    """A message a person wrote down without its `<DC4>`, as it travels."""
    return written.rstrip(bytes((DC4,))) + bytes((DC4,))


def heartbeat(receiver: str = "01", line: str = "1") -> bytes:
    """A heartbeat as the receiver sends it."""
    return f"1{receiver}{line}           @    ".encode() + bytes((DC4,))


def contact_id_message(account: str, said: str, *, receiver: str = "01", line: str = "1") -> bytes:
    """A Contact ID message; `said` is qualifier, code, group and point: `E12101001`."""
    return f"5{receiver}{line} 18{account:>4}{said}".encode() + bytes((DC4,))


def sia_message(account: str, blocks: str, *, receiver: str = "01", line: str = "1") -> bytes:
    """A SIA message; `blocks` as in `Nri1/PA01`."""
    return f"S{receiver}{line}[#{account}|{blocks}]".encode("latin-1") + bytes((DC4,))
