"""When was it pressed? A device's own clock is believed only after it has proven itself.

T0 is the device's `at` if its clock was right in several earlier messages of the same start, else
T1 − `age`, else unknown, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.signals import Reading, SignalType
from core.values import replace

RIGHT_WITHIN = timedelta(seconds=5)
"""A device clock this close to ours, transport included, is right."""

PROVEN_BY = 3
"""So many earlier messages must have been right."""

BELIEVED_FOR = timedelta(hours=24)
"""No press waits longer than this in a device; an older `at` is a clock that was set back."""


OLDEST = timedelta(days=3_650)
"""Whatever claims to be older is read as that old."""


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """How often one device's clock was right since it started; `wrong`: it has shown that it is
    not, so that what it says of a moment says nothing."""

    boot: str | None = None
    right: int = 0
    wrong: bool = False

    @property
    def proven(self) -> bool:
        return self.right >= PROVEN_BY


UNPROVEN = DeviceClock()


def pressed_at(clock: DeviceClock, reading: Reading, wall: datetime) -> datetime | None:
    """T0 on the wall clock, or None when unknown. `wall` is the wall clock at T1."""
    if reading.at is not None and _same_start(clock, reading) and clock.proven:
        waited = wall - reading.at
        if -RIGHT_WITHIN <= waited <= BELIEVED_FOR:
            return min(reading.at, wall)
    if reading.age is not None and reading.age <= BELIEVED_FOR:
        return wall - reading.age
    return None


def said_at(clock: DeviceClock, reading: Reading, wall: datetime) -> datetime | None:
    """The earliest moment at which it may have been said, on the wall clock; None: nothing speaks
    of an age. For what takes help away a clock that has not proven itself is doubt enough."""
    claims = [pressed_at(clock, reading, wall)]
    if reading.age is not None:
        claims.append(wall - min(reading.age, OLDEST))
    if reading.at is not None and not (clock.wrong and _same_start(clock, reading)):
        waited = wall - reading.at
        claims.append(reading.at if RIGHT_WITHIN < waited <= BELIEVED_FOR else None)
    return min((at for at in claims if at is not None), default=None)


def heard(clock: DeviceClock, reading: Reading, wall: datetime) -> DeviceClock:
    """The device's clock after one more message, judged by what that message says."""
    if not _same_start(clock, reading):
        clock = DeviceClock(reading.boot)
    if reading.at is None or reading.retained:
        return clock
    try:
        off = wall - (reading.at + (reading.age or timedelta()))
    except OverflowError:
        return replace(clock, right=0, wrong=True)
    if abs(off) <= RIGHT_WITHIN:
        return replace(clock, right=min(clock.right + 1, PROVEN_BY), wrong=False)
    # A press may have waited in the device while the line was away; a heartbeat never waits.
    waited = timedelta() < off <= BELIEVED_FOR and reading.type is not SignalType.HEARTBEAT
    return clock if waited else replace(clock, right=0, wrong=True)


def _same_start(clock: DeviceClock, reading: Reading) -> bool:
    """A message that names no boot says nothing about a new start."""
    return reading.boot is None or reading.boot == clock.boot
