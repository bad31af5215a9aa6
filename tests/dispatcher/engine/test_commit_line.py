"""The line into the store as a pure state: events with a moment in, actions out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarms.vocabulary import TellType
from core.errors import Conflict, StoreUnavailable, TilkaldError, Unstorable
from core.signals import Taken
from dispatcher.channels.wearer import Tell
from dispatcher.engine.actions import (
    Action,
    Answered,
    Commit,
    Degraded,
    ReadBack,
    Restored,
    Settle,
    Ticket,
    WriteDown,
)
from dispatcher.engine.commit_line import (
    BACKLOG_MOST,
    PATIENCE,
    RETRY_EVERY,
    TOGETHER_MOST,
    CommitLine,
    LineAction,
    Perform,
)
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import NOTHING, Outcome
from dispatcher.store.ports import RawBytes, Transaction

START = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
FULL = StoreUnavailable("the disk is full")


class Line:
    """A line, its clock, and what it asked for since it was last looked at."""

    def __init__(self) -> None:
        self.now = START
        self.line = CommitLine(OpenAlarms(), "life-1")

    def submit(self, number: int = 1) -> Ticket:
        return self.line.submit(outcome(number), self.now)

    def committed(self, ticket: Ticket) -> None:
        self.line.committed(ticket, self.now)

    def failed(self, ticket: Ticket, why: TilkaldError) -> None:
        self.line.failed(ticket, why, self.now)

    def passes(self, time: timedelta) -> None:
        """Time passes, and who drives the line looks at every moment it asks for."""
        until = self.now + time
        while (wake := self.line.wake_at) is not None and wake.at <= until:
            self.now = max(self.now, wake.at)
            self.line.wake(self.now)
        self.now = until

    def asked(self) -> list[LineAction]:
        return self.line.take_actions()

    def asked_for(self, *kinds: type[Action | Perform]) -> list[LineAction]:
        return [one for one in self.asked() if isinstance(one, kinds)]


def outcome(number: int) -> Outcome:
    raw = RawBytes(START, "native", f"badge-{number}", "unread", b"x")
    told = (tell(number, TellType.RECEIVED), tell(number, TellType.ACCEPTED))
    return Outcome(Transaction(raw=(raw,)), tell=told)


def tell(number: int, what: TellType) -> Tell:
    return Tell(f"badge-{number}", what, "a_1", 1, START)


def told(actions: list[LineAction]) -> list[TellType]:
    performed = (one.outcome for one in actions if isinstance(one, Perform))
    return [one.type for outcome in performed for one in outcome.tell]


def senders(commit: LineAction) -> list[str]:
    assert isinstance(commit, Commit)
    return [raw.sender for raw in commit.transaction.raw]


def test_it_is_acknowledged_and_then_performed_when_it_is_committed() -> None:
    line = Line()
    ticket = line.submit()
    assert [type(one) for one in line.asked()] == [Commit]
    line.committed(ticket)
    acknowledged, performed = line.asked()
    assert acknowledged == Answered(ticket, Taken.STORED)
    assert performed == Perform(outcome(1))
    assert line.line.is_idle


def test_what_is_decided_while_the_store_is_at_work_is_committed_together_in_its_order() -> None:
    line = Line()
    first, *others = [line.submit(number) for number in (1, 2, 3)]
    (commit,) = line.asked()
    assert senders(commit) == ["badge-1"]
    line.committed(first)
    *_, together = line.asked()
    assert senders(together) == ["badge-2", "badge-3"]
    line.committed(others[0])
    answered = [one for one in line.asked() if isinstance(one, Answered)]
    assert answered == [Answered(one, Taken.STORED) for one in others]


def test_no_transaction_grows_without_end() -> None:
    line = Line()
    first, *_ = [line.submit(number) for number in range(3 * TOGETHER_MOST)]
    line.asked()
    line.committed(first)
    (commit,) = line.asked_for(Commit)
    assert len(senders(commit)) == TOGETHER_MOST


@pytest.mark.parametrize("why", [Unstorable("a value"), Conflict("another rev")])
def test_what_fails_with_others_is_tried_again_alone(why: TilkaldError) -> None:
    line = Line()
    first, second, third = [line.submit(number) for number in (1, 2, 3)]
    line.committed(first)
    line.asked()
    line.failed(second, why)
    (alone,) = line.asked_for(Commit)
    assert senders(alone) == ["badge-2"]
    line.committed(second)
    (after,) = line.asked_for(Commit)
    assert senders(after) == ["badge-3"]
    line.committed(third)
    assert line.line.is_idle


def test_nothing_to_commit_and_nothing_under_way_is_performed_at_once() -> None:
    line = Line()
    ticket = line.line.submit(NOTHING, line.now)
    assert line.asked() == [Answered(ticket, Taken.STORED), Perform(NOTHING)]


def test_a_store_that_is_silent_for_a_second_is_not_waited_for_and_promises_wait() -> None:
    line = Line()
    ticket = line.submit()
    line.passes(PATIENCE - timedelta(milliseconds=1))
    assert [type(one) for one in line.asked()] == [Commit]
    line.passes(timedelta(milliseconds=1))
    actions = line.asked()
    assert [type(one) for one in actions] == [Degraded, WriteDown, Perform, Answered]
    assert told(actions) == [TellType.ACCEPTED]
    assert actions[-1] == Answered(ticket, Taken.UNSTORED)


def test_while_it_is_silent_nothing_waits_for_it_once_more() -> None:
    line = Line()
    line.submit(1)
    line.passes(PATIENCE)
    line.asked()
    second = line.submit(2)
    assert Answered(second, Taken.UNSTORED) in line.asked()


def test_an_answer_that_stands_right_behind_the_moment_is_heard_first() -> None:
    """When we ourselves are late, it may be there already."""
    line = Line()
    ticket = line.submit()
    line.asked()
    line.now += PATIENCE * 5
    line.line.wake(line.now)
    line.committed(ticket)
    line.line.wake(line.now)
    assert Answered(ticket, Taken.STORED) in line.asked()


def test_a_silent_store_that_answers_late_is_promised_then_and_all_is_well() -> None:
    line = Line()
    ticket = line.submit()
    line.passes(PATIENCE)
    line.asked()
    line.committed(ticket)
    actions = line.asked()
    assert told(actions) == [TellType.RECEIVED]
    assert Answered(ticket, Taken.STORED) in actions
    line.passes(RETRY_EVERY)
    assert line.asked_for(ReadBack) == [ReadBack(take_over=False)]
    line.line.read_back(line.now)
    assert line.asked_for(Restored) == [Restored("journal"), Restored("store")]
    assert line.line.is_idle


def test_what_the_store_refuses_goes_on_from_memory_and_is_offered_every_second() -> None:
    line = Line()
    ticket = line.submit()
    line.asked()
    line.failed(ticket, FULL)
    assert Answered(ticket, Taken.UNSTORED) in line.asked()
    for _ in range(3):
        line.passes(RETRY_EVERY)
        assert len(line.asked_for(Commit)) == 1
        line.failed(ticket, FULL)
    line.passes(RETRY_EVERY)
    line.committed(ticket)
    assert Answered(ticket, Taken.STORED) in line.asked()


def test_what_was_gathered_behind_it_keeps_its_place() -> None:
    line = Line()
    tickets = [line.submit(number) for number in (1, 2, 3)]
    line.asked()
    line.failed(tickets[0], FULL)
    line.asked()
    offered = []
    for ticket in tickets:
        line.passes(RETRY_EVERY)
        offered += [senders(one) for one in line.asked_for(Commit)]
        line.committed(ticket)
    assert offered[0] == ["badge-1"]
    assert [one.ticket for one in [*line.asked()] if isinstance(one, Commit)] == []
    assert line.line.unsaved == 0


def test_what_does_not_fit_what_is_stored_is_settled_over_it() -> None:
    line = Line()
    ticket = line.submit()
    line.failed(ticket, FULL)
    line.passes(RETRY_EVERY)
    line.asked()
    line.failed(ticket, Conflict("another rev"))
    (settle,) = line.asked_for(Settle)
    assert isinstance(settle, Settle)
    line.committed(settle.ticket)
    assert Answered(ticket, Taken.STORED) in line.asked()


def test_what_can_never_be_stored_is_said_to_be_so_and_holds_no_other_up() -> None:
    line = Line()
    first, second = line.submit(1), line.submit(2)
    line.failed(first, FULL)
    line.passes(RETRY_EVERY)
    line.asked()
    line.failed(first, Unstorable("a value"))
    actions = line.asked()
    assert Answered(first, Taken.NEVER) in actions
    assert [one.ticket for one in actions if isinstance(one, Commit)] == [second]


def test_what_memory_cannot_hold_either_is_never_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.engine.commit_line.BACKLOG_MOST", 0)
    assert BACKLOG_MOST > 0
    line = Line()
    ticket = line.submit()
    line.failed(ticket, FULL)
    answered = [one for one in line.asked() if isinstance(one, Answered)]
    assert answered == [Answered(ticket, Taken.UNSTORED), Answered(ticket, Taken.NEVER)]


def test_a_journal_that_was_never_read_is_read_when_the_store_works() -> None:
    line = Line()
    line.line.read_back_later(line.now)
    line.passes(RETRY_EVERY)
    assert line.asked_for(ReadBack) == [ReadBack(take_over=True)]
    line.line.read_back_failed(FULL, line.now)
    line.passes(RETRY_EVERY)
    assert line.asked_for(ReadBack) == [ReadBack(take_over=True)]
    line.line.read_back(line.now)
    assert line.line.is_idle


def test_one_name_stands_on_what_is_written_down_and_stored_later() -> None:
    line = Line()
    ticket = line.submit()
    line.failed(ticket, FULL)
    (written,) = line.asked_for(WriteDown)
    line.passes(RETRY_EVERY)
    (commit,) = line.asked_for(Commit)
    assert isinstance(written, WriteDown)
    assert isinstance(commit, Commit)
    assert written.transaction == commit.transaction
    assert written.transaction.once


def test_what_was_gathered_with_a_press_and_cannot_be_stored_takes_no_press_along() -> None:
    line = Line()
    receipt = line.line.gather(outcome(1), line.now)
    press = line.submit(2)
    (together,) = line.asked()
    assert senders(together) == ["badge-1", "badge-2"]
    line.failed(receipt, Unstorable("a value"))
    line.asked()
    line.failed(receipt, Unstorable("a value"))
    line.passes(RETRY_EVERY)
    line.failed(receipt, Unstorable("a value"))
    line.committed(press)
    answered = [one for one in line.asked() if isinstance(one, Answered)]
    assert answered[-2:] == [Answered(receipt, Taken.NEVER), Answered(press, Taken.STORED)]
