"""Law 5: the same inputs decide the same; nothing leaves before its commit; no step runs twice."""

from __future__ import annotations

from core.signals import ReceiptState
from tests.support.running import Running
from tests.support.story import story

TABLE = """
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses  | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts  | Anna feels: Bo is coming, 35 s
    0:10 | Bo   | withdraws | call Ida: wearable; Anna feels: nobody yet
    0:40 |      |          | call Lone: wearable, sms
    """


def test_the_same_story_makes_the_same_work_with_the_same_ids() -> None:
    assert story(TABLE).works == story(TABLE).works


def test_nothing_leaves_before_its_own_transaction_is_committed() -> None:
    running = Running()
    running.press()
    assert running.out.order == ["decided"]
    assert running.out.handed == []
    running.wait(1)
    assert all(running.store.knows(notice.id) for notice in running.out.handed)
    assert running.out.handed


def test_after_a_crash_no_step_runs_twice_and_no_notice_is_lost() -> None:
    running = Running()
    running.press()
    running.wait(0.0025)  # committed, and nothing handed over yet
    asked = {notice.id for notice in running.stored_notices()}
    assert asked
    assert running.out.handed == []
    running.crash_and_start()
    running.wait(1)
    assert {notice.id for notice in running.out.handed} == asked
    assert len(running.out.handed) == len(asked)
    steps = [entry.what for w in running.out.decided_ for entry in w.transaction.timeline]
    assert steps.count("step") == 1


def test_only_what_was_in_sending_goes_out_twice_with_the_same_id_and_says_so() -> None:
    running = Running()
    running.press()
    running.wait(1)  # handed over, and its fate never heard
    first = list(running.out.handed)
    running.crash_and_start()
    running.wait(0.5)
    again = running.out.handed[len(first) :]
    assert [n.id for n in again if n.id in {f.id for f in first}]
    doubtful = [n for n in again if n.id in {f.id for f in first}]
    assert all(n.state is ReceiptState.MAYBE_SENT for n in doubtful)


def test_what_was_sent_goes_out_no_more() -> None:
    running = Running()
    running.press()
    running.wait(1)
    first = list(running.out.handed)
    for notice in first:
        running.process.moved(notice.id, ReceiptState.SENT)
    running.wait(0.1)
    running.crash_and_start()
    running.wait(1)
    assert not {n.id for n in first} & {n.id for n in running.out.handed[len(first) :]}


def test_state_and_effects_are_one_transaction() -> None:
    """Every notice that is sent stands in the unit that also writes its alarm."""
    for work in story(TABLE).works:
        ids = [notice.id for notice in work.transaction.notices]
        assert [notice.id for notice in work.send] == ids
        if ids:
            assert work.transaction.alarms
