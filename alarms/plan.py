"""The alarm plan: who is called, in which order, after how many seconds. A snapshot per alarm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import timedelta

from alarms.vocabulary import Who
from core.signals import AlarmKind, Level
from core.values import value

STEPS_MAX = 20
ROUND_LONGEST = timedelta(seconds=30)
ROUND_SHORTEST = timedelta(seconds=5)
EVERY_WAY: tuple[str, ...] = ()
"""Ring by whatever a person has."""


@value(frozen=True)
class Callee:
    """Whom a step calls; `person` where it is one by name."""

    who: Who
    person: str = ""

    @classmethod
    def named(cls, text: str) -> Callee:
        """As plans are written: `nearest`, `person:bo`. ValueError: that calls nobody."""
        who, _, person = text.partition(":")
        known = who in list(Who) and (who == Who.PERSON) == bool(person)
        if not known or text.endswith(":"):
            groups = ", ".join(one for one in Who if one is not Who.PERSON)
            raise ValueError(f"{text!r} calls nobody; {groups} or person:<id>")
        return cls(Who(who), person)

    def __str__(self) -> str:
        return f"{self.who}:{self.person}" if self.person else self.who.value


@value(frozen=True)
class Step:
    """Call somebody at `after` from T1, ringing every channel in `by` that a person has (or all).

    Of a list in order `count` are called. A channel that fails is replaced at once by the person's
    next route, also one that is not in `by`.
    """

    after: timedelta
    call: Callee
    by: tuple[str, ...]
    count: int = 1


@value(frozen=True)
class Plan:
    """The plan of one site for some levels and kinds; empty means any.

    `responders` is how many must accept before the widening pauses (a red alarm wants two).
    `round` is the pause between rounds over all routes once every step has run. `patient`: a
    round rings who has declined only when nobody else is left, and keeps its pause also when nobody
    who was called can answer: there is no other way to try.
    """

    id: str
    site: str
    steps: tuple[Step, ...]
    levels: tuple[Level, ...] = ()
    kinds: tuple[AlarmKind, ...] = ()
    responders: int = 1
    round: timedelta = ROUND_LONGEST
    ring_locally: bool = field(default=False)
    patient: bool = False


def plan_for(
    plans: Iterable[Plan], site: str, level: Level, kind: AlarmKind, quietly: tuple[str, ...]
) -> Plan:
    """The site's plan for this level and kind: one that names the kind, else one of the level.

    `quietly`: the channels for what is technical where no plan says.
    """
    here = [plan for plan in plans if plan.site == site]
    named = [plan for plan in here if kind in plan.kinds]
    if kind is AlarmKind.TECHNICAL:
        return next(iter(named), technical_plan(site, quietly))
    by_level = [p for p in here if not p.kinds and (not p.levels or level in p.levels)]
    both = [plan for plan in named if not plan.levels or level in plan.levels]
    return next(iter((*both, *by_level)), without_a_plan(site))


def technical_plan(site: str, quietly: tuple[str, ...]) -> Plan:
    """Where a site has none for technical alarms: its leader, quietly, again every quarter."""
    step = Step(timedelta(), Callee(Who.LEADER), quietly)
    return Plan("technical", site, (step,), round=timedelta(minutes=15))


def without_a_plan(site: str) -> Plan:
    """A site without a plan for an alarm calls everybody it can; `check` says so beforehand."""
    steps = (
        Step(timedelta(), Callee(Who.EVERYONE), EVERY_WAY),
        Step(timedelta(seconds=15), Callee(Who.LEADER), EVERY_WAY),
        Step(timedelta(seconds=30), Callee(Who.ON_CALL), EVERY_WAY),
        Step(timedelta(seconds=45), Callee(Who.LAST_RESORT), EVERY_WAY),
    )
    return Plan("without-a-plan", site, steps)
