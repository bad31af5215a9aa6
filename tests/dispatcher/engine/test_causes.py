"""Causes of one source: an alarm each while they are few, then one that says how many."""

from __future__ import annotations

from dispatcher.engine.causes import (
    CAUSES_MOST,
    CAUSES_OF_HOUSE_MOST,
    FOLDED_MOST,
    Causes,
    many_key,
    said,
)


def test_each_of_a_few_causes_has_its_own_alarm_and_further_ones_share_one() -> None:
    house = House()
    for number in range(CAUSES_MOST):
        assert house.raised(f"technical:panel:{number}", "panel") == ""
    assert house.raised("technical:panel:13", "panel") == "1"
    assert house.raised("technical:panel:14", "panel") == "2"
    assert house.raised("technical:panel:14", "panel") == "2", "the same cause counts once"
    assert house.raised("technical:panel:0", "panel") == "", "news about one that is open"
    assert house.raised("technical:other:1", "other") == "", "another device has its own share"


def test_an_alarm_of_many_is_over_with_the_last_of_its_causes() -> None:
    house = House()
    house.fill("panel", CAUSES_MOST)
    house.raised("a", "panel")
    house.raised("b", "panel")
    assert house.causes.over("technical:panel:0") == ""
    assert house.causes.over("a") == ""
    assert house.causes.over("b") == many_key("panel")


def test_an_alarm_of_many_from_before_a_restart_stands_until_a_person_has_looked() -> None:
    """Nobody knows any more for how many it stands: the end of one says nothing of the others."""
    house = House()
    house.fill("panel", CAUSES_MOST + 5)
    house.causes = Causes(lambda key: key in house.open)
    assert house.raised("new", "panel") == "1+"
    assert house.causes.over("new") == ""
    house.open.discard(many_key("panel"))
    house.fill("panel again", CAUSES_MOST, device="panel")
    assert house.raised("newer", "panel") == "1", "it begins anew"
    assert house.causes.over("newer") == many_key("panel")


def test_an_alarm_of_more_than_are_counted_stands_until_a_person_has_looked() -> None:
    house = House()
    house.fill("panel", CAUSES_MOST + FOLDED_MOST + 1)
    counted = range(CAUSES_MOST, CAUSES_MOST + FOLDED_MOST)
    assert {house.causes.over(f"technical:panel:{number}") for number in counted} == {""}


def test_a_cause_that_is_over_makes_room_for_another() -> None:
    house = House()
    house.fill("panel", CAUSES_MOST)
    house.open.discard("technical:panel:3")
    assert house.raised("new", "panel") == ""


def test_an_alarm_of_many_that_a_person_closed_begins_anew() -> None:
    house = House()
    house.fill("panel", CAUSES_MOST)
    house.raised("a", "panel")
    house.open.discard(many_key("panel"))
    assert house.raised("b", "panel") == "1"
    assert house.causes.over("a") == ""


def test_parts_of_the_service_have_a_share_each() -> None:
    house = House()
    for number in range(CAUSES_OF_HOUSE_MOST):
        assert house.raised(f"channel:{number}", "") == ""
    assert house.raised("channel:more", "") == "1"
    assert house.raised("auditor", "") == ""


def test_what_is_remembered_of_a_flood_has_a_limit() -> None:
    house = House()
    house.fill("panel", CAUSES_MOST + FOLDED_MOST + 50)
    assert house.raised("one more", "panel") == said(FOLDED_MOST) == "1024+"


def test_a_great_number_is_said_in_steps() -> None:
    assert [said(count) for count in (1, 15, 16, 40, 64)] == ["1", "15", "16+", "32+", "64+"]


class House:
    def __init__(self) -> None:
        self.open: set[str] = set()
        self.causes = Causes(lambda key: key in self.open)

    def raised(self, key: str, device: str) -> str:
        """How many the alarm of many stands for; empty where the cause has its own."""
        folded = self.causes.folded(key, device)
        self.open.add(key if folded is None else folded[0])
        return "" if folded is None else folded[1]

    def fill(self, name: str, count: int, device: str = "") -> None:
        for number in range(count):
            self.raised(f"technical:{name}:{number}", device or name)
