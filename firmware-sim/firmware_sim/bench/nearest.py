"""The nearest of ten thousand people at work, in process: only deciding, no transport, no store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.clock import monotonic_s
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.pressing import Pressing
from dispatcher.roster.views import Views
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.inside import found_inside
from firmware_sim.bench.versions import Code

PEOPLE, PEOPLE_QUICK = 10_000, 2_000
CHOICES, CHOICES_QUICK = 1_000, 100
PLACES = 40
LOOKED_AT = 20
"""What the timeline keeps of a view, and so the least that is worked out of it."""

REACHES = (Reach("median", 1.0, "ms"), Reach("p99", 1.0, "ms"))

_WHEN = datetime(2026, 11, 21, 19, tzinfo=UTC)


async def measure(code: Code, *, quick: bool) -> list[Row]:
    return [
        Row(each.name, each.title, each.figures, REACHES, each.note, each.beside, ("median",))
        for each in await found_inside(code, "choosing", quick=quick)
    ]


def inside(*, quick: bool) -> list[Row]:
    """Each place once before: what a place costs the first time stands beside."""
    people = PEOPLE_QUICK if quick else PEOPLE
    made = sized_site.organisation(sized_site.Size(people, people, buttons=0))
    views = Views(OrganisationIndex(made, CHANNELS))
    zones = [zone.id for zone in made.zones[:: len(made.zones) // PLACES]]
    first = [_choose(views, zone, 0) for zone in zones]
    count = CHOICES_QUICK if quick else CHOICES
    taken = [_choose(views, zones[n % PLACES], 1 + n % 60) for n in range(count)]
    beside = {"first_of_all": round(first[0] * 1000, 2)}
    beside["first_at_a_place_median"] = spread_ms(first)["median"]
    note = f"{count} views of {people:,} people on shift, from {PLACES} places"
    title = f"choose the nearest of {people:,}"
    return [Row("choosing", title, spread_ms(taken), REACHES, note, beside)]


def _choose(views: Views, zone: str, later_s: int) -> float:
    wall = _WHEN + timedelta(seconds=later_s)
    pressing = Pressing((views.index.organisation.people[later_s].id,))
    began_s = monotonic_s()
    view = views.view(site="s0", zone=zone, pressing=pressing, now=wall, wall=wall)
    near, leaders = view.nearest[:LOOKED_AT], tuple(view.leaders)
    taken_s = monotonic_s() - began_s
    assert near, "somebody is at work"
    assert leaders, "somebody leads"
    return taken_s
