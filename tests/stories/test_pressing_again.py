"""A new press is new need: whoever is there or coming hears it, or others are called."""

from __future__ import annotations

import pytest

from tests.support.story import story


def test_who_is_there_hears_that_the_wearer_presses_again_and_answers() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    1:00 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    1:10 | Bo   | sees it | Anna feels: somebody is there
    3:00 |      |         | nothing
    """)


def test_who_is_there_and_says_nothing_is_no_help_and_the_circle_widens_from_its_first_step() -> (
    None
):
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    1:00 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    1:20 |      |         | call Ida: wearable; Anna feels: nobody yet
    1:50 |      |         | call Kim: wearable
    2:00 | Kim  | accepts | stand down Ida: enough; Anna feels: Bo and Kim are coming, 35 s
    """)


def test_who_answers_after_all_is_waited_for_again() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives         | Anna feels: somebody is there
    1:00 | Anna | presses         | tell Bo: Anna presses again; Anna feels: sent
    1:20 |      |                 | call Ida: wearable; Anna feels: nobody yet
    1:30 | Bo   | arrives         | answer: already; stand down Ida: enough
                                  ; Anna feels: somebody is there
    1:40 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    """)


def test_who_is_on_the_way_hears_it_too() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:10 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    0:12 | Bo   | accepts | answer: already; Anna feels: Bo is coming, 35 s
    0:20 | Anna | presses | Anna feels: sent
    0:25 |      |         | tell Bo: Anna presses again
    0:40 |      |         | call Ida: wearable; Anna feels: nobody yet
    0:50 | Bo   | arrives | stand down Ida: enough; Anna feels: somebody is there
    """)


def test_who_said_nothing_for_minutes_may_have_left_and_others_are_called_at_once() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    6:00 | Anna | presses | tell Bo: Anna presses again; call Ida: wearable; Anna feels: sent
    6:10 | Bo   | sees it | stand down Ida: enough; Anna feels: somebody is there
    8:00 |      |         | nothing
    """)


def test_a_wearer_whose_new_press_nobody_answers_hears_so_after_20_s() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    6:00 | Anna | presses | tell Bo: Anna presses again; call Ida: wearable; Anna feels: sent
    6:20 |      |         | Anna feels: nobody yet
    """)


def test_whose_shift_is_over_does_not_count_for_a_new_press() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses              | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives              | Anna feels: somebody is there
    1:00 | Bo   | comes to shift's end | ask Bo: is it over?
    1:10 | Bo   | sees it              | nothing
    1:20 | Anna | presses              | tell Bo: Anna presses again; call Ida: wearable
                                       ; Anna feels: sent
    1:25 | Bo   | sees it              | stand down Ida: enough; Anna feels: somebody is there
    """)


def test_who_is_silent_after_their_shift_is_asked_again_while_others_are_called() -> None:
    """The wearer hears nothing of it: a clock cannot know that nobody is beside her."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses              | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives              | Anna feels: somebody is there
    1:00 | Bo   | comes to shift's end | ask Bo: is it over?
    6:00 |      |                      | ask Bo: is it over?; call Ida: wearable
    6:10 | Ida  | arrives              | Anna feels: somebody is there
    """)


def test_pressing_every_second_rings_at_once_and_then_every_15_s() -> None:
    presses = "\n".join(f"0:{s:02d} | Anna | presses | Anna feels: sent" for s in range(7, 12))
    story(f"""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    0:06 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    {presses}
    0:12 | Bo   | sees it | Anna feels: somebody is there
    0:21 |      |         | tell Bo: Anna presses again
    0:25 | Bo   | sees it | Anna feels: somebody is there
    3:00 |      |         | nothing
    """)


def test_a_press_held_back_is_also_to_be_answered() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    0:06 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    0:07 | Anna | presses | Anna feels: sent
    0:12 | Bo   | sees it | Anna feels: somebody is there
    0:21 |      |         | tell Bo: Anna presses again
    0:41 |      |         | call Ida: wearable; Anna feels: nobody yet
    """)


def test_a_place_that_changes_every_second_is_told_at_once_and_then_every_15_s() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses           | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts           | Anna feels: Bo is coming, 35 s
    0:06 | Anna | presses in hall-2 | tell Bo: red call in hall-2; Anna feels: sent
    0:07 | Anna | presses in hall-3 | Anna feels: sent
    0:08 | Anna | presses in hall-4 | Anna feels: sent
    0:20 | Bo   | accepts           | answer: already; Anna feels: Bo is coming, 35 s
    0:21 |      |                   | tell Bo: red call in hall-4
    """)


def test_what_makes_it_worse_never_waits_for_its_turn() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses           | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts           | Anna feels: Bo is coming, 35 s
    0:06 | Anna | presses in hall-2 | tell Bo: red call in hall-2; Anna feels: sent
    0:07 | Anna | presses weapon    | tell Bo: red weapon in hall-2; Anna feels: sent
    """)


def test_a_copy_of_a_press_is_no_new_need() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    0:10 | Anna | repeats | Anna feels: sent
    3:00 |      |         | nothing
    """)


def test_another_device_of_the_wearer_is_new_need_too() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses       | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives       | Anna feels: somebody is there
    1:00 | Anna | presses spare | tell Bo: Anna presses again; Anna's spare feels: sent
    """)


def test_a_second_victim_whom_nobody_answers_is_new_need_too() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    0:30 | Ole  | presses | tell Bo: red call in lejl-12; Anna feels: somebody is there
                          ; Ole feels: somebody is there; Ole feels: sent
    0:50 |      |         | call Ida: wearable; Anna feels: nobody yet; Ole feels: nobody yet
    """)


def test_it_is_over_said_right_before_a_new_press_answers_nothing() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives         | Anna feels: somebody is there
    1:00 | Anna | presses         | tell Bo: Anna presses again; Anna feels: sent
    1:01 | Bo   | says it is over | answer: not_yet
    1:20 |      |                 | call Ida: wearable; Anna feels: nobody yet
    """)


def test_what_was_said_before_a_new_press_and_comes_after_it_answers_nothing() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts                | Anna feels: Bo is coming, 35 s
    0:30 | Anna | presses                | tell Bo: Anna presses again; Anna feels: sent
    0:31 | Bo   | sees it, said 5 s ago  | nothing
    0:40 | Bo   | arrives, said 12 s ago | Anna feels: somebody is there
    0:50 |      |                        | call Ida: wearable; Anna feels: nobody yet
    """)


def test_a_close_on_a_screen_from_before_a_new_press_is_refused() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 300 s leader
    0:00 | Anna | presses                  | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives                  | Anna feels: somebody is there
    0:50 | Lone | looks                    | nothing
    1:00 | Anna | presses                  | tell Bo: Anna presses again; Anna feels: sent
    1:01 | Lone | closes on the old screen | refused: stale
    """)


def test_pressing_again_lets_a_held_alarm_go_on_at_once() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00  | Anna    | presses | call Bo: wearable; Anna feels: sent
    0:10  | Service | stops   | nothing
    31:10 | Service | starts  | list for the duty leader: 1
    31:20 | Anna    | presses | tell Bo: Anna presses again; call Lone: wearable, sms
                              ; Anna feels: nobody yet; Anna feels: sent
    """)


def test_what_was_not_answered_before_a_stop_is_not_answered_after_it() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna    | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo      | arrives | Anna feels: somebody is there
    1:00 | Anna    | presses | tell Bo: Anna presses again; Anna feels: sent
    1:10 | Service | stops   | nothing
    1:30 | Service | starts  | call Ida: wearable; Anna feels: nobody yet
    """)


def test_while_nobody_comes_whoever_is_called_hears_that_the_wearer_presses_again() -> None:
    """Not before they have had their 15 s; and she hears again that nobody comes."""
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Anna | presses | Anna feels: sent
    0:15 |      |         | tell Bo: Anna presses again
    0:20 |      |         | Anna feels: nobody yet
    0:40 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    1:00 |      |         | Anna feels: nobody yet
    """)


@pytest.mark.parametrize("level", ["yellow", "orange", "blue"])
def test_pressing_again_is_new_need_at_every_level(level: str) -> None:
    story(f"""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses {level} | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives         | Anna feels: somebody is there
    1:00 | Anna | presses {level} | tell Bo: Anna presses again; Anna feels: sent
    1:20 |      |                 | call Ida: wearable; Anna feels: nobody yet
    """)


def test_advice_asked_for_again_is_told_and_nobody_is_told_to_run() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s leader wearable | round 300
    0:00 | Anna | presses green | call Lone: wearable; Anna feels: sent
    0:05 | Lone | accepts       | Anna feels: Lone is coming
    0:30 | Anna | presses green | tell Lone: Anna presses again; Anna feels: sent
    2:00 | Lone | arrives       | Anna feels: somebody is there
    """)


def test_a_button_nobody_wears_is_new_need_too() -> None:
    story("""
    Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Unknown badge | presses | call Lone: wearable, sms; Unknown badge feels: sent
    0:05 | Lone          | arrives | Unknown badge feels: somebody is there
    1:00 | Unknown badge | presses | tell Lone: Unknown badge presses again
                                   ; Unknown badge feels: sent
    1:20 |               |         | call Bo: wearable; Unknown badge feels: nobody yet
    """)
