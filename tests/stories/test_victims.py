"""Never the victim: presses of several people, at one place and at two, and of the leader."""

from __future__ import annotations

from tests.support.story import story


def test_two_presses_at_one_place_are_one_alarm_with_two_victims() -> None:
    story("""
    Anna in lejl-12 | Bo in lejl-12 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | presses | call Ida: wearable; Bo's badge falls silent; Bo feels: sent
    0:15 | Ida  | accepts | Anna feels: Ida is coming, 60 s; Bo feels: Ida is coming, 60 s
    """)


def test_two_presses_at_different_places_are_two_alarms_and_both_go_outward() -> None:
    story("""
    Anna in lejl-12 | Ole in hall-2 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:10 | Ole  | presses | [2] call Bo: wearable (elsewhere); [2] Ole feels: sent
    0:30 |      |         | [2] Ole feels: nobody yet
    0:40 |      |         | [2] call Ida: wearable
    """)


def test_two_presses_at_one_place_hours_apart_are_two_alarms() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives | Anna feels: somebody is there
    2:06 | Ole  | presses | [2] call Bo: wearable (elsewhere); [2] Ole feels: sent
    """)


def test_a_responder_who_presses_too_is_lost_and_nothing_reaches_them_any_more() -> None:
    """Bo has accepted and presses in another house: both alarms go on without him."""
    story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Bo's phone | stalls  | nothing
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:10 | Bo   | presses | [2] call Ida: wearable; call Ida: wearable
                          ; Bo's badge falls silent; Anna feels: nobody yet; [2] Bo feels: sent
    0:30 |      |         | [2] Bo feels: nobody yet
    """)


def test_what_was_on_its_way_to_somebody_who_presses_is_taken_back() -> None:
    story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s
    plan: 0 s nearest sms; 30 s nearest*2 wearable
    0:00 | Bo's phone | stalls  | nothing
    0:00 | Anna       | presses | call Bo: sms; Anna feels: sent
    0:05 | Bo         | presses | [2] call Ida: sms; call Ida: wearable
                                ; withdraw Bo's sms: pressed; [2] Bo feels: sent
    0:06 | Bo's phone | works   | not sent to Bo: pressed
    """)


def test_a_shared_duty_phone_that_a_presser_holds_does_not_ring() -> None:
    """Anna and Bo may both carry the duty phone: Bo is called on his badge only."""
    story("""
    Anna in lejl-12 shared_phone | Bo 35 s shared_phone | Ida 60 s
    plan: 0 s nearest; 30 s nearest*2
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:30 |      |         | call Ida: wearable, sms
    """)


def test_a_stand_down_does_not_ring_on_a_phone_a_presser_holds() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 shared_phone | Bo 35 s shared_phone no_badge | Ida 60 s
    plan: 0 s nearest*2
    0:00 | Anna | presses | call Bo: sms; call Ida: wearable, sms; Anna feels: sent
    0:05 | Ole  | presses | tell Ida: red call in lejl-12; Ole feels: sent
    0:10 | Ida  | arrives | Anna feels: somebody is there; Ole feels: somebody is there
    """)


def test_when_the_leader_is_the_victim_the_deputies_are_called() -> None:
    story("""
    Lone in office leader | Bo 35 s | Kim deputy | Per deputy
    plan: 0 s nearest wearable; 30 s leader; 60 s deputies
    0:00 | Lone | presses | call Bo: wearable; Lone feels: sent
    0:20 |      |         | Lone feels: nobody yet
    0:30 |      |         | call Kim: sms
    1:00 |      |         | call Per: sms
    1:10 | Kim  | closes  | stand down Bo: closed; stand down Kim: closed; stand down Per: closed
                          ; Lone feels: over; closed by Kim: not_needed_any_more
    """)


def test_a_second_victim_learns_that_somebody_comes_already() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:10 | Ole  | presses | tell Bo: red call in lejl-12; Anna feels: Bo is coming, 35 s
                          ; Ole feels: Bo is coming, 35 s; Ole feels: sent
    """)


def test_a_second_victim_learns_after_20_s_of_their_own_that_nobody_comes() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:25 | Ole  | presses | tell Bo: red call in lejl-12; Ole feels: sent
    0:30 |      |         | round 1; call Bo: wearable, sms
    0:45 |      |         | Anna feels: nobody yet; Ole feels: nobody yet
    """)


def test_the_victim_closes_nothing_and_answers_nothing() -> None:
    story("""
    Anna in lejl-12 leader | Bo 35 s
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:05 | Anna | closes          | refused: not_allowed
    0:06 | Anna | says it is over | answer: not_yours
    0:07 | Anna | accepts         | answer: not_yours
    """)


def test_a_colleague_already_on_the_way_elsewhere_is_called_last_and_told_why() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s asleep | Ida 60 s
    plan: 0 s nearest*2 wearable
    0:00 | Anna | presses | call Ida: wearable; call Bo: wearable (asleep); Anna feels: sent
    """)
