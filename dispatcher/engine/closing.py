"""Who may lower an alarm (law 6): anyone may raise, few may lower."""

from __future__ import annotations

from alarms.model import Alarm, Standpoint
from core.errors import DomainError
from dispatcher.engine.open_alarms import call_of


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
