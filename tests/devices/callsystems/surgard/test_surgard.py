"""Sur-Gard: messages of the manuals, the answers and their time, a garbled and a silent line."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.codes.conversation import FRAME_BYTES_MAX, UNDER_WAY_MAX
from devices.callsystems.codes.meaning import alarm
from devices.callsystems.surgard.codec import as_sent, contact_id_message, heartbeat, sia_message
from devices.callsystems.surgard.session import SurGardSession
from devices.session import Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
ACK, NAK = b"\x06", b"\x15"


@pytest.mark.parametrize(
    ("text", "device", "type_", "kind", "code", "zone"),
    [
        ("5011 181234E12101001", "1234", "alarm", "duress", "121", None),  # MLR2-DG p. 38
        ("5011 181234E12001001", "1234", "alarm", "attack", "120", "1234/1"),
        ("5011 181234R12001001", "1234", "restore", "attack", "120", "1234/1"),
        ("5011 181234P12001001", "1234", "alarm", "attack", "120", "1234/1"),
        ("501001 181234E10100007", "1234", "alarm", "sos", "101", "1234/7"),  # System III
        ("50001 181234E10100007", "1234", "alarm", "sos", "101", "1234/7"),
        ("a011 181218E12001001", "1812", "alarm", "attack", "120", "1812/1"),
        (" a011 123418E12001001", "1234", "alarm", "attack", "120", "1234/1"),  # VisorAlarm
        ("5011 181234E1200100119:00:00-21/11", "1234", "alarm", "attack", "120", "1234/1"),
        ("1011      0012 C1128", "0012", "unknown", None, "C", None),  # MLR2-DG p. 39
        ("1011      0012 A   1", "0012", "alarm", "unknown", "A", "0012/1"),
        ("1011      0012 2  03", "0012", "alarm", "attack", "2", "0012/3"),
        ("1011      0012    03", "0012", "alarm", "unknown", "space", "0012/3"),
        ("1011      0012 R   1", "0012", "restore", "unknown", "R", "0012/1"),
        ("1011      0012 \\   1", "0012", "cancel", None, "\\", None),
        ("1011      0012 0   1", "0012", "alarm", "unknown", "0", "0012/1"),
        ("1011      0012 H   1", "0012", "alarm", "unknown", "H", "0012/1"),
        ("1011      0012 Q   1", "0012", "alarm", "unknown", "Q", "0012/1"),
        ("101001      0012 A   1", "0012", "alarm", "unknown", "A", "0012/1"),
        ("S011[#1234|Nri1/PA01]", "1234", "alarm", "attack", "PA", "1234/1"),
        ("S01001[#1234|Nri1/PH01]", "1234", "restore", "attack", "PH", "1234/1"),
        ("3011      1234PA0001", "1234", "alarm", "attack", "PA", "1234/1"),
        ("3011    123456PR  01", "123456", "restore", "attack", "PR", "123456/1"),
        ("6011      1234AA0001", "1234", "alarm", "unknown", "AA", "1234/1"),
        ("T0110012AB N  05", "0012AB", "alarm", "sos", "N", "0012AB/5"),
        ("T0110012AB K  05", "0012AB", "restore", "unknown", "K", "0012AB/5"),
        ("U011  1234 45123456789FFFFFFF", "1234", "unknown", None, "U", None),
        ("0011 printer off-line", "R01", "technical", None, "0", None),
    ],
)
def test_a_message_of_the_manuals_is_understood(
    text: str, device: str, type_: str, kind: str | None, code: str, zone: str | None
) -> None:
    [heard] = hear(SurGardSession(), text)
    said = heard.reading
    assert said is not None
    assert (said.device, said.type, said.kind, said.code, said.zone) == (
        device,
        type_,
        kind,
        code,
        zone,
    )
    assert not said.authenticated


def test_a_message_written_down_without_its_end_is_given_one() -> None:
    assert as_sent(b"5011 181234E12001001") == contact_id_message("1234", "E12001001")
    assert as_sent(heartbeat()) == heartbeat()


def test_the_channels_of_a_high_speed_panel_are_an_event_each() -> None:
    own = {"channel 2": alarm(AlarmKind.ATTACK, "desk", "wiring list")}
    heard = hear(SurGardSession(own=own), "80111234 5156 3555 8")
    assert [(said.type, said.kind, said.zone) for said in readings(heard)] == [
        (SignalType.ALARM, AlarmKind.ATTACK, "1234/2"),
        (SignalType.ALARM, AlarmKind.UNKNOWN, "1234/4"),
        (SignalType.RESTORE, AlarmKind.UNKNOWN, "1234/5"),
        (SignalType.LOW_BATTERY, None, None),
    ]


def test_the_length_of_the_line_number_can_be_set_where_no_space_shows_it() -> None:
    [heard] = hear(SurGardSession(line_digits=3), "8010011234 1555 5555 7")
    assert heard.reading is not None
    assert heard.reading.device == "1234"


def test_a_message_is_acknowledged_only_when_it_is_kept() -> None:
    session = SurGardSession()
    [heard] = hear(session, "5011 181234E12101001")
    assert session.to_send() == b""
    session.stored(heard.ticket, True, NOW)
    assert session.to_send() == ACK


def test_what_could_not_be_kept_is_answered_with_silence_and_its_repeat_is_taken() -> None:
    session = SurGardSession()
    [heard] = hear(session, "5011 181234E12101001")
    session.stored(heard.ticket, False, NOW)
    assert session.to_send() == b""
    [again] = hear(session, "5011 181234E12101001", 4)
    session.stored(again.ticket, True, NOW)
    assert session.to_send() == ACK


def test_several_events_of_one_message_are_acknowledged_once_when_the_last_is_kept() -> None:
    session = SurGardSession()
    one, other = hear(session, "80111234 1155 5555 7")
    session.stored(one.ticket, True, NOW)
    assert session.to_send() == b""
    session.stored(other.ticket, True, NOW)
    assert session.to_send() == ACK


def test_a_heartbeat_is_acknowledged_at_once() -> None:
    session = SurGardSession()
    [heard] = session.receive(b"1011           @    \x14", NOW, NOW)
    assert heard.reading is not None
    assert (heard.reading.type, heard.reading.device) == (SignalType.HEARTBEAT, "R01")
    assert heard.ticket == 0
    assert session.to_send() == ACK


def test_a_repeat_while_the_first_copy_is_under_way_gets_one_answer_for_both() -> None:
    session = SurGardSession()
    [heard] = hear(session, "5011 181234E12101001")
    assert hear(session, "5011 181234E12101001", 4) == []
    session.stored(heard.ticket, True, NOW)
    assert session.to_send() == ACK


def test_a_repeat_after_a_lost_ack_is_acknowledged_again_and_is_no_second_press() -> None:
    session = SurGardSession()
    [heard] = hear(session, "5011 181234E12101001")
    session.stored(heard.ticket, True, NOW)
    session.to_send()
    assert hear(session, "5011 181234E12101001", 4) == []
    assert session.to_send() == ACK


@pytest.mark.parametrize("between", ["5011 181234R12101001", "1011           @    "])
def test_the_same_message_after_another_one_is_a_new_press(between: str) -> None:
    session = SurGardSession()
    for text in ("5011 181234E12101001", between):
        for one in hear(session, text):
            if one.ticket:
                session.stored(one.ticket, True, NOW)
    assert len(hear(session, "5011 181234E12101001", 4)) == 1


def test_the_same_message_after_the_repeats_are_over_is_a_new_press() -> None:
    session = SurGardSession()
    [heard] = hear(session, "5011 181234E12101001")
    session.stored(heard.ticket, True, NOW)
    assert len(hear(session, "5011 181234E12101001", 21)) == 1


def test_a_message_in_a_format_nobody_here_reads_is_raised() -> None:
    session = SurGardSession()
    [heard] = hear(session, "V011001234567")
    assert heard.reading is not None
    assert (heard.reading.type, heard.reading.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
    assert heard.reading.text == "unknown code V011001234567 from receiver"
    session.stored(heard.ticket, True, NOW)
    assert session.to_send() == ACK


def test_a_garbled_message_is_asked_for_again() -> None:
    session = SurGardSession()
    [heard] = hear(session, "5011 18\x01\x02E12101001")
    assert heard.reading is None
    assert "garbled" in heard.error
    assert session.to_send() == NAK
    [heard] = hear(session, "5011 181234E12101001")
    assert heard.ticket


def test_the_same_garbled_bytes_a_third_time_are_taken_so_that_nothing_waits_behind() -> None:
    session = SurGardSession()
    for _ in range(2):
        assert hear(session, "X011\x01\x02")[0].reading is None
        assert session.to_send() == NAK
    [heard] = hear(session, "X011\x01\x02")
    assert heard.reading is not None
    assert heard.reading.type is SignalType.ALARM
    session.stored(heard.ticket, True, NOW)
    assert session.to_send() == ACK


def test_a_line_that_gives_only_garbage_is_told_once() -> None:
    session = SurGardSession()
    told = [said for number in range(20) for said in readings(hear(session, f"\x01{number}\x02"))]
    assert [(said.type, said.code) for said in told] == [(SignalType.TECHNICAL, "line_garbled")]
    over, press = readings(hear(session, "5011 181234E12001001"))
    assert (over.type, over.kind, over.code, over.device) == (
        SignalType.RESTORE,
        AlarmKind.TECHNICAL,
        "line_garbled",
        told[0].device,
    )
    assert press.type is SignalType.ALARM
    assert len(readings(hear(session, "5011 181234E12001002"))) == 1


def test_a_line_with_even_parity_read_without_one_is_understood() -> None:
    sent = contact_id_message("1234", "E12001001")
    on_the_line = bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in sent)
    assert on_the_line != sent
    [heard] = SurGardSession().receive(on_the_line, NOW, NOW)
    assert heard.reading is not None
    assert heard.reading.code == "120"


def test_a_silent_line_is_a_technical_reading_once_and_its_return_ends_it() -> None:
    session = SurGardSession(now=NOW)
    assert session.wake_at == NOW + timedelta(seconds=90)
    assert session.wake(NOW + timedelta(seconds=89)) == []
    [silent] = readings(list(session.wake(NOW + timedelta(seconds=90))))
    assert (silent.type, silent.code) == (SignalType.TECHNICAL, "line_silent")
    assert session.wake_at is None
    back, beat = readings(list(session.receive(heartbeat(), NOW + timedelta(seconds=100), NOW)))
    assert (back.type, back.kind) == (SignalType.RESTORE, AlarmKind.TECHNICAL)
    assert beat.type is SignalType.HEARTBEAT
    assert session.wake_at == NOW + timedelta(seconds=190)


@given(
    st.from_regex("[0-9A-F]{4}", fullmatch=True),
    st.from_regex("[ER][0-9]{3}[0-9]{2}[0-9]{3}", fullmatch=True),
)
@tries(50)
def test_what_is_written_is_read_as_the_same_event(account: str, said: str) -> None:
    [heard] = SurGardSession().receive(contact_id_message(account, said), NOW, NOW)
    assert heard.reading is not None
    assert (heard.reading.device, heard.reading.code) == (account, said[1:4])


@given(st.data())
@tries(50)
def test_any_split_of_the_bytes_gives_the_same_readings(data: st.DataObject) -> None:
    stream = (
        heartbeat()
        + contact_id_message("1234", "E12001001")
        + b"\x01\x02\x14"
        + sia_message("99", "Nri1/PA1^Hall^")
        + b"\xff\x94"
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    session, whole = SurGardSession(), SurGardSession()
    heard = [
        one
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for one in session.receive(stream[start:end], NOW, NOW)
    ]
    assert heard == list(whole.receive(stream, NOW, NOW))
    assert session.to_send() == whole.to_send()


@given(st.binary(max_size=200), st.sampled_from(list("0134568aNSTU ")))
@tries(50)
def test_nothing_a_line_brings_raises(junk: bytes, format_: str) -> None:
    session = SurGardSession()
    for raw in (junk, format_.encode() + b"011 " + junk + b"\x14"):
        for one in session.receive(raw, NOW, NOW):
            if one.ticket:
                session.stored(one.ticket, True, NOW)


def test_memory_and_time_are_bounded_without_an_end_of_message() -> None:
    session = SurGardSession()
    began = time.process_time()
    for _ in range(1_000):
        session.receive(b"5011 " * 1_000, NOW, NOW)
    assert time.process_time() - began < 5
    assert len(session._cutter._rest) <= FRAME_BYTES_MAX
    for unit in (b" ", b"1", b"1011 ", b"S011[#1|N", b"A"):
        session.receive(unit * (FRAME_BYTES_MAX // len(unit)) + b"\x14", NOW, NOW)
    assert time.process_time() - began < 5


def test_messages_beyond_the_limit_are_handed_out_without_an_answer() -> None:
    session = SurGardSession()
    heard = [
        one
        for number in range(UNDER_WAY_MAX + 5)
        for one in hear(session, f"5011 18{number:04}E12001001")
    ]
    assert len(readings(heard)) == UNDER_WAY_MAX + 5
    assert sum(one.ticket == 0 for one in heard) == 5


def hear(session: SurGardSession, text: str, after_s: float = 0) -> list[Heard]:
    at = NOW + timedelta(seconds=after_s)
    return list(session.receive(text.encode("latin-1") + b"\x14", at, at))


def readings(heard: list[Heard]) -> list[Reading]:
    return [one.reading for one in heard if one.reading is not None]
