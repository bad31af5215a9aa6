"""A small site of our own with everything the laws talk about, and other versions of it.

Two houses and a hall; runners, minimum staff, a sleeping night duty, a shared duty phone, a temp
without instruction, leaders, deputies, on call, a last resort, and a button on the wall. Its
roster covers every hour of every day.
"""

from __future__ import annotations

from datetime import time, timedelta

from alarms.plan import Callee, Plan, Step
from core.chance import Chance
from core.signals import AlarmKind, Level
from core.values import replace
from devices.registry import Device
from dispatcher.roster.model import Duty, Person, Phone, Shift, Unit, Walk, Weekday, Zone
from dispatcher.roster.organisation import Organisation, Site

SITE = "solbakken"
SHARED_PHONE = "+4520000099"
EMERGENCY = "112"
"""A number no channel may ever ring (law 11): one version of the configuration has it wrongly."""

_DAY, _EVENING, _NIGHT = (
    (time(7), time(15)),
    (time(15), time(23)),
    (time(23), time(7)),
)
_WORKERS = (
    ("anna", "house-1", _DAY),
    ("bo", "house-1", _DAY),
    ("ida", "house-2", _DAY),
    ("kim", "house-2", _DAY),
    ("ole", "house-1", _EVENING),
    ("per", "house-1", _EVENING),
    ("rie", "house-2", _EVENING),
    ("siv", "house-2", _EVENING),
    ("tor", "house-1", _NIGHT),
    ("una", "house-2", _NIGHT),
    ("vera", "house-2", _NIGHT),
)
_LEADERS = (("lone", _DAY), ("lars", _EVENING), ("lis", _NIGHT))


def town() -> Organisation:
    """The site as it is at first."""
    return Organisation(
        version=1,
        sites=(_site(),),
        people=_people(),
        units=(
            Unit("house-1", "House 1", SITE, "h1-hall", 1, "h1-office", "h1-office"),
            Unit("house-2", "House 2", SITE, "h2-hall", 1, "h2-office", "h2-office"),
        ),
        zones=(
            *(
                Zone(z, z, SITE, "house-1")
                for z in ("h1-hall", "h1-office", "h1-flat-3", "h1-flat-9")
            ),
            *(Zone(z, z, SITE, "house-2") for z in ("h2-hall", "h2-office", "h2-flat-4")),
            Zone("garden", "garden", SITE, outdoor=True, lat=55.7, lon=12.5),
        ),
        walks=(
            Walk("h1-hall", "h1-office", 10),
            Walk("h1-hall", "h1-flat-3", 20),
            Walk("h1-hall", "h1-flat-9", 45),
            Walk("h1-hall", "h2-hall", 60),
            Walk("h1-hall", "garden", 40),
            Walk("h2-hall", "h2-office", 10),
            Walk("h2-hall", "h2-flat-4", 25),
        ),
        shifts=_shifts(),
        plans=_plans(),
        devices=_devices(),
    )


def changed(first: Organisation, version: int, chance: Chance) -> Organisation:
    """Another version of the first one: somebody gone, a plan turned round, a badge lost, a wrong

    number, or everything as it was.
    """
    kind = chance.randrange(5)
    base = replace(first, version=version)
    if kind == 0:
        gone = chance.choice(base.people).id
        return replace(
            base,
            people=tuple(p for p in base.people if p.id != gone),
            shifts=tuple(s for s in base.shifts if s.person != gone),
            devices=tuple(replace(d, person=None) if d.person == gone else d for d in base.devices),
        )
    if kind == 1:
        return replace(base, plans=tuple(_shuffled(plan, chance) for plan in base.plans))
    if kind == 2:
        lost = chance.choice(base.devices).id
        marked = (replace(d, withdrawn=True) if d.id == lost else d for d in base.devices)
        return replace(base, devices=tuple(marked))
    if kind == 3:
        wrong = chance.choice(base.people)
        people = (
            replace(p, phones=(Phone(EMERGENCY), *p.phones)) if p.id == wrong.id else p
            for p in base.people
        )
        return replace(base, people=tuple(people))
    return base


def _site() -> Site:
    return Site(
        id=SITE,
        name="Solbakken",
        timezone="Europe/Copenhagen",
        leaders=("lone",),
        deputies=("dan", "eva"),
        last_resort=("dan", "bent"),
    )


def _people() -> tuple[Person, ...]:
    names = [name for name, _, _ in _WORKERS] + [name for name, _ in _LEADERS]
    names += ["dan", "eva", "bent"]
    people = []
    for number, name in enumerate(names):
        phones: tuple[Phone, ...] = (Phone(f"+45201000{number:02d}"),)
        if name in ("bo", "per", "una"):
            phones = (*phones, Phone(SHARED_PHONE, shared=True))
        instructed = () if name == "kim" else ("alarm",)
        people.append(Person(name, f"{name.title()} Holm", SITE, phones, instructed=instructed))
    return tuple(people)


def _shifts() -> tuple[Shift, ...]:
    week = tuple(Weekday)
    rows = [
        Shift(
            person=person,
            unit=unit,
            start=hours[0],
            end=hours[1],
            days=week,
            duty=Duty.SLEEPING if person == "vera" else Duty.STAFF,
            runner=person in ("bo", "per"),
        )
        for person, unit, hours in _WORKERS
    ]
    rows += [
        Shift(person, "house-1", hours[0], hours[1], week, duty=Duty.LEADER)
        for person, hours in _LEADERS
    ]
    on_call = Shift("bent", "house-1", time(0), time(0), week, duty=Duty.ON_CALL)
    return (*rows, on_call)


def _devices() -> tuple[Device, ...]:
    worn = [Device(f"badge-{p}", "badge", SITE, person=p) for p, _, _ in _WORKERS]
    worn += [Device(f"badge-{p}", "badge", SITE, person=p) for p, _ in _LEADERS]
    spare = Device("badge-spare", "badge", SITE)
    wall = Device("button-h1", "fixed_button", SITE, zone="h1-office")
    return (*worn, spare, wall)


def _plans() -> tuple[Plan, ...]:
    both = ("wearable", "sms")
    acute = (
        _step(0, "nearest", 2, "wearable", "console"),
        _step(30, "nearest", 4, *both),
        _step(60, "leader", 1, *both),
        _step(90, "on_call", 1, *both),
    )
    quiet = (_step(0, "nearest", 1, "wearable"), _step(120, "leader", 1, *both))
    everyone = (_step(0, "everyone", 1, *both), _step(15, "leader", 1, *both))
    return (
        Plan("weapon", SITE, everyone, kinds=(AlarmKind.WEAPON,), responders=2),
        Plan("acute", SITE, acute, levels=_levels(acute=True)),
        Plan("come-by", SITE, quiet, levels=_levels(acute=False)),
    )


def _step(after_s: float, call: str, count: int, *by: str) -> Step:
    return Step(timedelta(seconds=after_s), Callee.named(call), by, count)


def _shuffled(plan: Plan, chance: Chance) -> Plan:
    calls = [(step.call, step.by, step.count) for step in plan.steps]
    chance.shuffle(calls)
    steps = (
        Step(step.after, call, by, count)
        for step, (call, by, count) in zip(plan.steps, calls, strict=True)
    )
    return replace(plan, steps=tuple(steps), responders=chance.choice((1, 2)))


def _levels(*, acute: bool) -> tuple[Level, ...]:
    return tuple(level for level in Level if level.only_people_close is acute)
