from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from core.clock import ServiceClock
from devices.findings import OWN_LINE, Trouble
from devices.registry import Device
from devices.watch import Watch
from gateway.supervision import Supervision
from tests.support.gateway import House, StoringDesk


async def test_a_silence_wakes_by_itself_and_reaches_the_desk() -> None:
    """On the real clock: a loss that falls due in a moment is found then, without being asked."""
    desk, clock, watch = StoringDesk(), ServiceClock(), Watch()
    long_ago = clock.now() - timedelta(seconds=119, milliseconds=800)
    watch.configure([Device("badge-anna", "badge", "solbakken", "anna")], long_ago)
    watch.expect(["badge-anna"], long_ago)
    async with running(Supervision(watch, desk, clock)):
        await desk.until(lambda: len(desk.findings) == 1)
    assert desk.findings[0].trouble is Trouble.SILENT


async def test_a_loss_and_its_return_reach_the_desk_in_order() -> None:
    house = House()
    house.supervision.expect(["badge-anna"])
    house.pass_time(timedelta(minutes=5))
    async with running(house.supervision):
        await house.desk.until(lambda: len(house.desk.findings) == 1)
        house.supervision.alive("badge-anna")
        await house.desk.until(lambda: len(house.desk.findings) == 2)
    assert [finding.over for finding in house.desk.findings] == [False, True]
    assert len({finding.key for finding in house.desk.findings}) == 1


async def test_expecting_a_device_wakes_a_watch_that_expected_nobody() -> None:
    house = House()
    async with running(house.supervision):
        house.supervision.expect(["badge-anna"])
        house.supervision.line_down(OWN_LINE)
        await house.desk.until(lambda: len(house.desk.findings) == 1)
    assert house.desk.findings[0].devices == ("badge-anna",)


@asynccontextmanager
async def running(supervision: Supervision) -> AsyncIterator[None]:
    task = asyncio.create_task(supervision.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
