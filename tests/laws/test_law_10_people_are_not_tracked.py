"""Law 10: the place is the unit of the roster; what is stored is the picture a decision used."""

from __future__ import annotations

from firmware_sim.world.process import at_once
from tests.support.running import Running


def test_the_place_of_a_person_is_the_unit_of_their_roster() -> None:
    running = Running()
    running.press()
    running.wait(1)
    (alarm,) = at_once(running.store.open_alarms())
    view = running.process.core.book.views[alarm.id]
    assert view.nearest
    assert all(any(w.startswith("roster_unit") for w in c.why) for c in view.nearest)


def test_a_decision_keeps_its_picture_and_no_position_of_anybody() -> None:
    running = Running()
    running.press()
    running.wait(1)
    (alarm,) = at_once(running.store.open_alarms())
    bodies = [entry.body or "" for entry in at_once(running.store.timeline(alarm.id))]
    assert any('"view"' in body for body in bodies)
    assert not any('"lat"' in body or '"seen' in body for body in bodies)
