"""An organisation as large as a measurement needs: houses, places to walk between, people, plans.

Every house is a unit of twenty places along a corridor, and the corridors are joined. Everybody has
a badge; a share of the people is on duty round the clock. Fixed buttons press without a person, so
that a thousand presses do not leave nobody to call. Nothing here is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path

from alarms.plan import Callee, Plan, Step
from alarms.vocabulary import Who
from core.signals import Level
from core.values import replace
from devices.registry import Device
from dispatcher.roster.model import Duty, Person, Phone, Shift, Unit, Walk, Weekday, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.site.export import export_files, write_directory

PASSWORD = "measured"
PLACES_A_HOUSE = 20
DOOR_S, CORRIDOR_S, NEXT_HOUSE_S = 4.0, 6.0, 25.0

_ROUND_THE_CLOCK = (time(0), time(0), tuple(Weekday))


@dataclass(frozen=True, slots=True)
class Size:
    """Of one site. `buttons` hang in the places, one after the other."""

    people: int = 1_000
    on_duty: int = 200
    places: int = 1_000
    buttons: int = 1_000

    @property
    def houses(self) -> int:
        return -(-self.places // PLACES_A_HOUSE)


def organisation(size: Size, sites: int = 1) -> Organisation:
    """`sites` equal sites of that size."""
    parts = [_site(f"s{number}", size) for number in range(sites)]
    return Organisation(
        sites=tuple(site for part in parts for site in part.sites),
        people=tuple(person for part in parts for person in part.people),
        units=tuple(unit for part in parts for unit in part.units),
        zones=tuple(zone for part in parts for zone in part.zones),
        walks=tuple(walk for part in parts for walk in part.walks),
        shifts=tuple(shift for part in parts for shift in part.shifts),
        plans=tuple(plan for part in parts for plan in part.plans),
        devices=tuple(device for part in parts for device in part.devices),
    )


def write(folder: Path, made: Organisation) -> Path:
    """As the files the service starts from."""
    write_directory(folder, export_files(made))
    return folder


def on_duty(made: Organisation) -> list[str]:
    """The badges of everybody a step can call first, in the order of the houses."""
    staff = (s for s in made.shifts if s.duty is Duty.STAFF)
    return [f"badge-{shift.person}" for shift in staff]


def buttons(made: Organisation) -> list[Device]:
    return [device for device in made.devices if device.kind == "fixed_button"]


def _site(name: str, size: Size) -> Organisation:
    people = tuple(_person(name, number) for number in range(size.people))
    leader, deputy = people[-1].id, people[-2].id
    site = Site(
        name,
        f"House {name}",
        "Europe/Copenhagen",
        leaders=(leader,),
        deputies=(deputy,),
        last_resort=(leader, deputy),
    )
    zones = tuple(_zone(name, number) for number in range(size.places))
    return Organisation(
        sites=(site,),
        people=people,
        units=tuple(_unit(name, number) for number in range(size.houses)),
        zones=zones,
        walks=tuple(_walks(zones)),
        shifts=_shifts(name, size, people),
        plans=(_red(name), replace(_red(name), id=f"{name}-yellow", levels=(Level.YELLOW,))),
        devices=(*_badges(people), *_buttons(name, size)),
    )


def _person(site: str, number: int) -> Person:
    phone = Phone(f"+45{int(site[1:]):02}{number:06}")
    return Person(
        f"{site}-p{number}", f"Person{number} Example", site, (phone,), instructed=("alarm",)
    )


def _unit(site: str, number: int) -> Unit:
    corridor = f"{site}-z{number * PLACES_A_HOUSE}"
    return Unit(f"{site}-u{number}", f"Unit {number}", site, corridor, meeting=corridor)


def _zone(site: str, number: int) -> Zone:
    return Zone(
        f"{site}-z{number}", f"Place {number}", site, unit=f"{site}-u{number // PLACES_A_HOUSE}"
    )


def _walks(zones: tuple[Zone, ...]) -> list[Walk]:
    """Doors along a corridor, and from each corridor to the next."""
    walks = []
    for number in range(1, len(zones)):
        corridor = number - number % PLACES_A_HOUSE
        if number == corridor:
            walks.append(Walk(zones[number - PLACES_A_HOUSE].id, zones[number].id, NEXT_HOUSE_S))
        else:
            seconds = DOOR_S + CORRIDOR_S * (number - corridor) / PLACES_A_HOUSE
            walks.append(Walk(zones[corridor].id, zones[number].id, seconds))
    return walks


def _shifts(site: str, size: Size, people: tuple[Person, ...]) -> tuple[Shift, ...]:
    start, end, days = _ROUND_THE_CLOCK
    staff = tuple(
        Shift(
            person.id,
            f"{site}-u{number % size.houses}",
            start,
            end,
            days,
            runner=number % 5 == 0,
        )
        for number, person in enumerate(people[: size.on_duty - 1])
    )
    leads = Shift(people[-1].id, f"{site}-u0", start, end, days, duty=Duty.LEADER)
    return (*staff, leads)


def _red(site: str) -> Plan:
    """As a house has it: two near colleagues, then a wider circle, the leader, everybody."""
    ways = ("wearable", "console")
    steps = (
        Step(timedelta(), Callee(Who.NEAREST), ways, 2),
        Step(timedelta(seconds=20), Callee(Who.NEAREST), ("wearable", "sms"), 4),
        Step(timedelta(seconds=45), Callee(Who.LEADER), ("wearable", "sms")),
        Step(timedelta(seconds=90), Callee(Who.EVERYONE), ("wearable",)),
    )
    return Plan(f"{site}-red", site, steps, (Level.RED,))


def _badges(people: tuple[Person, ...]) -> tuple[Device, ...]:
    return tuple(
        Device(f"badge-{p.id}", "badge", p.site, person=p.id, password=PASSWORD) for p in people
    )


def _buttons(site: str, size: Size) -> tuple[Device, ...]:
    return tuple(
        Device(
            f"button-{site}-{number}",
            "fixed_button",
            site,
            zone=f"{site}-z{number % size.places}",
            password=PASSWORD,
        )
        for number in range(size.buttons)
    )
