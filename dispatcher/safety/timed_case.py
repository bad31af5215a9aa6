"""What a timed case is (docs/architecture.md), and what its kind must be able to do. Pure.

A kind is a few pure functions over its own state. It stands in `dispatcher/engine/kinds.py`, and
has everything alarms have from then on: rows of the same transactions, the same heap, the journal,
the auditor (law 2: no case without a next moment).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from core.moment import Moment
from core.values import value


@value(frozen=True)
class TimedCase:
    """A case of another kind than an alarm, as its kind wrote it.

    `state` is JSON that its kind alone reads: the store never does. `version` is the one `state`
    was written in. `wake_at` None: it is over. Of one kind, each `id` is one case.
    """

    kind: str
    id: str
    site: str
    rev: int
    wake_at: datetime | None
    wake_why: str
    version: int
    state: str

    @property
    def open(self) -> bool:
        return self.wake_at is not None


@value(frozen=True)
class CaseDue:
    """Its moment has come."""


class Kind(Protocol):
    """One kind of timed case."""

    @property
    def name(self) -> str:
        """Its token: in the store, in the heap, in what it asks for."""
        ...

    def standing(self, at: Moment) -> Iterable[TimedCase]:
        """The cases that are always there; those the store does not have are opened at a start."""
        ...

    def advance(
        self, case: TimedCase, event: object, at: Moment
    ) -> tuple[TimedCase, tuple[object, ...]]:
        """What an event makes of it, and what is to be done after the commit.

        The same case: nothing has changed. Raises DomainError when the state is none of ours.
        """
        ...
