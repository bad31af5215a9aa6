"""One version of the configuration, made ready to be asked on every alarm. Pure.

Built once when a configuration is applied, and never changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from alarms.channel import Capabilities, Rings
from alarms.view import Route
from devices.catalogue import Down, kind
from devices.registry import Assignment, Device
from dispatcher.roster.model import Person, Shift, Unit, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.roster.shifts import RosterIndex
from dispatcher.roster.zones import WalkingGraph

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def can_be_paged(device: Device) -> bool:
    """Its kind can be told to page. A withdrawn device may raise, but nobody should carry it."""
    return Down.PAGE in kind(device.kind).told and not device.withdrawn and not device.revoked


def routes_to(
    addresses: Mapping[Rings, Sequence[str]], channels: Mapping[str, Capabilities]
) -> tuple[Route, ...]:
    """Each address on each channel that rings there, in the order of the channels."""
    return tuple(
        Route(name, address)
        for name, can in channels.items()
        for address in addresses.get(can.rings, ())
    )


class OrganisationIndex:
    """Everything one asks a configuration on the way from a press to a call."""

    def __init__(
        self,
        organisation: Organisation,
        channels: Mapping[str, Capabilities],
        *,
        pageable: Callable[[Device], bool] = can_be_paged,
        zone_of: Callable[[str], tzinfo] = ZoneInfo,
    ) -> None:
        """`channels`: in the order a person's routes are tried."""
        self.organisation = organisation
        self.channels = channels
        self.sites: Mapping[str, Site] = {site.id: site for site in organisation.sites}
        self.people: Mapping[str, Person] = {person.id: person for person in organisation.people}
        self.units: Mapping[str, Unit] = {unit.id: unit for unit in organisation.units}
        self.devices: Mapping[str, Device] = {device.id: device for device in organisation.devices}
        self.graph = WalkingGraph(organisation.zones, organisation.walks)
        self.graph.learn(unit.zone for unit in organisation.units)
        self.rosters = {
            site.id: RosterIndex(self._shifts_of(site.id), zone_of(site.timezone))
            for site in organisation.sites
        }
        self._pageable = pageable
        self._standing_devices = self._by_wearer()
        self._loans = _by_device(organisation.assignments)
        self._loan_edges = _edges(organisation.assignments)
        self._sites_of = self._where_they_work()
        self._carriers = self._by_number()
        self._wire_zones = self._zones_by_name()
        self._named = {site: self._plan_names(site) for site in self.sites}

    def zone_named(self, site: str, name: str) -> Zone | None:
        """The zone of a site by its id, or by a name a device uses for it (a beacon)."""
        zone = self.graph.zones.get(self._wire_zones.get((site, name), name))
        return zone if zone and zone.site == site else None

    def named(self, site: str) -> tuple[str, ...]:
        """People the plans of a site call by name."""
        return self._named.get(site, ())

    def wearer(self, device: str, wall: datetime) -> str | None:
        """Who wears a device: the loan that stands at `wall`, else the standing wearer."""
        standing = [a for a in self._loans.get(device, ()) if a.start <= wall < a.end]
        if standing:
            return max(standing, key=lambda loan: loan.start).person
        known = self.devices.get(device)
        return known.person if known else None

    def worn_by(self, person: str, wall: datetime) -> tuple[Device, ...]:
        """Every device a person wears, withdrawn ones too, in the order of the configuration."""
        ids = dict.fromkeys(self._standing_devices.get(person, ()))
        ids |= dict.fromkeys(d for d, loans in self._loans.items() if _lent_to(loans, person))
        return tuple(self.devices[d] for d in ids if self.wearer(d, wall) == person)

    def routes(self, person: str, wall: datetime) -> tuple[Route, ...]:
        """Every way to reach them: worn devices that can be paged, phones, what they have open."""
        known = self.people.get(person)
        if known is None:
            return ()
        addresses = {
            Rings.DEVICE: [d.id for d in self.worn_by(person, wall) if self._pageable(d)],
            Rings.NUMBER: [phone.number for phone in known.phones],
            Rings.PERSON: [person],
        }
        return routes_to(addresses, self.channels)

    def addresses(self, person: str, wall: datetime) -> tuple[str, ...]:
        """Everything that would ring at this person: all devices, all numbers, the console."""
        known = self.people.get(person)
        phones = known.phones if known else ()
        devices = (device.id for device in self.worn_by(person, wall))
        return (*devices, *(phone.number for phone in phones), person)

    def holders(self, address: str, wall: datetime) -> tuple[str, ...]:
        """Everybody who would hear this address ring: the wearer, all who carry the number."""
        wearer = self.wearer(address, wall)
        carriers = self._carriers.get(address, ())
        console = (address,) if address in self.people else ()
        return (*((wearer,) if wearer else ()), *carriers, *console)

    def loans_stand(self, wall: datetime) -> tuple[datetime, datetime]:
        """Since when and until when no loan of a device starts or ends."""
        after = bisect_right(self._loan_edges, wall)
        return self._loan_edges[after - 1], self._loan_edges[after]

    def sites_of(self, people: tuple[str, ...]) -> tuple[str, ...]:
        """Every site one of these people has shifts at."""
        return tuple(dict.fromkeys(s for p in people for s in self._sites_of.get(p, ())))

    def _shifts_of(self, site: str) -> list[Shift]:
        units = self.units
        return [
            s for s in self.organisation.shifts if s.unit in units and units[s.unit].site == site
        ]

    def is_of(self, site: str, person: str) -> bool:
        """Whether a person belongs to a site: it is theirs, or they have shifts there."""
        known = self.people.get(person)
        return known is not None and (known.site == site or site in self.sites_of((person,)))

    def _where_they_work(self) -> dict[str, dict[str, None]]:
        sites: dict[str, dict[str, None]] = {}
        for site, roster in self.rosters.items():
            for shift in roster.shifts:
                sites.setdefault(shift.person, {})[site] = None
        return sites

    def _by_wearer(self) -> dict[str, list[str]]:
        worn: dict[str, list[str]] = {}
        for device in self.organisation.devices:
            if device.person is not None:
                worn.setdefault(device.person, []).append(device.id)
        return worn

    def _by_number(self) -> dict[str, list[str]]:
        carriers: dict[str, list[str]] = {}
        for person in self.organisation.people:
            for phone in person.phones:
                carriers.setdefault(phone.number, []).append(person.id)
        return carriers

    def _zones_by_name(self) -> dict[tuple[str, str], str]:
        zones = self.organisation.zones
        return {(zone.site, name): zone.id for zone in zones for name in zone.wire}

    def _plan_names(self, site: str) -> tuple[str, ...]:
        steps = (s for plan in self.organisation.plans if plan.site == site for s in plan.steps)
        return tuple(dict.fromkeys(step.call.person for step in steps if step.call.person))


def _edges(loans: tuple[Assignment, ...]) -> list[datetime]:
    edges = {edge for loan in loans for edge in (loan.start, loan.end)}
    return [_EVER[0], *sorted(edges), _EVER[1]]


def _by_device(assignments: tuple[Assignment, ...]) -> dict[str, list[Assignment]]:
    loans: dict[str, list[Assignment]] = {}
    for assignment in assignments:
        loans.setdefault(assignment.device, []).append(assignment)
    return loans


def _lent_to(loans: list[Assignment], person: str) -> bool:
    return any(loan.person == person for loan in loans)
