"""The paging side: polled, selected, and no call acknowledged before it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.espa444 import FAMILIES
from devices.callsystems.espa444.codec import encode
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.settings import EspaLine
from devices.session import DeviceSession, Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
FIRE = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
BROKEN = FIRE[:-1] + bytes((FIRE[-1] ^ 0xFF,))
RESET = encode("1", [("1", b"0815"), ("4", b"1")])
SELECT = b"\x041\x052\x05"


def test_a_poll_is_answered_that_there_is_nothing() -> None:
    assert Line().gets(b"\x042\x05") == b"\x04"


def test_a_select_is_answered_ready() -> None:
    assert Line().gets(SELECT) == b"\x06"


def test_a_repeated_select_is_answered_again() -> None:
    line = Line()
    assert line.gets(SELECT) == b"\x06"
    assert line.gets(b"2\x05") == b"\x06"


def test_a_poll_and_a_select_of_others_are_not_ours() -> None:
    line = Line()
    assert line.gets(b"\x043\x05") == b""
    assert line.gets(b"\x041\x053\x05") == b""
    assert line.gets(FIRE) == b""
    assert line.readings == []
    assert line.gets(SELECT) == b"\x06"


def test_a_sender_that_selects_at_once_is_answered_where_it_is_set_so() -> None:
    assert Line(PagingSession(EspaLine(direct_select=True))).gets(b"\x042\x05") == b"\x06"


def test_a_call_is_acknowledged_only_after_it_is_kept() -> None:
    line = Line()
    assert line.gets(SELECT + FIRE) == b"\x06"
    (heard,) = line.heard
    assert heard.reading is not None
    assert (heard.reading.device, heard.reading.kind) == ("0815", AlarmKind.SOS)
    assert line.stores(heard.ticket) == b"\x06"


def test_a_call_that_cannot_be_kept_is_answered_busy_and_its_repeat_is_the_same_press() -> None:
    line = Line()
    line.gets(SELECT + FIRE)
    assert line.stores(line.ticket, kept=False) == b"2\x15"
    line.gets(FIRE)
    assert line.stores(line.ticket) == b"\x06"
    assert len({reading.seq for reading in line.readings}) == 1
    assert len(line.readings) == 2


def test_a_wrong_check_character_is_refused_and_nothing_is_read() -> None:
    line = Line()
    assert line.gets(SELECT + BROKEN) == b"\x061\x15"
    (heard,) = line.heard
    assert (heard.reading, heard.ticket, heard.raw) == (None, 0, BROKEN)
    assert heard.error == "block check is 0xbd, 0x42 was due"


def test_the_repeat_of_a_refused_block_is_the_only_press() -> None:
    line = Line()
    line.gets(SELECT + BROKEN + FIRE)
    line.passes(timedelta(seconds=60))
    assert len(line.readings) == 1


def test_a_refused_block_that_is_not_repeated_is_raised_in_doubt() -> None:
    line = Line()
    line.gets(SELECT + BROKEN)
    line.passes(timedelta(seconds=14))
    assert line.readings == []
    line.passes(timedelta(seconds=1))
    (reading,) = line.readings
    assert (reading.type, reading.kind) == (SignalType.ALARM, AlarmKind.SOS)
    assert reading.text == "in doubt a call from 0815: Feuer Zimmer 12"
    assert line.heard[-1].ticket == 0


def test_a_line_unplugged_in_the_middle_of_a_call_loses_nothing() -> None:
    line = Line()
    line.gets(SELECT + FIRE[:-6])
    line.passes(timedelta(seconds=3))
    assert line.session.to_send() == b"1\x15"
    line.passes(timedelta(seconds=15))
    assert [reading.device for reading in line.readings] == ["0815"]


def test_noise_is_no_call() -> None:
    line = Line()
    line.gets(b"\x01\xff\xfe\x02\x80\x80")
    line.passes(timedelta(seconds=60))
    assert line.readings == []


def test_a_reset_is_a_restore_and_the_next_call_a_new_press() -> None:
    line = Line()
    for block in (FIRE, RESET, FIRE):
        line.gets(SELECT + block)
        line.stores(line.ticket)
    assert [reading.type for reading in line.readings] == [
        SignalType.ALARM,
        SignalType.RESTORE,
        SignalType.ALARM,
    ]
    assert len({reading.seq for reading in line.readings}) == 3


def test_a_broken_reset_opens_nothing() -> None:
    line = Line()
    line.gets(SELECT + RESET[:-1] + b"\x00")
    line.passes(timedelta(seconds=60))
    assert line.readings == []


def test_the_same_call_long_after_is_a_new_press() -> None:
    line = Line()
    line.gets(SELECT + FIRE)
    line.stores(line.ticket)
    line.passes(timedelta(seconds=16))
    line.gets(SELECT + FIRE)
    assert len({reading.seq for reading in line.readings}) == 2


def test_a_call_acknowledged_and_sent_on_and_on_is_pressed_again_after_a_transaction() -> None:
    line = Line()
    for _ in range(3):
        line.gets(SELECT + FIRE)
        line.stores(line.ticket)
        line.passes(timedelta(seconds=10))
    first, copy, again = (reading.seq for reading in line.readings)
    assert first == copy
    assert again != first


def test_copies_of_a_call_we_never_acknowledge_stay_one_press() -> None:
    line = Line()
    for _ in range(10):
        line.gets(SELECT + FIRE)
        line.passes(timedelta(seconds=10))
    assert len({reading.seq for reading in line.readings}) == 1


def test_two_texts_at_one_address_are_two_presses() -> None:
    line = Line()
    for text in (b"WC 1", b"WC 2"):
        line.gets(SELECT + encode("1", [("1", b"9"), ("2", text)]))
    assert len({reading.seq for reading in line.readings}) == 2


def test_a_new_session_gives_no_press_an_old_number() -> None:
    first = Line()
    first.gets(SELECT + FIRE)
    second = Line()
    second.passes(timedelta(seconds=1))
    second.gets(SELECT + FIRE)
    assert first.readings[0].seq != second.readings[0].seq


def test_a_slow_store_is_answered_busy_in_time_and_the_copy_at_once() -> None:
    line = Line()
    line.gets(SELECT + FIRE)
    first = line.ticket
    line.passes(timedelta(seconds=2.5))
    assert line.session.to_send() == b"2\x15"
    line.gets(FIRE)
    # The first is kept now: that is the same press, so the copy is answered.
    assert line.stores(first) == b"\x06"
    assert line.stores(line.ticket) == b""


@pytest.mark.parametrize("moves_on", [b"\x04", SELECT, b"2\x05"])
def test_no_answer_comes_after_the_line_has_moved_on(moves_on: bytes) -> None:
    line = Line()
    line.gets(SELECT + FIRE)
    ticket = line.ticket
    line.gets(moves_on)
    assert line.stores(ticket) == b""


def test_a_call_without_a_select_is_taken_all_the_same() -> None:
    line = Line()
    assert line.gets(FIRE) == b""
    assert line.stores(line.ticket) == b"\x06"


def test_a_status_is_acknowledged_and_is_no_alarm() -> None:
    line = Line()
    assert line.gets(SELECT + bytes.fromhex("013202311f303831350311")) == b"\x06\x06"
    assert line.readings == []


def test_a_block_without_a_header_is_invalid() -> None:
    line = Line()
    assert line.gets(b"\x01\x02\x03" + b"\x01") == b"3\x15"
    assert line.heard[0].error == "a block without a header"


def test_a_status_request_is_answered_when_we_are_polled() -> None:
    line = Line()
    line.gets(SELECT + FIRE)
    line.stores(line.ticket)
    assert line.gets(SELECT + encode("3", [("1", b"0815")])) == b"\x06\x06"
    assert line.gets(b"\x042\x05") == b"1\x05"
    assert line.gets(b"\x06") == encode("2", [("1", b"0815"), ("7", b"2")])
    assert line.gets(b"\x06") == b"\x04"
    assert line.gets(b"\x042\x05") == b"\x04"


def test_where_it_is_set_so_every_kept_call_is_reported() -> None:
    line = Line(PagingSession(EspaLine(tells_status=True)))
    line.gets(SELECT + FIRE)
    line.stores(line.ticket, kept=False)
    assert line.gets(b"\x042\x05") == b"\x04"
    line.gets(SELECT + FIRE)
    line.stores(line.ticket)
    assert line.gets(b"\x042\x05") == b"1\x05"
    assert line.gets(b"\x06").startswith(b"\x012\x021\x1f0815\x1e7\x1f2")


def test_a_report_the_control_station_interrupts_comes_in_the_next_turn() -> None:
    session = PagingSession()
    line = Line(session)
    report = encode("2", [("1", b"7"), ("7", b"3")])
    assert session.offer(report)
    assert line.gets(b"\x042\x05") == b"1\x05"
    assert line.gets(b"\x04") == b""
    assert line.gets(b"2\x05") == b"\x04"
    line.passes(timedelta(seconds=1))
    assert line.gets(b"\x042\x05") == b"1\x05"
    assert line.gets(b"\x06") == report
    assert line.gets(b"1\x15") == report
    assert line.gets(b"\x06") == b"\x04"
    assert [outcome.why for outcome in session.outcomes()] == [""]


def test_a_line_nobody_polls_is_silent_and_said_to_be_back() -> None:
    line = Line()
    line.passes(timedelta(seconds=119))
    assert line.readings == []
    line.passes(timedelta(seconds=1))
    line.passes(timedelta(seconds=600))
    assert [(r.type, r.code, r.device) for r in line.readings] == [
        (SignalType.TECHNICAL, "line_silent", "line")
    ]
    line.gets(b"\x042\x05")
    line.gets(b"\x042\x05")
    assert [reading.code for reading in line.readings] == ["line_silent", "line_back"]


def test_noise_keeps_no_line_alive() -> None:
    line = Line()
    for _ in range(13):
        line.gets(b"\xff\x00garbage\x04")
        line.passes(timedelta(seconds=10))
    assert [reading.code for reading in line.readings] == ["line_silent"]


def test_a_call_on_a_silent_line_says_that_it_is_back_and_is_a_call() -> None:
    line = Line()
    line.passes(timedelta(seconds=120))
    line.gets(FIRE)
    codes = ["line_silent", "line_back", "1/3/1"]
    assert [reading.code for reading in line.readings] == codes


def test_nothing_on_this_wire_is_authenticated() -> None:
    line = Line()
    line.gets(SELECT + FIRE + RESET)
    line.passes(timedelta(seconds=200))
    assert not any(reading.authenticated for reading in line.readings)


JUNK = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from([FIRE, BROKEN, RESET, SELECT, b"\x042\x05", b"\x06", b"2\x15", b"\x04"]),
    ),
    max_size=12,
)


@tries(50)
@given(JUNK, st.integers(0, 2))
def test_no_bytes_make_any_role_raise_and_an_ack_never_comes_unasked(
    parts: list[bytes], role: int
) -> None:
    line = Line(FAMILIES[role].open())
    for part in parts:
        line.gets(part)
        line.passes(timedelta(seconds=1))
        for heard in line.heard[-3:]:
            line.stores(heard.ticket, kept=len(part) % 2 == 0)
    line.passes(timedelta(seconds=300))


@tries(50)
@given(JUNK, st.lists(st.integers(0, 300), max_size=6))
def test_any_split_of_the_bytes_is_heard_and_answered_the_same(
    parts: list[bytes], cuts: list[int]
) -> None:
    whole, split = Line(), Line()
    line = b"".join(parts)
    said = whole.gets(line)
    answered = b""
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(line)], strict=True):
        answered += split.gets(line[start:end])
    assert (split.heard, answered) == (whole.heard, said)


class Line:
    """One line with a session on it, and a clock of its own."""

    def __init__(self, session: DeviceSession | None = None) -> None:
        self.session = session or PagingSession()
        self.now = NOW
        self.heard: list[Heard] = []
        self.gets(b"")
        self.session.to_send()

    @property
    def readings(self) -> list[Reading]:
        return [heard.reading for heard in self.heard if heard.reading is not None]

    @property
    def ticket(self) -> int:
        return max(heard.ticket for heard in self.heard)

    def gets(self, received: bytes) -> bytes:
        self.heard += self.session.receive(received, self.now, self.now)
        return self.session.to_send()

    def stores(self, ticket: int, *, kept: bool = True) -> bytes:
        self.session.stored(ticket, kept, self.now)
        return self.session.to_send()

    def passes(self, time: timedelta) -> None:
        """Let time pass, waking the session whenever it wants to be."""
        end = self.now + time
        while (wake_at := self.session.wake_at) is not None and wake_at <= end:
            self.now = max(self.now, wake_at)
            self.heard += self.session.wake(self.now)
        self.now = end
