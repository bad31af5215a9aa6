"""Places nobody finds a way to, and stairs that are too quick. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dispatcher.roster.model import Unit
from dispatcher.roster.organisation import Organisation
from dispatcher.roster.zones import FLOOR_S_LEAST, WalkingGraph
from dispatcher.site.findings import Finding, error, warning


def check_places(organisation: Organisation) -> Iterator[Finding]:
    graph = WalkingGraph(organisation.zones, organisation.walks)
    for site in organisation.sites:
        units = [unit for unit in organisation.units if unit.site == site.id]
        if not units:
            yield error(f"site {site.id}", "has no units, so no place and no shifts: add one")
        yield from _cut_off(graph, site.id, units)
        for unit in units:
            yield from _unit(unit)
    yield from _stairs(organisation, graph)


def _cut_off(graph: WalkingGraph, site: str, units: list[Unit]) -> Iterator[Finding]:
    """An alarm where nobody knows the way is answered in no order, without expected seconds."""
    zones = [zone.id for zone in graph.zones.values() if zone.site == site]
    starts = [unit.zone for unit in units if unit.zone in graph.zones]
    for zone in zones:
        missing = [s for s in starts if graph.seconds(s, zone) is None]
        if starts and len(missing) == len(starts):
            yield warning(f"zone {zone}", "cannot be reached from any unit: add a walk to it")
        elif missing and zone in starts:
            yield warning(
                f"zone {zone}", f"cannot be reached from {', '.join(missing)}: add the walk between"
            )


def _unit(unit: Unit) -> Iterator[Finding]:
    missing = [
        what
        for what, zone in (("meeting", unit.meeting), ("safe_room", unit.safe_room))
        if zone is None
    ]
    if missing:
        yield warning(
            f"unit {unit.id}", f"has no {' and no '.join(missing)}: say where colleagues meet"
        )


def _stairs(organisation: Organisation, graph: WalkingGraph) -> Iterator[Finding]:
    for walk in organisation.walks:
        a, b = graph.zones.get(walk.a), graph.zones.get(walk.b)
        if a is None or b is None:
            continue
        least = abs(a.floor - b.floor) * FLOOR_S_LEAST
        if walk.seconds < least:
            yield warning(
                f"walk {walk.a} – {walk.b}",
                f"takes {walk.seconds:g} s over {abs(a.floor - b.floor)} floors and counts as "
                f"{least:g} s: measure it",
            )
