"""Every family against whatever a wire may carry: junk, and samples that were cut, bent and mixed.

`TILKALD_FUZZ_EXAMPLES` says how many examples each property tries (default 25); `make fuzz` tries
many. What must hold: nothing escapes a session, any split of the bytes gives the same readings,
every ticket is settled once, memory stays bounded, and no timer rings without end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.signals import Reading
from core.values import replace
from devices.family import Family, open_port
from devices.protocols import FAMILIES
from devices.session import DeviceSession, Heard
from tests.support.samples import SAMPLES

pytestmark = pytest.mark.timeout(func_only=True)
"""A limit in time that strikes while pytest writes its report ends the whole run, as a mistake of
pytest's own; these lines are long to report. There are no fixtures here that could hang."""

EXAMPLES = int(os.environ.get("TILKALD_FUZZ_EXAMPLES", "25"))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAKES_MAX = 50
"""Timers at one moment: more is a timer without end."""

GIVEN_UP_AFTER = timedelta(seconds=5)
"""Longer than any family waits for the rest of a message."""

HELD_BYTES_MAX = 4_000_000

names = pytest.mark.parametrize("name", FAMILIES)
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_every_family_has_samples_and_each_of_them_says_something() -> None:
    assert list(SAMPLES) == list(FAMILIES)
    for name, samples in SAMPLES.items():
        line = Line(FAMILIES[name])
        for sample in samples:
            line.feed(sample, NOON)
        assert any(one.reading for one in line.heard), name


@names
@given(content=st.binary(max_size=2_000))
@fuzzed
def test_junk_escapes_no_session(name: str, content: bytes) -> None:
    line = Line(FAMILIES[name])
    line.feed(content, NOON)
    line.pass_time(NOON, timedelta(minutes=10))
    line.feed(content, NOON + timedelta(minutes=10))
    line.end(NOON + timedelta(minutes=10))


@names
@given(content=st.data())
@fuzzed
def test_bent_samples_escape_no_session_and_every_ticket_is_settled_once(
    name: str, content: st.DataObject
) -> None:
    line = Line(FAMILIES[name], kept=content.draw(st.booleans()))
    now = NOON
    for piece in content.draw(st.lists(bent(name), max_size=8)):
        line.feed(piece, now)
        now += timedelta(seconds=content.draw(st.sampled_from([0.0, 0.01, 1.0, 20.0, 600.0])))
        line.pass_time(now, timedelta())
    line.end(now)
    assert len(line.tickets) == len(dict.fromkeys(line.tickets))


@names
@given(content=st.data())
@fuzzed
def test_any_split_gives_the_same_readings_and_the_same_answers(
    name: str, content: st.DataObject
) -> None:
    pieces = content.draw(st.lists(bent(name), min_size=1, max_size=4))
    whole = b"".join(pieces)
    cuts = content.draw(st.lists(st.integers(0, len(whole)), max_size=12))
    at_once, in_parts = (Line(FAMILIES[name], at_once=False) for _ in range(2))
    at_once.feed(whole, NOON)
    for start, end in pairwise([0, *sorted(cuts), len(whole)]):
        in_parts.feed(whole[start:end], NOON)
    for line in (at_once, in_parts):
        line.settle(NOON)
    assert in_parts.said == at_once.said
    for line in (at_once, in_parts):
        line.pass_time(NOON, GIVEN_UP_AFTER)
        line.end(NOON + GIVEN_UP_AFTER)
    assert in_parts.readings == at_once.readings


@names
def test_bytes_without_end_stay_within_bounds(name: str) -> None:
    for filler in (b"\x00", b"\n", b"{", b"[", b'"', b"<", b"\x01", b"\x55", b"EX\x7f\xff\xff\xff"):
        line = Line(FAMILIES[name])
        for _ in range(100):
            line.feed(filler * (8_192 // len(filler)), NOON)
            line.heard.clear()
        assert held_bytes(line.session) < HELD_BYTES_MAX, (name, filler)


@dataclass
class Line:
    """One session and all it heard and said; `at_once`: every message is settled as it comes."""

    family: Family
    kept: bool = True
    at_once: bool = True
    heard: list[Heard] = field(default_factory=list)
    tickets: list[int] = field(default_factory=list)
    said: bytes = b""
    _owed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session: DeviceSession = open_port(self.family, {}).connect()
        self.feed(b"", NOON)

    @property
    def readings(self) -> list[Reading]:
        """What was understood, without the bytes and oddities that name how it came."""
        found = [one.reading for one in self.heard if one.reading is not None]
        return [replace(one, raw=b"") for one in found]

    def feed(self, content: bytes, now: datetime) -> None:
        self._take(self.session.receive(content, now, now), now)

    def pass_time(self, now: datetime, span: timedelta) -> None:
        """Ring every timer until then."""
        end = now + span
        for _ in range(WAKES_MAX):
            wake_at = self.session.wake_at
            if wake_at is None or wake_at > end:
                return
            now = max(now, wake_at)
            self._take(self.session.wake(now), now)
        assert span, f"{self.family.name} wakes without end at one moment"

    def end(self, now: datetime) -> None:
        """Nothing more comes."""
        self._take(self.session.ended(now), now)

    def settle(self, now: datetime) -> None:
        """Every message heard so far is stored, or is not."""
        for ticket in self._owed:
            self.session.stored(ticket, self.kept, now)
        self._owed.clear()
        self._take_what_is_said()

    def _take(self, messages: Sequence[Heard], now: datetime) -> None:
        for message in messages:
            self.heard.append(message)
            assert message.ticket >= 0
            if message.ticket:
                self.tickets.append(message.ticket)
                self._owed.append(message.ticket)
        self._take_what_is_said()
        if self.at_once:
            self.settle(now)

    def _take_what_is_said(self) -> None:
        while sending := self.session.to_send():
            self.said += sending


def bent(name: str) -> st.SearchStrategy[bytes]:
    """A sample: whole, cut, doubled, with a byte changed, or with junk in it."""
    sample = st.sampled_from(SAMPLES[name])
    changed = st.tuples(sample, st.integers(0, 4_000), st.integers(0, 255)).map(
        lambda one: one[0][: (at := one[1] % len(one[0]))] + bytes((one[2],)) + one[0][at + 1 :]
    )
    cut = st.tuples(sample, st.integers(0, 4_000)).map(lambda one: one[0][: one[1] % len(one[0])])
    mixed = st.tuples(sample, st.binary(max_size=30), sample).map(b"".join)
    return st.one_of(sample, changed, cut, mixed, st.binary(max_size=60))


def held_bytes(of: object) -> int:
    """How much memory an object holds, as far as its attributes and containers reach."""
    seen: dict[int, object] = {}
    waiting: list[object] = [of]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type) or callable(one):
            continue
        seen[id(one)] = one
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        waiting += [getattr(one, name) for name in _attributes(one)]
    return sum(sys.getsizeof(one) for one in seen.values())


def _attributes(one: object) -> list[str]:
    if type(one).__module__ == "builtins":
        return []
    slots = [name for base in type(one).__mro__ for name in getattr(base, "__slots__", ())]
    own = [*slots, *getattr(one, "__dict__", {})]
    return [name for name in own if hasattr(one, name)]
