"""When the picture of the world itself cannot be made, everybody is called.

A roster that contradicts itself, or a mistake of ours in reading it, must cost precision and never
the press: the configuration's people with all their routes, less the victims, are the picture then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Protocol, TypeVar

from alarms.channel import Rings
from alarms.model import Alarm, Place, Presser
from alarms.plan import Plan, without_a_plan
from alarms.view import Candidate, Reason, View
from alarms.vocabulary import ChosenWhy, PlaceSource
from core import log
from core.log_line import told
from core.signals import AlarmKind, Level, Signal
from core.values import replace
from dispatcher.channels.rows import CHANNELS
from dispatcher.engine.outcome import Moment, Pictures
from dispatcher.roster.index import routes_to
from dispatcher.roster.organisation import Organisation
from dispatcher.roster.unrolled import Unrolled

CALLED_MOST = 250
"""How many people the last net calls: a site's, and then some."""


_T = TypeVar("_T")


class Report(Protocol):
    """`Health.report`."""

    def __call__(self, part: str, message: str, **fields: object) -> None: ...


class _Net(Protocol):
    """What is asked, and what is taken where it cannot be answered."""

    def __call__(self, ask: Callable[[], _T], without: Callable[[], _T]) -> _T: ...


_log = log.logger("dispatcher.last_net")


class NettedPictures:
    """`Pictures` that always answers. What went wrong is reported as `roster`."""

    def __init__(
        self,
        pictures: Pictures,
        organisation: Callable[[], Organisation],
        report: Report,
        pressers: Callable[[], Sequence[Presser]],
    ) -> None:
        """`pressers`: every victim of every open alarm."""
        self._pressers = pressers
        self._pictures = pictures
        self._organisation = organisation
        self._report = report

    def view(self, alarm: Alarm, at: Moment) -> View:
        """The lists are worked out when they are looked at, so the net is under each of them."""

        @cache
        def everybody_else() -> View:
            return everybody((*alarm.pressers, *self._pressers()), self._organisation(), at)

        view = self._or(
            lambda: self._of_no_site(alarm, at) or self._pictures.view(alarm, at), everybody_else
        )
        return replace(
            view,
            nearest=self._netted(view.nearest, lambda: everybody_else().nearest),
            leaders=self._netted(view.leaders, lambda: everybody_else().leaders),
            deputies=self._netted(view.deputies, tuple),
            on_call=self._netted(view.on_call, tuple),
            last_resort=self._netted(view.last_resort, lambda: everybody_else().last_resort),
            named=self._netted(view.named, tuple),
            barred=_NettedBarred(view.barred, self._or, everybody_else),
        )

    def place(self, signal: Signal, at: Moment) -> Place:
        return self._or(
            lambda: self._pictures.place(signal, at), lambda: Place(None, "", PlaceSource.UNKNOWN)
        )

    def plan(self, site: str, level: Level, kind: AlarmKind, orphan: bool) -> Plan:
        return self._or(
            lambda: self._pictures.plan(site, level, kind, orphan), lambda: without_a_plan(site)
        )

    def on_shift(self, person: str | None, at: Moment) -> bool:
        return self._or(lambda: self._pictures.on_shift(person, at), lambda: False)

    def leads(self, person: str, site: str, at: Moment) -> bool:
        return self._or(lambda: self._pictures.leads(person, site, at), lambda: False)

    def knows(self, person: str) -> bool:
        return self._or(lambda: self._pictures.knows(person), lambda: True)

    def holders(self, address: str, at: Moment) -> tuple[str, ...]:
        return self._or(
            lambda: self._pictures.holders(address, at),
            lambda: holders_of(address, self._organisation()),
        )

    def addresses(self, person: str, at: Moment) -> tuple[str, ...]:
        return self._or(
            lambda: self._pictures.addresses(person, at),
            lambda: addresses_of(person, self._organisation()),
        )

    def is_trusted(self, address: str) -> bool:
        return self._or(lambda: self._pictures.is_trusted(address), lambda: False)

    def is_revoked(self, address: str) -> bool:
        return self._or(lambda: self._pictures.is_revoked(address), lambda: False)

    def first_name(self, person: str | None) -> str:
        return self._or(lambda: self._pictures.first_name(person), lambda: "")

    def site_of(self, signal: Signal) -> str:
        return self._or(lambda: self._pictures.site_of(signal), lambda: signal.site)

    def _of_no_site(self, alarm: Alarm, at: Moment) -> View | None:
        """A call from a site nobody has configured (a journal of elsewhere, a site taken out)."""
        organisation = self._organisation()
        sites = organisation.sites
        if alarm.technical or any(site.id == alarm.site for site in sites):
            return None
        lead = dict.fromkeys(p for site in sites for p in (*site.leaders, *site.deputies))
        people = tuple(person for person in organisation.people if person.id in lead)
        if people:
            organisation = replace(organisation, people=people)
        return everybody((*alarm.pressers, *self._pressers()), organisation, at)

    def _netted(
        self, people: Sequence[Candidate], without: Callable[[], Sequence[Candidate]]
    ) -> Sequence[Candidate]:
        """The list as far as it can be worked out, then whoever of `without` is not in it."""

        def members() -> Iterator[Candidate]:
            given: dict[str, None] = {}
            try:
                for candidate in people:
                    given[candidate.person] = None
                    yield candidate
            except Exception as error:
                self._tell(error)
                yield from (one for one in without() if one.person not in given)

        return people if isinstance(people, tuple) else Unrolled(members())

    def _or(self, ask: Callable[[], _T], without: Callable[[], _T]) -> _T:
        try:
            return ask()
        except Exception as error:
            self._tell(error)
            return without()

    def _tell(self, error: Exception) -> None:
        _log.error("the picture could not be made", error=error)
        self._report(
            "roster",
            "Who is on shift cannot be read. Everybody is called. ({why})",
            why=told(error),
        )


class _NettedBarred(Collection[str]):
    """What must not ring, judged without shifts and loans where the roster cannot be asked."""

    def __init__(self, barred: Collection[str], net: _Net, without: Callable[[], View]) -> None:
        self._barred = barred
        self._net = net
        self._without = without

    def __contains__(self, address: object) -> bool:
        return self._net(lambda: address in self._barred, lambda: address in self._without().barred)

    def __iter__(self) -> Iterator[str]:
        return self._net(
            lambda: iter(tuple(self._barred)), lambda: iter(sorted(self._without().barred))
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)


def everybody(pressers: Sequence[Presser], organisation: Organisation, at: Moment) -> View:
    """All people of the configuration on all their standing routes, less the victims (law 3)."""
    victims = {presser.person for presser in pressers}
    worn: dict[str, list[str]] = {}
    for device in organisation.devices:
        if device.person is not None and not device.revoked:
            worn.setdefault(device.person, []).append(device.id)
    barred = dict.fromkeys(presser.device for presser in pressers)
    for person in organisation.people:
        if person.id in victims:
            barred.update(dict.fromkeys(addresses_of(person.id, organisation)))
    found = []
    for person in organisation.people[:CALLED_MOST]:
        numbers = [phone.number for phone in person.phones]
        addresses = {Rings.DEVICE: worn.get(person.id, []), Rings.NUMBER: numbers}
        routes = routes_to(addresses, CHANNELS)
        allowed = tuple(route for route in routes if route.address not in barred)
        if person.id not in victims and allowed:
            why = (Reason(ChosenWhy.LAST_NET),)
            found.append(Candidate(person.id, person.first_name, None, allowed, why))
    everyone = tuple(found)
    return View(
        at.now, at.wall, everyone, leaders=everyone, last_resort=everyone, barred=frozenset(barred)
    )


def addresses_of(person: str, organisation: Organisation) -> tuple[str, ...]:
    """Everything that rings at a person, without asking about shifts and loans."""
    worn = [device.id for device in organisation.devices if device.person == person]
    known = next((one for one in organisation.people if one.id == person), None)
    phones = [phone.number for phone in known.phones] if known is not None else []
    return (*worn, *phones, person)


def holders_of(address: str, organisation: Organisation) -> tuple[str, ...]:
    """Everybody at whom this address rings, without asking about shifts and loans."""
    worn = [d.person for d in organisation.devices if d.id == address and d.person is not None]
    carried = [
        person.id
        for person in organisation.people
        if person.id == address or any(phone.number == address for phone in person.phones)
    ]
    return tuple(dict.fromkeys((*worn, *carried)))
