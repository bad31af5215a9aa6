"""Many who stand in no configuration call on one open line: a few alarms, and one for the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.signals import AlarmKind, Reading, SignalType
from gateway.strangers import REMEMBERED_FOR, STRANGERS_MOST, Strangers

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_a_few_strangers_press_each_for_themselves() -> None:
    strangers = Strangers("strangers-panels")
    for number in range(STRANGERS_MOST):
        press = call(f"{number}")
        assert strangers.as_pressed(press, NOW) == press
    again = call("3", "another point of it")
    assert strangers.as_pressed(again, NOW) == again


def test_further_ones_press_as_one_that_says_how_many_and_none_is_dropped() -> None:
    strangers = filled()
    heard = [strangers.as_pressed(call(f"x{n}", "zone 3"), NOW) for n in range(200)]
    assert {one.device for one in heard} == {"strangers-panels"}
    assert all(one.type is SignalType.ALARM and one.kind is AlarmKind.FIRE for one in heard)
    said = list(dict.fromkeys(one.text for one in heard))
    assert said == [f"+{count}: zone 3" for count in (1, 2, 5, 10, 20, 50, 100, 200)]


def test_points_of_one_unknown_panel_count_like_strangers() -> None:
    strangers = Strangers("strangers-panels")
    points = [Reading("dc09", "1", SignalType.ALARM, point=f"{n}") for n in range(50)]
    devices = [strangers.as_pressed(one, NOW).device for one in points]
    assert devices.count("1") == STRANGERS_MOST


def test_two_of_them_with_one_number_are_no_copies_of_each_other() -> None:
    strangers = filled()
    for name in ("a", "b"):
        folded = strangers.as_pressed(call(name, seq=7), NOW)
        assert (folded.seq, folded.boot) == (None, None)


def test_further_points_of_a_registered_panel_press_as_the_panel() -> None:
    points = Strangers("", most=2)
    heard = [
        points.as_pressed(Reading("dc09", "1234", SignalType.ALARM, point=f"{n}", seq=n), NOW)
        for n in range(4)
    ]
    assert [one.point for one in heard] == ["0", "1", "", ""]
    assert [(one.device, one.seq) for one in heard] == [("1234", n) for n in range(4)]
    assert heard[-1].text == "+2: 1234"


@pytest.mark.parametrize("type_", [SignalType.HEARTBEAT, SignalType.RESTORE, SignalType.CANCEL])
def test_what_raises_nothing_is_left_as_it_is(type_: SignalType) -> None:
    said = Reading("dc09", "new", type_)
    assert filled().as_pressed(said, NOW) == said


def test_a_stranger_silent_for_long_makes_room() -> None:
    strangers = filled()
    strangers.as_pressed(call("x"), NOW)
    later = NOW + REMEMBERED_FOR + timedelta(seconds=1)
    press = call("y")
    assert strangers.as_pressed(press, later) == press
    assert strangers.folded == 0


def filled() -> Strangers:
    strangers = Strangers("strangers-panels")
    for number in range(STRANGERS_MOST):
        strangers.as_pressed(call(f"{number}"), NOW)
    return strangers


def call(name: str, text: str = "", seq: int | None = None) -> Reading:
    return Reading("dc09", name, SignalType.ALARM, AlarmKind.FIRE, text=text, seq=seq)
