"""Ademco 685: the printed and drawn messages of the manuals, and the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, SignalType
from devices.callsystems.ademco685.codec import as_sent, contact_id_message, heartbeat
from devices.callsystems.ademco685.session import Ademco685Session
from devices.callsystems.codes.meaning import alarm
from devices.session import Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
ACK, NAK = b"\x06", b"\x15"


@pytest.mark.parametrize(
    ("text", "device", "type_", "kind", "code", "zone"),
    [
        ("11 7777 18 E110 00 C001", "7777", "alarm", "fire", "110", "7777/1"),  # MS-5UD A.2
        ("11 7777 18 R110 00 C001", "7777", "restore", "fire", "110", "7777/1"),
        ("11 7777 18 E380 00 C003", "7777", "technical", None, "380", "7777/3"),
        ("11 7777 18 R380 00 C003", "7777", "restore", "technical", "380", "7777/3"),
        ("11 7777 18 E570 00 C009", "7777", "technical", None, "570", "7777/9"),
        ("11 1234 18 E121 01 U005", "1234", "alarm", "duress", "121", None),
        ("11 1234 18 E120 01 C005", "1234", "alarm", "attack", "120", "1234/5"),
        ("11 1234 18 P120 01 C005", "1234", "alarm", "attack", "120", "1234/5"),
        ("11 1234 3", "1234", "alarm", "unknown", "3", "1234/3"),  # figure 8-1
        ("11 1234 3 1", "1234", "alarm", "unknown", "31", "1234/31"),  # figure 8-2
        ("11 1234 5515 5555 7", "1234", "alarm", "unknown", "channel 3 1", "1234/3"),  # 8-3
        ("11 0000 PRINTER", "receiver", "alarm", "unknown", "11 0000 PRINTER", None),
    ],
)
def test_a_message_of_the_manuals_is_understood(
    text: str, device: str, type_: str, kind: str | None, code: str, zone: str | None
) -> None:
    session = Ademco685Session()
    [heard] = hear(session, text)
    said = heard.reading
    assert said is not None
    assert (said.device, said.type, said.kind, said.code, said.zone) == (
        device,
        type_,
        kind,
        code,
        zone,
    )
    assert session.to_send() == b""
    session.stored(heard.ticket, True, NOW)
    assert session.to_send() == ACK


def test_what_could_not_be_kept_is_answered_with_silence() -> None:
    session = Ademco685Session()
    [heard] = hear(session, "11 7777 18 E110 00 C001")
    session.stored(heard.ticket, False, NOW)
    assert session.to_send() == b""


def test_a_site_gives_the_digits_of_a_low_speed_panel_their_meaning() -> None:
    own = {"31": alarm(AlarmKind.ATTACK, "desk in the hall", "wiring list")}
    [heard] = hear(Ademco685Session(own=own), "11 1234 3 1")
    assert heard.reading is not None
    assert heard.reading.kind is AlarmKind.ATTACK


def test_a_heartbeat_is_acknowledged_at_once_and_from_then_on_silence_is_told() -> None:
    session = Ademco685Session(now=NOW)
    assert session.wake_at is None
    [heard] = session.receive(b"\n11 OKAY @ \r", NOW, NOW)
    assert heard.reading is not None
    assert (heard.reading.type, heard.reading.device) == (SignalType.HEARTBEAT, "R11")
    assert session.to_send() == ACK
    assert session.wake_at == NOW + timedelta(seconds=90)
    [told] = session.wake(NOW + timedelta(seconds=90))
    assert told.reading is not None
    assert told.reading.text == "R11 has said nothing for 90 s"


def test_a_message_written_down_without_line_ends_is_given_them() -> None:
    whole = contact_id_message("7777", "E110 00 C001")
    assert as_sent(b"11 7777 18 E110 00 C001") == as_sent(whole) == whole


def test_line_ends_alone_say_nothing() -> None:
    session = Ademco685Session()
    assert session.receive(b"\r\n\r\n\r\r", NOW, NOW) == []
    assert session.to_send() == b""


def test_a_message_cut_off_by_the_next_one_is_left_out() -> None:
    [heard] = Ademco685Session().receive(b"\n11 77\n11 7777 18 E110 00 C001\r", NOW, NOW)
    assert heard.reading is not None
    assert heard.reading.device == "7777"


def test_a_garbled_message_is_asked_for_again() -> None:
    session = Ademco685Session()
    [heard] = hear(session, "11 7777 18 E1\x0110 00 C001")
    assert heard.reading is None
    assert session.to_send() == NAK


@given(
    st.from_regex("[0-9A-F]{4}", fullmatch=True),
    st.from_regex("[ER][0-9]{3} [0-9]{2} [CU][0-9]{3}", fullmatch=True),
)
@tries(50)
def test_what_is_written_is_read_as_the_same_event(account: str, said: str) -> None:
    [heard] = Ademco685Session().receive(contact_id_message(account, said), NOW, NOW)
    assert heard.reading is not None
    assert (heard.reading.device, heard.reading.code) == (account, said[1:4])


@given(st.data())
@tries(50)
def test_any_split_of_the_bytes_gives_the_same_readings(data: st.DataObject) -> None:
    stream = (
        heartbeat()
        + contact_id_message("1234", "E120 01 C005")
        + b"\x00\r\n11 12"
        + (contact_id_message("1234", "R120 01 C005"))
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    session, whole = Ademco685Session(), Ademco685Session()
    heard = [
        one
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for one in session.receive(stream[start:end], NOW, NOW)
    ]
    assert heard == list(whole.receive(stream, NOW, NOW))
    assert session.to_send() == whole.to_send()


@given(st.binary(max_size=200))
@tries(50)
def test_nothing_a_line_brings_raises(junk: bytes) -> None:
    session = Ademco685Session()
    for raw in (junk, b"\n11 1234 " + junk + b"\r"):
        for one in session.receive(raw, NOW, NOW):
            if one.ticket:
                session.stored(one.ticket, True, NOW)


def hear(session: Ademco685Session, text: str) -> list[Heard]:
    return list(session.receive(b"\n" + text.encode("latin-1") + b"\r", NOW, NOW))
