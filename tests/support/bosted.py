"""Lindehuset as it is configured: its people, houses, places, shifts and plans."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from alarms.plan import EVERY_WAY, Callee, Plan, Step
from alarms.vocabulary import Who
from core.signals import Level
from core.values import replace
from devices.registry import Device
from dispatcher.channels.rows import SMS, WEARABLE
from dispatcher.roster.model import Duty, Language, Person, Phone, Shift, Unit, Walk, Zone
from dispatcher.roster.organisation import Organisation, Site

NOW = datetime(2026, 11, 21, 18, 2, 11, tzinfo=UTC)
WIDENS_AFTER = timedelta(seconds=60)
"""From the press until the plan calls the leader too."""

FLAT = "lejl-12"


def configuration(language: Language = Language.DANISH) -> Organisation:
    """A red alarm there wants two; whoever is nearest is called at once, after a minute Per."""
    names = "Anna Berg,Bo Holm,Ida Krogh,Eva Lund,Per Dahl,Mia Friis,Ole Juhl".split(",")
    numbers = {"anna": "+4520000000", "bo": "+4520000042", "per": "+4520000004"}
    steps = (
        Step(timedelta(), Callee(Who.NEAREST), (WEARABLE, SMS)),
        Step(WIDENS_AFTER, Callee(Who.LEADER), EVERY_WAY),
    )
    return Organisation(
        version=1,
        sites=(
            Site(
                "lind",
                "Lindehuset",
                "Europe/Copenhagen",
                leaders=("per",),
                manual_routine="Ring til vagthavende på 20 00 00 04. Gå to og to.",
            ),
        ),
        people=tuple(
            Person(
                id=person,
                name=name,
                site="lind",
                phones=(Phone(numbers[person]),) if person in numbers else (),
                language=language,
                instructed=("alarm",),
            )
            for name in names
            for person in (name.split()[0].lower(),)
        ),
        units=(
            Unit("hus-1", "Hus 1", "lind", "stue-1"),
            Unit("hus-2", "Hus 2", "lind", "stue-2", meeting="vagtrum"),
        ),
        zones=(
            Zone("stue-1", "Stuen Hus 1", "lind", "hus-1"),
            Zone("stue-2", "Stuen Hus 2", "lind", "hus-2"),
            Zone("vagtrum", "Vagtrum", "lind"),
            Zone("køkken", "KØKKEN HUS 1", "lind", "hus-1"),
            Zone(FLAT, "LEJL 12 HUS 2 1.SAL", "lind", "hus-2"),
        ),
        walks=(Walk("stue-1", "stue-2", 15), Walk("stue-2", FLAT, 10), Walk("stue-1", "køkken", 5)),
        shifts=(
            _evening("anna", "hus-2"),
            replace(_evening("bo", "hus-1"), runner=True),
            _evening("ida", "hus-2"),
            _evening("per", "hus-1", Duty.LEADER),
        ),
        plans=(
            Plan("acute", "lind", steps, levels=(Level.RED,), responders=2),
            Plan("other", "lind", steps),
        ),
        devices=tuple(
            Device(f"badge-{person}", "badge", "lind", person=person)
            for person in ("anna", "bo", "ida", "per")
        ),
    )


def _evening(person: str, unit: str, duty: Duty = Duty.STAFF) -> Shift:
    return Shift(person, unit, time(15), time(23), date=NOW.date(), duty=duty)
