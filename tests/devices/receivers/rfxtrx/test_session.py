"""What security transmitters and radio buttons say through an RFXtrx433."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Reading, SignalType
from devices.receivers.keep_alive import SILENT_AFTER
from devices.receivers.rfxtrx import FAMILY
from devices.receivers.rfxtrx.codec import LENGTH_MAX, Packet, command, encode
from devices.receivers.rfxtrx.meanings import COMMANDS, SECURITY_STATUS
from devices.receivers.rfxtrx.session import COPIES_WITHIN, SETTLES_FOR, RfxtrxSession
from devices.session import DeviceSession, Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PANIC = "0820024dd3dc540689"


@pytest.mark.parametrize(
    ("frame", "device", "type_", "kind"),
    [
        ("0820004dd3dc540089", "security1/d3dc54", "heartbeat", None),
        (PANIC, "security1/d3dc54", "alarm", "attack"),
        ("0820024dd3dc540789", "security1/d3dc54", "restore", None),
        ("0820004dd3dc540289", "security1/d3dc54", "alarm", "sos"),
        ("0820034dd3dc540600", "security1/d3dc54", "alarm", "fire"),
        ("0820004dd3dc541689", "security1/d3dc54", "low_battery", None),
        ("0820004dd3dc548089", "security1/d3dc54", "tamper", None),
        ("0820004dd3dc540489", "security1/d3dc54", "presence", None),
        ("0820004dd3dc543789", "security1/d3dc54", "alarm", "unknown"),
        ("0a20000000000000000000", "security1/000000", "heartbeat", None),
        ("0710002a45050170", "lighting1/E5", "alarm", "sos"),
        ("0710002a45050070", "lighting1/E5", "restore", None),
        ("0710002a4505ff70", "lighting1/E5", "alarm", "unknown"),
        ("0b11002a0123456705010770", "lighting2/1234567.5", "alarm", "sos"),
        ("0b11002a0123456705030770", "lighting2/1234567.5", "restore", None),
        ("0913002a123456015e70", "lighting4/123456", "alarm", "sos"),
        ("0a1400adf394ab01010060", "lighting5/f394ab.1", "alarm", "sos"),
        ("0a1400adf394ab01020060", "lighting5/f394ab.1", "restore", None),
        ("0a1405adf394ab01020060", "lighting5/f394ab.1", "alarm", "unknown"),
        ("0b15002a1234410503010070", "lighting6/1234.A5", "restore", None),
        ("0b15002a1234410500010070", "lighting6/1234.A5", "alarm", "sos"),
        ("0716002a01230570", "chime/0123", "alarm", "sos"),
        ("0a52012a96038141600379", "type52/960381", "heartbeat", None),
        ("0a1d002a96038141600379", "type1d/960381", "alarm", "unknown"),
    ],
)
def test_a_packet_is_read_as_its_table_says(
    frame: str, device: str, type_: str, kind: str | None
) -> None:
    reading = said(frame)
    assert (reading.protocol, reading.device, reading.type) == ("rfxtrx", device, type_)
    assert reading.kind == kind
    assert not reading.authenticated
    if kind == AlarmKind.UNKNOWN:
        assert reading.text.startswith("unknown code 0x")
        assert reading.text.endswith(f"from {device}")


def test_the_battery_of_a_security_transmitter_is_a_share() -> None:
    assert said("0820004dd3dc540089").battery == 1.0
    assert said("0820004dd3dc540080").battery == 0.1
    assert said("0820034dd3dc540600").battery is None, "smoke detectors say nothing about it"


def test_a_packet_longer_than_its_type_is_odd_and_read() -> None:
    assert said("0a20000000000000000000").odd == ("message: length 10, not 8",)


def test_an_alarm_with_an_open_housing_is_both() -> None:
    heard = RfxtrxSession().receive(bytes.fromhex("0820004dd3dc548289"), NOW, NOW)
    assert [one.type for one in readings(heard)] == [SignalType.ALARM, SignalType.TAMPER]


@pytest.mark.parametrize("table", [SECURITY_STATUS, *COMMANDS.values()])
def test_every_alarm_of_the_tables_says_what_kind_it_is(table: dict[int, object]) -> None:
    for meaning in table.values():
        type_, kind = getattr(meaning, "type", None), getattr(meaning, "kind", None)
        assert (type_ is SignalType.ALARM) == (kind is not None)


# Copies


def test_a_button_is_one_press_whatever_number_the_receiver_gives_its_copies() -> None:
    line = RfxtrxSession()
    heard: list[Heard] = []
    for number in range(6):
        packet = bytes((0x07, 0x10, 0x00, number, 0x45, 0x05, 0x01, 0x70))
        heard += line.receive(packet, NOW + number * timedelta(milliseconds=150), NOW)
    assert len(readings(heard)) == 1


def test_a_press_after_the_window_is_a_new_one_even_with_the_same_number() -> None:
    line = RfxtrxSession()
    first = readings(line.receive(bytes.fromhex(PANIC), NOW, NOW))[0]
    later = NOW + COPIES_WITHIN
    second = readings(line.receive(bytes.fromhex(PANIC), later, later))[0]
    assert first.type is second.type is SignalType.ALARM
    assert first.seq != second.seq


def test_a_remote_that_counts_its_presses_is_believed_at_once() -> None:
    line = RfxtrxSession()
    both = bytes.fromhex("0b15002a1234410500010070" + "0b15002b1234410500020070")
    assert len(readings(line.receive(both, NOW, NOW))) == 2


def test_panic_and_its_end_are_two_messages() -> None:
    line = RfxtrxSession()
    both = bytes.fromhex(PANIC + "0820024ed3dc540789")
    types = [one.type for one in readings(line.receive(both, NOW, NOW))]
    assert types == [SignalType.ALARM, SignalType.RESTORE]


# The receiver itself


def test_opening_resets_waits_asks_and_starts() -> None:
    line: DeviceSession = FAMILY.open()
    line.wake(NOW)
    assert line.to_send() == command(0, 0)
    assert line.wake_at == NOW + SETTLES_FOR
    line.wake(NOW + SETTLES_FOR)
    assert line.to_send() == command(1, 2) + command(2, 7)


def test_its_answers_are_its_own_and_no_transmitters() -> None:
    status = bytes.fromhex("0d01000102532a000c2f01010000")
    heard = RfxtrxSession().receive(status + bytes.fromhex("0402010000"), NOW, NOW)
    (reading,) = readings(heard)
    assert (reading.device, reading.type) == ("receiver", SignalType.HEARTBEAT)


def test_a_silent_receiver_is_a_technical_reading_started_anew_and_back() -> None:
    line = RfxtrxSession()
    heard: list[Heard] = []
    sent: list[bytes] = []
    at = NOW
    while at < NOW + 2 * SILENT_AFTER:
        heard += line.wake(at)
        sent.append(line.to_send())
        assert line.wake_at is not None
        at = line.wake_at
    (silent,) = readings(heard)
    assert silent.type is SignalType.TECHNICAL
    assert [out[4] for out in sent if out].count(0) >= 2, "the reset is sent again"
    back = readings(line.receive(bytes.fromhex(PANIC), at, at))
    assert [one.type for one in back] == [SignalType.RESTORE, SignalType.ALARM]


def test_radio_it_could_not_decode_is_kept_as_an_error() -> None:
    (heard,) = RfxtrxSession().receive(bytes.fromhex("0603000112345678")[:7], NOW, NOW)
    assert heard.reading is None
    assert heard.raw == bytes.fromhex("06030001123456")


# Bytes


@tries(50)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([PANIC, "0710002a45050170", "0a52012a96038141600379"]).map(
                bytes.fromhex
            ),
            st.binary(max_size=9),
        ),
        max_size=6,
    ),
    st.data(),
)
def test_any_split_gives_the_same_readings(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    line = RfxtrxSession()
    split: list[Heard] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        split += line.receive(stream[start:end], NOW, NOW)
    assert readings(split) == readings(RfxtrxSession().receive(stream, NOW, NOW))


@tries(50)
@given(
    st.integers(1, 255),
    st.integers(0, 255),
    st.binary(min_size=1, max_size=LENGTH_MAX - 3),
    st.binary(max_size=60),
)
def test_no_packet_raises_whatever_it_holds(
    type_: int, subtype: int, data: bytes, junk: bytes
) -> None:
    line = RfxtrxSession()
    line.receive(encode(Packet(type_, subtype, 0, data)) + junk, NOW, NOW)
    line.wake(NOW + timedelta(hours=1))


def said(frame: str) -> Reading:
    (reading,) = readings(RfxtrxSession().receive(bytes.fromhex(frame), NOW, NOW))
    return reading


def readings(heard: Sequence[Heard]) -> list[Reading]:
    return [one.reading for one in heard if one.reading is not None]
