"""Who speaks and is unknown: the newest message of each, and no more than fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.signals import AlarmKind, Reading, SignalType
from devices.scan import RAW_BYTES_MAX, Scan

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_sender_stands_with_its_newest_message_and_how_often_it_spoke() -> None:
    scan = Scan()
    scan.heard("north", _call("550", "first"), NOON)
    scan.heard("north", _call("551", "other"), NOON)
    scan.heard("north", _call("550", "second"), NOON + timedelta(minutes=1))
    newest, other = scan.newest_first()
    assert (newest.wire, newest.text, newest.count) == ("espa444:550", "second", 2)
    assert (newest.first, newest.last) == (NOON, NOON + timedelta(minutes=1))
    assert other.identity == "551"


def test_the_same_name_on_two_lines_is_two_senders() -> None:
    scan = Scan()
    scan.heard("north", _call("550", "x"), NOON)
    scan.heard("south", _call("550", "x"), NOON)
    assert [one.line for one in scan.newest_first()] == ["south", "north"]


def test_every_point_of_a_panel_stands_under_the_name_it_is_registered_by() -> None:
    scan = Scan()
    for point in ("7", "2/7", "7"):
        press = Reading("dc09", "1234", SignalType.ALARM, AlarmKind.ATTACK, point=point)
        scan.heard("panels", press, NOON, known_as="panel")
    newest, other = scan.newest_first()
    assert (newest.wire, newest.count, newest.known_as) == ("dc09:1234/7", 2, "panel")
    assert other.wire == "dc09:1234/2/7"


def test_of_too_many_senders_the_one_heard_longest_ago_is_forgotten() -> None:
    scan = Scan(senders_max=2)
    for name in ("1", "2", "1", "3"):
        scan.heard("north", _call(name, ""), NOON)
    assert [one.identity for one in scan.newest_first()] == ["3", "1"]


def test_whoever_is_registered_now_is_left_out() -> None:
    scan = Scan()
    scan.heard("north", _call("550", ""), NOON)
    scan.heard("north", _call("551", ""), NOON)
    scan.forget(lambda protocol, identity, point: (protocol, identity) == ("espa444", "550"))
    assert [one.identity for one in scan.newest_first()] == ["551"]


def test_a_long_message_is_kept_short() -> None:
    scan = Scan()
    scan.heard(
        "north", Reading("x", "1", SignalType.ALARM, text="y" * 9_999, raw=b"z" * 9_999), NOON
    )
    assert len(scan.newest_first()[0].raw) == RAW_BYTES_MAX
    assert len(scan.newest_first()[0].text) < 1_000


def _call(name: str, text: str) -> Reading:
    return Reading("espa444", name, SignalType.ALARM, AlarmKind.CALL, text=text)
