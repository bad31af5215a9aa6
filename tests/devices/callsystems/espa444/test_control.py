"""The control station: it polls, takes calls, sends its own, and the line always comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import Reading, SignalType
from devices.callsystems.espa444.codec import encode
from devices.callsystems.espa444.control import ControlSession
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.settings import EspaLine
from devices.session import Heard

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
BYTES = st.binary(max_size=6) | st.sampled_from(
    [b"\x04", b"1\x05", b"2\x05", b"3\x05", b"\x06", b"1\x15", b"\x01", b"\x03", b"x\x7f"]
)
CALL = encode("1", [("1", b"0815"), ("2", b"WC 12"), ("4", b"3"), ("6", b"1")])


def test_it_polls_at_once_and_then_at_its_pace() -> None:
    desk = Desk()
    assert desk.sent == b"\x042\x05"
    assert desk.gets(b"\x04") == b""
    assert desk.passes(timedelta(seconds=0.5)) == b"\x042\x05"


def test_a_station_with_a_call_is_let_speak_and_acknowledged_when_it_is_kept() -> None:
    desk = Desk()
    assert desk.gets(b"1\x05") == b"\x06"
    assert desk.gets(CALL) == b""
    assert desk.stores() == b"\x06"
    assert desk.gets(b"\x04") == b""
    assert [reading.device for reading in desk.readings] == ["0815"]


def test_a_broken_call_is_refused_and_its_repeat_taken() -> None:
    desk = Desk()
    desk.gets(b"1\x05")
    assert desk.gets(CALL[:-1] + b"\x00") == b"1\x15"
    desk.gets(CALL)
    assert desk.stores() == b"\x06"
    assert len(desk.readings) == 1


def test_a_station_that_falls_silent_while_it_speaks_is_left() -> None:
    desk = Desk()
    desk.gets(b"1\x05")
    assert desk.passes(timedelta(seconds=3)).startswith(b"\x04\x042\x05")


def test_a_call_cut_off_is_refused_once_and_raised_when_it_does_not_come_again() -> None:
    desk = Desk()
    desk.gets(b"1\x05" + CALL[:-4])
    assert desk.passes(timedelta(seconds=3)) == b"1\x15"
    desk.passes(timedelta(seconds=20))
    assert [reading.text for reading in desk.readings] == ["in doubt a call from 0815: WC 12"]


def test_two_stations_that_speak_to_each_other_are_left_alone() -> None:
    desk = Desk(EspaLine(own="1", stations=("2", "3")))
    desk.gets(b"3\x05")
    assert desk.gets(b"\x06" + CALL + b"\x06") == b""
    assert desk.readings == []
    assert desk.gets(b"\x04") == b"\x043\x05"


def test_a_silent_station_is_said_and_asked_more_slowly_and_delays_no_other() -> None:
    desk = Desk(EspaLine(own="1", stations=("2", "3"), silent_after=timedelta(seconds=10)))
    asked = b""
    for _ in range(100):
        # Only station 3 answers.
        asked += desk.gets(b"\x04" if desk.sent.endswith(b"3\x05") else b"")
        asked += desk.passes(timedelta(seconds=0.2))
    assert [(r.type, r.code) for r in desk.readings] == [(SignalType.TECHNICAL, "line_silent")]
    assert desk.readings[0].text == "line, station 2 has been silent too long"
    assert asked.count(b"3\x05") > 10
    desk.passes(timedelta(seconds=5))
    while not desk.sent.endswith(b"2\x05"):
        desk.passes(timedelta(seconds=0.2))
    desk.gets(b"\x04")
    assert desk.readings[-1].code == "line_back"


def test_an_eot_as_answer_to_our_eot_starts_nothing_over() -> None:
    desk = Desk(EspaLine(own="1", settle=timedelta(milliseconds=300)))
    assert desk.sent == b"\x04"
    assert desk.gets(b"\x04") == b""
    assert desk.passes(timedelta(milliseconds=300)) == b"2\x05"


def test_a_call_of_ours_is_selected_sent_and_its_outcome_told() -> None:
    desk = Desk()
    desk.gets(b"\x04")
    number = desk.session.offer(CALL, "2", desk.now)
    assert desk.session.to_send() == b"\x041\x052\x05"
    assert desk.gets(b"\x06") == CALL
    assert desk.gets(b"\x06") == b"\x04"
    assert [(o.number, o.why) for o in desk.session.outcomes()] == [(number, "")]


def test_a_call_nobody_takes_is_tried_again_after_a_poll_and_then_given_up() -> None:
    desk = Desk()
    desk.gets(b"\x04")
    desk.session.offer(CALL, "2", desk.now)
    said = desk.session.to_send()
    for _ in range(60):
        if desk.sent.endswith(b"\x042\x05"):
            said += desk.gets(b"\x04")
        said += desk.passes(timedelta(seconds=0.5))
    assert said.count(b"1\x052\x05") == 5
    assert said.count(b"\x042\x05") > 5
    assert [o.why for o in desk.session.outcomes()] == ["no answer"]


def test_a_busy_station_is_tried_again_a_second_later_also_where_nobody_is_polled() -> None:
    desk = Desk(EspaLine(own="1", stations=()))
    desk.session.offer(CALL, "2", desk.now)
    assert desk.session.to_send() == b"\x041\x052\x05"
    assert desk.gets(b"2\x15") == b"\x04"
    assert desk.passes(timedelta(seconds=0.9)) == b""
    assert desk.passes(timedelta(seconds=0.1)) == b"\x041\x052\x05"


def test_too_many_blocks_to_send_are_refused_not_kept() -> None:
    desk = Desk()
    numbers = [desk.session.offer(CALL, "2", desk.now) for _ in range(40)]
    assert numbers.count(0) == 8


def test_a_control_station_and_a_paging_side_understand_each_other() -> None:
    control, paging = ControlSession(), PagingSession(EspaLine(tells_status=True))
    heard: list[Heard] = []
    at_control: list[Heard] = []
    now = NOW
    at_control += control.receive(b"", now, now)
    control.offer(CALL, "2", now)
    for _ in range(100):
        heard += (some := paging.receive(control.to_send(), now, now))
        for one in some:
            paging.stored(one.ticket, True, now)
        at_control += (some := control.receive(paging.to_send(), now, now))
        for one in some:
            control.stored(one.ticket, True, now)
        now += timedelta(milliseconds=100)
        heard += paging.wake(now)
        at_control += control.wake(now)
    assert [h.reading.text for h in heard if h.reading] == ["WC 12"]
    assert [h.reading.code for h in at_control if h.reading] == ["call_in_queue"]
    assert [o.why for o in control.outcomes()] == [""]


@given(
    st.lists(BYTES | st.just(CALL) | st.just(CALL[:-1]), max_size=8),
    st.lists(st.integers(0, 300), max_size=8),
    st.lists(st.sampled_from([0.0, 0.4, 0.6, 3.1, 16.0]), min_size=1, max_size=3),
    st.booleans(),
)
def test_any_split_of_the_bytes_is_polled_heard_and_answered_the_same(
    parts: list[bytes], cuts: list[int], pauses: list[float], slow: bool
) -> None:
    line = EspaLine(own="1", stations=("2", "3"), settle=timedelta(seconds=0.2 * slow))
    whole, split = _Timed(line), _Timed(line)
    content = b"".join(parts)
    at = sorted({0, *(cut % (len(content) + 1) for cut in cuts), len(content)})
    for pause in pauses:
        for one in (whole, split):
            one.now += timedelta(seconds=pause)
        whole.gets(content)
        for start, end in zip(at, at[1:] or at, strict=False):
            split.gets(content[start:end])
        for one in (whole, split):
            one.settles()
            one.passes(timedelta(seconds=0.5))
        assert (split.heard, split.said) == (whole.heard, whole.said)
        assert split.session.wake_at == whole.session.wake_at


@pytest.mark.parametrize("stray", [b"x", b"\x00\xff", b"9", b"1"])
def test_stray_bytes_on_their_own_change_no_poll(stray: bytes) -> None:
    whole, split = _Timed(EspaLine(own="1")), _Timed(EspaLine(own="1"))
    for one in (whole, split):
        one.gets(b"\x04")
        one.now += timedelta(seconds=0.7)
    whole.gets(stray + b"\x04")
    split.gets(stray)
    split.gets(b"\x04")
    for one in (whole, split):
        one.passes(timedelta(seconds=3))
    assert (split.heard, split.said) == (whole.heard, whole.said)


class _Timed:
    """A control station with everything it did, and when; its timers may ring late."""

    def __init__(self, line: EspaLine) -> None:
        self.session = ControlSession(line)
        self.now = NOW
        self.heard: list[tuple[datetime, Heard]] = []
        self.said: list[tuple[datetime, int]] = []
        self._owed: list[int] = []
        self.gets(b"")

    def gets(self, content: bytes) -> None:
        self._note(self.session.receive(content, self.now, self.now))

    def passes(self, span: timedelta) -> None:
        until = self.now + span
        while (wake_at := self.session.wake_at) is not None and wake_at <= until:
            self.now = max(self.now, wake_at)
            self._note(self.session.wake(self.now))
        self.now = until

    def settles(self) -> None:
        """Everything that waits for the store is kept."""
        for ticket in self._owed:
            self.session.stored(ticket, True, self.now)
        self._owed.clear()
        self._note(())

    def _note(self, heard: Sequence[Heard]) -> None:
        self.heard += [(self.now, one) for one in heard]
        self._owed += [one.ticket for one in heard if one.ticket]
        self.said += [(self.now, byte) for byte in self.session.to_send()]


class Desk:
    """A control session with a clock; `sent` is what it sent last."""

    def __init__(self, line: EspaLine | None = None) -> None:
        self.session = ControlSession(line)
        self.now = NOW
        self.heard: list[Heard] = []
        self.sent = b""
        self.gets(b"")

    @property
    def readings(self) -> list[Reading]:
        return [heard.reading for heard in self.heard if heard.reading is not None]

    def gets(self, received: bytes) -> bytes:
        self.heard += self.session.receive(received, self.now, self.now)
        return self._taken()

    def stores(self) -> bytes:
        self.session.stored(max(heard.ticket for heard in self.heard), True, self.now)
        return self._taken()

    def passes(self, time: timedelta) -> bytes:
        end = self.now + time
        said = b""
        while (wake_at := self.session.wake_at) is not None and wake_at <= end:
            self.now = max(self.now, wake_at)
            self.heard += self.session.wake(self.now)
            said += self._taken()
        self.now = end
        return said

    def _taken(self) -> bytes:
        sending = self.session.to_send()
        self.sent = sending or self.sent
        return sending
