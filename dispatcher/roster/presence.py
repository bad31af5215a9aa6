"""What people said about being here, over what the roster plans. Pure.

Somebody ill at six in the morning is not called at eight; a colleague who came in to help is. A
word without an end stands till the end of the shift it was said in or before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.roster.model import Duty, OnShift, Presence
from dispatcher.roster.shifts import Moment, RosterIndex

SHIFT_AHEAD = timedelta(hours=12)
"""A word said this long before a shift is about that shift."""

UNPLANNED_LONGEST = timedelta(hours=12)
"""Whoever came without a shift and never said goodbye has gone home by then."""


@dataclass(frozen=True, slots=True)
class Present:
    """Who is really on shift, until when that stays so, and who said they are not here."""

    moment: Moment
    gone: tuple[str, ...]


def present(roster: RosterIndex, said: Iterable[Presence], wall: datetime) -> Present:
    """The roster at `wall`, corrected by the newest word of each person."""
    moment = roster.at(wall)
    gone: list[str] = []
    extra: list[OnShift] = []
    since, until = moment.since, moment.until
    for presence in _newest(said):
        end = stands_until(roster, presence)
        if wall >= end:
            since = max(since, end)
            continue
        until = min(until, end)
        if not presence.here:
            gone.append(presence.person)
        elif not _on_site(moment.on, presence.person):
            extra.append(_unplanned(roster, presence, end))
    away = frozenset(gone)
    on = tuple(row for row in moment.on if row.duty is Duty.ON_CALL or row.person not in away)
    return Present(Moment(since, until, (*on, *extra)), tuple(gone))


def stands_until(roster: RosterIndex, presence: Presence) -> datetime:
    """When a person's word about being here stops to count."""
    if presence.until is not None:
        return presence.until
    for row in roster.of(presence.person, presence.at, presence.at + SHIFT_AHEAD):
        if row.duty is not Duty.ON_CALL:
            return row.end
    return presence.at + UNPLANNED_LONGEST


def _newest(said: Iterable[Presence]) -> Iterable[Presence]:
    newest: dict[str, Presence] = {}
    for presence in said:
        known = newest.get(presence.person)
        if known is None or presence.at >= known.at:
            newest[presence.person] = presence
    return newest.values()


def _on_site(on: Sequence[OnShift], person: str) -> bool:
    return any(row.person == person and row.duty is not Duty.ON_CALL for row in on)


def _unplanned(roster: RosterIndex, presence: Presence, end: datetime) -> OnShift:
    unit = next((shift.unit for shift in roster.shifts if shift.person == presence.person), "")
    return OnShift(presence.person, unit, Duty.STAFF, False, min(presence.at, end), end)
