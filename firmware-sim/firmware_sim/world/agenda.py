"""What will happen, in the order of virtual time: one heap, one thread, no waiting."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import VirtualClock

CANCELLED = -1
"""The life of what is not meant any more."""

Action = Callable[[], None]


@dataclass(order=True, slots=True)
class Planned:
    """One thing that will happen; `life` is the process it dies with, 0 for the world's own."""

    when: datetime
    number: int
    what: str = field(compare=False)
    action: Action = field(compare=False)
    life: int = field(compare=False, default=0)


class Agenda:
    """Everything still to come. What belongs to a process dies with it."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.life = 1
        self._number = 0
        self._heap: list[Planned] = []

    def after(self, wait: timedelta, what: str, action: Action, *, life: int = 0) -> None:
        self.at(self.clock.now() + wait, what, action, life=life)

    def at(self, when: datetime, what: str, action: Action, *, life: int = 0) -> Planned:
        self._number += 1
        moment = max(when, self.clock.now())
        planned = Planned(moment, self._number, what, action, life)
        heapq.heappush(self._heap, planned)
        return planned

    @staticmethod
    def cancel(planned: Planned) -> None:
        """It is not meant any more."""
        planned.life = CANCELLED

    def next(self) -> Planned | None:
        """The next thing that is still meant, with the clock moved to it."""
        while self._heap:
            planned = heapq.heappop(self._heap)
            if planned.life in (0, self.life):
                self.clock.move_to(planned.when)
                return planned
        return None

    def end_of_life(self) -> None:
        """A process died: nothing it still meant to do happens."""
        self.life += 1
