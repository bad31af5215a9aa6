"""Devices nobody can hear, lines nobody has named a device on, gateways without lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from devices.catalogue import kind
from devices.protocols import FAMILIES, protocol_of
from devices.registry import NATIVE, Device
from dispatcher.roster.organisation import Organisation
from dispatcher.site.findings import Finding, error, warning


def check_lines(organisation: Organisation) -> Iterator[Finding]:
    spoken = {(line.site, protocol_of(line.protocol)) for line in organisation.lines}
    for device in organisation.devices:
        if not device.withdrawn and not device.revoked:
            yield from _unheard(device, spoken)
    registered = {(d.site, _protocol(wire)) for d in organisation.devices for wire in d.wire}
    for line in organisation.lines:
        if (line.site, protocol_of(line.protocol)) not in registered:
            yield warning(
                f"line {line.id}",
                "has no device yet: what speaks there calls the duty leader, without a place. "
                "Press each, then: tilkald devices scan",
            )


def _unheard(device: Device, spoken: set[tuple[str, str]]) -> Iterator[Finding]:
    """A wire name whose protocol no line of its site speaks will never be heard."""
    for wire in device.wire:
        protocol = _protocol(wire)
        if protocol == NATIVE or (device.site, protocol) in spoken:
            continue
        known = protocol in {family.protocol for family in FAMILIES.values()}
        what = f"speaks {protocol}" if known else f"speaks {protocol!r}, which nothing here knows"
        lines = f"no line of {device.site} does: add it to lines.toml, or correct the name"
        if device.password:
            yield warning(f"device {device.id}", f"{what}, and {lines}")
        else:
            yield error(f"device {device.id}", f"{what}, and {lines}. Pressed, it calls nobody")
    if not device.wire and not device.password and not kind(device.kind).worn:
        yield warning(
            f"device {device.id}", "has neither a password nor a wire name: nothing can hear it"
        )


def _protocol(wire: str) -> str:
    return wire.partition(":")[0]
