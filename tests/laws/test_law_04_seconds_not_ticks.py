"""Law 4: seconds, not ticks: what is due is due to the second, and what fails is due now."""

from __future__ import annotations

from tests.support.story import story


def test_a_step_is_due_at_its_second() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 7 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:07 |      |         | call Ida: wearable
    """)


def test_a_failed_send_makes_that_persons_next_route_due_now() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Bo's badge | refuses | nothing
    0:00 | Anna       | presses | call Bo: wearable; Anna feels: sent; call Bo: sms
    """)


def test_a_missing_receipt_makes_that_persons_next_route_due_now() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Bo's badge | is silent | nothing
    0:00 | Anna       | presses   | call Bo: wearable; Anna feels: sent
    0:03 |            |           | call Bo: sms
    """)


def test_when_nobody_called_by_a_step_can_still_answer_the_next_step_is_due_now() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 300 s leader
    0:00 | Anna | presses  | call Bo: wearable; Anna feels: sent
    0:04 | Bo   | declines | call Lone: wearable, sms
    """)


def test_a_step_that_reached_nobody_is_tried_again_each_round_5_s_apart_at_least() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s no_phone
    plan: 0 s nearest wearable
    0:00 | Bo's badge | refuses | nothing
    0:00 | Anna       | presses | call Bo: wearable; Anna feels: sent
                                ; round 1; call Bo: wearable
    0:05 |            |         | round 2; call Bo: wearable
    0:10 |            |         | round 3; call Bo: wearable
    """)
