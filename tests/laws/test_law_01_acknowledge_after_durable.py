"""Law 1: a device is acknowledged only after its signal is committed; a store never stops help."""

from __future__ import annotations

from alarms.model import TellType
from core.errors import StoreUnavailable
from tests.support.running import Running
from tests.support.story import story


def test_a_press_is_acknowledged_and_answered_only_after_the_commit() -> None:
    running = Running()
    signal = running.press()
    assert running.out.acknowledged == []
    assert signal.identity not in running.store.stored_signals
    running.wait(1)
    assert signal.identity in running.store.stored_signals
    # The line's own acknowledgement goes before anything else that the commit starts.
    order = running.out.order
    assert order.index("decided") < order.index("acknowledged") < order.index("told received")


def test_a_press_its_alarm_its_notices_and_its_timeline_are_one_transaction() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    """)
    unit = stage.works[0].transaction
    assert [len(unit.signals), len(unit.alarms), len(unit.notices)] == [1, 1, 1]
    assert [entry.what for entry in unit.timeline] == ["opened", "step"]


def test_a_store_that_cannot_commit_never_stops_help_and_promises_nothing() -> None:
    running = Running()
    running.store.fail_with = StoreUnavailable("the disk is full")
    running.press()
    running.wait(1)
    assert running.out.handed, "help is called from memory"
    assert running.out.acknowledged == []
    assert TellType.RECEIVED not in [tell.type for tell in running.out.told]


def test_what_was_unstored_is_tried_again_every_second_and_then_answered() -> None:
    running = Running()
    running.store.fail_with = StoreUnavailable("the disk is full")
    signal = running.press()
    running.wait(5)
    running.store.fail_with = None
    running.wait(1.1)
    assert signal.identity in running.store.stored_signals
    assert TellType.RECEIVED in [tell.type for tell in running.out.told]
