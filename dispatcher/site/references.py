"""What must hold between the parts of a configuration: ids once, and nothing pointing nowhere.

Asked when files are read (with their lines) and again when a configuration is put together from an
old and a new one. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from alarms.vocabulary import Who
from devices.protocols import own_name
from dispatcher.roster.organisation import Organisation
from dispatcher.site.wire_identity import native_name, spelled


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule broken by the `number`th record (from 0) of a `part` of the Organisation."""

    part: str
    number: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.part}[{self.number + 1}].{self.key}: {self.text}"


def broken_references(organisation: Organisation) -> list[Broken]:
    """Every rule that is broken, in the order of the parts."""
    return list(_References(organisation).all())


class _References:
    def __init__(self, organisation: Organisation) -> None:
        self.o = organisation
        self.sites = {site.id for site in organisation.sites}
        self.people = {person.id for person in organisation.people}
        self.units = {unit.id: unit.site for unit in organisation.units}
        self.zones = {zone.id: zone.site for zone in organisation.zones}
        self.devices = {device.id for device in organisation.devices}

    def all(self) -> Iterator[Broken]:
        yield from self._once()
        yield from self._of_sites()
        yield from self._of_people()
        yield from self._of_places()
        yield from self._of_shifts()
        yield from self._of_plans()
        yield from self._of_devices()
        yield from self._of_loans()
        yield from self._of_lines()

    def _once(self) -> Iterator[Broken]:
        o = self.o
        for part, ids in (
            ("sites", [site.id for site in o.sites]),
            ("people", [person.id for person in o.people]),
            ("units", [unit.id for unit in o.units]),
            ("zones", [zone.id for zone in o.zones]),
            ("plans", [plan.id for plan in o.plans]),
            ("devices", [device.id for device in o.devices]),
            ("lines", [line.id for line in o.lines]),
            ("gateways", [gateway.id for gateway in o.gateways]),
        ):
            yield from _twice(part, "id", ids)
        walks = [" and ".join(sorted((walk.a, walk.b))) for walk in o.walks]
        yield from _twice("walks", "between", walks)

    def _of_sites(self) -> Iterator[Broken]:
        for n, site in enumerate(self.o.sites):
            for key, people in (
                ("leaders", site.leaders),
                ("deputies", site.deputies),
                ("last_resort", site.last_resort),
            ):
                for person in people:
                    yield from _known("sites", n, key, person, self.people, "person")

    def _of_people(self) -> Iterator[Broken]:
        for n, person in enumerate(self.o.people):
            yield from _known("people", n, "site", person.site, self.sites, "site")
            yield from _twice_in("people", n, "phones", [phone.number for phone in person.phones])

    def _of_places(self) -> Iterator[Broken]:
        for n, unit in enumerate(self.o.units):
            yield from _known("units", n, "site", unit.site, self.sites, "site")
            for key, place in (
                ("zone", unit.zone),
                ("meeting", unit.meeting),
                ("safe_room", unit.safe_room),
            ):
                yield from self._in_site("units", n, key, place, unit.site, self.zones, "zone")
        for n, zone in enumerate(self.o.zones):
            yield from _known("zones", n, "site", zone.site, self.sites, "site")
            yield from self._in_site("zones", n, "unit", zone.unit, zone.site, self.units, "unit")
        yield from self._wire_names()
        for n, walk in enumerate(self.o.walks):
            for end in (walk.a, walk.b):
                yield from _known("walks", n, "between", end, self.zones, "zone")
            if walk.a == walk.b:
                yield Broken("walks", n, "between", f"{walk.a!r} is both ends; name two zones")

    def _wire_names(self) -> Iterator[Broken]:
        owner = {(zone.site, zone.id): zone.id for zone in self.o.zones}
        for n, zone in enumerate(self.o.zones):
            for name in zone.wire:
                other = owner.setdefault((zone.site, name), zone.id)
                if other != zone.id:
                    yield Broken("zones", n, "wire", f"{name!r} already means zone {other!r}")

    def _of_shifts(self) -> Iterator[Broken]:
        for n, shift in enumerate(self.o.shifts):
            yield from _known("shifts", n, "person", shift.person, self.people, "person")
            yield from _known("shifts", n, "unit", shift.unit, self.units, "unit")

    def _of_plans(self) -> Iterator[Broken]:
        for n, plan in enumerate(self.o.plans):
            yield from _known("plans", n, "site", plan.site, self.sites, "site")
            for number, step in enumerate(plan.steps, start=1):
                key = f"step[{number}].call"
                if step.call.who is Who.PERSON:
                    yield from _known("plans", n, key, step.call.person, self.people, "person")

    def _of_devices(self) -> Iterator[Broken]:
        # What a device logs in as is its own, also where no `wire` says so.
        spoken = {spelled(native_name(device.id)): device.id for device in self.o.devices}
        for n, device in enumerate(self.o.devices):
            yield from _known("devices", n, "site", device.site, self.sites, "site")
            if device.person is not None:
                yield from _known("devices", n, "person", device.person, self.people, "person")
            yield from self._in_site(
                "devices", n, "zone", device.zone, device.site, self.zones, "zone"
            )
            if device.id in self.people:
                # An address must mean one thing: law 3 bars by address.
                yield Broken("devices", n, "id", f"{device.id!r} is also a person; rename one")
            for identity in device.wire:
                native = spelled(identity).startswith(native_name(""))
                name = spelled(identity) if native else identity
                other = spoken.setdefault(name, device.id)
                if other != device.id:
                    yield Broken("devices", n, "wire", f"{identity!r} is already {other!r}")

    def _of_loans(self) -> Iterator[Broken]:
        loans = list(enumerate(self.o.assignments))
        for n, loan in loans:
            yield from _known("assignments", n, "device", loan.device, self.devices, "device")
            yield from _known("assignments", n, "person", loan.person, self.people, "person")
            if loan.end <= loan.start:
                yield Broken("assignments", n, "end", "is not after its start")
        loans.sort(key=lambda entry: (entry[1].device, entry[1].start))
        for (_, first), (n, second) in pairwise(loans):
            if first.device == second.device and second.start < first.end:
                yield Broken(
                    "assignments", n, "start", f"{first.person} still wears {first.device} then"
                )

    def _of_lines(self) -> Iterator[Broken]:
        opened: dict[tuple[str, str], str] = {}
        named: dict[str, str] = {}
        gateways = {gateway.id: gateway.site for gateway in self.o.gateways}
        for n, gateway in enumerate(self.o.gateways):
            yield from _known("gateways", n, "site", gateway.site, self.sites, "site")
        for n, line in enumerate(self.o.lines):
            yield from _known("lines", n, "site", line.site, self.sites, "site")
            there = line.gateway or None
            yield from self._in_site("lines", n, "gateway", there, line.site, gateways, "gateway")
            if line.url.startswith("mqtt://"):
                end = line.url.removeprefix("mqtt://")
                yield from _known("lines", n, "url", end, self.devices, "device")
            other = opened.setdefault((line.gateway, line.url), line.id)
            if other != line.id:
                yield Broken("lines", n, "url", f"{line.url!r} is already line {other!r}")
            name = own_name(line.protocol, dict(line.settings))
            same = named.setdefault(name, line.id)
            if name and same != line.id:
                text = f"name {name!r} is already that of line {same!r}; write another name"
                yield Broken("lines", n, "settings", text)

    def _in_site(
        self,
        part: str,
        n: int,
        key: str,
        value: str | None,
        site: str,
        of: dict[str, str],
        what: str,
    ) -> Iterator[Broken]:
        if value is None:
            return
        yield from _known(part, n, key, value, of, what)
        if value in of and of[value] != site and site in self.sites:
            yield Broken(part, n, key, f"{what} {value!r} is at site {of[value]!r}, not {site!r}")


def _known(
    part: str, n: int, key: str, value: str, known: Collection[str], what: str
) -> Iterator[Broken]:
    if value in known:
        return
    close = get_close_matches(value, sorted(known), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    yield Broken(part, n, key, f"there is no {what} {value!r}{hint}")


def _twice(part: str, key: str, values: list[str]) -> Iterator[Broken]:
    first: dict[str, int] = {}
    for n, value in enumerate(values):
        if first.setdefault(value, n) != n:
            yield Broken(
                part, n, key, f"{value!r} stands twice, first as number {first[value] + 1}"
            )


def _twice_in(part: str, n: int, key: str, values: list[str]) -> Iterator[Broken]:
    for value in dict.fromkeys(v for i, v in enumerate(values) if v in values[:i]):
        yield Broken(part, n, key, f"{value!r} stands twice")
