"""A start: what fell due while we were away is run, most acute first, behind what happens now."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from alarms.model import Alarm
from core.signals import Level, Signal
from core.values import replace
from dispatcher.engine.machine import AT_ONCE_MOST
from dispatcher.store.memory import MemoryStore
from tests.support.office import START, Office, office

AWAY = timedelta(minutes=5)
OPEN = 3 * AT_ONCE_MOST


async def test_everything_that_fell_due_runs_its_step_once_marked_late() -> None:
    store = await _store_with_open_alarms()
    async with office(store, start=False) as house:
        house.clock.move_to(START + AWAY)
        await house.engine.start()
        for alarm in house.engine.open_alarms():
            since = [
                one for one in await house.engine.timeline(alarm.id) if one.at >= house.clock.now()
            ]
            steps = [one for one in since if one.what == "step"]
            assert len(steps) == 1, alarm.id
            assert '"late":"yes"' in (steps[0].body or "")


async def test_the_most_acute_is_decided_before_anything_else() -> None:
    store = await _store_with_open_alarms()
    async with office(store, start=False) as house:
        house.clock.move_to(START + AWAY)
        await house.engine.load()
        moved = [alarm for alarm in house.engine.open_alarms() if _has_gone_on(alarm, house)]
        assert len(moved) == AT_ONCE_MOST
        assert {alarm.level for alarm in moved} == {Level.RED}


async def test_a_press_during_the_start_does_not_wait_for_what_fell_due() -> None:
    store = await _store_with_open_alarms()
    async with office(store, start=False) as house:
        house.clock.move_to(START + AWAY)
        await house.engine.load()
        taken = await asyncio.wait_for(house.take(house.press("bo", seq=7)), 5)
        assert taken == "stored"
        waiting = [a for a in house.engine.open_alarms() if not _has_gone_on(a, house)]
        assert len(waiting) == OPEN - AT_ONCE_MOST
        await house.engine.go_on()
        assert all(_has_gone_on(alarm, house) for alarm in house.engine.open_alarms())


# Helpers


async def _store_with_open_alarms() -> MemoryStore:
    """A third of them red; all fall due seconds later."""
    async with office() as house:
        for number in range(OPEN):
            await house.take(_of_button(house, number))
    return house.store


def _of_button(house: Office, number: int) -> Signal:
    level = Level.RED if number % 3 == 0 else Level.YELLOW
    signal = house.press("anna", seq=number)
    device = f"button-{number}"
    reading = replace(signal.reading, device=device, level=level)
    identity = f"{device}|1"
    return replace(
        signal,
        id=f"s_{device}",
        identity=identity,
        device=device,
        reading=reading,
        person=None,
        level=level,
    )


def _has_gone_on(alarm: Alarm, house: Office) -> bool:
    """Whether its next moment lies ahead again."""
    assert alarm.escalation is not None
    return alarm.escalation.wake_at > house.clock.now()
