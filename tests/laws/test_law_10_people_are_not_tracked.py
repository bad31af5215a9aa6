"""Law 10: the place is the unit of the roster; what is stored is the picture a decision used."""

from __future__ import annotations

import pytest

from alarms.vocabulary import ChosenWhy
from core.signals import AlarmKind, Position, SignalType
from core.values import replace
from devices.untracked import without_coordinates
from firmware_sim.world.process import at_once
from tests.support.gateway import House, reading
from tests.support.running import Running

HERE = Position(56.125, 10.25, accuracy_m=8)
SAID = b'{"type":"x","position":{"lat":56.125,"lon":10.25,"accuracy_m":8},"battery":0.5}'
CALLS = (SignalType.ALARM, SignalType.TAMPER)


def test_the_place_of_a_person_is_the_unit_of_their_roster() -> None:
    running = Running()
    running.press()
    running.wait(1)
    (alarm,) = at_once(running.store.open_alarms())
    view = running.process.core.open_alarms.views[alarm.id]
    assert view.nearest
    assert all(any(w.why is ChosenWhy.ROSTER_UNIT for w in c.why) for c in view.nearest)


def test_a_decision_keeps_its_picture_and_no_position_of_anybody() -> None:
    running = Running()
    running.press()
    running.wait(1)
    (alarm,) = at_once(running.store.open_alarms())
    bodies = [entry.body or "" for entry in at_once(running.store.timeline(alarm.id))]
    assert any('"view"' in body for body in bodies)
    assert not any('"lat"' in body or '"seen' in body for body in bodies)


@pytest.mark.parametrize("said", SignalType)
async def test_of_all_that_is_said_only_a_call_for_help_keeps_its_place(said: SignalType) -> None:
    """Whatever is handed on is stored: by the dispatcher, its journal, a far gateway's spool."""
    house = House()
    odd = ("position: the accuracy is no number (56.125)",)
    kind = AlarmKind.TAMPER if said in CALLS else None
    message = replace(reading(type_=said), position=HERE, raw=SAID, odd=odd, kind=kind)
    await house.intake.take(message)
    for signal in house.desk.taken:
        kept = signal.reading
        if said in CALLS:
            assert (kept.position, kept.raw) == (HERE, SAID)
        else:
            assert kept.position is None
            assert b"56.1" not in repr(replace(kept, raw=b"")).encode() + kept.raw
    assert house.intake.position("badge-anna") == HERE, "for a moment, in memory"


async def test_bytes_nobody_can_read_are_kept_without_where_it_was() -> None:
    house = House()
    await house.intake.keep("native", "badge-anna", "torn: lat=56.125", SAID[:-9] + b"\xff")
    ((_, _, why, content),) = house.desk.raw
    assert "56.1" not in why
    assert b"56.1" not in content
    assert b"accuracy_m" in content, "the rest shows what is wrong with the device"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b'{"lat": 56.125, "lon":-10.25}', b'{"lat": -, "lon":-}'),
        (b"{'latitude':'56.125'}", b"{'latitude':'-'}"),
        (b"<geo>56.125,10.25</geo>", b"<geo>-</geo>"),
        (b'"position":[56.125, 10.25]', b'"position":[-]'),
        (b"$GPGGA,190000,5607.50,N,01015.00,E,1,08", b"$GPGGA,190000,-,1,08"),
        (b"#1234|Nri1/PA501][X010E15.000][Y56N07.500]", b"#1234|Nri1/PA501][X-][Y-]"),
        (
            b'{"platform":7,"along":3,"zone":"beacon-17"}',
            b'{"platform":7,"along":3,"zone":"beacon-17"}',
        ),
    ],
)
def test_what_names_a_place_on_the_globe_is_known_in_any_format(said: bytes, kept: bytes) -> None:
    assert without_coordinates(said) == kept
