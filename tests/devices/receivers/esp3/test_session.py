"""What an EnOcean button, contact and receiver say, and what is made of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Reading, SignalType
from devices.receivers.esp3 import FAMILY
from devices.receivers.esp3.codec import STALE_AFTER, Packet, Telegram, encode, radio
from devices.receivers.esp3.meanings import CallsWhen
from devices.receivers.esp3.session import (
    ASK_VERSION,
    COPIES_WITHIN,
    SENDERS_MAX,
    Esp3Session,
)
from devices.receivers.keep_alive import SILENT_AFTER
from devices.session import DeviceSession, Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PRESS = bytes.fromhex("55000707017af650002989793001ffffffff37009d")
RELEASE = bytes.fromhex("55000707017af600002989792002ffffffff4a0003")
OPEN = bytes.fromhex("55000707017ad50801825dab0001ffffffff360053")
CLOSED = bytes.fromhex("55000707017ad50901825dab0001ffffffff3600c7")
TEMPERATURE = bytes.fromhex("55000a0701eba5000055080181b7440001ffffffff2d0075")


def test_the_published_press_is_an_alarm_of_its_sender() -> None:
    reading = only(Esp3Session().receive(PRESS, NOW, NOW))
    assert (reading.protocol, reading.device) == ("esp3", "00298979")
    assert (reading.type, reading.kind, reading.code) == (
        SignalType.ALARM,
        AlarmKind.SOS,
        "BI",
    )
    assert not reading.authenticated
    assert reading.raw == PRESS


def test_letting_go_is_a_sign_of_life_and_never_a_restore() -> None:
    line = Esp3Session()
    line.receive(PRESS, NOW, NOW)
    reading = only(line.receive(RELEASE, NOW + timedelta(milliseconds=150), NOW))
    assert (reading.type, reading.code) == (SignalType.HEARTBEAT, "released")


def test_a_release_whose_press_was_not_heard_is_told_to_a_person() -> None:
    reading = only(Esp3Session().receive(RELEASE, NOW, NOW))
    assert reading.type is SignalType.TECHNICAL
    assert "its press was not heard" in reading.text


@pytest.mark.parametrize(
    ("payload", "status", "code", "kind"),
    [
        (0x10, 0x30, "AI", AlarmKind.SOS),
        (0x30, 0x30, "A0", AlarmKind.SOS),
        (0x50, 0x30, "BI", AlarmKind.SOS),
        (0x70, 0x30, "B0", AlarmKind.SOS),
        (0x17, 0x30, "AI+B0", AlarmKind.SOS),
        (0x10, 0x20, "0x10", AlarmKind.SOS),  # F6-01-01: the bow itself
        (0x70, 0x20, "0x70", AlarmKind.SOS),  # three or four buttons at once
        (0x90, 0x30, "0x90", AlarmKind.UNKNOWN),
        (0x1F, 0x30, "0x1f", AlarmKind.UNKNOWN),
    ],
)
def test_every_way_of_pressing_is_an_alarm(
    payload: int, status: int, code: str, kind: AlarmKind
) -> None:
    reading = said(0xF6, bytes((payload,)), status)
    assert (reading.type, reading.code, reading.kind) == (SignalType.ALARM, code, kind)
    if kind is AlarmKind.UNKNOWN:
        assert reading.text == f"unknown code {code} from 0a0b0c0d"


@pytest.mark.parametrize("position", [0xC0, 0xD0, 0xE0, 0xF0])
def test_a_window_handle_is_no_button(position: int) -> None:
    assert said(0xF6, bytes((position,)), 0x20).type is SignalType.HEARTBEAT


@pytest.mark.parametrize("rorg", [0x30, 0x31, 0x77, 0xF6])
def test_what_could_be_a_button_calls(rorg: int) -> None:
    reading = said(rorg, b"" if rorg == 0xF6 else b"\x01\x02\x03")
    assert (reading.type, reading.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
    assert reading.text.startswith(f"unknown code {rorg:#04x} from 0a0b0c0d")


@pytest.mark.parametrize("rorg", [0x35, 0xD2, 0xD4, 0xC5])
def test_what_is_known_as_no_call_is_kept_as_unknown(rorg: int) -> None:
    assert said(rorg, b"\x01\x02\x03").type is SignalType.UNKNOWN


def test_a_press_with_more_bytes_than_a_button_sends_is_odd_and_a_press() -> None:
    reading = said(0xF6, b"\x50\x00", 0x30)
    assert (reading.type, reading.odd) == (SignalType.ALARM, ("message: 2 bytes, not 1",))


# Copies


def test_repeaters_make_no_second_press() -> None:
    line = Esp3Session()
    heard = line.receive(PRESS, NOW, NOW)
    for level in (0x31, 0x32, 0x3F):
        copy = encode(radio(Telegram(0xF6, b"\x50", "00298979", level)))
        heard = [*heard, *line.receive(copy, NOW + timedelta(milliseconds=40), NOW)]
    assert len(heard) == 1


def test_a_press_right_after_the_window_is_a_new_one() -> None:
    line = Esp3Session()
    first = only(line.receive(PRESS, NOW, NOW))
    second = only(line.receive(PRESS, NOW + COPIES_WITHIN, NOW))
    assert first.seq != second.seq


def test_another_button_of_the_same_sender_is_not_a_copy() -> None:
    line = Esp3Session()
    both = PRESS + encode(radio(Telegram(0xF6, b"\x30", "00298979", 0x30)))
    assert [one.code for one in readings(line.receive(both, NOW, NOW))] == ["BI", "A0"]


def test_a_telegram_recorded_and_sent_again_closes_nothing() -> None:
    line = Esp3Session()
    late = NOW + timedelta(hours=1)
    for frame in (PRESS, RELEASE):
        line.receive(frame, NOW, NOW)
    again = [only(line.receive(frame, late, late)) for frame in (PRESS, RELEASE)]
    assert [one.type for one in again] == [SignalType.ALARM, SignalType.HEARTBEAT]
    assert not any(one.authenticated for one in again)


# Contacts


def test_a_contact_nobody_spoke_of_is_a_sign_of_life() -> None:
    heard = readings(Esp3Session().receive(OPEN + CLOSED, NOW, NOW))
    assert [(one.type, one.code) for one in heard] == [
        (SignalType.HEARTBEAT, "contact open"),
        (SignalType.HEARTBEAT, "contact closed"),
    ]


def test_the_learn_button_of_a_call_point_calls_nobody() -> None:
    line = Esp3Session({"0a0b0c0d": CallsWhen.OPEN})
    frame = encode(radio(Telegram(0xD5, b"\x00", "0a0b0c0d", 0)))
    assert only(line.receive(frame, NOW, NOW)).code == "teach-in"


@pytest.mark.parametrize(
    ("when", "frames", "types"),
    [
        (CallsWhen.CLOSED, (OPEN, CLOSED, CLOSED, OPEN), "heartbeat alarm heartbeat restore"),
        (CallsWhen.OPEN, (OPEN, CLOSED, OPEN), "alarm restore alarm"),
    ],
)
def test_a_call_point_calls_once_when_it_changes(
    when: CallsWhen, frames: tuple[bytes, ...], types: str
) -> None:
    line = Esp3Session({"01825dab": when})
    heard = [
        only(line.receive(frame, NOW + step * timedelta(minutes=15), NOW)).type.value
        for step, frame in enumerate(frames)
    ]
    assert heard == types.split()


@pytest.mark.parametrize(("last", "state"), [(0x08, "closed"), (0x09, "open")])
def test_a_four_byte_contact_is_read_where_the_site_named_it(last: int, state: str) -> None:
    line = Esp3Session({"0a0b0c0d": CallsWhen.OPEN})
    frame = encode(radio(Telegram(0xA5, bytes((0, 0, 0, last)), "0a0b0c0d", 0)))
    assert only(line.receive(frame, NOW, NOW)).code == f"contact {state}"


def test_a_thermometer_is_a_sign_of_life() -> None:
    assert only(Esp3Session().receive(TEMPERATURE, NOW, NOW)).type is SignalType.HEARTBEAT


# The receiver itself


def test_the_receiver_is_asked_and_its_answer_is_a_sign_of_life() -> None:
    line: DeviceSession = FAMILY.open()
    line.wake(NOW)
    assert line.to_send() == ASK_VERSION == bytes.fromhex("5500010005700309")
    assert line.to_send() == b""
    reading = only(line.receive(encode(Packet(2, b"\x00" * 33)), NOW, NOW))
    assert (reading.device, reading.type) == ("receiver", SignalType.HEARTBEAT)


def test_a_silent_receiver_is_a_technical_reading_and_comes_back() -> None:
    line = Esp3Session(receiver="roof")
    heard: list[Heard] = []
    at = NOW
    while at < NOW + 3 * SILENT_AFTER:
        heard += line.wake(at)
        assert line.wake_at is not None
        at = line.wake_at
    silent = only(heard)
    assert (silent.device, silent.type) == ("roof", SignalType.TECHNICAL)
    back = readings(line.receive(PRESS, at, at))
    assert [one.type for one in back] == [SignalType.RESTORE, SignalType.ALARM]


@pytest.mark.parametrize(
    ("event", "type_"),
    [(4, SignalType.HEARTBEAT), (6, SignalType.TECHNICAL), (0x63, SignalType.UNKNOWN)],
)
def test_events_of_the_receiver_are_its_own(event: int, type_: SignalType) -> None:
    reading = only(Esp3Session().receive(encode(Packet(4, bytes((event,)))), NOW, NOW))
    assert (reading.device, reading.type) == ("receiver", type_)


def test_an_unknown_packet_is_kept_and_a_command_of_ours_is_nothing() -> None:
    line = Esp3Session()
    heard = line.receive(encode(Packet(9, b"\x01")) + encode(Packet(5, b"\x08")), NOW, NOW)
    assert only(heard).code == "packet 0x09"


# Bytes


def test_a_wrong_checksum_is_no_press_and_its_bytes_are_kept() -> None:
    heard = Esp3Session().receive(PRESS[:-1] + b"\x00", NOW, NOW)
    assert readings(heard) == []
    assert (heard[0].error, heard[0].raw) == ("wrong checksum: 21 bytes", PRESS[:-1] + b"\x00")


def test_a_press_behind_a_packet_that_stopped_is_heard_when_the_time_is_up() -> None:
    line = Esp3Session()
    line.wake(NOW)
    line.receive(bytes.fromhex("550028000145")[:5] + PRESS[:3], NOW, NOW)
    line.receive(PRESS, NOW + STALE_AFTER, NOW)
    line.receive(PRESS[:5], NOW + timedelta(seconds=2), NOW)
    assert line.wake_at == NOW + timedelta(seconds=2) + STALE_AFTER


@tries(50)
@given(
    st.lists(
        st.one_of(st.sampled_from([PRESS, RELEASE, OPEN, TEMPERATURE]), st.binary(max_size=9)),
        max_size=6,
    ),
    st.data(),
)
def test_any_split_gives_the_same_readings(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    line = Esp3Session()
    split: list[Heard] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        split += line.receive(stream[start:end], NOW, NOW)
    assert readings(split) == readings(Esp3Session().receive(stream, NOW, NOW))


@tries(50)
@given(st.integers(0, 255), st.binary(max_size=30), st.binary(max_size=9))
def test_no_packet_raises_whatever_it_holds(type_: int, data: bytes, optional: bytes) -> None:
    Esp3Session({"00298979": CallsWhen.OPEN}).receive(
        encode(Packet(type_, data, optional)), NOW, NOW
    )


def test_senders_without_end_take_no_more_memory() -> None:
    line = Esp3Session()
    for sender in range(SENDERS_MAX + 50):
        frame = encode(radio(Telegram(0xF6, b"\x50", f"{sender:08x}", 0x30)))
        assert only(line.receive(frame, NOW, NOW)).type is SignalType.ALARM
    assert len(line._down) == SENDERS_MAX


def said(rorg: int, payload: bytes, status: int = 0) -> Reading:
    frame = encode(radio(Telegram(rorg, payload, "0a0b0c0d", status)))
    return only(Esp3Session().receive(frame, NOW, NOW))


def readings(heard: object) -> list[Reading]:
    assert isinstance(heard, list)
    return [one.reading for one in heard if one.reading is not None]


def only(heard: object) -> Reading:
    (reading,) = readings(heard)
    return reading
