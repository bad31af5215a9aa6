"""Each record is described once, and wholly: no field is read and not written, or the other way."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from alarms.plan import Callee, Plan, Step
from alarms.vocabulary import Who
from core.values import field_names
from devices.registry import Assignment, Device, Line, RemoteGateway
from dispatcher.roster.model import Person, Shift, Unit, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.site import records
from dispatcher.site.description import Description
from dispatcher.site.files import FILES
from dispatcher.site.record_rules import walk_between

NOON = datetime(2026, 12, 24, 12, tzinfo=UTC)

# One of each kind, with what it cannot do without: the rest stands at its defaults.
BARE: dict[str, tuple[Description[Any], object]] = {
    "site": (records.SITE, Site("s", "S", "UTC")),
    "person": (records.PERSON, Person("a", "A", "s")),
    "unit": (records.UNIT, Unit("u", "U", "s", "z")),
    "zone": (records.ZONE, Zone("z", "Z", "s")),
    "walk": (records.WALK, walk_between(("a", "b"), 0.0)),
    "shift": (records.SHIFT, Shift("a", "u", time(7), time(15))),
    "step": (records.STEP, Step(timedelta(), Callee(Who.NEAREST), ())),
    "plan": (records.PLAN, Plan("p", "s", ())),
    "device": (records.DEVICE, Device("d", "badge", "s")),
    "assignment": (records.ASSIGNMENT, Assignment("d", "a", NOON, NOON)),
    "line": (records.LINE, Line("l", "s", "dc09", "udp://")),
    "gateway": (records.GATEWAY, RemoteGateway("g", "s")),
}
NOT_IN_FILES = {"plan": {"patient"}}
"""What only a plan of our own says: a site's plan is never patient (alarms/plan.py)."""


@pytest.mark.parametrize("kind", BARE)
def test_every_field_of_a_record_has_its_key(kind: str) -> None:
    described, record = BARE[kind]
    wanted = {"between", "seconds"} if kind == "walk" else {*field_names(record)}
    assert {key.field for key in described.keys} == wanted - NOT_IN_FILES.get(kind, set())


@pytest.mark.parametrize("kind", BARE)
def test_what_a_key_usually_is_is_what_the_record_says_of_itself(kind: str) -> None:
    described, record = BARE[kind]
    usual = {key.field: key.usual for key in described.keys if key.has_usual}
    assert usual == {field: getattr(record, field) for field in usual}


def test_every_part_of_an_organisation_stands_in_a_file() -> None:
    parts = {part for kinds in FILES.values() for part in kinds}
    assert parts == {*field_names(Organisation())} - {"version"}
