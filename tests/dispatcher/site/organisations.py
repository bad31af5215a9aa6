"""Generated configurations that hold together: every reference points somewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from alarms.plan import Callee, Plan, Step
from alarms.vocabulary import Who
from core.signals import AlarmKind, Level
from devices.registry import Assignment, Device, Line, Parity
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.model import (
    Duty,
    Language,
    Person,
    Phone,
    Shift,
    Unit,
    Walk,
    Weekday,
    Zone,
)
from dispatcher.roster.organisation import Organisation, Site

# Four of them often: two organisations are to have records in common.
ids = st.sampled_from("abcd") | st.from_regex(r"[a-z0-9][a-z0-9_-]{0,6}", fullmatch=True)
printable = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
names = st.text(printable, min_size=1, max_size=12).map(lambda text: "x" + text)
long_texts = st.text(st.one_of(printable, st.just("\n"), st.just("\t")), max_size=40)
numbers = st.integers(10_000_000, 10_999_999).map(lambda n: f"+45{n + 10_000_000}")
clock_times = st.times().map(lambda at: at.replace(microsecond=0))
seconds = st.one_of(st.integers(0, 600).map(float), st.floats(0, 600).map(lambda s: round(s, 3)))


@st.composite
def organisations(draw: st.DrawFn, *, sites_most: int = 2) -> Organisation:
    site_ids = _ids(draw, "s-", 1, sites_most)
    people = _ids(draw, "", 1, 4)
    zones = {zone: draw(st.sampled_from(site_ids)) for zone in _ids(draw, "", 1, 4)}
    homes = [(unit, draw(st.sampled_from(sorted(zones)))) for unit in _ids(draw, "", 0, 3)]
    units = {unit: (zone, zones[zone]) for unit, zone in homes}
    devices = _ids(draw, "badge-", 0, 3)
    return Organisation(
        sites=tuple(draw(_site(site, people)) for site in site_ids),
        people=tuple(draw(_person(person, site_ids)) for person in people),
        units=tuple(draw(_unit(u, site, zone, zones)) for u, (zone, site) in units.items()),
        zones=tuple(draw(_zone(zone, site, units)) for zone, site in zones.items()),
        walks=draw(_walks(sorted(zones))),
        shifts=tuple(draw(st.lists(_shift(people, sorted(units)), max_size=4))) if units else (),
        plans=tuple(draw(_plan(plan, site_ids, people)) for plan in _ids(draw, "", 0, 3)),
        devices=tuple(draw(_device(device, people, zones, site_ids)) for device in devices),
        assignments=tuple(draw(_loan(device, people)) for device in devices[:1]),
        lines=tuple(draw(_line(line, site_ids)) for line in _ids(draw, "line-", 0, 2)),
    )


def _ids(draw: st.DrawFn, prefix: str, least: int, most: int) -> list[str]:
    found = draw(st.lists(ids, min_size=least, max_size=most, unique=True))
    return [prefix + one for one in found]


def _some(of: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), max_size=3, unique=True).map(tuple)


def _site(site: str, people: list[str]) -> st.SearchStrategy[Site]:
    return st.builds(
        Site,
        id=st.just(site),
        name=names,
        timezone=st.sampled_from(["Europe/Copenhagen", "Europe/Oslo", "UTC"]),
        country=st.sampled_from(["DK", "NO"]),
        language=st.sampled_from(Language),
        leaders=_some(people),
        deputies=_some(people),
        last_resort=_some(people),
        words=st.dictionaries(names, names, max_size=3).map(lambda words: tuple(words.items())),
        manual_routine=long_texts,
        wearer_light=st.booleans(),
    )


def _person(person: str, sites: list[str]) -> st.SearchStrategy[Person]:
    phones = st.lists(
        st.builds(Phone, number=numbers, shared=st.booleans()),
        max_size=2,
        unique_by=lambda phone: phone.number,
    )
    return st.builds(
        Person,
        id=st.just(person),
        name=names,
        site=st.sampled_from(sites),
        phones=phones.map(tuple),
        language=st.sampled_from(Language),
        instructed=st.lists(names, max_size=2, unique=True).map(tuple),
        temp=st.booleans(),
    )


def _unit(unit: str, site: str, zone: str, zones: dict[str, str]) -> st.SearchStrategy[Unit]:
    places = st.none() | st.sampled_from([z for z, home in zones.items() if home == site])
    return st.builds(
        Unit,
        id=st.just(unit),
        name=names,
        site=st.just(site),
        zone=st.just(zone),
        min_staff=st.integers(0, 5),
        meeting=places,
        safe_room=places,
    )


def _zone(zone: str, site: str, units: dict[str, tuple[str, str]]) -> st.SearchStrategy[Zone]:
    here = [unit for unit, (_, home) in units.items() if home == site]
    outdoor = st.builds(
        Zone,
        id=st.just(zone),
        label=names,
        site=st.just(site),
        outdoor=st.just(True),
        lat=st.floats(-90, 90),
        lon=st.floats(-180, 180),
        wire=st.just((f"beacon/{zone}",)),
    )
    indoor = st.builds(
        Zone,
        id=st.just(zone),
        label=names,
        site=st.just(site),
        unit=st.sampled_from([None, *here]),
        floor=st.integers(-3, 9),
    )
    return outdoor | indoor


def _walks(zones: list[str]) -> st.SearchStrategy[tuple[Walk, ...]]:
    pairs = [(a, b) for a in zones for b in zones if a < b]
    if not pairs:
        return st.just(())
    chosen = st.lists(st.tuples(st.sampled_from(pairs), seconds), unique_by=lambda one: one[0])
    return chosen.map(lambda found: tuple(Walk(a, b, s) for (a, b), s in found))


def _shift(people: list[str], units: list[str]) -> st.SearchStrategy[Shift]:
    days = st.lists(st.sampled_from(Weekday), min_size=1, max_size=7, unique=True).map(tuple)
    weekly = st.tuples(days, st.none())
    dated = st.tuples(st.just(()), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
    return st.builds(
        lambda when, **rest: Shift(days=when[0], date=when[1], **rest),
        when=weekly | dated,
        person=st.sampled_from(people),
        unit=st.sampled_from(units),
        start=clock_times,
        end=st.sampled_from([time(7), time(15, 30)]) | clock_times,
        duty=st.sampled_from(Duty),
        runner=st.booleans(),
    )


def _plan(plan: str, sites: list[str], people: list[str]) -> st.SearchStrategy[Plan]:
    groups = (Who.NEAREST, Who.EVERYONE, Who.LEADER, Who.LAST_RESORT)
    calls = [*map(Callee, groups), *(Callee(Who.PERSON, person) for person in people)]
    step = st.builds(
        Step,
        after=seconds.map(lambda s: timedelta(seconds=s)),
        call=st.sampled_from(calls),
        by=st.lists(st.sampled_from(list(CHANNELS)), min_size=1, unique=True).map(tuple),
        count=st.integers(1, 250),
    )
    steps = st.lists(step, min_size=1, max_size=4)
    return st.builds(
        Plan,
        id=st.just(plan),
        site=st.sampled_from(sites),
        steps=steps.map(lambda some: tuple(sorted(some, key=lambda one: one.after))),
        levels=st.lists(st.sampled_from(Level), unique=True).map(tuple),
        kinds=st.lists(st.sampled_from(AlarmKind), unique=True, max_size=3).map(tuple),
        responders=st.integers(1, 20),
        round=st.integers(5, 30).map(lambda s: timedelta(seconds=s)),
        ring_locally=st.booleans(),
    )


def _device(
    device: str, people: list[str], zones: dict[str, str], sites: list[str]
) -> st.SearchStrategy[Device]:
    worn = st.builds(
        Device,
        id=st.just(device),
        kind=st.just("badge"),
        site=st.sampled_from(sites),
        person=st.sampled_from([None, *people]),
        level=st.sampled_from([None, *Level]),
        wire=st.just((f"dect:{device}",)),
        password=st.text(st.sampled_from("abc123 \"'\\æ"), max_size=10),
        withdrawn=st.booleans(),
        revoked=st.booleans(),
    )
    fixed = st.sampled_from(sorted(zones)).map(
        lambda zone: Device(device, "fixed_button", zones[zone], zone=zone)
    )
    return worn | fixed


def _line(line: str, sites: list[str]) -> st.SearchStrategy[Line]:
    serial = st.builds(
        Line,
        id=st.just(line),
        site=st.sampled_from(sites),
        protocol=st.sampled_from(["espa444", "espa444-listen"]),
        url=st.sampled_from([f"/dev/serial/by-id/{line}", f"socket://192.0.2.7:4001/{line}"]),
        speed_bd=st.sampled_from([300, 9_600, 57_600]),
        data_bits=st.sampled_from([7, 8]),
        parity=st.sampled_from(Parity),
        stop_bits=st.sampled_from([1, 2]),
        silent_after=seconds.map(lambda s: timedelta(seconds=s)),
        closes=st.booleans(),
        only_registered=st.booleans(),
        settings=st.sampled_from([(), (("who_calls", "text"), ("charset", "danish_7"))]),
    )
    listening = st.builds(
        Line,
        id=st.just(line),
        site=st.sampled_from(sites),
        protocol=st.just("dc09"),
        url=st.sampled_from([f"tcp://127.0.0.1:10000/{line}", f"udp://[::1]:10000/{line}"]),
        settings=st.sampled_from([(), (("key.1234", "0123456789ABCDEF"), ("key", "A" * 16))]),
    )
    return serial | listening


def _loan(device: str, people: list[str]) -> st.SearchStrategy[Assignment]:
    start = datetime(2026, 6, 1, 6, tzinfo=UTC)
    return st.builds(
        Assignment,
        device=st.just(device),
        person=st.sampled_from(people),
        start=st.just(start),
        end=st.integers(1, 48).map(lambda hours: start + timedelta(hours=hours)),
    )
