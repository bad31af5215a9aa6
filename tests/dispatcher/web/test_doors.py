"""Who makes room at an HTTP port: whoever asks for nothing now, never whoever is served."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dispatcher.web.admission import Door, Phase


def test_a_stranger_with_every_place_half_taken_keeps_no_whole_request_out() -> None:
    door = Door(3)
    strangers = [come(door, "10.0.0.9") for _ in range(5)]
    asking = come(door, "10.0.0.7")
    door.moved(asking, Phase.SERVED)
    strangers += [come(door, "10.0.0.9") for _ in range(20)]
    assert not asking.dropped
    assert len(door) == 3
    assert [one.dropped for one in strangers] == [True] * 23 + [False] * 2


def test_the_address_with_most_waiting_connections_makes_room_not_who_came_first() -> None:
    door = Door(4)
    patient = come(door, "10.0.0.7")
    crowd = [come(door, "10.0.0.9") for _ in range(30)]
    assert not patient.dropped
    assert sum(not one.dropped for one in crowd) == 3


@pytest.mark.parametrize("phase", [Phase.HEAD, Phase.BODY, Phase.IDLE, Phase.UNTAKEN])
def test_whoever_waits_or_does_not_take_what_it_asked_for_makes_room(phase: Phase) -> None:
    door = Door(1)
    first = come(door)
    door.moved(first, phase)
    come(door)
    assert first.dropped


def test_when_all_are_served_a_new_one_must_go_and_is_counted() -> None:
    turned_out: list[bool] = []
    door = Door(1, lambda: turned_out.append(True))
    door.moved(come(door), Phase.SERVED)
    assert not door.came(Caller("10.0.0.8"))
    assert (len(door), len(turned_out)) == (1, 1)


def test_who_has_left_takes_no_place_and_is_not_ended_again() -> None:
    door = Door(1)
    gone = come(door)
    door.left(gone)
    door.left(gone)
    door.moved(gone, Phase.HEAD)
    come(door)
    assert not gone.dropped
    assert len(door) == 1


@dataclass(eq=False)
class Caller:
    address: str
    dropped: bool = False

    def drop(self) -> None:
        self.dropped = True


def come(door: Door, address: str = "10.0.0.9") -> Caller:
    caller = Caller(address)
    assert door.came(caller)
    return caller
