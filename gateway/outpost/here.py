"""Who is connected at a gateway that is cut off: all that its escalation sees of the world. Pure.

Nobody's roster is known here: whoever carries a connected device that can be paged is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from alarms.channel import Capabilities, Rings
from alarms.model import Place, Presser
from alarms.plan import ROUND_LONGEST, Callee, Plan, Step
from alarms.view import Candidate, LeftOut, Reason, Route, View
from alarms.vocabulary import ChosenWhy, LeftOutWhy, PlaceSource, Who
from core.signals import AlarmKind, Level, Signal
from core.values import value
from devices.catalogue import Down, kind
from devices.registry import NATIVE, MemoryRegistry
from gateway.handover import Part

BY = "wearable"
ROWS = {BY: Capabilities(Rings.DEVICE, immediate=True, withdraws=True, says_rang=True)}
"""The one channel of a house that is cut off; its devices are asked again in rounds."""

EVERYBODY = 1_000_000
"""So many may come: cut off nobody knows who can, so who accepts stands no other down."""

STEPS = (Step(timedelta(), Callee(Who.EVERYONE), (BY,)),)


@value(frozen=True)
class Colleague:
    """A connected device that can be paged, and who wears it."""

    device: str
    person: str
    first_name: str


@value(frozen=True)
class Here:
    """Who is connected at one moment: `now` is service time, `wall` the wall's."""

    now: datetime
    wall: datetime
    part: Part
    colleagues: tuple[Colleague, ...] = ()

    def first_name(self, person: str | None) -> str:
        return self.part.names.get(person or "", "")

    def wearer(self, device: str) -> str | None:
        """Who wears this connected device."""
        return next((c.person for c in self.colleagues if c.device == device), None)

    def is_connected(self, person: str) -> bool:
        """Whether anything they wear is."""
        return any(colleague.person == person for colleague in self.colleagues)

    def place(self, signal: Signal) -> Place:
        """The zone the device says, or where it hangs. What is carried meets a beacon."""
        if signal.zone is None:
            return Place(None, "", PlaceSource.UNKNOWN)
        carried = signal.reading.zone and not signal.reading.point
        source = PlaceSource.BEACON if carried else PlaceSource.FIXED
        return Place(signal.zone, self.part.labels.get(signal.zone, ""), source)

    def plan(self, level: Level, kind: AlarmKind) -> Plan:
        """Everybody who is here, at once, and in rounds; sirens where the site's plans say so."""
        sounds = self.part.lets_sound(level, kind)
        return Plan(
            "cut-off",
            self.part.site,
            STEPS,
            responders=EVERYBODY,
            round=ROUND_LONGEST,
            ring_locally=sounds,
            patient=True,
        )

    def view(self, pressers: Iterable[Presser]) -> View:
        """Everybody here but the victims of any alarm, on any device they carry (law 3)."""
        pressed = list(pressers)
        devices = dict.fromkeys(presser.device for presser in pressed)
        people = dict.fromkeys(p.person for p in pressed if p.person is not None)
        theirs = [one.device for one in self.colleagues if one.person in people]
        barred = tuple(dict.fromkeys((*devices, *theirs)))
        free = [one for one in self.colleagues if one.device not in devices]
        return View(
            at=self.now,
            wall=self.wall,
            nearest=_candidates(one for one in free if one.person not in people),
            left_out=tuple(LeftOut(person, LeftOutWhy.PRESSED) for person in people),
            barred=barred,
            channels=ROWS,
        )


def who_is_here(
    part: Part, registry: MemoryRegistry, connected: Sequence[str], now: datetime, wall: datetime
) -> Here:
    """Of the connected devices those that somebody wears, and that can be paged."""
    found = []
    for device in connected:
        known = registry.device(device)
        if known is None or Down.PAGE not in kind(known.kind).told:
            continue
        wearer = registry.resolve(NATIVE, device, wall).person
        if wearer is not None:
            found.append(Colleague(device, wearer, part.names.get(wearer, "") or device))
    return Here(now, wall, part, tuple(found))


def _candidates(colleagues: Iterable[Colleague]) -> tuple[Candidate, ...]:
    worn: dict[str, list[Colleague]] = {}
    for colleague in colleagues:
        worn.setdefault(colleague.person, []).append(colleague)
    return tuple(
        Candidate(
            person=person,
            first_name=theirs[0].first_name,
            expected_s=None,
            routes=tuple(Route(BY, one.device) for one in theirs),
            why=(Reason(ChosenWhy.CONNECTED),),
        )
        for person, theirs in worn.items()
    )
