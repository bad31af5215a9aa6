"""Plans that can end in silence, start too late, or hang on one wire. Pure.

Our goals: the first colleague rings at once (15 s is a defect), the next at 15 s, SMS at 30 s, the
duty leader at 60 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from alarms.channel import Rings
from alarms.plan import ROUND_LONGEST, ROUND_SHORTEST, STEPS_MAX, Plan
from alarms.vocabulary import Who
from core.signals import Level
from devices.protocols import sounders
from devices.registry import Line
from dispatcher.channels.rows import CHANNELS, named, row
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.site.findings import Finding, error, warning
from dispatcher.site.record_rules import is_calm

FIRST_STEP_LATEST = timedelta(seconds=15)
SECOND_STEP_LATEST = timedelta(seconds=15)
PHONE_LATEST = timedelta(seconds=30)
OUTSIDE_LATEST = timedelta(seconds=60)
HUMAN_LATEST = timedelta(seconds=180)
RED_RESPONDERS = 2

OUTSIDE = (Who.LEADER, Who.DEPUTIES, Who.ON_CALL, Who.LAST_RESORT, Who.PERSON)
"""Calls that can reach somebody the shift does not hold."""


def check_plans(organisation: Organisation) -> Iterator[Finding]:
    for site in organisation.sites:
        plans = [plan for plan in organisation.plans if plan.site == site.id]
        yield from _every_level(site, plans)
        for plan in plans:
            yield from _plan(plan)
        yield from _sounders(site, plans, organisation.lines)


def _sounders(site: Site, plans: list[Plan], lines: Iterable[Line]) -> Iterator[Finding]:
    here = (line for line in lines if line.site == site.id)
    if any(sounders(line.protocol, dict(line.settings)) for line in here):
        return
    for plan in plans:
        if plan.ring_locally:
            yield warning(
                f"plan {plan.id}",
                f"rings locally, and nothing at {site.id} can: set sounder on a line of boards, "
                "or take ring_locally out",
            )


def _every_level(site: Site, plans: list[Plan]) -> Iterator[Finding]:
    for level in Level:
        found = [plan for plan in plans if level in plan.levels and not plan.kinds]
        if not found:
            yield error(
                f"site {site.id}", f"has no plan for level {level}: add one that names no kinds"
            )
        for plan in found[1:]:
            yield warning(
                f"plan {plan.id}", f"is never used for {level}: {found[0].id} stands before it"
            )


def _plan(plan: Plan) -> Iterator[Finding]:
    about = f"plan {plan.id}"
    if not plan.levels and not plan.kinds:
        yield error(about, "names neither levels nor kinds and is never used: name its levels")
    if not plan.steps or len(plan.steps) > STEPS_MAX:
        yield error(about, f"has {len(plan.steps)} steps: write 1 to {STEPS_MAX}")
        return
    for number, step in enumerate(plan.steps, start=1):
        unknown = [channel for channel in step.by if channel not in CHANNELS]
        if unknown or not step.by:
            known = ", ".join(CHANNELS)
            yield error(
                about, f"step {number} rings by {', '.join(unknown)}: write some of {known}"
            )
    if any(
        later.after < step.after for step, later in zip(plan.steps, plan.steps[1:], strict=False)
    ):
        yield error(about, "its steps are not in order of time: sort them by after_s")
    if not is_calm(plan.levels, plan.kinds):
        yield from _acute_plan(plan, about)


def _acute_plan(plan: Plan, about: str) -> Iterator[Finding]:
    grave = error if _is_grave(plan) else warning
    if plan.steps[0].after > FIRST_STEP_LATEST:
        yield grave(about, f"calls nobody for {_s(plan.steps[0].after)}: let it begin at 0 s")
    if not ROUND_SHORTEST <= plan.round <= ROUND_LONGEST:
        yield error(about, f"goes round every {_s(plan.round)}: write round_s from 5 to 30")
    yield from _outside(plan, about)
    yield from _wires(plan, about)
    if _is_grave(plan):
        yield from _widening(plan, about)
    if Level.RED in plan.levels and plan.responders < RED_RESPONDERS:
        yield warning(about, "is content with one who comes: a red alarm wants responders = 2")


def _outside(plan: Plan, about: str) -> Iterator[Finding]:
    grave = error if _is_grave(plan) else warning
    first = next((step for step in plan.steps if step.call.who in OUTSIDE), None)
    if first is None:
        yield grave(
            about,
            "never reaches anybody outside the shift and can end in silence: add a step that calls "
            "leader, on_call or last_resort",
        )
    elif first.after > HUMAN_LATEST:
        yield grave(
            about,
            f"leaves the shift only after {_s(first.after)}: no alarm without a human at 180 s",
        )
    elif first.after > OUTSIDE_LATEST:
        yield warning(about, f"leaves the shift only after {_s(first.after)}: 60 s is the goal")


def _wires(plan: Plan, about: str) -> Iterator[Finding]:
    channels = dict.fromkeys(channel for step in plan.steps for channel in step.by)
    personal = [channel for channel in channels if row(channel).personal]
    near = " or ".join(named(CHANNELS, personal=True, leaves_site=False))
    far = " or ".join(named(CHANNELS, personal=True, leaves_site=True))
    if not personal:
        wires = " and ".join(channels)
        yield error(about, f"rings at the {wires} alone: add {near} or {far}")
    elif all(row(channel).leaves_site for channel in personal):
        wires = " and ".join(personal)
        yield error(about, f"rings by {wires} alone, which needs the Internet: add {near}")
    elif not any(row(channel).leaves_site for channel in personal):
        yield warning(about, f"reaches nobody who is away from the site: add a step by {far}")


def _widening(plan: Plan, about: str) -> Iterator[Finding]:
    if len(plan.steps) < 2 or plan.steps[1].after > SECOND_STEP_LATEST:
        yield warning(about, "does not widen at 15 s: let the second step begin by then")
    phones = named(CHANNELS, rings=Rings.NUMBER)
    by_phone = next((s.after for s in plan.steps if any(way in phones for way in s.by)), None)
    if by_phone is not None and by_phone > PHONE_LATEST:
        yield warning(about, f"rings no phone before {_s(by_phone)}: 30 s is the goal")


def _is_grave(plan: Plan) -> bool:
    """Orange, red or blue, or any kind whatever its level."""
    return not plan.levels or any(level.only_people_close for level in plan.levels)


def _s(duration: timedelta) -> str:
    return f"{duration.total_seconds():g} s"
