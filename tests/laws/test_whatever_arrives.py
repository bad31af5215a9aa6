"""*Whatever arrives from somebody who may be in need, and cannot be read, placed or allowed, is
raised in doubt, or is not acknowledged. It is never acknowledged and dropped, and one bad byte
costs that byte, not the sender, the place and the kind.*

A press of every family, cut, doubled, re-encoded and damaged, over every way its bytes come in.
The judge is total: each outcome is *raised*, *not acknowledged* and raised when it comes a third
time, or *known to be harmless*, with the reason.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from core.signals import Reading, SignalType
from devices.family import Port, open_port
from devices.protocols import FAMILIES
from devices.session import DeviceSession, Heard
from tests.support.samples import PRESSES, SAMPLES, Presses
from tests.support.tries import QUICK

THOROUGH = int(os.environ.get("TILKALD_FUZZ_EXAMPLES", "25")) > 25
EVERY = 1 if THOROUGH else 9 if QUICK else 3
"""Of a message only each so-many-th byte is cut at and damaged, each family at other ones."""

VALUES = (0x00, 0x20, 0x3C, 0x58, 0xF8) if THOROUGH else (0x00, 0x58, 0xF8)
"""What a byte becomes: nothing, a space, a bracket, a letter, one that is no ASCII."""

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAUSE = timedelta(seconds=20)
"""Longer than any family waits for the rest of a message, and than a repeat may be away."""

COPIES = 3
CALLS = (SignalType.ALARM, SignalType.TECHNICAL, SignalType.TAMPER, SignalType.LOW_BATTERY)
WAKES_MAX = 400


class Outcome(StrEnum):
    RAISED = "raised"
    UNACKNOWLEDGED = "not acknowledged"
    HARMLESS = "known to be harmless"
    DROPPED = "acknowledged and dropped"


@dataclass
class Wire:
    """One port of a family; each message on a connection of its own, or in a datagram."""

    name: str
    way: str
    heard: list[Heard] = field(default_factory=list)
    said: bytes = b""
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.port: Port = open_port(FAMILIES[self.name], {}, datagrams=self.way == "datagrams")
        self.session = self._connected()

    def sends(self, content: bytes) -> None:
        if self.way == "ends":
            self.session = self._connected()
        self._take(self.session.receive(content, self.now, self.now))
        if self.way == "ends":
            self._take(self.session.ended(self.now))
        self._pause()

    @property
    def readings(self) -> list[Reading]:
        return [one.reading for one in self.heard if one.reading is not None]

    def _connected(self) -> DeviceSession:
        session = self.port.connect()
        self._take(session.receive(b"", self.now, self.now), session)
        self._take(session.wake(self.now), session)
        return session

    def _pause(self) -> None:
        end = self.now + PAUSE
        for _ in range(WAKES_MAX):
            wake_at = self.session.wake_at
            if wake_at is None or wake_at > end:
                break
            self.now = max(self.now, wake_at)
            self._take(self.session.wake(self.now))
        self.now = end

    def _take(self, messages: object, session: DeviceSession | None = None) -> None:
        session = session or self.session
        assert isinstance(messages, list | tuple)
        for one in messages:
            self.heard.append(one)
            if one.ticket:
                session.stored(one.ticket, True, self.now)
        while sending := session.to_send():
            self.said += sending


def judged(name: str, way: str, content: bytes) -> tuple[Outcome, str]:
    """What becomes of these bytes, and why that is right or wrong."""
    presses, wire = PRESSES[name], Wire(name, way)
    wire.sends(content)
    if _calls(wire.readings):
        return Outcome.RAISED, ""
    if not presses.sums and any(not one.odd for one in wire.readings):
        return Outcome.HARMLESS, "another message of its protocol, which has no sum to tell"
    if re.search(presses.left, content, re.DOTALL) is None:
        return Outcome.HARMLESS, "noise: nothing of its message is left"
    if presses.acknowledges is not None and re.search(presses.acknowledges, wire.said, re.DOTALL):
        return Outcome.DROPPED, f"answered {wire.said[-80:]!r}"
    for _ in range(COPIES - 1):
        wire.sends(content)
    if _calls(wire.readings):
        return Outcome.UNACKNOWLEDGED, "and raised when it came a third time"
    return Outcome.DROPPED, f"not acknowledged, but {COPIES} copies call nobody"


def _calls(readings: list[Reading]) -> bool:
    return any(one.type in CALLS for one in readings)


def test_every_family_has_a_press_that_calls_over_each_of_its_links() -> None:
    assert list(PRESSES) == list(SAMPLES) == list(FAMILIES)
    for name, presses in PRESSES.items():
        for way in presses.ways:
            for message in presses.messages:
                wire = Wire(name, way)
                wire.sends(message)
                assert SignalType.ALARM in [one.type for one in wire.readings], (name, message)


@pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name, presses in PRESSES.items() for way in presses.ways]
)
def test_whatever_is_done_to_a_press_it_is_raised_or_not_acknowledged(name: str, way: str) -> None:
    wrong = [
        (how, content, why)
        for message in PRESSES[name].messages
        for how, content in changed(message)
        for outcome, why in [judged(name, way, content)]
        if outcome is Outcome.DROPPED
    ]
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"


@pytest.mark.parametrize(
    ("name", "way"),
    [(name, way) for name, one in PRESSES.items() for way in one.ways if one.names],
)
def test_one_bad_byte_costs_that_byte_and_not_who_calls(name: str, way: str) -> None:
    """Where it stands in the name itself, nobody else is named in its stead."""
    for message in PRESSES[name].messages:
        caller = _caller(name, way, message)
        within = _within(message, PRESSES[name].names)
        for at in range(len(message) % EVERY, len(message), EVERY):
            for value in (0x00, 0x58, 0xF8):
                damaged = message[:at] + bytes((value,)) + message[at + 1 :]
                said = _caller(name, way, damaged)
                assert said == caller or at in within, (at, value, said)
                assert said == caller or said not in caller, (at, value, said)


def _caller(name: str, way: str, content: bytes) -> str:
    """Who calls in the first alarm that is raised, else of whom anything is told."""
    wire = Wire(name, way)
    for _ in range(COPIES):
        wire.sends(content)
    alarms = [one.device for one in wire.readings if one.type is SignalType.ALARM]
    return next(iter([*alarms, *(one.device for one in wire.readings)]), "nobody")


def _within(message: bytes, names: tuple[bytes, ...]) -> list[int]:
    found = [match for name in names for match in re.finditer(re.escape(name), message)]
    return [at for match in found for at in range(*match.span())]


def changed(message: bytes) -> Iterator[tuple[str, bytes]]:
    """A message as wires, cables and makers change it."""
    yield from _ended_otherwise(message)
    yield from _begun_otherwise(message)
    yield from _written_otherwise(message)
    first = len(message) % EVERY
    for at in range(first, len(message), EVERY):
        yield f"cut at {at}", message[:at]
        yield f"begun at {at}", message[at:]
        yield f"without byte {at}", message[:at] + message[at + 1 :]
        yield f"byte {at} twice", message[: at + 1] + message[at:]
        for value in VALUES:
            yield f"byte {at} is {value:#04x}", message[:at] + bytes((value,)) + message[at + 1 :]


def _ended_otherwise(message: bytes) -> Iterator[tuple[str, bytes]]:
    bare = message.rstrip(b"\r\n\x14")
    for end in (b"", b"\n", b"\r", b"\r\n", b"\0", b"\x03", b"\x14", b"\x04"):
        yield f"ended by {end!r}", bare + end
        yield f"{end!r} behind", message + end
    yield "twice", message * 2
    yield "twice without its end", bare + message
    yield "half before it", message[: len(message) // 2] + message


def _begun_otherwise(message: bytes) -> Iterator[tuple[str, bytes]]:
    telnet = b"\xff\xfb\x01\xff\xfd\x03\xff\xfb\x00"
    for before in (b"\xef\xbb\xbf", b"\0", b"\r\n", b"\x02", telnet, b"GET / HTTP/1.1\r\n\r\n"):
        yield f"{before!r} before", before + message
    yield "without its first line feed", message.removeprefix(b"\n")


def _written_otherwise(message: bytes) -> Iterator[tuple[str, bytes]]:
    text = message.decode("latin-1")
    yield "upper case", message.upper()
    yield "lower case", message.lower()
    yield "in UTF-8 once more", text.encode()
    yield "with NULs between", text.encode("utf-16-le")
    yield "with the eighth bit set", bytes(byte | 0x80 for byte in message)


def test_the_judge_knows_what_it_is_told() -> None:
    """A family that answers everything and calls nobody is caught."""
    presses = Presses((b"help",), b"", rb"help")
    assert presses.acknowledges == b""
    assert judged("dc09", "ends", b"\x01\x02\x03")[0] is Outcome.HARMLESS
    press = PRESSES["dc09"].messages[0]
    assert judged("dc09", "ends", press)[0] is Outcome.RAISED
    assert judged("dc09", "ends", press[:1] + b"0000" + press[5:])[0] is Outcome.UNACKNOWLEDGED
