"""What transmitters say through rtl_433: one event, one line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Reading, SignalType
from devices.receivers.rtl433 import FAMILY
from devices.receivers.rtl433.codec import STALE_AFTER
from devices.receivers.rtl433.meanings import RULES
from devices.receivers.rtl433.session import COPIES_WITHIN, Rtl433Session
from devices.session import DeviceSession, Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PANIC = '{"model":"X10-Security","id":"a1b2","code":"88","event":"KR15 PANIC","mic":"CRC"}'
HOP = '{"model":"Microchip-HCS200","id":"00E1278","button":1,"learn":0,"encrypted":"%s"}'


@pytest.mark.parametrize(
    ("event", "device", "type_", "kind"),
    [
        (PANIC, "X10-Security/a1b2", "alarm", "attack"),
        (
            '{"time":"2018-01-01 00:00:00","model":"X10 Security","id":"a1b2","code":"98",'
            '"remarks":"KR15A PANIC-3SECOND"}',
            "X10-Security/a1b2",
            "alarm",
            "attack",
        ),
        ('{"model":"X10-Security","id":"1","code":"06"}', "X10-Security/1", "unknown", None),
        ('{"model":"X10-Security","id":"1","code":"86"}', "X10-Security/1", "unknown", None),
        ('{"model":"X10-Security","id":"1","code":"37"}', "X10-Security/1", "alarm", "unknown"),
        (
            '{"model":"Chuango-Security","id":7,"cmd":"Alarm","cmd_id":2}',
            "Chuango-Security/7",
            "alarm",
            "sos",
        ),
        (
            '{"model":"Chuango-Security","id":7,"cmd":"Test","cmd_id":0}',
            "Chuango-Security/7",
            "test",
            None,
        ),
        (
            '{"model":"Chuango-Security","id":7,"cmd":"?","cmd_id":15}',
            "Chuango-Security/7",
            "alarm",
            "unknown",
        ),
        (
            '{"model":"Visonic-Powercode","id":"6f4770","alarm":1,"tamper":0,"battery_ok":1}',
            "Visonic-Powercode/6f4770",
            "alarm",
            "sos",
        ),
        (
            '{"model":"Visonic-Powercode","id":"6f4770","alarm":0,"restore":1}',
            "Visonic-Powercode/6f4770",
            "restore",
            None,
        ),
        (
            '{"model":"Visonic-Powercode","id":"6f4770","alarm":0,"supervised":1}',
            "Visonic-Powercode/6f4770",
            "heartbeat",
            None,
        ),
        (
            '{"model":"SimpliSafe-Keypad","id":"abcde","extradata":"Keypad Panic Button"}',
            "SimpliSafe-Keypad/abcde",
            "alarm",
            "attack",
        ),
        (
            '{"model":"SimpliSafe Keypad","device":"abcde","extradata":"Disarm Pin: 1234"}',
            "SimpliSafe-Keypad/abcde",
            "unknown",
            None,
        ),
        (
            '{"model":"Nexa-Security","id":2810647,"channel":1,"state":"OFF","unit":1}',
            "Nexa-Security/2810647",
            "restore",
            None,
        ),
        (
            '{"model":"Kerui-Security","id":"0x1a","cmd":"0xa","motion":1,"state":"motion"}',
            "Kerui-Security/0x1a",
            "presence",
            None,
        ),
        (
            '{"model":"Honeywell-ActivLink","subtype":"Doorbell","id":"d1","alert":"Normal"}',
            "Honeywell-ActivLink/d1",
            "alarm",
            "sos",
        ),
        (
            '{"model":"Nexus-TH","id":3,"temperature_C":21.5,"humidity":40}',
            "Nexus-TH/3",
            "heartbeat",
            None,
        ),
        ('{"model":"Acme-Remote","id":3,"button":2}', "Acme-Remote/3", "alarm", "unknown"),
        ('{"model":"Acme-Pendant","id":3,"status":"SOS"}', "Acme-Pendant/3", "alarm", "unknown"),
        ('{"model":"Acme-Box","id":3,"alarm":true}', "Acme-Box/3", "alarm", "unknown"),
        ('{"model":"Acme-Box","id":3,"alarm":0}', "Acme-Box/3", "unknown", None),
        ('{"model":"Acme-Meter","channel":2}', "Acme-Meter/unknown", "unknown", None),
    ],
)
def test_an_event_is_read_as_its_table_says(
    event: str, device: str, type_: str, kind: str | None
) -> None:
    reading = said(event)
    assert (reading.protocol, reading.device, reading.type) == ("rtl433", device, type_)
    assert reading.kind == kind
    assert not reading.authenticated
    if kind == AlarmKind.UNKNOWN:
        assert reading.text.startswith("unknown code ")
        assert reading.text.endswith(f" from {device}")


def test_an_open_housing_and_an_empty_battery_are_readings_of_their_own() -> None:
    event = '{"model":"Visonic-Powercode","id":"1","alarm":1,"tamper":1,"battery_ok":0}'
    types = [one.type for one in heard_in(Rtl433Session(), event)]
    assert types == [SignalType.ALARM, SignalType.TAMPER, SignalType.LOW_BATTERY]


def test_battery_ok_is_a_share_only_between_good_and_low() -> None:
    event = '{"model":"Nexus-TH","id":3,"temperature_C":21.5,"battery_ok":%s}'
    assert [said(event % level).battery for level in ("1", "0.6", "1.0")] == [None, 0.6, None]


def test_every_row_says_a_kind_exactly_when_it_calls_and_is_in_small_letters() -> None:
    for rule in RULES:
        calls = rule.type in (SignalType.ALARM, SignalType.TECHNICAL)
        assert calls == (rule.kind is not None), rule
        assert rule.value is None or rule.value == rule.value.casefold(), rule


# Copies, replays


def test_one_press_received_many_times_is_one_reading() -> None:
    line = Rtl433Session()
    heard = []
    for step in range(10):
        event = {**json.loads(PANIC), "time": f"@{step}", "rssi": -step, "freq": 433.9 + step}
        heard += heard_in(line, json.dumps(event), NOW + step * timedelta(milliseconds=150))
    assert len(heard) == 1


def test_a_press_after_the_window_is_a_new_one() -> None:
    line = Rtl433Session()
    (first,) = heard_in(line, PANIC)
    (second,) = heard_in(line, PANIC, NOW + COPIES_WITHIN)
    assert first.seq != second.seq


def test_a_rolling_code_names_its_press_for_ever() -> None:
    later = NOW + timedelta(hours=3)
    first, replayed, second = (
        said(HOP % "0BADCAFE"),
        said(HOP % "0BADCAFE", later),
        said(HOP % "5EC0ND00", later),
    )
    assert (first.type, first.kind) == (SignalType.ALARM, AlarmKind.SOS)
    assert (first.boot, first.seq) == (replayed.boot, replayed.seq) == ("hop-0BADCAFE", 0)
    assert second.boot != first.boot


def test_two_presses_of_a_rolling_code_within_the_window_are_two() -> None:
    line = Rtl433Session()
    heard = [*heard_in(line, HOP % "00000001"), *heard_in(line, HOP % "00000002")]
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("time", "age_s"),
    [
        ("2026-11-21T18:55:00+00:00", 300),
        ("2026-11-21T19:55:00+0100", 300),
        ("2026-11-21T18:55:00Z", 300),
        ("2026-11-21T18:59:45Z", None),  # what MQTT takes
        ("2026-11-21 18:55:00", None),  # no zone: nobody knows
        ("2026-01-01T00:00:00Z", None),  # a clock that is wrong
        ("@0.5s", None),
    ],
)
def test_an_event_kept_on_the_way_says_how_late_it_is(time: str, age_s: int | None) -> None:
    reading = said(json.dumps({**json.loads(PANIC), "time": time}))
    assert reading.age == (None if age_s is None else timedelta(seconds=age_s))
    assert reading.at is None


# Broken


def test_a_torn_message_is_read_as_far_as_it_goes() -> None:
    reading = said(PANIC[:-14] + "\n")
    assert (reading.type, reading.kind) == (SignalType.ALARM, AlarmKind.ATTACK)
    assert reading.device == "X10-Security/a1b2"
    assert reading.odd == ("message: not JSON",)


def test_a_torn_message_is_heard_when_nothing_more_comes() -> None:
    line: DeviceSession = FAMILY.open()
    assert line.receive(PANIC[:-14].encode(), NOW, NOW) == []
    assert line.wake_at == NOW + STALE_AFTER
    (heard,) = line.wake(NOW + STALE_AFTER)
    assert heard.reading is not None
    assert heard.reading.type is SignalType.ALARM


def test_a_torn_thermometer_is_an_error_and_its_bytes_are_kept() -> None:
    (heard,) = Rtl433Session().receive(b'{"model":"Nexus-TH","id":3\n', NOW, NOW)
    assert heard.reading is None
    assert heard.raw == b'{"model":"Nexus-TH","id":3'


@pytest.mark.parametrize("event", ["{}", '{"model":5}', '{"model":"  "}', '{"enabled":true}'])
def test_what_names_no_model_is_an_error(event: str) -> None:
    (heard,) = Rtl433Session().receive(event.encode(), NOW, NOW)
    assert heard.reading is None
    assert "no model" in heard.error


def test_names_that_could_hurt_are_made_harmless() -> None:
    reading = said('{"model":"A/B #<x>","id":"../1 é","button":1}')
    assert reading.device == "A-B-x/..-1-"


# Anything


@tries(50)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([PANIC + "\n", HOP % "1"]).map(str.encode), st.binary(max_size=9)
        ),
        max_size=6,
    ),
    st.data(),
)
def test_any_split_gives_the_same_readings(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts) + b"\n"
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    line = Rtl433Session()
    split: list[Heard] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        split += line.receive(stream[start:end], NOW, NOW)
    assert readings(split) == readings(Rtl433Session().receive(stream, NOW, NOW))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["id", "time", "code", "event", "alarm", "battery_ok", "tamper", "state", "encrypted", "x_C"]
)


@tries(50)
@given(st.sampled_from([rule.model for rule in RULES]), st.dictionaries(NAMES, JSON, max_size=6))
def test_no_event_raises_whatever_its_fields_hold(model: str, fields: dict[str, object]) -> None:
    line = json.dumps({"model": model, **fields}).encode()
    heard = Rtl433Session().receive(line + b"\n", NOW, NOW)
    assert readings(heard)


def said(event: str, now: datetime = NOW) -> Reading:
    (reading,) = heard_in(Rtl433Session(), event, now)
    return reading


def heard_in(line: Rtl433Session, event: str, now: datetime = NOW) -> list[Reading]:
    return readings(line.receive(event.encode(), now, now))


def readings(heard: Sequence[Heard]) -> list[Reading]:
    return [one.reading for one in heard if one.reading is not None]
