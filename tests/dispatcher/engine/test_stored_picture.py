"""The picture a decision used is stored once: an entry without one used the one before it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec

from core.clock import ClockMark
from dispatcher.web.console.stored_view import newest_picture
from tests.support.office import START, Office, office


async def test_an_opening_and_the_steps_that_saw_the_same_share_one_picture() -> None:
    async with office() as house:
        await house.engine.take(house.press())
        await house.until(house.wearable.arrived)
        await _next_step(house)
        stored = await house.store.timeline(house.alarm.id)
        bodies = {one.what: msgspec.json.decode(one.body or "{}") for one in stored}
        assert [what for what, body in bodies.items() if "view" in body] == ["opened"]
        assert "step" in bodies
        seen, picture = house.engine.last_view(house.alarm.id), newest_picture(stored)
        assert seen is not None
        assert picture is not None
        assert [one.person for one in picture.nearest] == [one.person for one in seen.nearest]


async def _next_step(house: Office) -> None:
    changes = house.engine.follow()
    before = house.alarm.rev
    house.clock.move_to(START + timedelta(seconds=31))
    house.engine.mark(ClockMark(house.clock.now(), house.clock.wall(), 0.0, "b"))
    while house.alarm.rev == before:
        await asyncio.wait_for(changes.get(), 2)
