"""Presses that say more: again, more acute, somewhere else, on another device, too late."""

from __future__ import annotations

from tests.support.story import story


def test_a_copy_of_a_press_is_answered_again_and_nothing_else_happens() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses           | call Bo: wearable; Anna feels: sent
    0:02 | Anna | repeats | Anna feels: sent
    """)


def test_pressing_again_and_again_is_one_alarm() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:02 | Anna | presses | Anna feels: sent
    0:03 | Anna | presses | Anna feels: sent
    """)


def test_a_raised_level_takes_a_new_plan_whose_steps_already_due_run_at_once() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s | Lone leader | Bent on_call
    plan yellow: 0 s nearest wearable; 300 s nearest*2 wearable
    plan red: 0 s nearest*2 wearable; 30 s nearest*3 wearable; 60 s leader; 90 s on_call
    0:00 | Anna | presses yellow | call Bo: wearable; Anna feels: sent
    0:20 |      |                | Anna feels: nobody yet
    1:05 | Anna | presses red    | tell Bo: red call in lejl-12; call Ida: wearable
                                 ; call Kim: wearable; call Lone: wearable, sms; Anna feels: sent
    1:25 |      |                | Anna feels: nobody yet
    1:30 |      |                | call Bent: sms
    """)


def test_a_raised_level_drops_nobody_who_was_called() -> None:
    """Bo has accepted a yellow alarm; now it is red and wants two."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan yellow: 0 s nearest wearable
    plan red: 0 s nearest*2 wearable | responders 2
    0:00 | Anna | presses yellow | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts        | Anna feels: Bo is coming, 35 s
    0:15 | Anna | presses red    | tell Bo: red call in lejl-12; call Ida: wearable
                                 ; Anna feels: sent
    0:17 | Ida  | accepts        | Anna feels: Bo and Ida are coming, 35 s
    """)


def test_a_weapon_is_told_to_everybody_called_and_stays_said() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 60 s nearest*2 wearable
    plan red weapon: 0 s everyone
    0:00 | Anna | presses red attack | call Bo: wearable; Anna feels: sent
    0:05 | Anna | presses red weapon | tell Bo: red weapon in lejl-12; call Bo: sms
                                     ; call Ida: wearable, sms; Anna feels: sent
    0:07 | Anna | presses red assist | Anna feels: sent
    """)


def test_a_second_press_that_says_weapon_makes_it_a_weapon_alarm() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 60 s nearest*2 wearable
    plan red weapon: 0 s everyone wearable
    0:00 | Anna | presses red attack | call Bo: wearable; Anna feels: sent
    0:05 | Ole  | presses red weapon | tell Bo: red weapon in lejl-12; call Ida: wearable
                                     ; Ole feels: sent
    """)


def test_a_medical_press_at_the_place_of_a_red_alarm_keeps_its_plan() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s | Ida 60 s
    plan red: 0 s nearest wearable; 60 s nearest*2 wearable
    plan blue: 0 s everyone
    0:00 | Anna | presses red  | call Bo: wearable; Anna feels: sent
    0:05 | Ole  | presses blue | tell Bo: red call in lejl-12; Ole feels: sent
    0:20 |      |              | Anna feels: nobody yet; Ole feels: nobody yet
    1:00 |      |              | call Ida: wearable
    """)


def test_a_changed_place_rings_again() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses           | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts           | Anna feels: Bo is coming, 35 s
    0:10 | Anna | presses in hall-2 | tell Bo: red call in hall-2; Anna feels: sent
    """)


def test_a_late_press_is_called_with_its_age() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses 2400 s ago | call Bo: wearable late 2400 s; Anna feels: sent
    """)


def test_the_second_device_of_one_person_is_the_same_alarm_and_is_told_too() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses       | call Bo: wearable; Anna feels: sent
    0:05 | Anna | presses spare | Anna's spare feels: sent
    0:10 | Bo   | accepts       | Anna feels: Bo is coming, 35 s
                                ; Anna's spare feels: Bo is coming, 35 s
    """)


def test_a_yellow_alarm_that_calms_to_green_advice_tells_who_comes() -> None:
    """Green has its own lane, but its wearer still learns who comes."""
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses green | call Bo: wearable; Anna feels: sent
    0:25 | Bo   | accepts       | Anna feels: Bo is coming, 35 s
    """)


def test_red_after_green_raises_the_same_alarm() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan green: 0 s nearest wearable
    plan red: 0 s nearest*2 wearable
    0:00 | Anna | presses green | call Bo: wearable; Anna feels: sent
    0:25 | Anna | presses red   | tell Bo: red call in lejl-12; call Ida: wearable
                                ; Anna feels: sent
    0:45 |      |               | Anna feels: nobody yet
    """)
