"""A small house for stories: people in one line, and what the engine may see of them.

    Anna in lejl-12 | Bo 35 s | Ida 60 s minimum_staff | Lone leader | Bent on_call

Implements `dispatcher.engine.outcome.Pictures` plainly: nearest is whoever has fewer seconds,
people with something unusual come after the others, nobody who pressed stands anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from alarms.calling import with_leader_first
from alarms.model import Alarm, Place
from alarms.plan import ROUND_LONGEST, Callee, Plan, Step
from alarms.view import Candidate, LeftOut, Route, Unusual, View
from alarms.vocabulary import LeftOutWhy, PlaceSource
from core.signals import AlarmKind, Level, Signal
from core.values import replace
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Moment
from dispatcher.roster.model import Person, Presence
from dispatcher.roster.organisation import Organisation

SITE = "bosted"
EVERY_WAY = ("wearable", "sms")
ROLES = ("leader", "deputy", "on_call", "last_resort", "off_shift")
SHARED_PHONE = "+4520999999"


@dataclass(frozen=True, slots=True)
class Colleague:
    """One person of a story; `id` is the first name in small letters."""

    id: str
    first_name: str
    seconds: float | None = None
    zone: str | None = None
    roles: tuple[str, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    unit: str = "House 2"
    routes: tuple[Route, ...] = ()

    @property
    def badge(self) -> str:
        return f"badge-{self.id}"

    @property
    def near(self) -> bool:
        """On shift and on site: whoever has no role that keeps them away."""
        return self.seconds is not None and "off_shift" not in self.roles


@dataclass(slots=True)
class House:
    """What the core asks of people, places and plans."""

    people: dict[str, Colleague]
    plans: list[Plan]
    off: dict[str, None] = field(default_factory=dict)
    unhealthy: dict[str, str] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)
    lent: dict[str, str] = field(default_factory=dict)
    revoked: dict[str, None] = field(default_factory=dict)
    open_alarms: OpenAlarms = field(default_factory=OpenAlarms)

    def view(self, alarm: Alarm, at: Moment) -> View:
        pressers = (*alarm.pressers, *self.open_alarms.pressers())
        victims = [p.person for p in pressers if p.person is not None]
        barred = [p.device for p in pressers]
        barred += [address for victim in victims for address in self.addresses(victim, at)]
        away = (*victims, *self.off, *self.gone)
        free = [p for p in self.people.values() if p.id not in away]
        made = {p.id: self._candidate(p, alarm, barred) for p in free}
        near = sorted((p for p in free if p.near), key=lambda p: (bool(p.unusual), p.seconds or 0))
        roles = {r: tuple(made[p.id] for p in free if r in p.roles) for r in ROLES}
        return View(
            at=at.now,
            wall=at.wall,
            nearest=tuple(made[p.id] for p in near),
            leaders=(*roles["leader"], *roles["deputy"]),
            deputies=roles["deputy"],
            on_call=roles["on_call"],
            last_resort=roles["last_resort"],
            named=tuple(made.values()),
            left_out=tuple(LeftOut(v, LeftOutWhy.PRESSED) for v in dict.fromkeys(victims)),
            barred=tuple(dict.fromkeys(barred)),
        )

    def place(self, signal: Signal, at: Moment) -> Place:
        if signal.zone is not None:
            return Place(signal.zone, signal.zone, PlaceSource.BEACON)
        person = self.people.get(signal.person or "")
        if person is not None and person.zone is not None:
            return Place(person.zone, person.zone, PlaceSource.ROSTER)
        return Place(None, "", PlaceSource.UNKNOWN)

    def plan(self, site: str, level: Level, kind: AlarmKind, orphan: bool) -> Plan:
        named = [p for p in self.plans if not p.levels or level in p.levels]
        plan = next((p for p in named if kind in p.kinds), None)
        plan = plan or next(p for p in named if not p.kinds)
        if not orphan:
            return plan
        return replace(plan, steps=with_leader_first(plan.steps, EVERY_WAY))

    def on_shift(self, person: str | None, at: Moment) -> bool:
        known = self.people.get(person or "")
        return known is not None and known.id not in self.off and "off_shift" not in known.roles

    def leads(self, person: str, site: str, at: Moment) -> bool:
        leaders = [p.id for p in self.people.values() if "leader" in p.roles]
        if all(self.open_alarms.has_pressed(leader) for leader in leaders):
            leaders += [p.id for p in self.people.values() if "deputy" in p.roles]
        return person in leaders

    def knows(self, person: str) -> bool:
        return person in self.people and person not in self.gone

    def holders(self, address: str, at: Moment) -> tuple[str, ...]:
        holds = (p.id for p in self.people.values() if address in self.addresses(p.id, at))
        return (self.lent[address],) if address in self.lent else tuple(holds)

    def addresses(self, person: str, at: Moment) -> tuple[str, ...]:
        known = self.people.get(person)
        routes = known.routes if known is not None else ()
        own = (f"badge-{person}", *(route.address for route in routes), person)
        worn = (address for address in own if self.lent.get(address, person) == person)
        lent = (device for device, borrower in self.lent.items() if borrower == person)
        return tuple(dict.fromkeys((*worn, *lent)))

    def is_trusted(self, address: str) -> bool:
        return address not in self.revoked

    def is_revoked(self, address: str) -> bool:
        return address in self.revoked

    def first_name(self, person: str | None) -> str:
        known = self.people.get(person or "")
        return known.first_name if known is not None else ""

    def site_of(self, signal: Signal) -> str:
        return SITE

    def organisation(self) -> Organisation:
        return Organisation(
            1, (), tuple(Person(p.id, p.first_name, SITE) for p in self.people.values())
        )

    def present(self, word: Presence) -> bool:
        return True

    def _candidate(self, person: Colleague, alarm: Alarm, barred: list[str]) -> Candidate:
        allowed = [r for r in person.routes if r.address not in barred]
        routes = sorted(
            (replace(r, healthy=r.address not in self.unhealthy) for r in allowed),
            key=lambda r: not r.healthy,
        )
        unusual = person.unusual
        if person.id in self.open_alarms.coming_elsewhere(alarm.id):
            unusual = (*unusual, Unusual.ELSEWHERE)
        return Candidate(
            person=person.id,
            first_name=person.first_name,
            expected_s=person.seconds,
            routes=tuple(routes),
            unusual=unusual,
            unit_name=person.unit,
        )


def house_of(people: str, plans: list[str]) -> House:
    """Read the header and the plan lines of a story."""
    colleagues = [_colleague(part.strip(), n) for n, part in enumerate(people.split("|"))]
    return House({c.id: c for c in colleagues}, [_plan(line) for line in plans])


def _colleague(text: str, number: int) -> Colleague:
    """`Ida in lejl-12 60 s minimum_staff no_badge`: words in any order after the name."""
    name, _, rest = text.partition(" ")
    words = rest.split()
    seconds = re.search(r"(\d+) s\b", rest)
    zone = re.search(r"\bin (\S+)", rest)
    unit = re.search(r"\bof (\S+)", rest)
    roles = tuple(w for w in words if w in ROLES)
    person = Colleague(
        id=name.lower(),
        first_name=name,
        seconds=float(seconds[1]) if seconds else None,
        zone=zone[1] if zone else None,
        roles=roles,
        unusual=tuple(Unusual(w) for w in words if w in tuple(Unusual)),
        unit=unit[1] if unit else "House-2",
    )
    away = person.seconds is None and person.zone is None and roles != ("leader",)
    badge = () if "no_badge" in words or away else (Route("wearable", person.badge),)
    number_of = SHARED_PHONE if "shared_phone" in words else f"+45200000{number:02d}"
    phone = () if "no_phone" in words else (Route("sms", number_of),)
    return replace(person, routes=(*badge, *phone))


def _plan(line: str) -> Plan:
    """`plan yellow: 0 s nearest wearable; 30 s nearest*2 sms | responders 2 | round 20 s`."""
    head, _, body = line.partition(":")
    steps, *options = (part.strip() for part in body.split("|"))
    words = head.split()[1:]
    known = {o.split()[0]: o.split()[1] for o in options}
    return Plan(
        id="-".join(["plan", *words]),
        site=SITE,
        steps=tuple(_step(s) for s in steps.split(";") if s.strip()),
        levels=tuple(Level(w) for w in words if w in tuple(Level)),
        kinds=tuple(AlarmKind(w) for w in words if w in tuple(AlarmKind)),
        responders=int(known.get("responders", "1")),
        round=timedelta(seconds=float(known["round"])) if "round" in known else ROUND_LONGEST,
    )


def _step(text: str) -> Step:
    after_s, _, call, *by = text.split()
    name, _, count = call.partition("*")
    return Step(
        timedelta(seconds=float(after_s)),
        Callee.named(name),
        tuple(by or EVERY_WAY),
        int(count or "1"),
    )
