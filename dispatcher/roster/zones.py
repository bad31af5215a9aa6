"""The walking graph: how many seconds from one place to another for a colleague in a hurry. Pure.

Walks of the configuration carry seconds, stairs included. Outdoor zones have coordinates instead:
where no chain of walks joins two of them, the straight line at a run stands in. Distances are
closed over all ways, so they keep the triangle rule and are the same in both directions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from math import asin, cos, radians, sin, sqrt
from types import MappingProxyType

from dispatcher.roster.model import Walk, Zone

WALKING_M_PER_S = 1.4
"""An adult's usual pace: how fast somebody drifts from where they were last seen."""

HURRIED_M_PER_S = 2.5
"""A run in working clothes and indoor shoes, over ground, doors and people in the way."""

FLOOR_S_LEAST = 6.0
"""Nobody takes a storey faster on stairs (about 3 m at 0.5 m/s), whatever a walk claims."""

DISTANCES_KEPT = 512
"""Places whose distances to everywhere are kept: more than a large site has."""

HOMES_KEPT = 256
"""Places of units whose distances are worked out before anybody presses."""

_EARTH_M = 6_371_000.0


class WalkingGraph:
    """Seconds between the zones of one organisation. A zone nobody can walk to is None."""

    def __init__(self, zones: Iterable[Zone], walks: Iterable[Walk]) -> None:
        self.zones: Mapping[str, Zone] = MappingProxyType({zone.id: zone for zone in zones})
        self._edges: dict[str, dict[str, float]] = {zone: {} for zone in self.zones}
        for walk in walks:
            self._join(walk)
        self._island = self._islands()
        self._outdoor = [zone for zone in self.zones.values() if _coordinates(zone)]
        self._from: dict[str, Mapping[str, float]] = {}
        self._homes: dict[str, Mapping[str, float]] = {}

    def learn(self, homes: Iterable[str]) -> None:
        """Work out the ways from where people are, before an alarm has to wait for it."""
        for zone in list(dict.fromkeys(homes))[:HOMES_KEPT]:
            self._homes[zone] = MappingProxyType(self._spread(zone))

    def to(self, end: str, starts: Collection[str]) -> Mapping[str, float]:
        """Seconds to `end`, at least from each of `starts` from which there is a way.

        Every way is as long back, so what was learnt of the starts serves a place never asked for.
        """
        if end in self._from or any(start not in self._homes for start in starts):
            return self.all_from(end)
        known = ((start, self._homes[start].get(end)) for start in starts)
        return {start: seconds for start, seconds in known if seconds is not None}

    def seconds(self, start: str, end: str) -> float | None:
        """From `start` to `end`; None when no way is known, or one of them is no zone."""
        return self.all_from(start).get(end)

    def all_from(self, start: str) -> Mapping[str, float]:
        """Seconds to every place that can be reached, nearest first. Kept between calls."""
        kept = self._from.get(start)
        if kept is None:
            if len(self._from) >= DISTANCES_KEPT:
                self._from.clear()
            kept = self._from[start] = MappingProxyType(self._spread(start))
        return kept

    def seconds_from_position(self, lat: float, lon: float, end: str) -> float | None:
        """From a place on the globe to a zone, entering the graph at the best outdoor zone."""
        seconds = self.all_from(end)
        ways = (
            metres(lat, lon, *place) / HURRIED_M_PER_S + seconds[zone.id]
            for zone in self._outdoor
            if zone.id in seconds and (place := _coordinates(zone))
        )
        return min(ways, default=None)

    def _join(self, walk: Walk) -> None:
        a, b = self.zones.get(walk.a), self.zones.get(walk.b)
        if a is None or b is None:
            return
        seconds = max(walk.seconds, abs(a.floor - b.floor) * FLOOR_S_LEAST, 0.0)
        for start, end in ((a.id, b.id), (b.id, a.id)):
            known = self._edges[start].get(end, seconds)
            self._edges[start][end] = min(known, seconds)

    def _islands(self) -> dict[str, str]:
        """Per zone the first zone of those that walks join it to."""
        island: dict[str, str] = {}
        for first in self.zones:
            waiting = [first]
            while waiting:
                zone = waiting.pop()
                if zone not in island:
                    island[zone] = first
                    waiting += self._edges[zone]
        return island

    def _spread(self, start: str) -> dict[str, float]:
        """Dijkstra from one zone to all."""
        if start not in self.zones:
            return {}
        seconds: dict[str, float] = {}
        waiting = [(0.0, start)]
        while waiting:
            so_far, zone = heappop(waiting)
            if zone in seconds:
                continue
            seconds[zone] = so_far
            for end, more in self._ways(zone):
                if end not in seconds:
                    heappush(waiting, (so_far + more, end))
        return seconds

    def _ways(self, zone: str) -> Iterator[tuple[str, float]]:
        yield from self._edges[zone].items()
        here = _coordinates(self.zones[zone])
        if here is None:
            return
        for other in self._outdoor:
            there = _coordinates(other)
            if there and self._island[other.id] != self._island[zone]:
                yield other.id, metres(*here, *there) / HURRIED_M_PER_S


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Along the earth's surface (haversine), WGS 84 degrees."""
    half_lat = radians(other_lat - lat) / 2
    half_lon = radians(other_lon - lon) / 2
    chord = sin(half_lat) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(half_lon) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(chord)))


def _coordinates(zone: Zone) -> tuple[float, float] | None:
    if not zone.outdoor or zone.lat is None or zone.lon is None:
        return None
    return zone.lat, zone.lon
