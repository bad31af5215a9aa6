"""What the engine sees of the world: the configuration, the roster, the devices, the open alarms.

One object per process. A new configuration, a word about presence, a device that goes silent all
change it; every decision looks at it afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, radians
from typing import Protocol

from alarms.calling import with_leader_first
from alarms.model import Alarm, Notice, Place
from alarms.plan import EVERY_WAY, Plan, plan_for
from alarms.view import View
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, Level, Position, Signal
from core.values import replace
from devices.findings import State
from dispatcher.channels.ports import Addressee
from dispatcher.channels.rows import CHANNELS, named
from dispatcher.engine.fixes import age_s, fix_age_s
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Moment
from dispatcher.engine.ports import DeviceState, PersonState
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.model import Language, Presence, Unit, Zone
from dispatcher.roster.organisation import Organisation
from dispatcher.roster.pressing import Pressing
from dispatcher.roster.staffing import Staffing
from dispatcher.roster.views import Situation, Views

QUIETLY = named(CHANNELS, leaves_site=False)
"""Technical alarms of a site without a plan for them wake nobody's telephone."""

PLACE_WITHIN_M = 150.0
"""A position this near an outdoor zone is told by the zone's name, else as a position."""

METRES_PER_DEGREE = 111_320.0
PRESENCE_MOST = 10_000
VIEWS_KEPT = 256
"""Alarms whose newest view is kept: the decisions on one alarm follow each other closely."""


class DeviceStates(Protocol):
    """What supervision knows of a device now; the gateway's side of the same process."""

    def state_of(self, device: str) -> tuple[State, float | None, float | None]:
        """State, seconds since heard (None: not since the start), battery 0..1."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything a view is made of."""

    staffing: Staffing | None
    site: str
    zone: str | None
    pressing: Pressing
    busy: tuple[str, ...]
    unhealthy: Mapping[str, str]

    def same_as(self, other: _Seen) -> bool:
        """What is one object while it stands need not be compared through."""
        return (
            self.staffing is not None
            and self.staffing is other.staffing
            and self.unhealthy is other.unhealthy
            and (self.site, self.zone) == (other.site, other.zone)
            and self.busy == other.busy
            and self.pressing == other.pressing
        )


@dataclass(frozen=True, slots=True)
class _Viewed:
    seen: _Seen
    view: View


class SitePictures:
    """Implements `dispatcher.engine.engine.World`."""

    def __init__(
        self, organisation: Organisation, presence: Sequence[Presence], states: DeviceStates
    ) -> None:
        self._made_of(organisation)
        self._presence = tuple(presence)
        self._states = states
        self._unhealthy: Mapping[str, str] = {}
        self._viewed: dict[str, _Viewed] = {}
        self._open_alarms = OpenAlarms()
        self._consoles: Callable[[], tuple[str, ...] | None] = lambda: None

    def watch_over(self, open_alarms: OpenAlarms) -> None:
        """Take the open alarms whose victims and helpers every picture must know."""
        self._open_alarms = open_alarms

    def look_at_consoles(self, consoles: Callable[[], tuple[str, ...]]) -> None:
        """Take the question who has the console open."""
        self._consoles = consoles

    def configure(self, organisation: Organisation) -> None:
        """Take over a new version of the configuration. Running plans keep their snapshots."""
        self._made_of(organisation)

    def unreachable(self, addresses: Sequence[str], why: str | None) -> None:
        """Mark routes that do not work now (`silent`, `tamper`), or (None) work again."""
        if not addresses:
            return
        # A view that is looked at later must not change: it keeps the routes it was made of.
        unhealthy = dict(self._unhealthy)
        for address in addresses:
            if why is None:
                unhealthy.pop(address, None)
            else:
                unhealthy[address] = why
        self._unhealthy = unhealthy

    # Pictures: for deciding

    def view(self, alarm: Alarm, at: Moment) -> View:
        """Fresh at every call; what was seen before is looked at again only if it has changed."""
        seen = self._look(alarm, at)
        kept = self._viewed.pop(alarm.id, None)
        if kept is None or not kept.seen.same_as(seen):
            kept = _Viewed(seen, self._made(seen, at))
        if len(self._viewed) >= VIEWS_KEPT:
            del self._viewed[next(iter(self._viewed))]
        self._viewed[alarm.id] = kept
        return replace(kept.view, at=at.now, wall=at.wall, consoles=self._consoles())

    def place(self, signal: Signal, at: Moment) -> Place:
        """Honestly (law 8): the device's word, else its position, else the unit of the roster."""
        site = self.site_of(signal)
        if signal.zone is not None and (zone := self._index.zone_named(site, signal.zone)):
            # A panel's point hangs where it hangs; only what is carried meets a beacon.
            carried = signal.reading.zone and not signal.reading.point
            if not carried:
                return self._at_zone(zone, PlaceSource.FIXED)
            return replace(
                self._at_zone(zone, PlaceSource.BEACON), age_s=age_s(signal), aged_at=at.now
            )
        if signal.reading.position is not None:
            place = self._at_position(site, signal.reading.position)
            return replace(place, age_s=fix_age_s(signal), aged_at=at.now)
        if signal.person is not None:
            post = self._staffing(site, at).post_of(signal.person)
            if post.zone is not None:
                return self._at_zone(self._index.graph.zones[post.zone], PlaceSource.ROSTER)
        return Place(None, "", PlaceSource.UNKNOWN)

    def plan(self, site: str, level: Level, kind: AlarmKind, orphan: bool) -> Plan:
        """The site's plan for this level and kind; for an orphan, the duty leader first."""
        plan = plan_for(self._index.organisation.plans, site, level, kind, QUIETLY)
        if not orphan:
            return plan
        steps = with_leader_first(plan.steps, EVERY_WAY)
        return replace(plan, id=f"{plan.id}+leader-first", steps=steps)

    def on_shift(self, person: str | None, at: Moment) -> bool:
        if person is None:
            return False
        sites = self._index.sites_of((person,)) or tuple(self._index.sites)
        return any(person in self._staffing(site, at).on_duty for site in sites)

    def leads(self, person: str, site: str, at: Moment) -> bool:
        """The duty leader of the shift, else the site's own; deputies when those have pressed."""
        known = self._index.sites.get(site)
        if known is None:
            return False
        leaders = self._staffing(site, at).leaders or known.leaders
        if all(self._open_alarms.has_pressed(leader) for leader in leaders):
            leaders = (*leaders, *known.deputies)
        return person in leaders

    def knows(self, person: str) -> bool:
        return person in self._index.people

    def holders(self, address: str, at: Moment) -> tuple[str, ...]:
        return self._index.holders(address, at.wall)

    def addresses(self, person: str, at: Moment) -> tuple[str, ...]:
        return self._index.addresses(person, at.wall)

    def is_trusted(self, address: str) -> bool:
        device = self._index.devices.get(address)
        return device is None or not (device.withdrawn or device.revoked)

    def is_revoked(self, address: str) -> bool:
        device = self._index.devices.get(address)
        return device is not None and device.revoked

    def first_name(self, person: str | None) -> str:
        known = self._index.people.get(person or "")
        return known.first_name if known is not None else ""

    def site_of(self, signal: Signal) -> str:
        """The device's site; an unknown device calls the first one, for somebody must go."""
        if signal.site in self._index.sites:
            return signal.site
        return next(iter(self._index.sites), "")

    # For pages and channels

    def organisation(self) -> Organisation:
        return self._index.organisation

    def people(self, at: Moment) -> Sequence[PersonState]:
        return [
            self._person(person.id, staffing, at)
            for site in self._index.sites
            for staffing in (self._staffing(site, at),)
            for person in self._index.organisation.people
            if person.site == site or person.id in staffing.rows
        ]

    def devices(self, at: Moment) -> Sequence[DeviceState]:
        return [self._device(d.id, at) for d in self._index.organisation.devices]

    def addressee(self, notice: Notice) -> Addressee:
        site = self._index.sites.get(notice.site)
        person = self._index.people.get(notice.person)
        spoken = site.language if site is not None else Language.ENGLISH
        return Addressee(
            person=notice.person,
            language=person.language if person is not None else spoken,
            words=site.words if site is not None else (),
            site_name=site.name if site is not None else "",
            timezone=site.timezone if site is not None else "UTC",
        )

    def wearer(self, device: str, wall: datetime) -> str | None:
        """Who wears a device at this wall-clock instant."""
        return self._index.wearer(device, wall)

    def present(self, word: Presence) -> bool:
        """Take a check-in or check-out: it stands until their shift ends, or they say otherwise."""
        if any(p.person == word.person and p.at > word.at for p in self._presence):
            return False
        others = [p for p in self._presence if p.person != word.person][-PRESENCE_MOST:]
        self._presence = (*others, word)
        return True

    def country(self, site: str) -> str:
        """Which country's emergency numbers are refused there."""
        known = self._index.sites.get(site)
        return known.country if known is not None else ""

    def expected_devices(self, at: Moment) -> tuple[str, ...]:
        """Devices that must be heard: worn by somebody on duty, or fixed in a place."""
        worn = [
            device.id
            for site in self._index.sites
            for person in self._staffing(site, at).rows
            for device in self._index.worn_by(person, at.wall)
            if not device.withdrawn
        ]
        fixed = [
            device.id
            for device in self._index.organisation.devices
            if device.zone is not None and device.person is None and not device.withdrawn
        ]
        return tuple(dict.fromkeys((*worn, *fixed)))

    def on_duty(self, at: Moment) -> tuple[str, ...]:
        """Everybody at work at any site now."""
        people = [p for site in self._index.sites for p in self._staffing(site, at).on_duty]
        return tuple(sorted(dict.fromkeys(people)))

    # Inside

    def _made_of(self, organisation: Organisation) -> None:
        self._index = OrganisationIndex(organisation, CHANNELS)
        self._views = Views(self._index)

    def _staffing(self, site: str, at: Moment) -> Staffing:
        return self._views.staffing(site, at.wall, self._presence)

    def _look(self, alarm: Alarm, at: Moment) -> _Seen:
        known = alarm.site in self._index.sites
        return _Seen(
            staffing=self._staffing(alarm.site, at) if known else None,
            site=alarm.site,
            zone=alarm.place.zone,
            pressing=self._pressing(alarm),
            busy=tuple(self._open_alarms.coming_elsewhere(alarm.id)),
            unhealthy=self._unhealthy,
        )

    def _made(self, seen: _Seen, at: Moment) -> View:
        return self._views.view(
            site=seen.site,
            zone=seen.zone,
            pressing=seen.pressing,
            now=at.now,
            wall=at.wall,
            situation=Situation(presence=self._presence, unhealthy=seen.unhealthy, busy=seen.busy),
        )

    def _pressing(self, alarm: Alarm) -> Pressing:
        """The victims of this alarm and of every other open one, of every site."""
        kept, victims = self._open_alarms.get(alarm.id), self._open_alarms.victims
        if kept is not None and kept.pressers is alarm.pressers:
            return victims.now()
        return victims.with_pressers(alarm.pressers)

    def _at_zone(self, zone: Zone, source: PlaceSource) -> Place:
        unit = self._index.units.get(zone.unit or "")
        return Place(
            zone=zone.id,
            label=zone.label,
            source=source,
            meeting=self._meeting(unit),
            lat=zone.lat,
            lon=zone.lon,
        )

    def _at_position(self, site: str, position: Position) -> Place:
        zones = [z for z in self._index.graph.zones.values() if z.site == site]
        near = min(
            (z for z in zones if z.lat is not None and z.lon is not None),
            key=lambda zone: _metres(zone, position),
            default=None,
        )
        if near is not None and _metres(near, position) <= PLACE_WITHIN_M:
            place = self._at_zone(near, PlaceSource.POSITION)
        else:
            place = Place(None, "", PlaceSource.POSITION)
        return replace(place, lat=position.lat, lon=position.lon, accuracy_m=position.accuracy_m)

    def _meeting(self, unit: Unit | None) -> str | None:
        zone = self._index.graph.zones.get(unit.meeting or "") if unit is not None else None
        return zone.label if zone is not None else None

    def _person(self, person: str, staffing: Staffing, at: Moment) -> PersonState:
        row = staffing.rows.get(person)
        devices = self._index.worn_by(person, at.wall)
        return PersonState(
            person=person,
            first_name=self.first_name(person),
            unit=row.unit if row is not None else None,
            duty=row.duty if row is not None else None,
            on_shift=person in staffing.on_duty,
            runner=row.runner if row is not None else False,
            devices=tuple(self._device(device.id, at) for device in devices),
        )

    def _device(self, device: str, at: Moment) -> DeviceState:
        known = self._index.devices[device]
        state, heard_s, battery = self._states.state_of(device)
        if known.revoked or known.withdrawn:
            state = State.REVOKED if known.revoked else State.WITHDRAWN
        return DeviceState(
            device, known.kind, self._index.wearer(device, at.wall), heard_s, battery, state
        )


def _metres(zone: Zone, position: Position) -> float:
    assert zone.lat is not None
    assert zone.lon is not None
    north = (zone.lat - position.lat) * METRES_PER_DEGREE
    east = (zone.lon - position.lon) * METRES_PER_DEGREE * cos(radians(position.lat))
    return hypot(north, east)
