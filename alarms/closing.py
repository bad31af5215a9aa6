"""Who may lower an alarm (law 6): anyone may raise, few may lower. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from alarms.model import Alarm, Standpoint, call_of
from core.errors import DomainError
from core.freshness import Lowers, is_fresh
from core.values import value

GREW_JUST_NOW = timedelta(seconds=15)
"""An "over" of a device this soon after somebody joined was pressed on a picture without them."""

GREW_SMS = timedelta(seconds=90)
"""The same of a text message: it may have been on its way, and the news too."""


@value(frozen=True)
class Word:
    """What an answer carries beside its meaning: by what, and on which picture, it was said.

    `said_at`: the earliest moment; None: now. `rev`: what the page showed; None: it says nothing of
    that. `waits`: how long before what it may not know of, where it cannot say; None: it must say.
    """

    by: str = ""
    said_at: datetime | None = None
    rev: int | None = None
    waits: timedelta | None = None


def may_close(alarm: Alarm, person: str, leads: bool) -> bool:
    """Acute ones: a responder who has arrived, or the duty leader by name; never who pressed.

    The others: also somebody who has accepted.
    """
    if any(presser.person == person for presser in alarm.pressers):
        return False
    call = call_of(alarm, person)
    standpoint = call.standpoint if call is not None else None
    if leads or standpoint is Standpoint.ARRIVED:
        return True
    return not alarm.level.only_people_close and standpoint is Standpoint.ACCEPTED


def may_end(alarm: Alarm, person: str, leads: bool, word: Word, now: datetime) -> bool:
    """Whether somebody's "it is over" ends it: fresh, their last word, said knowing of all."""
    fresh = is_fresh(word.said_at or now, now, Lowers.OVER)
    call = call_of(alarm, person)
    later = call.said_at if call is not None else None
    overtaken = later is not None and word.said_at is not None and word.said_at < later
    if not fresh or overtaken or not saw_everybody(alarm, person, word, now):
        return False
    return may_close(alarm, person, leads)


def saw_everybody(alarm: Alarm, person: str, word: Word, now: datetime) -> bool:
    """Whether whoever says that it is over knew of everybody who pressed or asked for more help,
    and how acute it is."""
    if alarm.grew_at is None or alarm.grew_by == person:
        return True
    if word.rev is not None:
        return word.rev >= alarm.grew_rev
    return word.waits is not None and (word.said_at or now) - alarm.grew_at >= word.waits


def refuse_if_stale(alarm: Alarm, seen_rev: int) -> None:
    """A close carries the `rev` it saw; refused if somebody pressed or joined since, or it rose."""
    if seen_rev > alarm.rev:
        raise DomainError("invalid", f"The alarm is at rev {alarm.rev}, not {seen_rev}.")
    if seen_rev < alarm.grew_rev:
        raise DomainError(
            "stale",
            "Somebody pressed or joined, or the level rose, since you saw it. "
            "Look again, then close.",
        )
