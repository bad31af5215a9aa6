"""Settings of a line are texts: each is understood, or refused by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import ConfigError
from core.signals import AlarmKind, Reading, SignalType
from devices.family import open_port
from devices.protocols import FAMILIES, LINE_PROTOCOLS, line_answers
from devices.session import DeviceSession, Heard

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ESPA_CALL = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
SIA_PANIC = b'\n07670026"SIA-DCS"0001L0#1234[#1234|Nri1/PA501]\r'


@pytest.mark.parametrize("name", LINE_PROTOCOLS)
def test_every_protocol_opens_without_settings_and_each_connection_has_its_own_session(
    name: str,
) -> None:
    port = open_port(FAMILIES[name], {})
    assert port.connect() is not port.connect()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_setting_nobody_knows_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no setting 'colour'"):
        open_port(FAMILIES[name], {"colour": "red"})


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("espa444", {"silent_s": "soon"}, "write seconds, like 120"),
        ("espa444", {"silent_s": "-1"}, "write seconds"),
        ("espa444", {"silent_s": "nan"}, "write seconds"),
        ("espa444", {"direct_select": "yes"}, "write true or false"),
        ("espa444", {"charset": "ebcdic"}, "write one of: latin_1"),
        ("espa444", {"words.overfald": "red"}, "words.overfald is 'red'; write one of: attack"),
        ("espax", {"user": "hus"}, "user and password together"),
        ("dc09", {"key.1234": "short"}, "DC-09 key of 5 characters"),
        ("dc09", {"own.120": "panic"}, "own.120 is 'panic'; write one of: attack"),
        ("surgard", {"line_digits": "4"}, "write one of: 1, 2, 3"),
        ("scaip", {"receipts": "never"}, "write one of: as_message, in_response"),
        ("esp3", {"call_points.00298979": "maybe"}, "write one of: closed, open"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(
    name: str, settings: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        open_port(FAMILIES[name], settings)


def test_the_site_gives_codes_and_words_their_meaning() -> None:
    fall = _heard(_session("dc09", {"own.PA": "fall: mat by the bed"}), SIA_PANIC)
    assert (fall.type, fall.kind) == (SignalType.ALARM, AlarmKind.FALL)
    assert "mat by the bed" in fall.text
    test = _heard(_session("dc09", {"own.PA": "test"}), SIA_PANIC)
    assert test.type is SignalType.TEST
    fire = _heard(_session("espa444", {"words.feuer": "fire"}), ESPA_CALL)
    assert fire.kind is AlarmKind.FIRE
    reset = _heard(_session("espa444", {"call_types.3": "restore"}), ESPA_CALL)
    assert reset.type is SignalType.RESTORE
    named = _heard(_session("espa444", {"name": "north", "who_calls": "text"}), ESPA_CALL)
    assert named.device == "north/Feuer Zimmer 12"


def test_panels_of_one_port_are_watched_over_all_their_connections() -> None:
    port = open_port(FAMILIES["dc09"], {"silent_s.1234": "30"})
    assert port.own is not None
    port.own.receive(b"", NOON, NOON)
    for minute in range(3):
        now = NOON + timedelta(seconds=20 * minute)
        port.connect().receive(SIA_PANIC, now, now)
    assert list(port.own.wake(NOON + timedelta(seconds=30))) == []
    silent = port.own.wake(now + timedelta(seconds=30))
    assert [line_answers(one.reading) for one in silent if one.reading] == [False]


def test_a_control_station_polls_the_paging_side_where_nothing_else_is_set() -> None:
    session = _session("espa444-control", {})
    session.receive(b"", NOON, NOON)
    session.wake(NOON)
    assert session.to_send() == b"\x042\x05"
    session.receive(b"1\x05", NOON, NOON)
    assert session.to_send() == b"\x06"


def _session(name: str, settings: dict[str, str]) -> DeviceSession:
    return open_port(FAMILIES[name], settings).connect()


def _heard(session: DeviceSession, content: bytes) -> Reading:
    messages: list[Heard] = list(session.receive(content, NOON, NOON))
    readings = [one.reading for one in messages if one.reading is not None]
    assert len(readings) == 1
    return readings[0]
