"""Law 8: every place says where it comes from, how old it is and how exact."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.signals import Position, Signal, SignalType
from firmware_sim.world.process import Process
from tests.support.press import Presses
from tests.support.running import Running


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


def _press(process: Process) -> Signal:
    return Presses().signal("tor", SignalType.ALARM, process.at)
