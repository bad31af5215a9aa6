"""How long ago each of them pressed (law 8). Pure.

An age belongs to one press, never to the alarm: a press that came late is called with its age, and
one that came at once beside it is not said to be old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alarms.model import Alarm, Latecomer, Place, Presser

LATE_FROM = timedelta(seconds=30)
"""A press older than this when it came is called with its age."""


@dataclass(frozen=True, slots=True)
class PressAges:
    """`late`: since the newest press, where every one of them came late, else zero. `latecomers`:
    where only some did. `unknown`: whose press may be of any age."""

    late: timedelta = timedelta()
    latecomers: tuple[Latecomer, ...] = ()
    unknown: tuple[str, ...] = ()


def came_late(presser: Presser) -> timedelta:
    """How old their press was when it came; zero if it came at once, or they have pressed since."""
    if presser.pressed_at is None or presser.pressed_anew:
        return timedelta()
    late = presser.at - presser.pressed_at
    return late if late >= LATE_FROM else timedelta()


def press_ages(alarm: Alarm, now: datetime, wall: datetime) -> PressAges:
    """What people must know of when they pressed."""
    unknown = tuple(p.name for p in alarm.pressers if p.age_unknown and not p.pressed_anew)
    late = [p for p in alarm.pressers if came_late(p)]
    ago = [now - p.pressed_at for p in late if p.pressed_at is not None]
    if len(late) == len(alarm.pressers):
        return PressAges(min(ago, default=timedelta()), unknown=unknown)
    found = (Latecomer(p.name, since, wall - since) for p, since in zip(late, ago, strict=True))
    return PressAges(latecomers=tuple(found), unknown=unknown)


def counted_from(alarm: Alarm) -> tuple[datetime | None, bool]:
    """Since when people have waited for help, and whether that is when they pressed.

    Beside a press that came late the wait of who pressed now is what counts.
    """
    live = [p.at for p in alarm.pressers if not came_late(p)]
    if live and len(live) < len(alarm.pressers):
        return min(live), False
    pressed = alarm.times.pressed
    return (alarm.times.stored, False) if pressed is None else (pressed, True)


def newer(known: Place, said: Place, now: datetime) -> Place:
    """The younger of two sights of one place: a later press says where they are now."""
    sights = [place.age(now) for place in (known, said)]
    before, after = sights
    if said.zone != known.zone or before is None or after is None:
        return known
    return said if after < before else known
