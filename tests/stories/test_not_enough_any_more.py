"""Enough were coming, and then they were not: who was stood down for that rings first."""

from __future__ import annotations

from tests.support.story import story


def test_who_was_stood_down_rings_again_when_one_of_two_turns_back() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s | Lone leader
    plan: 0 s nearest*3 wearable; 30 s leader; 60 s deputies | responders 2
    0:00 | Anna | presses   | call Bo: wearable; call Ida: wearable; call Kim: wearable
                            ; Anna feels: sent
    0:05 | Kim  | accepts   | Anna feels: Kim is coming, 80 s
    0:06 | Bo   | accepts   | stand down Ida: enough; Anna feels: Bo and Kim are coming, 35 s
    0:10 | Bo   | withdraws | call Ida: wearable; call Lone: wearable, sms
    0:15 | Ida  | accepts   | stand down Lone: enough; Anna feels: Ida and Kim are coming, 60 s
    """)


def test_the_nearest_of_those_stood_down_rings_first() -> None:
    story("""
    Anna in lejl-12 | Kim 80 s | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*3 wearable; 30 s leader
    0:00 | Anna | presses   | call Bo: wearable; call Ida: wearable; call Kim: wearable
                            ; Anna feels: sent
    0:05 | Kim  | accepts   | stand down Bo: enough; stand down Ida: enough
                            ; Anna feels: Kim is coming, 80 s
    0:10 | Kim  | withdraws | call Bo: wearable; call Ida: wearable; call Lone: wearable, sms
                            ; Anna feels: nobody yet
    """)


def test_who_was_stood_down_rings_again_when_somebody_does_not_arrive() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*2 wearable; 30 s leader
    0:00 | Anna | presses | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    1:15 |      |         | ask Bo again; call Ida: wearable; call Lone: wearable, sms
                          ; Anna feels: nobody yet
    """)


def test_who_was_stood_down_rings_again_when_a_shift_ends_or_a_badge_is_lost() -> None:
    for event in ("comes to shift's end", "loses the badge"):
        story(f"""
        Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
        plan: 0 s nearest*2 wearable; 30 s leader
        0:00 | Anna | presses | call Bo: wearable; call Ida: wearable; Anna feels: sent
        0:05 | Bo   | accepts | stand down Ida: enough; Anna feels: Bo is coming, 35 s
        0:10 | Bo   | {event} | ask Bo again; call Ida: wearable; call Lone: wearable, sms
                              ; Anna feels: nobody yet
        """)


def test_who_was_stood_down_rings_again_when_who_was_coming_presses_too() -> None:
    story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*2 wearable; 300 s leader
    0:00 | Anna | presses | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:10 | Bo   | presses | [2] call Ida: wearable; call Ida: wearable; call Lone: wearable, sms
                          ; Bo's badge falls silent; Anna feels: nobody yet; [2] Bo feels: sent
    """)


def test_who_was_stood_down_rings_first_when_more_help_is_asked_for() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*2 wearable; 30 s leader
    0:00 | Anna | presses            | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts            | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:40 | Bo   | arrives            | Anna feels: somebody is there
    0:50 | Bo   | asks for more help | call Ida: wearable; call Lone: wearable, sms
    """)


def test_who_was_stood_down_rings_when_every_step_has_run_and_one_of_two_turns_back() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s
    plan: 0 s nearest*3 wearable | responders 2
    0:00 | Anna | presses   | call Bo: wearable; call Ida: wearable; call Kim: wearable
                            ; Anna feels: sent
    0:05 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:06 | Kim  | accepts   | stand down Ida: enough; Anna feels: Bo and Kim are coming, 35 s
    0:10 | Bo   | withdraws | call Ida: wearable
    """)


def test_who_came_as_one_too_many_rings_when_not_enough_are_coming_any_more() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses   | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:06 | Ida  | accepts   | answer: stood_down
    0:10 | Bo   | withdraws | call Ida: wearable, sms; call Lone: wearable, sms
                            ; Anna feels: nobody yet
    """)


def test_who_said_no_after_they_were_stood_down_is_not_rung_first() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*2 wearable; 30 s leader
    0:00 | Anna | presses   | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts   | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:06 | Ida  | declines  | nothing
    0:10 | Bo   | withdraws | call Lone: wearable, sms; Anna feels: nobody yet
    """)


def test_who_lets_an_accept_lapse_is_not_waited_for_a_second_time() -> None:
    """Also a badge that accepts by itself: its coming is shown, and the circle goes on."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s nearest*3 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:15 |      |         | ask Bo again; call Ida: wearable; Anna feels: nobody yet
    1:16 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:45 |      |         | call Kim: wearable
    2:00 | Bo   | arrives | stand down Ida: enough; stand down Kim: enough
                          ; Anna feels: somebody is there
    """)


def test_who_accepts_and_turns_back_again_and_again_does_not_hold_the_circle() -> None:
    """From the third time on the wearer feels only that nobody comes, 20 s after the last."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s
    plan: 0 s nearest wearable; 30 s nearest wearable; 60 s nearest*2 wearable
    0:00 | Anna | presses   | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:06 | Bo   | withdraws | call Ida: wearable; Anna feels: nobody yet
    0:10 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:11 | Bo   | withdraws | Anna feels: nobody yet
    0:12 | Bo   | accepts   | nothing
    0:13 | Bo   | withdraws | nothing
    0:33 |      |           | Anna feels: nobody yet
    0:36 |      |           | call Kim: wearable
    """)


def test_who_was_stood_down_rings_with_a_round_that_does_not_name_them() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 10 s leader
    0:00 | Anna | presses   | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | declines  | call Lone: wearable, sms
    0:15 | Lone | accepts   | Anna feels: Lone is coming
    0:18 | Ida  | accepts   | answer: stood_down
    0:25 | Lone | withdraws | round 1; call Bo: wearable, sms; call Lone: wearable, sms
                            ; call Ida: wearable, sms; Anna feels: nobody yet
    """)


def test_when_all_there_are_have_let_somebody_down_the_rounds_ask_them_every_30_s() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:15 |      |         | round 1; ask Bo again; call Bo: wearable, sms; Anna feels: nobody yet
    1:20 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:45 |      |         | round 2; ask Bo again
    """)
