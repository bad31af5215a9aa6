"""An alarm panel speaks for many: whoever presses second is heard as well as whoever was first."""

from __future__ import annotations

import pytest

from tests.support.story import Stage, story


def test_another_point_of_one_panel_is_another_victim_and_everybody_hears_it() -> None:
    stage = story("""
    Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Panel | presses point 7 in hall-2 saying bath   | call Bo: wearable; panel feels: sent
    0:10 | Panel | presses point 9 in hall-2 saying stairs | tell Bo: red call in hall-2
                                                           ; panel feels: sent
    0:15 | Panel | presses point 9 in hall-2 saying stairs | panel feels: sent
    """)
    (alarm,) = stage.core.open_alarms.alarms.values()
    assert [(p.name, p.presses) for p in alarm.pressers] == [("panel/7", 1), ("panel/9", 2)]
    assert alarm.text == "bath; stairs"
    told = [notice for work in stage.works for notice in work.send][-1]
    assert (told.presser_names, told.text) == (("panel/7", "panel/9"), "bath; stairs")


@pytest.mark.parametrize("panel", ["Panel", "Unknown panel"])
def test_two_points_whose_place_nobody_knows_are_two_alarms(panel: str) -> None:
    story(f"""
    Bo 35 s | Lone leader
    plan: 0 s nearest wearable
    0:00 | {panel} | presses point 7 | call Lone: wearable, sms; {_feels(panel, 7)} feels: sent
    0:05 | {panel} | presses point 9 | [2] call Lone: wearable, sms
                                     ; [2] {_feels(panel, 9)} feels: sent
    0:15 |         |                 | call Bo: wearable
    0:20 |         |                 | {_feels(panel, 7)} feels: nobody yet; [2] call Bo: wearable
    """)


def test_another_message_of_a_sender_nobody_wears_calls_anew() -> None:
    """Where everything goes to one number, the words alone tell two callers apart."""
    stage = story("""
    Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Panel | presses in hall-2 saying room-12 | call Bo: wearable; panel feels: sent
    0:10 | Panel | presses in hall-2 saying room-1  | tell Bo: red call in hall-2
                                                    ; panel feels: sent
    0:12 | Panel | presses in hall-2 saying room-12 | panel feels: sent
    """)
    (alarm,) = stage.core.open_alarms.alarms.values()
    assert alarm.text == "room-12; room-1"


def test_a_restore_of_one_point_says_nothing_of_another() -> None:
    stage = story("""
    Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Panel | presses point 7 in hall-2  | call Bo: wearable; panel feels: sent
    0:05 | Panel | restores point 9           | panel feels: sent
    0:10 | Panel | restores point 7           | tell Bo: panel/7 says it is over
                                              ; panel feels: sent
    """)
    assert _still_open(stage) == 1


@pytest.mark.parametrize("said", ["cancels", "cancels point user3", "restores point 2/7"])
def test_a_panel_that_takes_its_alarm_back_is_heard_and_closes_nothing(said: str) -> None:
    stage = story(f"""
    Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Unknown panel | presses point 7 | call Lone: wearable, sms
                                           ; dc09:1234/7 feels: sent
    0:05 | Unknown panel | {said}          | tell Lone: dc09:1234/7 says it is over
                                           ; {_feels_on(said)} feels: sent
    """)
    assert _still_open(stage) == 1


def test_a_panel_with_two_calls_open_closes_neither_by_a_word_for_all_even_on_a_trusted_line() -> (
    None
):
    stage = story("""
    Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Panel | presses point 7 in hall-2 | call Bo: wearable; panel feels: sent
    0:05 | Panel | presses point 9 in hall-3 | [2] call Bo: wearable; [2] panel feels: sent
    0:10 | Panel | cancels trusted           | [2] tell Bo: panel/9 says it is over
                                             ; panel feels: sent
    0:12 | Panel | restores point 7 trusted  | stand down Bo: closed; panel feels: over
                                             ; panel feels: sent; closed by panel: cancelled
    """)
    assert _still_open(stage) == 1


def _feels(panel: str, point: int) -> str:
    return "panel" if panel == "Panel" else f"dc09:1234/{point}"


def _feels_on(said: str) -> str:
    _, _, point = said.partition("point ")
    return f"dc09:1234/{point}".rstrip("/")


def _still_open(stage: Stage) -> int:
    return len(stage.core.open_alarms.alarms)
