"""Bugs planted in the commit line and the outbox that the service runs: the world catches each."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.signals import ReceiptState, Taken
from dispatcher.engine import commit_line, outbox
from dispatcher.engine.actions import Answered, HandOver, Ticket
from dispatcher.engine.commit_line import CommitLine, Perform
from dispatcher.engine.machine import Machine
from dispatcher.engine.outbox import Outbox
from dispatcher.engine.outcome import Moment, Outcome
from firmware_sim.world.lines import Weather
from firmware_sim.world.simulate import Setting, Troubles
from tests.simulation.test_mutants import RESTLESS, caught

Patch = pytest.MonkeyPatch
pytestmark = pytest.mark.timeout(600)
"""Some show only after most of the seeds, on a machine with much else to do."""
BAD_DISK = Setting(troubles=Troubles(store_failures=200, disk_hangs=200), habits=RESTLESS.habits)
BAD_CHANNELS = Setting(weather=Weather(never_answers=0.3), habits=RESTLESS.habits)
CRASHES = Setting(troubles=Troubles(crashes=400, crashes_mid_step=400), habits=RESTLESS.habits)


# The line into the store


def test_acknowledging_before_the_commit_is_caught(monkeypatch: Patch) -> None:
    submit = CommitLine.submit

    def hasty(self: CommitLine, outcome: Outcome, now: datetime) -> Ticket:
        ticket = submit(self, outcome, now)
        self._actions.insert(0, Answered(ticket, Taken.STORED))
        return ticket

    monkeypatch.setattr(CommitLine, "submit", hasty)
    assert caught() == (1, "what is acknowledged is stored")


def test_performing_before_the_commit_is_caught(monkeypatch: Patch) -> None:
    submit = CommitLine.submit

    def hasty(self: CommitLine, outcome: Outcome, now: datetime) -> Ticket:
        self._actions.append(Perform(outcome))
        return submit(self, outcome, now)

    monkeypatch.setattr(CommitLine, "submit", hasty)
    assert caught() in (
        (5, "nothing leaves before its commit"),
        (1, "`received` is told of what is stored"),
    )


def test_calling_unstored_what_is_stored_is_caught(monkeypatch: Patch) -> None:
    """A press that is only called from memory is acknowledged."""

    def lies(self: CommitLine, one: commit_line._Submission) -> None:
        self._call_ahead(one)
        self._actions.append(Answered(one.ticket, Taken.STORED))

    monkeypatch.setattr(CommitLine, "_perform_unstored", lies)
    assert caught(setting=BAD_DISK) == (1, "what is acknowledged is stored")


def test_promising_what_is_not_stored_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(commit_line, "_without_promises", lambda outcome: outcome)
    assert caught(setting=BAD_DISK) == (1, "`received` is told of what is stored")


def test_forgetting_the_promise_after_a_late_commit_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(commit_line, "_promises", lambda _: Outcome())
    assert caught(setting=BAD_DISK) == (7, "a stored press is answered within 2 s")


def test_waiting_for_a_disk_that_hangs_is_caught(monkeypatch: Patch) -> None:
    """Help goes on from memory only when the store says that it failed."""
    monkeypatch.setattr(CommitLine, "_impatient_at", lambda _: None)
    claim = "what is called leaves within 3 s, whatever the disk does"
    assert caught(setting=BAD_DISK) == (1, claim)


def test_calling_from_memory_without_the_journal_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CommitLine, "_write_down", lambda *_: None)
    claim = "what is called from memory is written down first"
    assert caught(setting=BAD_DISK) == (1, claim)


def test_never_offering_again_what_failed_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CommitLine, "_save_soon", lambda *_: None)
    claim = "what went on from memory is stored once the store works"
    assert caught(setting=BAD_DISK) == (1, claim)


def test_dropping_what_failed_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(commit_line, "BACKLOG_MOST", 0)
    assert caught(setting=BAD_DISK)[0] == 5


def test_taking_a_conflict_for_stored_is_caught(monkeypatch: Patch) -> None:
    """What does not fit what is stored is thrown away."""

    def careless(self: CommitLine, why: Exception, now: datetime) -> None:
        self._saved(now)

    monkeypatch.setattr(CommitLine, "_not_saved", careless)
    assert caught(setting=BAD_DISK) == (5, "what is decided is stored, in its order")


def test_offering_the_newest_first_is_caught(monkeypatch: Patch) -> None:
    save_on = CommitLine._save_on

    def backwards(self: CommitLine, now: datetime) -> None:
        if self._unsaved:
            self._unsaved.rotate(1)
        save_on(self, now)

    monkeypatch.setattr(CommitLine, "_save_on", backwards)
    assert caught(setting=BAD_DISK)[0] in (1, 5)


def test_giving_the_store_up_for_good_is_caught(monkeypatch: Patch) -> None:
    """A commit that comes late is taken for none."""

    def deaf(self: CommitLine, ticket: Ticket, now: datetime) -> None:
        if not any(one.given_up for one in self._in_flight):
            committed(self, ticket, now)

    committed = CommitLine.committed
    monkeypatch.setattr(CommitLine, "committed", deaf)
    assert caught(setting=BAD_DISK)[0] in (1, 7)


def test_losing_what_was_gathered_while_the_store_was_at_work_is_caught(monkeypatch: Patch) -> None:
    commit_gathered = CommitLine._commit_gathered

    def only_the_first(self: CommitLine) -> None:
        commit_gathered(self)
        if len(self._in_flight) > 1:
            del self._in_flight[1:]

    monkeypatch.setattr(CommitLine, "_commit_gathered", only_the_first)
    assert caught(setting=RESTLESS)[0] in (1, 5, 7)


# The receipts of a turn, and what a start finds


def test_receipts_that_are_never_committed_are_caught(monkeypatch: Patch) -> None:
    submit = Machine._submit

    def forgetful(self: Machine, outcome: Outcome, at: Moment) -> Ticket:
        self.receipts.clear()
        self._receipts_at = None
        return submit(self, outcome, at)

    monkeypatch.setattr(Machine, "_submit", forgetful)
    assert caught()[0] == 5


def test_forgetting_what_was_being_sent_at_the_crash_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Machine, "_doubt", lambda *_: None)
    assert caught(setting=CRASHES) == (5, "no notice is lost")


def test_sending_again_what_had_left_is_caught(monkeypatch: Patch) -> None:
    """After a start everything is sent again, whatever became of it."""

    def everything(self: Machine, unfinished: object, at: Moment) -> None:
        self._unsent.extend(self.core.open_alarms.notices.values())
        self._look_for_backlog(at)

    monkeypatch.setattr(Machine, "_doubt", everything)
    assert caught(setting=CRASHES) == (5, "only what was in sending goes out twice")


# The outbox


def test_handing_over_without_a_last_look_is_caught(monkeypatch: Patch) -> None:
    def blind(self: Outbox, one: outbox._Leaving, at: Moment) -> None:
        self._wait(one, at)
        self._actions.append(HandOver(one.notice, one.token))

    monkeypatch.setattr(Outbox, "_hand_over", blind)
    assert caught(setting=RESTLESS) == (3, "nothing rings at a victim")


def test_attempting_before_sending_is_committed_is_caught(monkeypatch: Patch) -> None:
    def hasty(self: Outbox, one: outbox._Leaving, lane: outbox._Lane, at: Moment) -> None:
        one.lane = lane
        lane.under_way += 1
        self._hand_over(one, at)

    monkeypatch.setattr(Outbox, "_commit_sending", hasty)
    assert caught(setting=CRASHES) == (5, "only what was in sending goes out twice")


def test_a_lane_whose_places_are_never_free_again_is_caught(monkeypatch: Patch) -> None:
    def keeps_it(self: Outbox, one: outbox._Leaving) -> None:
        del self._leaving[one.notice.id]
        for waiting in self._behind.pop(one.notice.id, ()):
            self._join_lane(self._leaving[waiting])

    monkeypatch.setattr(Outbox, "_end", keeps_it)
    monkeypatch.setattr(outbox, "LIFE_LANE", 4)
    assert caught(setting=RESTLESS) == (
        1,
        "what is called leaves within 3 s, whatever the disk does",
    )


def test_a_channel_that_is_waited_for_without_end_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Outbox, "_out_of_time", lambda *_: None)
    claim = "a channel that does not answer is given up after 15 s"
    assert caught(setting=BAD_CHANNELS) == (4, claim)


def test_a_stand_down_that_overtakes_its_call_is_caught(monkeypatch: Patch) -> None:
    def overtaking(self: Outbox, one: outbox._Leaving, at: Moment) -> None:
        if self._channels[one.notice.channel].immediate:
            self._hand_over(one, at)
        else:
            self._join_lane(one)

    monkeypatch.setattr(Outbox, "_begin", overtaking)
    assert caught(setting=BAD_CHANNELS) == (
        5,
        "a stand-down leaves behind the call it takes back",
    )


def test_a_turnstile_that_never_opens_again_is_caught(monkeypatch: Patch) -> None:
    wake = Outbox.wake

    def asleep(self: Outbox, at: Moment) -> None:
        self._next_turn = None
        wake(self, at)

    monkeypatch.setattr(Outbox, "wake", asleep)
    monkeypatch.setattr(outbox, "FIRST_CALLS_A_TURN", 8)
    assert caught(setting=RESTLESS) == (
        1,
        "what is called leaves within 3 s, whatever the disk does",
    )


def test_a_failure_nobody_is_told_of_is_caught(monkeypatch: Patch) -> None:
    """What a channel refuses is taken for sent."""
    refused = Machine.refused

    def hopeful(self: Machine, notice: str, state: ReceiptState, why: str, at: Moment) -> None:
        if state is ReceiptState.FAILED_PERMANENT:
            self.handed_over(notice, ReceiptState.SENDING, at)
        else:
            refused(self, notice, state, why, at)

    monkeypatch.setattr(Machine, "refused", hopeful)
    assert caught(setting=RESTLESS)[0] in (4, 5)
