"""How old a place is that a message names (law 8): never younger than it may be. Pure."""

from __future__ import annotations

from datetime import timedelta

from core.freshness import said_at
from core.signals import Signal

AHEAD_MOST = timedelta(seconds=5)
"""A clock may run so far ahead; a fix further in the future is of a clock that is wrong."""


def age_s(signal: Signal) -> float | None:
    """How old the message is; None: it may be of any age."""
    said = said_at(signal)
    return None if said is None else (signal.at - said).total_seconds()


def fix_age_s(signal: Signal) -> float | None:
    """How old the position is. Without a time of its own it is as old as the message.

    A device's two clocks are compared with each other where it gives both: then its fix is as old
    as it says, though its clock may be wrong. A fix from the future is of unknown age.
    """
    fix = signal.reading.position
    message = age_s(signal)
    if fix is None or fix.at is None or message is None:
        return message
    waited = timedelta(seconds=message)
    before = (signal.reading.at or signal.wall - waited) - fix.at
    if before < -AHEAD_MOST:
        return None
    return (max(before, timedelta()) + waited).total_seconds()
