"""What breaks around the engine breaks one thing: store, others and next route go on."""

from __future__ import annotations

import asyncio

import pytest

from alarms.model import Alarm, Notice
from core.errors import ChannelError, Conflict, StoreUnavailable
from core.signals import Taken
from dispatcher.channels.ports import Addressee, Sending
from dispatcher.channels.wearer import Tell
from dispatcher.store.journal.replay import Settling
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import Transaction
from tests.support.office import office

GONE = ChannelError("no radio", temporary=False)
IDA = "badge-ida"


async def test_a_message_its_provider_refuses_makes_the_next_person_due_at_once() -> None:
    """Law 4: nobody else has to happen first."""
    async with office() as house:
        house.wearable.fails = house.sms.fails = GONE
        await house.take(house.press())
        before = house.clock.now()
        await house.time_passes_until(lambda: bool(house.engine.core.open_alarms.asked_at(IDA)))
        assert house.clock.now() == before


async def test_a_provider_that_breaks_is_a_route_that_failed() -> None:
    async with office() as house:
        house.wearable.fails = GONE

        async def breaks(notice: Notice, to: Addressee, link: str) -> Sending:
            raise RuntimeError("ours")

        house.sms.send = breaks  # type: ignore[method-assign]
        await house.take(house.press())
        await house.time_passes_until(lambda: bool(house.engine.core.open_alarms.asked_at(IDA)))


async def test_a_device_that_cannot_be_told_keeps_no_commit_and_no_call_from_going_on() -> None:
    async with office() as house:
        doors = house.engine._doors

        def breaks(tell: Tell) -> bool:
            raise RuntimeError("ours")

        object.__setattr__(doors, "tell", breaks)
        assert await house.take(house.press()) is Taken.STORED
        await house.until(house.wearable.arrived)
        assert await asyncio.wait_for(house.take(house.press("ida")), 5) is Taken.STORED


class BrokenStore(MemoryStore):
    """Answers one transaction with a mistake of ours."""

    breaks: BaseException | None = None

    def submit(self, unit: Transaction) -> asyncio.Future[None]:
        if self.breaks is None or not unit.signals:
            return super().submit(unit)
        promised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        promised.set_exception(self.breaks)
        return promised


async def test_a_mistake_of_ours_over_one_transaction_leaves_the_store_open_to_the_next() -> None:
    store = BrokenStore()
    async with office(store) as house:
        store.breaks = TypeError("ours")
        assert await house.takes(house.press()) is Taken.UNSTORED
        await house.until(house.wearable.arrived)
        await house.time_passes_until(lambda: not house.engine.machine.line.unsaved)
        store.breaks = None
        assert await house.takes(house.press("ida")) is Taken.STORED


@pytest.mark.parametrize("why", [StoreUnavailable("full"), Conflict("again"), TypeError("ours")])
async def test_what_cannot_be_settled_is_tried_again_and_stands_in_nobodys_way(
    why: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, fails = Settling.settle, [why]

    async def once_in_vain(self: Settling, unit: Transaction) -> list[str]:
        if fails:
            raise fails.pop()
        return await settle(self, unit)

    monkeypatch.setattr(Settling, "settle", once_in_vain)
    store = BrokenStore()
    async with office(store) as house:
        store.breaks = Conflict("another rev")
        assert await house.takes(house.press()) is Taken.UNSTORED
        await house.time_passes_until(lambda: not fails)
        store.breaks = None
        await house.time_passes_until(lambda: house.engine.machine.line.is_idle)
        assert await house.takes(house.press("ida")) is Taken.STORED


async def test_a_journal_that_breaks_while_it_is_read_back_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with office() as house:
        tries: list[Alarm | None] = []

        async def replay(store: object, wall: object) -> None:
            tries.append(None)
            if len(tries) == 1:
                raise RuntimeError("ours")

        monkeypatch.setattr(house.journal, "replay", replay)
        house.engine.replay_later(StoreUnavailable("locked"))
        await house.time_passes_until(lambda: house.engine.machine.line.is_idle and len(tries) == 2)
