"""Ids in words: people by first name, units and zones as staff say them."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.roster.model import Person, Unit, Zone
from dispatcher.roster.organisation import Organisation, Site


@dataclass(frozen=True, slots=True)
class Names:
    """The lookup tables of one version of the configuration. An unknown id is shown as it is."""

    people: dict[str, Person]
    units: dict[str, Unit]
    zones: dict[str, Zone]
    sites: dict[str, Site]

    @classmethod
    def of(cls, organisation: Organisation) -> Names:
        return cls(
            {person.id: person for person in organisation.people},
            {unit.id: unit for unit in organisation.units},
            {zone.id: zone for zone in organisation.zones},
            {site.id: site for site in organisation.sites},
        )

    def person(self, person: str) -> str:
        known = self.people.get(person)
        return known.first_name if known else person

    def everybody(self, people: str) -> str:
        """`"bo,ida"` → `"Bo, Ida"`: lists of people in a timeline entry."""
        return ", ".join(self.person(one.strip()) for one in people.split(",") if one.strip())

    def unit(self, unit: str) -> str:
        known = self.units.get(unit)
        return known.name if known else unit

    def zone(self, zone: str) -> str:
        known = self.zones.get(zone)
        return known.label if known else zone
