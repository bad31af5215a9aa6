"""Outcomes put together are one transaction that every compare-and-set still fits."""

from __future__ import annotations

import pytest

from dispatcher.engine.outcome import Outcome, together
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import AlarmWrite, CaseWrite, Transaction
from tests.dispatcher.store.samples import alarm, case, cases


@pytest.mark.parametrize("stored_rev", [0, 5])
def test_of_several_writes_of_one_case_the_last_state_meets_the_first_rev_seen(
    stored_rev: int,
) -> None:
    store = MemoryStore()
    if stored_rev:
        store.commit_now(cases(case(rev=stored_rev)))
    steps = [
        Outcome(cases(case(rev=seen + 1), seen_rev=seen))
        for seen in range(stored_rev, stored_rev + 3)
    ]
    trip = Outcome(cases(case(kind="trip")))
    merged = together([*steps, trip]).transaction
    last = case(rev=stored_rev + 3)
    assert merged.cases == (CaseWrite(last, stored_rev), CaseWrite(case(kind="trip"), 0))
    store.commit_now(merged)


def test_alarms_and_cases_of_one_name_do_not_meet() -> None:
    both = Outcome(
        Transaction(alarms=(AlarmWrite(alarm("1"), 0),), cases=(CaseWrite(case("1"), 0),))
    )
    assert both.and_then(Outcome()).transaction == both.transaction
