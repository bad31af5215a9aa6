"""The picture a decision used is stored once: an entry without one used the one before it."""

from __future__ import annotations

import msgspec

from dispatcher.web.console.stored_view import newest_picture
from tests.support.office import office


async def test_an_opening_and_the_steps_that_saw_the_same_share_one_picture() -> None:
    async with office() as house:
        await house.take(house.press())
        await house.until(house.wearable.arrived)
        before = house.alarm.rev
        await house.time_passes_until(lambda: house.alarm.rev > before)
        stored = await house.store.timeline(house.alarm.id)
        bodies = {one.what: msgspec.json.decode(one.body or "{}") for one in stored}
        assert [what for what, body in bodies.items() if "view" in body] == ["opened"]
        assert "step" in bodies
        seen, picture = house.engine.last_view(house.alarm.id), newest_picture(stored)
        assert seen is not None
        assert picture is not None
        assert [one.person for one in picture.nearest] == [one.person for one in seen.nearest]
