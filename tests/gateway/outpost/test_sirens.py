"""For what the sirens of a far house may sound: what its site's plans say, as they say it there."""

from __future__ import annotations

import msgspec
import pytest

from alarms.plan import Plan
from core.signals import AlarmKind, Level, Reading, Signal, SignalType, Standing
from core.values import replace
from devices.registry import RemoteGateway
from dispatcher.roster.organisation import Organisation, Site
from gateway.handover import Down, Part
from gateway.outpost.here import Here
from gateway.outpost.ring import Ring, pressed
from tests.support.gateway import NOW
from tilkald.outpost_parts import parts

RED = Plan("red", "far", (), levels=(Level.YELLOW, Level.RED), ring_locally=True)
WEAPON = Plan("weapon", "far", (), kinds=(AlarmKind.WEAPON,))
ORANGE = Plan("orange", "far", (), levels=(Level.ORANGE,))


@pytest.mark.parametrize(
    ("level", "kind", "sounds"),
    [
        (Level.RED, AlarmKind.ATTACK, True),
        (Level.RED, None, True),
        (None, None, True),
        (Level.RED, AlarmKind.TECHNICAL, True),
        (Level.RED, AlarmKind.WEAPON, False),
        (Level.ORANGE, AlarmKind.ATTACK, False),
        (Level.YELLOW, AlarmKind.ASSIST, False),
        (Level.BLUE, AlarmKind.MEDICAL, False),
    ],
)
def test_a_siren_sounds_for_what_the_plans_of_its_site_let_it(
    level: Level | None, kind: AlarmKind | None, sounds: bool
) -> None:
    """A press without a level or a kind is taken as everywhere else."""
    here = Here(NOW, NOW, part())
    (local,) = pressed(Ring(), press(level, kind), here).ring.alarms
    assert local.alarm.rings_locally is sounds


def test_a_part_of_an_older_dispatcher_lets_nothing_sound() -> None:
    older = msgspec.json.decode(b'{"version":3,"site":"far"}', type=Part)
    assert not older.lets_sound(Level.RED, AlarmKind.ATTACK)
    assert msgspec.json.decode(b'{"device":"badge-a"}', type=Down).sound_s == 0.0


def part() -> Part:
    """As it comes down."""
    site = Site("far", "Far", "Europe/Copenhagen")
    elsewhere = replace(ORANGE, site="near", ring_locally=True)
    organisation = Organisation(
        version=1,
        sites=(site,),
        plans=(elsewhere, RED, WEAPON, ORANGE),
        gateways=(RemoteGateway("house-b", "far", "token"),),
    )
    ((_, made),) = parts(organisation)
    return msgspec.json.decode(msgspec.json.encode(made), type=Part)


def press(level: Level | None, kind: AlarmKind | None) -> Signal:
    reading = Reading("native", "badge-a", SignalType.ALARM, kind)
    standing = Standing.ASSIGNED
    return Signal("s1", "1", reading, "far", "badge-a", standing, NOW, NOW, level=level)
