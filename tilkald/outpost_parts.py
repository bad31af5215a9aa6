"""Which part of the configuration a remote gateway gets: its site's, and no phone number."""

from __future__ import annotations

from collections.abc import Sequence

from alarms.plan import plan_for
from core.signals import AlarmKind, Level
from devices.registry import RemoteGateway
from dispatcher.roster.model import Language
from dispatcher.roster.organisation import Organisation
from gateway.handover import Part


def parts(organisation: Organisation) -> Sequence[tuple[RemoteGateway, Part]]:
    """Every remote gateway with its part."""
    return [(gateway, _part(organisation, gateway)) for gateway in organisation.gateways]


def places(organisation: Organisation, site: str | None = None) -> dict[str, str]:
    """Every name a device may use for a zone → the zone."""
    zones = [zone for zone in organisation.zones if site in (None, zone.site)]
    return {zone.id: zone.id for zone in zones} | {
        name: zone.id for zone in zones for name in zone.wire
    }


def _part(organisation: Organisation, gateway: RemoteGateway) -> Part:
    site = gateway.site
    devices = tuple(d for d in organisation.devices if d.site == site)
    here = {device.id for device in devices}
    languages = [s.language for s in organisation.sites if s.id == site]
    return Part(
        version=organisation.version,
        site=site,
        language=(languages or [Language.DANISH])[0].value,
        devices=devices,
        assignments=tuple(a for a in organisation.assignments if a.device in here),
        lines=tuple(line for line in organisation.lines if line.gateway == gateway.id),
        places=places(organisation, site),
        labels={zone.id: zone.label for zone in organisation.zones if zone.site == site},
        names={p.id: p.name.split()[0] for p in organisation.people if p.site == site},
        sounds=_sounds(organisation, site),
    )


def _sounds(organisation: Organisation, site: str) -> dict[Level, tuple[AlarmKind, ...]]:
    """For what the plans of a site let its sirens sound (law 7): never for what is not acute."""
    return {
        level: tuple(
            kind
            for kind in AlarmKind
            if kind is not AlarmKind.TECHNICAL
            and plan_for(organisation.plans, site, level, kind, ()).ring_locally
        )
        for level in Level
        if level.only_people_close
    }
