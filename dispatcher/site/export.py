"""Writing an Organisation as the files it can be applied from again: same values, same bytes.

What stands at its default is left out, as a person would. Comments are not kept: the files are
written anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from alarms.plan import ROUND_LONGEST, Plan, Step
from core.errors import ConfigError
from devices.registry import Assignment, Device, Line, RemoteGateway
from dispatcher.roster.model import Language, Person, Phone, Unit, Walk, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.site import toml
from dispatcher.site.files import FILES
from dispatcher.site.shifts_csv import FILE as SHIFTS_CSV
from dispatcher.site.shifts_csv import write_shifts_csv
from dispatcher.site.toml import Value

SECRET_FILES = ("devices.toml", "lines.toml")
"""Files with passwords and keys: written for their owner alone."""

Values = Iterator[tuple[str, Value]]


def export_files(organisation: Organisation) -> dict[str, str]:
    """Name → content of every file that has something in it; `site.toml` always."""
    one = len(organisation.sites) == 1
    files = {
        "site.toml": "".join(_site(site) for site in organisation.sites),
        "people.toml": _tables("person", (_person(p, one) for p in organisation.people)),
        "units.toml": _tables("unit", (_unit(u, one) for u in organisation.units)),
        "zones.toml": _tables("zone", (_zone(z, one) for z in organisation.zones))
        + _tables("walk", (_walk(w) for w in organisation.walks)),
        "devices.toml": _tables("device", (_device(d, one) for d in organisation.devices))
        + _tables("assignment", (_assignment(a) for a in organisation.assignments)),
        "plans.toml": "".join(_plan(plan, one) for plan in organisation.plans),
        "lines.toml": "".join(_line(line, one) for line in organisation.lines)
        + _tables("gateway", (_gateway(g, one) for g in organisation.gateways)),
    }
    if organisation.shifts:
        files[SHIFTS_CSV] = write_shifts_csv(organisation.shifts)
    return {
        name: text.rstrip("\n") + "\n"
        for name, text in files.items()
        if text or name == "site.toml"
    }


def write_directory(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files, each as a whole or not at all. Raises ConfigError.

    A file of a site that would stay beside them is refused: it would be read together with them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stale = [name for name in FILES if name not in files and (directory / name).exists()]
    if stale:
        raise ConfigError(
            f"{directory}: holds {', '.join(stale)}, which this export does not write and `apply` "
            "would read with it; move it away, or export to an empty directory"
        )
    for name, text in files.items():
        _write(directory / name, text, 0o600 if name in SECRET_FILES else 0o644)


def _write(path: Path, text: str, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(text.encode())
    temporary.replace(path)


def _tables(name: str, records: Iterator[Values]) -> str:
    return "".join(toml.table(f"[[{name}]]", record) for record in records)


def _site(site: Site) -> str:
    text = toml.table("[[site]]", _site_values(site))
    return text + toml.table("[site.words]", site.words) if site.words else text


def _site_values(site: Site) -> Values:
    yield "id", site.id
    yield "name", site.name
    yield "timezone", site.timezone
    yield "country", site.country
    yield "language", site.language.value
    yield from _unless_empty("leaders", site.leaders)
    yield from _unless_empty("deputies", site.deputies)
    yield from _unless_empty("last_resort", site.last_resort)
    yield from _unless_empty("manual_routine", site.manual_routine)
    yield from _if_true("wearer_light", site.wearer_light)


def _person(person: Person, one_site: bool) -> Values:
    yield "id", person.id
    yield "name", person.name
    yield from _of_site(person.site, one_site)
    yield from _unless_empty("phones", tuple(_phone(phone) for phone in person.phones))
    if person.language is not Language.DANISH:
        yield "language", person.language.value
    yield from _unless_empty("instructed", person.instructed)
    yield from _if_true("temp", person.temp)


def _phone(phone: Phone) -> Value:
    return {"number": phone.number, "shared": True} if phone.shared else phone.number


def _unit(unit: Unit, one_site: bool) -> Values:
    yield "id", unit.id
    yield "name", unit.name
    yield from _of_site(unit.site, one_site)
    yield "zone", unit.zone
    if unit.min_staff:
        yield "min_staff", unit.min_staff
    yield from _unless_empty("meeting", unit.meeting)
    yield from _unless_empty("safe_room", unit.safe_room)


def _zone(zone: Zone, one_site: bool) -> Values:
    yield "id", zone.id
    yield "label", zone.label
    yield from _of_site(zone.site, one_site)
    yield from _unless_empty("unit", zone.unit)
    if zone.floor:
        yield "floor", zone.floor
    yield from _if_true("outdoor", zone.outdoor)
    if zone.lat is not None and zone.lon is not None:
        yield "lat", zone.lat
        yield "lon", zone.lon
    yield from _unless_empty("wire", zone.wire)


def _walk(walk: Walk) -> Values:
    yield "between", (walk.a, walk.b)
    yield "seconds", walk.seconds


def device_table(device: Device, one_site: bool) -> str:
    """One `[[device]]` as it stands in `devices.toml`."""
    return toml.table("[[device]]", _device(device, one_site))


def _device(device: Device, one_site: bool) -> Values:
    yield "id", device.id
    yield "kind", device.kind
    yield from _of_site(device.site, one_site)
    yield from _unless_empty("person", device.person)
    yield from _unless_empty("zone", device.zone)
    if device.level is not None:
        yield "level", device.level.value
    yield from _unless_empty("wire", device.wire)
    yield from _unless_empty("password", device.password)
    yield from _if_true("withdrawn", device.withdrawn)
    yield from _if_true("revoked", device.revoked)


def _assignment(assignment: Assignment) -> Values:
    yield "device", assignment.device
    yield "person", assignment.person
    yield "start", assignment.start
    yield "end", assignment.end


def _line(line: Line, one_site: bool) -> str:
    text = toml.table("[[line]]", _line_values(line, one_site))
    return text + toml.table("[line.settings]", line.settings) if line.settings else text


def _line_values(line: Line, one_site: bool) -> Values:
    usual = Line("", "", "", "")
    yield "id", line.id
    yield from _of_site(line.site, one_site)
    yield "protocol", line.protocol
    yield "url", line.url
    if line.speed_bd != usual.speed_bd:
        yield "speed_bd", line.speed_bd
    if line.data_bits != usual.data_bits:
        yield "data_bits", line.data_bits
    if line.parity is not usual.parity:
        yield "parity", line.parity.value
    if line.stop_bits != usual.stop_bits:
        yield "stop_bits", line.stop_bits
    if line.silent_after:
        yield "silent_s", line.silent_after.total_seconds()
    yield from _if_true("closes", line.closes)
    yield from _if_true("only_registered", line.only_registered)
    if line.gateway:
        yield "gateway", line.gateway


def _gateway(gateway: RemoteGateway, one_site: bool) -> Values:
    yield "id", gateway.id
    yield from _of_site(gateway.site, one_site)
    if gateway.token:
        yield "token", gateway.token


def _plan(plan: Plan, one_site: bool) -> str:
    steps = (toml.table("[[plan.step]]", _step(step)) for step in plan.steps)
    return toml.table("[[plan]]", _plan_values(plan, one_site)) + "".join(steps)


def _plan_values(plan: Plan, one_site: bool) -> Values:
    yield "id", plan.id
    yield from _of_site(plan.site, one_site)
    yield from _unless_empty("levels", tuple(level.value for level in plan.levels))
    yield from _unless_empty("kinds", tuple(kind.value for kind in plan.kinds))
    if plan.responders != 1:
        yield "responders", plan.responders
    if plan.round != ROUND_LONGEST:
        yield "round_s", plan.round.total_seconds()
    yield from _if_true("ring_locally", plan.ring_locally)


def _step(step: Step) -> Values:
    yield "after_s", step.after.total_seconds()
    yield "call", str(step.call)
    if step.count != 1:
        yield "count", step.count
    yield "by", step.by


def _of_site(site: str, one_site: bool) -> Values:
    if not one_site:
        yield "site", site


def _unless_empty(key: str, value: Value | None) -> Values:
    if value:
        yield key, value


def _if_true(key: str, value: bool) -> Values:
    if value:
        yield key, True
