"""People nobody can reach, devices nobody wears, numbers nobody may call. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import DomainError
from devices.catalogue import KINDS, kind
from devices.registry import Device
from dispatcher.channels.numbers import emergency, normalised
from dispatcher.roster.index import can_be_paged
from dispatcher.roster.model import Duty, Person, Phone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.roster.staffing import ALARM_INSTRUCTION
from dispatcher.site.findings import Finding, error, warning

LAST_RESORT_LEAST = 2


def check_people(organisation: Organisation) -> Iterator[Finding]:
    people = {person.id: person for person in organisation.people}
    worn = _worn(organisation)
    yield from _numbers(organisation)
    yield from _shared(organisation.people, worn)
    yield from _working(organisation, people, worn)
    for site in organisation.sites:
        yield from _lists(organisation, site, people)
        yield from _last_resort(site, people, worn)
    for device in organisation.devices:
        yield from _device(device, organisation)


def _worn(organisation: Organisation) -> dict[str, list[Device]]:
    """Per person the devices they wear, loans included."""
    devices = {device.id: device for device in organisation.devices}
    pairs = [(device.person, device) for device in organisation.devices]
    pairs += [
        (a.person, devices[a.device]) for a in organisation.assignments if a.device in devices
    ]
    worn: dict[str, list[Device]] = {}
    for person, device in pairs:
        if person is not None:
            worn.setdefault(person, []).append(device)
    return worn


def _numbers(organisation: Organisation) -> Iterator[Finding]:
    countries = {site.id: site.country for site in organisation.sites}
    for person in organisation.people:
        country = countries.get(person.site, "")
        for phone in person.phones:
            about = f"person {person.id}"
            reached = emergency(phone.number, country)
            if reached:
                yield error(
                    about, f"{phone.number} reaches {reached}: a person calls there, take it out"
                )
                continue
            try:
                written = normalised(phone.number, country)
            except DomainError as refused:
                yield error(about, f"{refused}")
                continue
            if written != phone.number:
                yield error(about, f"{phone.number} is written unlike {written}: write it so")


def _shared(people: tuple[Person, ...], worn: dict[str, list[Device]]) -> Iterator[Finding]:
    carriers: dict[str, list[tuple[Person, Phone]]] = {}
    for person in people:
        for phone in person.phones:
            carriers.setdefault(phone.number, []).append((person, phone))
    for number, found in carriers.items():
        names = ", ".join(person.id for person, _ in found)
        if len(found) > 1 and not all(phone.shared for _, phone in found):
            yield warning(
                f"phone {number}", f"is carried by {names}: write shared = true at each of them"
            )
        alone = [p.id for p, _ in found if len(p.phones) == 1 and not _paged(worn.get(p.id, ()))]
        if len(found) > 1 and alone:
            yield warning(
                f"phone {number}",
                f"is the only way to {', '.join(alone)}, who cannot be called when {names} press: "
                "give them a device or a number of their own",
            )


def _working(
    organisation: Organisation, people: dict[str, Person], worn: dict[str, list[Device]]
) -> Iterator[Finding]:
    duties: dict[str, list[Duty]] = {}
    for shift in organisation.shifts:
        duties.setdefault(shift.person, []).append(shift.duty)
    for person in (people[p] for p in duties if p in people):
        at_site = any(duty is not Duty.ON_CALL for duty in duties[person.id])
        devices = worn.get(person.id, [])
        if not person.phones and not _paged(devices):
            yield error(
                f"person {person.id}", "works and cannot be reached: add a device or a phone"
            )
        if at_site and not any(_raises(device) for device in devices):
            yield warning(f"person {person.id}", "works without an alarm: assign a device")
        if at_site and ALARM_INSTRUCTION not in person.instructed:
            yield warning(
                f"person {person.id}",
                'works without alarm instruction and is called last: instruct, then "alarm"',
            )


def _lists(organisation: Organisation, site: Site, people: dict[str, Person]) -> Iterator[Finding]:
    """Somebody who may be called off duty must have a phone: a badge hangs at the site."""
    steps = [step for plan in organisation.plans if plan.site == site.id for step in plan.steps]
    named = [step.call.person for step in steps if step.call.person]
    away = [s.person for s in organisation.shifts if s.duty is Duty.ON_CALL]
    for why, listed in (
        ("a leader", site.leaders),
        ("a deputy", site.deputies),
        ("on the last-resort list", site.last_resort),
        ("named by a plan", tuple(dict.fromkeys(named))),
        ("on call", tuple(dict.fromkeys(away))),
    ):
        for person in (people[p] for p in listed if p in people):
            if not person.phones:
                yield error(f"person {person.id}", f"is {why} and has no phone: add one")
    if not site.leaders:
        yield error(f"site {site.id}", "names no leaders: hours without a duty leader have nobody")
    if not site.deputies:
        yield warning(f"site {site.id}", "names no deputies: nobody leads when the leader pressed")


def _last_resort(
    site: Site, people: dict[str, Person], worn: dict[str, list[Device]]
) -> Iterator[Finding]:
    listed = [people[person] for person in dict.fromkeys(site.last_resort) if person in people]
    about = f"site {site.id}"
    if len(listed) < LAST_RESORT_LEAST:
        yield error(about, f"last_resort names {len(listed)}: name two people or more")
        return
    own = [{phone.number for phone in person.phones} for person in listed]
    if len(set[str]().union(*own)) < LAST_RESORT_LEAST:
        yield error(
            about, "last_resort hangs on one number: give each person a number of their own"
        )
    if not any(_paged(worn.get(person.id, ())) for person in listed):
        yield warning(
            about,
            "last_resort is reached by phone alone, which needs the Internet: put somebody with a "
            "badge on it as well",
        )


def _device(device: Device, organisation: Organisation) -> Iterator[Finding]:
    about, row = f"device {device.id}", kind(device.kind)
    if device.kind not in KINDS:
        yield warning(about, f"{device.kind!r} is no known kind: one of {', '.join(KINDS)}")
    if device.withdrawn or device.revoked:
        return
    lent = any(loan.device == device.id for loan in organisation.assignments)
    if device.person is None and device.zone is None and not lent:
        yield warning(about, "is worn by nobody and hangs nowhere: assign it, or withdraw it")
    elif not row.worn and device.kind in KINDS and device.zone is None:
        yield error(about, "hangs in no zone, nobody would know where to go: write its zone")


def _paged(devices: tuple[Device, ...] | list[Device]) -> bool:
    return any(can_be_paged(device) for device in devices)


def _raises(device: Device) -> bool:
    return kind(device.kind).presses_in_doubt or device.kind == "phone"
