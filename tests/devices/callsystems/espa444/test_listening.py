"""The third party: it hears everything and sends nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.signals import Reading, SignalType
from devices.callsystems.espa444.codec import encode
from devices.callsystems.espa444.listening import ListeningSession
from devices.session import Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
CALL = encode("1", [("1", b"0815"), ("2", b"WC 12"), ("4", b"3")])
RESET = encode("1", [("1", b"0815"), ("4", b"1")])
BROKEN = CALL[:-1] + b"\x00"


def test_a_call_between_two_others_is_heard() -> None:
    tap = Tap()
    tap.hears(b"\x041\x053\x05\x06" + CALL + b"\x06\x04")
    assert [(r.device, r.text) for r in tap.readings] == [("0815", "WC 12")]


def test_nothing_is_owed() -> None:
    tap = Tap()
    tap.hears(CALL)
    assert tap.heard[0].ticket == 0


def test_a_block_repeated_because_it_was_refused_there_is_one_press() -> None:
    tap = Tap()
    tap.hears(CALL + b"2\x15" + CALL + b"\x06\x04")
    assert len({reading.seq for reading in tap.readings}) == 1


def test_a_block_that_came_wrong_only_here_is_a_call_in_doubt() -> None:
    tap = Tap()
    tap.hears(BROKEN + b"\x06\x04")
    assert tap.readings == []
    tap.passes(timedelta(seconds=3))
    assert [reading.text for reading in tap.readings] == ["in doubt a call from 0815: WC 12"]


def test_a_block_that_came_wrong_everywhere_and_is_repeated_is_one_press() -> None:
    tap = Tap()
    tap.hears(BROKEN + b"1\x15" + CALL + b"\x06\x04")
    tap.passes(timedelta(seconds=60))
    assert len(tap.readings) == 1


def test_a_reset_is_heard_as_a_restore() -> None:
    tap = Tap()
    tap.hears(RESET)
    assert tap.readings[0].type is SignalType.RESTORE


def test_a_line_that_never_speaks_is_silent() -> None:
    tap = Tap()
    tap.passes(timedelta(seconds=300))
    tap.hears(b"\x041\x05")
    assert [reading.code for reading in tap.readings] == ["line_silent", "line_back"]


@tries(50)
@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([CALL, BROKEN])), max_size=6))
def test_no_byte_is_ever_sent(parts: list[bytes]) -> None:
    tap = Tap()
    for part in parts:
        tap.hears(part)
        tap.session.stored(1, True, tap.now)
        tap.passes(timedelta(seconds=5))


class Tap:
    """A session that listens; every step looks whether it sent anything."""

    def __init__(self) -> None:
        self.session = ListeningSession()
        self.now = NOW
        self.heard: list[Heard] = []
        self.hears(b"")

    @property
    def readings(self) -> list[Reading]:
        return [heard.reading for heard in self.heard if heard.reading is not None]

    def hears(self, line: bytes) -> None:
        self.heard += self.session.receive(line, self.now, self.now)
        assert self.session.to_send() == b""

    def passes(self, time: timedelta) -> None:
        end = self.now + time
        while (wake_at := self.session.wake_at) is not None and wake_at <= end:
            self.now = max(self.now, wake_at)
            self.heard += self.session.wake(self.now)
            assert self.session.to_send() == b""
        self.now = end
