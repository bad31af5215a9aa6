"""What a press makes of an alarm: the case itself, before its escalation hears of it. Pure.

`triage` has said what a signal means; here the alarm takes it in, with the event that tells its
escalation. The dispatcher does it so, and a remote gateway that is cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from alarms.device_text import text_of, with_text
from alarms.late_presses import newer
from alarms.model import (
    Alarm,
    Cancelled,
    Joined,
    Place,
    PressedAgain,
    Presser,
    Raised,
    Times,
)
from alarms.plan import Plan
from alarms.triage import Join, Open, Update
from alarms.vocabulary import RaisedWhy
from core.signals import AlarmKind, Level, Signal
from core.values import replace

PlanOf: TypeAlias = Callable[[Level, AlarmKind], Plan]
"""The plan of the alarm's site; asked when its level or kind has changed."""


def opened(
    id_: str,
    signal: Signal,
    verdict: Open,
    place: Place,
    plan: Plan,
    *,
    site: str,
    stored: datetime | None,
) -> Alarm:
    """A new alarm, not begun yet."""
    return Alarm(
        id=id_,
        site=site,
        kind=verdict.kind,
        level=verdict.level,
        place=place,
        pressers=(verdict.presser,),
        plan=plan,
        times=Times(pressed=signal.pressed_at, stored=stored),
        late=verdict.late,
        text=text_of(signal),
        odd=signal.reading.odd,
        orphan=verdict.orphan,
    )


def joined(
    alarm: Alarm, signal: Signal, verdict: Join, place: Place, plan_of: PlanOf, now: datetime
) -> tuple[Alarm, Joined]:
    """Add somebody who has pressed at the same place."""
    with_both = replace(
        alarm,
        pressers=(*alarm.pressers, verdict.presser),
        place=newer(alarm.place, place, now),
        text=with_text(alarm.text, text_of(signal)),
    )
    raised = verdict.level is not alarm.level or verdict.kind is not alarm.kind
    grew = _grown(with_both, verdict.level, verdict.kind, plan_of, now)
    return grew, Joined(verdict.presser, raised)


def renewed(
    alarm: Alarm, signal: Signal, verdict: Update, place: Place, plan_of: PlanOf, now: datetime
) -> tuple[Alarm, Raised | PressedAgain | None]:
    """Who has pressed says more. None: the same press in other words, no news to anyone."""
    mine = (verdict.presser.device, verdict.presser.point, verdict.presser.person)
    was = next((p for p in alarm.pressers if p.is_still_at(*mine)), None)
    pressers = tuple(verdict.presser if p is was else p for p in alarm.pressers)
    if was is None:
        pressers = (*pressers, verdict.presser)
    told = replace(
        alarm,
        pressers=pressers,
        place=place if verdict.place_changed else newer(alarm.place, place, now),
        text=with_text(alarm.text, text_of(signal)),
    )
    not_over = was is not None and was.says_over_at is not None
    raised = verdict.level is not alarm.level or verdict.kind is not alarm.kind
    event: Raised | PressedAgain
    if raised or verdict.place_changed or not_over or verdict.other_words:
        event = Raised(_why(verdict, raised, not_over), verdict.again, _is_worse(alarm, verdict))
    elif verdict.again:
        event = PressedAgain(signal.device)
    else:
        return told, None
    return _grown(told, verdict.level, verdict.kind, plan_of, now), event


def says_over(alarm: Alarm, who: Presser, now: datetime) -> tuple[Alarm, Cancelled]:
    """Mark that one of those who pressed says it is over."""
    pressers = tuple(replace(p, says_over_at=now) if p == who else p for p in alarm.pressers)
    return replace(alarm, pressers=pressers), Cancelled(who.device, who.person)


def wants_more(alarm: Alarm, person: str, knew: bool, now: datetime) -> Alarm:
    """Who asks for more help knows of it; everybody else's "over" was said before it.

    `knew`: they also knew of everything before.
    """
    return replace(alarm, grew_rev=alarm.rev + 1, grew_at=now, grew_by=person if knew else "")


def _grown(alarm: Alarm, level: Level, kind: AlarmKind, plan_of: PlanOf, now: datetime) -> Alarm:
    """Mark that the alarm grew: an "over" counts from now on only of who knows of this."""
    changed = level is not alarm.level or kind is not alarm.kind
    return replace(
        alarm,
        level=level,
        kind=kind,
        plan=plan_of(level, kind) if changed else alarm.plan,
        grew_rev=alarm.rev + 1,
        grew_at=now,
        grew_by="",
    )


def _is_worse(alarm: Alarm, verdict: Update) -> bool:
    """What responders must know before they run on; it never waits for its turn."""
    weapon = verdict.kind is AlarmKind.WEAPON and alarm.kind is not AlarmKind.WEAPON
    return weapon or verdict.level is not alarm.level


def _why(verdict: Update, raised: bool, not_over: bool) -> RaisedWhy:
    """The token of the timeline for what is new."""
    if raised:
        return RaisedWhy.LEVEL
    if verdict.place_changed:
        return RaisedWhy.PLACE
    return RaisedWhy.NOT_OVER if not_over else RaisedWhy.OTHER_WORDS
