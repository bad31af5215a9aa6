"""The open timed cases of other kinds than alarms, each advanced by its kind alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from core.errors import DomainError
from core.moment import Moment
from dispatcher.engine.moments import CaseKey, Moments
from dispatcher.engine.outcome import NOTHING, Do, Outcome, together
from dispatcher.safety.timed_case import Kind, TimedCase
from dispatcher.store.ports import CaseWrite, Transaction

TRIED_AGAIN_AFTER = timedelta(seconds=5)
"""When a case is looked at again that could not be advanced: a mistake of ours, said aloud."""


class TimedCases:
    """Every open case of these kinds at its newest state."""

    def __init__(self, kinds: Sequence[Kind], moments: Moments) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._moments = moments
        self.open: dict[CaseKey, TimedCase] = {}

    def load(self, stored: Iterable[TimedCase]) -> list[TimedCase]:
        """Take over what the store holds; those of no kind of ours, for a person to look at."""
        strangers = []
        for case in stored:
            if case.kind in self._kinds:
                self._keep(case)
            else:
                strangers.append(case)
        return strangers

    def begin(self, at: Moment) -> Outcome:
        """Open what is always there, and is not yet."""
        new = [one for kind in self._kinds.values() for one in kind.standing(at)]
        return together([self._written(one, 0) for one in new if _key(one) not in self.open])

    def happened(self, key: CaseKey, event: object, at: Moment) -> Outcome:
        """Advance a case by an event; nothing, when it is over already."""
        case = self.open.get(key)
        if case is None:
            return NOTHING
        self._moments.put(key, at.now + TRIED_AGAIN_AFTER)
        new, effects = self._kinds[case.kind].advance(case, event, at)
        if new == case:
            self._keep(case)
            return NOTHING
        doing = tuple(Do(case.kind, case.id, effect) for effect in effects)
        return self._written(new, case.rev).and_then(Outcome(do=doing))

    def _written(self, case: TimedCase, seen_rev: int) -> Outcome:
        if seen_rev >= case.rev:
            raise DomainError("invalid", f"{case.kind} {case.id}: its rev did not rise")
        self._keep(case)
        return Outcome(Transaction(cases=(CaseWrite(case, seen_rev),)))

    def _keep(self, case: TimedCase) -> None:
        if case.wake_at is None:
            self.open.pop(_key(case), None)
            self._moments.drop(_key(case))
        else:
            self.open[_key(case)] = case
            self._moments.put(_key(case), case.wake_at)


def _key(case: TimedCase) -> CaseKey:
    return case.kind, case.id
