"""Who calls on one line and stands in no configuration: a few by themselves, the others together.

Anybody who reaches an open port can call under any number of names. Each of a few strangers raises
an alarm of its own; further ones press as one sender of their line, so that one alarm says how many
there are, and the badge of whoever leads is not filled with them. None is dropped: each press is
stored, and is a press of that alarm. The same for the points of a panel that is registered and they
are not: further ones press as the panel.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.signals import Reading, SignalType
from core.values import replace

STRANGERS_MOST = 10
"""Unregistered senders, or their points, of one line that raise an alarm each."""

POINTS_MOST = 40
"""Points of registered panels of one line that are not registered and raise an alarm each."""

REMEMBERED_FOR = timedelta(hours=1)
"""A stranger silent for so long makes room for another."""

FOLDED_MOST = 100_000
"""Further ones that are told apart and counted."""

_RAISES = (
    *(SignalType.ALARM, SignalType.TAMPER),
    *(SignalType.TECHNICAL, SignalType.LOW_BATTERY),
)
_STEPS = (1, 2, 5)


class Strangers:
    """Those of one line, the one heard longest ago first.

    `name`: as whom further ones press; empty: as their panel.
    """

    def __init__(self, name: str, most: int = STRANGERS_MOST) -> None:
        self._name = name
        self._most = most
        self._own: dict[tuple[str, str], datetime] = {}
        self._folded: dict[tuple[str, str], None] = {}
        self._folded_at: datetime | None = None
        self._said = ""
        self._step = 0

    @property
    def folded(self) -> int:
        """How many press as one."""
        return len(self._folded)

    def as_pressed(self, reading: Reading, now: datetime) -> Reading:
        """The reading by itself, or as one of many.

        What it says stands in the alarm at every step of their number: 1, 2, 5, 10, 20, 50 … In
        between nobody is disturbed anew.
        """
        if reading.type not in _RAISES or self._has_room(reading, now):
            return reading
        if len(self._folded) < FOLDED_MOST:
            self._folded[reading.device, reading.point] = None
        self._folded_at = now
        if (step := _step(len(self._folded))) != self._step:
            self._step, self._said = step, f"+{step}: {reading.text or reading.device}"
        folded = replace(reading, point="", text=self._said)
        if not self._name:
            return folded
        # Without a count of its own: one of these has nothing to do with the count of another.
        return replace(folded, device=self._name, seq=None, boot=None)

    def _has_room(self, reading: Reading, now: datetime) -> bool:
        who = (reading.device, reading.point)
        self._forget(now)
        if who not in self._own and len(self._own) >= self._most:
            return False
        self._own.pop(who, None)
        self._own[who] = now
        return True

    def _forget(self, now: datetime) -> None:
        while self._own and now - next(iter(self._own.values())) > REMEMBERED_FOR:
            del self._own[next(iter(self._own))]
        if self._folded_at is not None and now - self._folded_at > REMEMBERED_FOR:
            self._folded.clear()
            self._folded_at, self._said, self._step = None, "", 0


def _step(count: int) -> int:
    """The greatest of 1, 2, 5, 10, 20, 50 … that is not more than this."""
    power = int("1" + "0" * (len(str(count)) - 1))
    return max(step * power for step in _STEPS if step * power <= count)
