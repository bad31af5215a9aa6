"""Law 8: every place says where it comes from, how old it is and how exact."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from alarms.model import Notice
from core.signals import Position, Signal, SignalType
from core.values import replace
from dispatcher.channels.ports import Addressee
from dispatcher.channels.wording import compose
from dispatcher.roster.model import Language
from dispatcher.web.console.board import place_notes
from dispatcher.web.moments import Moments
from dispatcher.web.pages import words_of
from firmware_sim.world.process import Process
from tests.support.press import Presses
from tests.support.running import Running
from tests.support.story import Row, story


def test_a_place_of_the_roster_says_so() -> None:
    process = Running().process
    place = process.pictures.place(_press(process), process.at)
    assert place.source == "roster"


@pytest.mark.parametrize(("lat", "zone"), [(55.6, None), (55.7, "garden")])
def test_a_position_carries_its_age_and_accuracy_and_is_never_shown_as_younger(
    lat: float, zone: str | None
) -> None:
    process = Running().process
    seen = process.at.wall - timedelta(minutes=7)
    press = _press(process)
    there = Position(lat, 12.5, 40.0, seen)
    place = process.pictures.place(
        replace(press, zone=None, reading=replace(press.reading, position=there)), process.at
    )
    assert (place.source, place.age_s, place.accuracy_m) == ("position", 420.0, 40.0)
    assert place.zone == zone


@pytest.mark.parametrize("waited", [timedelta(minutes=40), timedelta(days=1, minutes=7)])
def test_a_position_without_a_time_of_its_own_is_as_old_as_the_message(waited: timedelta) -> None:
    """However the message came late: by its own word, or kept by a gateway for a day."""
    process = Running().process
    press = _with(_press(process), Position(55.6, 12.5))
    for late in (
        replace(press, pressed_at=press.at - waited),
        replace(press, said_at=press.at - waited),
    ):
        assert process.pictures.place(late, process.at).age_s == waited.total_seconds()


def test_a_place_a_beacon_told_is_as_old_as_the_message() -> None:
    process = Running().process
    press = _press(process)
    press = replace(press, zone="h1-hall", reading=replace(press.reading, zone="beacon-1"))
    late = replace(press, pressed_at=press.at - timedelta(minutes=40))
    assert process.pictures.place(press, process.at).age_s == 0.0
    assert process.pictures.place(late, process.at).age_s == 2_400.0


def test_a_fix_from_the_future_is_of_unknown_age_and_said_to_be() -> None:
    process = Running().process
    ahead = Position(55.6, 12.5, at=process.at.wall + timedelta(hours=5))
    place = process.pictures.place(_with(_press(process), ahead), process.at)
    assert place.is_of_unknown_age()
    notes = place_notes(words_of("en"), place, _moments(process))
    assert {"last known place", "nobody knows how old"} <= {*notes}


def test_a_wrong_clock_makes_no_fix_younger_than_its_device_says() -> None:
    """Its clock runs an hour ahead; ten minutes before its press it last knew where it was."""
    process = Running().process
    clock = process.at.wall + timedelta(hours=1)
    press = _with(_press(process), Position(55.6, 12.5, at=clock - timedelta(minutes=10)))
    press = replace(press, reading=replace(press.reading, at=clock))
    assert process.pictures.place(press, process.at).age_s == 600.0


def test_a_position_in_a_copy_of_any_age_is_of_unknown_age() -> None:
    process = Running().process
    press = replace(_with(_press(process), Position(55.6, 12.5)), age_unknown=True)
    assert process.pictures.place(press, process.at).is_of_unknown_age()


def test_a_place_grows_older_while_people_are_called_to_it() -> None:
    running = Running()
    press = _press(running.process)
    beacon = replace(press.reading, zone="beacon-1")
    running.process.take(replace(press, zone="h1-hall", reading=beacon))
    running.wait(400)
    ages = [notice.place.age(notice.created) or 0.0 for notice in running.out.handed]
    assert ages[0] < 5
    assert max(ages) > 300


def test_nothing_known_is_said_as_unknown() -> None:
    process = Running().process
    place = process.pictures.place(replace(_press(process), person=None), process.at)
    assert (place.source, place.zone, place.label) == ("unknown", None, "")


@pytest.mark.parametrize("zone", ["h1-hall", None])
def test_every_call_carries_the_place_with_its_source(zone: str | None) -> None:
    running = Running()
    signal = replace(_press(running.process), zone=zone)
    running.process.take(signal)
    running.wait(1)
    assert running.out.handed
    assert all(n.place.source in ("fixed", "beacon", "roster") for n in running.out.handed)


def test_two_presses_of_one_alarm_are_told_each_with_its_own_age() -> None:
    """Anna's came 40 minutes late, Ole pressed now: his is never read as an old one."""
    stage = story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses 2400 s ago | call Bo: wearable late 2400 s; Anna feels: sent
    0:05 | Ole  | presses            | tell Bo: red call in lejl-12; Ole feels: sent
    0:20 |      |                    | Anna feels: nobody yet; Ole feels: nobody yet
    0:30 |      |                    | call Ida: wearable
    """)
    first, *others = (n for work in stage.works for n in work.send)
    assert "Pressed 40 min. ago." in _read(first)
    for notice in others[:2]:
        said = _read(notice)
        assert "Anna pressed at 19:20." in said, "at the hour of the site"
        assert "ago" not in said
        assert "Ole pressed" not in said


def test_a_place_somebody_presses_at_now_was_seen_now_though_it_was_told_late_before() -> None:
    running = Running()
    late, live = (_at_a_beacon(running.process, person) for person in ("tor", "eva"))
    running.process.take(replace(late, pressed_at=late.at - timedelta(minutes=40)))
    running.process.take(live)
    (alarm,) = running.process.core.open_alarms.alarms.values()
    assert len(alarm.pressers) == 2
    assert alarm.place.age(running.process.at.now) == 0.0


def test_whoever_presses_again_at_once_has_not_pressed_long_ago() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses 2400 s ago | call Bo: wearable late 2400 s; Anna feels: sent
    """)
    stage.play(Row(5, "Anna", "presses"))
    stage.play(Row(40, "", ""))
    notices = [n for work in stage.works for n in work.send][1:]
    assert notices
    assert all(not notice.late and not notice.latecomers for notice in notices)


def test_a_late_press_grows_older_in_every_round() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable | round 20 s
    0:00 | Anna | presses 60 s ago | call Bo: wearable late 60 s; Anna feels: sent
    0:20 |      |                  | round 1; call Bo: wearable, sms late 80 s
                                   ; Anna feels: nobody yet
    """)
    assert len(stage.works) > 1


def test_a_kept_copy_of_a_press_is_called_and_nobody_is_told_that_it_is_new() -> None:
    running = Running()
    press = _press(running.process)
    kept = replace(press, reading=replace(press.reading, retained=True), age_unknown=True)
    running.process.take(kept)
    running.wait(1)
    assert running.out.handed
    assert all("Nobody knows when Tor pressed." in _read(n) for n in running.out.handed)


def _read(notice: Notice) -> str:
    to = Addressee(notice.person, Language.ENGLISH, timezone="Europe/Copenhagen")
    return " ".join(line.text for line in compose(notice, to))


def _at_a_beacon(process: Process, person: str) -> Signal:
    press = Presses().signal(person, SignalType.ALARM, process.at, zone="h1-hall")
    return replace(press, reading=replace(press.reading, zone="beacon-1"))


def _with(press: Signal, position: Position) -> Signal:
    return replace(press, zone=None, reading=replace(press.reading, position=position))


def _moments(process: Process) -> Moments:
    return Moments(process.at.now, process.at.wall, UTC)


def _press(process: Process) -> Signal:
    return Presses().signal("tor", SignalType.ALARM, process.at)
