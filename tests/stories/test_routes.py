"""Ways that fail: a send that fails, a receipt that never comes, nobody left who can answer."""

from __future__ import annotations

from tests.support.story import story


def test_a_failed_send_makes_that_persons_next_route_due_now() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Bo's badge | refuses | nothing
    0:00 | Anna       | presses | call Bo: wearable; Anna feels: sent; call Bo: sms
    0:20 |            |         | Anna feels: nobody yet
    0:30 |            |         | call Bo: wearable; call Ida: wearable
    """)


def test_a_missing_receipt_makes_the_next_route_due_while_the_first_may_still_be_heard() -> None:
    """A wearable says within 3 s that it has the page."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Bo's badge | is silent | nothing
    0:00 | Anna       | presses   | call Bo: wearable; Anna feels: sent
    0:03 |            |           | call Bo: sms
    0:10 | Bo         | accepts   | Anna feels: Bo is coming, 35 s
    """)


def test_whoever_has_no_other_route_and_gives_no_receipt_makes_the_next_person_due_now() -> None:
    """A badge that is connected but deaf may still ring; nobody waits for it."""
    story("""
    Anna in lejl-12 | Bo 35 s no_phone | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Bo's badge | is silent | nothing
    0:00 | Anna       | presses   | call Bo: wearable; Anna feels: sent
    0:03 |            |           | call Ida: wearable
    0:10 | Bo         | accepts   | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    """)


def test_a_deaf_badge_and_a_deaf_phone_make_the_next_person_due_when_the_last_receipt_is_due() -> (
    None
):
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Bo's badge | is silent | nothing
    0:00 | Bo's phone | is silent | nothing
    0:00 | Anna       | presses   | call Bo: wearable; Anna feels: sent
    0:03 |            |           | call Bo: sms
    0:18 |            |           | call Ida: wearable
    """)


def test_deaf_badges_alone_are_rung_in_rounds_30_s_apart_for_they_may_still_be_heard() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s no_phone
    plan: 0 s nearest wearable
    0:00 | Bo's badge | is silent | nothing
    0:00 | Anna       | presses   | call Bo: wearable; Anna feels: sent
    0:20 |            |           | Anna feels: nobody yet
    0:30 |            |           | round 1; call Bo: wearable
    1:00 |            |           | round 2; call Bo: wearable
    """)


def test_an_answer_is_the_best_receipt() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 15 s nearest*2 wearable
    0:00 | Bo's badge | is silent | nothing
    0:00 | Anna       | presses   | call Bo: wearable; Anna feels: sent
    0:02 | Bo         | rings     | nothing
    0:15 |            |           | call Ida: wearable
    """)


def test_when_every_route_of_a_step_fails_the_next_step_is_due_now() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Bo's badge | refuses | nothing
    0:00 | Bo's phone | refuses | nothing
    0:00 | Anna       | presses | call Bo: wearable; Anna feels: sent; call Bo: sms
                                ; call Bo: wearable; call Ida: wearable
    0:20 |            |         | Anna feels: nobody yet
    """)


def test_a_step_that_finds_nobody_is_passed_at_once() -> None:
    story("""
    Anna in lejl-12 | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*3 wearable; 60 s leader sms
    0:00 | Anna | presses | call Lone: sms; Anna feels: sent
    """)


def test_after_the_last_step_rounds_over_every_route_go_on_until_a_person_accepts() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Vera last_resort
    plan: 0 s nearest wearable; 10 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:40 |      |         | round 1; call Bo: wearable, sms; call Vera: sms
    1:10 |      |         | round 2; call Bo: wearable, sms; call Vera: sms
    1:40 |      |         | round 3; call Bo: wearable, sms; call Vera: sms
    1:50 | Vera | accepts | stand down Bo: enough; Anna feels: Vera is coming
    2:40 |      |         | nothing
    """)


def test_rounds_come_every_5_s_when_nobody_can_answer_and_never_faster() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Bo's badge | refuses | nothing
    0:00 | Bo's phone | refuses | nothing
    0:00 | Anna       | presses | call Bo: wearable; Anna feels: sent; call Bo: sms
                                ; round 1; call Bo: wearable, sms
    0:05 |            |         | round 2; call Bo: wearable, sms
    0:10 |            |         | round 3; call Bo: wearable, sms
    0:12 | Bo's phone | works   | nothing
    0:15 |            |         | round 4; call Bo: wearable, sms
    0:20 |            |         | Anna feels: nobody yet
    0:30 | Bo         | declines | round 5; call Bo: wearable, sms
    0:33 | Bo         | declines | nothing
    0:35 |            |          | round 6; call Bo: wearable, sms
    """)


def test_declining_again_and_again_brings_no_round_sooner_than_5_s_after_the_last() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses   | call Bo: wearable; Anna feels: sent
    0:02 | Bo   | declines  | round 1; call Bo: wearable, sms
    0:03 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:04 | Bo   | withdraws | Anna feels: nobody yet
    0:07 |      |           | round 2; call Bo: wearable, sms
    """)


def test_nobody_at_all_to_call_still_leaves_a_next_moment() -> None:
    story("""
    Anna in lejl-12
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses | round 1; Anna feels: sent
    0:05 |      |         | round 2
    0:10 |      |         | round 3
    """)
