"""What people answer, or do not: accepting, vanishing, turning back, asking for more."""

from __future__ import annotations

from dispatcher.engine import asked
from tests.support.house import SHARED_PHONE
from tests.support.story import story


def test_an_accept_pauses_the_widening() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:15 | Bo   | arrives | Anna feels: somebody is there
    2:00 |      |         | nothing
    """)


def test_who_accepts_and_vanishes_is_asked_once_more_while_the_circle_widens() -> None:
    """Twice the expected 35 s: the accept holds until 1:15."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:15 |      |         | ask Bo again; call Ida: wearable; Anna feels: nobody yet
    1:45 |      |         | call Lone: wearable, sms
    1:50 | Bo   | arrives | stand down Ida: enough; stand down Lone: enough
                          ; Anna feels: somebody is there
    """)


def test_the_deadline_of_somebody_very_near_is_45_s_and_of_somebody_far_180_s() -> None:
    story("""
    Anna in lejl-12 | Bo 5 s | Ida 300 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 5 s
    0:50 |      |         | ask Bo again; call Ida: wearable; Anna feels: nobody yet
    0:52 | Ida  | accepts | Anna feels: Ida is coming, 300 s
    3:52 |      |         | round 1; ask Ida again; call Bo: wearable, sms; call Ida: wearable, sms
                          ; Anna feels: nobody yet
    """)


def test_who_turns_back_makes_the_next_step_due_now() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses   | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:15 | Bo   | withdraws | call Ida: wearable; Anna feels: nobody yet
    0:45 |      |           | call Lone: wearable, sms
    """)


def test_a_responder_who_goes_off_duty_or_loses_the_badge_is_asked_on_every_other_way() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    0:15 | Bo   | loses the badge | ask Bo again; call Ida: wearable; Anna feels: nobody yet
    0:16 | Ida  | accepts         | stand down Bo: enough; Anna feels: Ida is coming, 60 s
    0:20 | Ida  | goes off duty   | ask Ida again; call Bo: sms, wearable
                                  ; call Lone: wearable, sms
                                  ; Ida feels: sent; Anna feels: nobody yet
    """)


def test_who_is_called_and_loses_the_badge_is_called_by_phone_and_hears_what_follows() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest*2 wearable; 300 s nearest wearable
    0:00 | Anna | presses           | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | loses the badge   | call Bo: sms
    0:06 | Anna | presses in hall-2 | tell Bo: red call in hall-2; tell Ida: red call in hall-2
                                    ; Anna feels: sent
    0:08 | Ida  | accepts           | stand down Bo: enough; Anna feels: Ida is coming, 60 s
    """)


def test_the_end_of_a_shift_takes_nobody_from_the_wearers_side() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses             | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts             | Anna feels: Bo is coming, 35 s
    0:40 | Bo   | arrives             | Anna feels: somebody is there
    1:00 | Bo   | comes to shift's end | ask Bo: is it over?
    1:10 | Bo   | says it is over     | stand down Bo: closed; Anna feels: over
                                      ; closed by Bo: calmed_down
    """)


def test_who_is_on_the_way_when_the_shift_ends_is_asked_again_while_the_plan_goes_on() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses             | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts             | Anna feels: Bo is coming, 35 s
    0:15 | Bo   | comes to shift's end | ask Bo again; call Ida: wearable; Anna feels: nobody yet
    """)


def test_more_help_calls_the_next_circle_at_once_and_wants_one_more() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses            | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts            | Anna feels: Bo is coming, 35 s
    0:40 | Bo   | arrives            | Anna feels: somebody is there
    0:50 | Bo   | asks for more help | call Ida: wearable
    0:55 | Ida  | accepts            | Anna feels: Bo and Ida are coming, 35 s
    2:00 |      |                    | nothing
    """)


def test_more_help_from_somebody_stood_down_calls_the_next_circle() -> None:
    """Ida was on her way and sees more than Bo does; nobody tells her that she need not come."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses            | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts            | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:10 | Ida  | asks for more help | call Lone: wearable, sms
    0:15 | Ida  | accepts            | stand down Lone: enough
                                     ; Anna feels: Bo and Ida are coming, 35 s
    """)


def test_a_yes_after_a_no_counts() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses  | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | declines | call Ida: wearable
    0:08 | Bo   | accepts  | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    """)


def test_two_wanted_means_the_circle_goes_on_by_its_seconds_until_two_come() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s | Lone leader
    plan: 0 s nearest*2 wearable; 30 s nearest*3 wearable; 60 s leader | responders 2
    0:00 | Anna | presses | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:30 |      |         | call Kim: wearable
    0:35 | Kim  | accepts | stand down Ida: enough; Anna feels: Bo and Kim are coming, 35 s
    1:00 | Bo   | arrives | Anna feels: somebody is there
    """)


def test_after_an_arrival_is_it_over_is_asked_every_ten_minutes() -> None:
    """In vain twice: from then on the duty leader is asked too."""
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 60 s leader
    0:00  | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:05  | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    0:40  | Bo   | arrives         | Anna feels: somebody is there
    10:40 |      |                 | ask Bo: is it over?
    20:40 |      |                 | ask Bo: is it over?
    30:40 |      |                 | ask Bo: is it over?; ask Lone: is it over?
    31:00 | Bo   | says it is over | stand down Bo: closed; stand down Lone: closed
                                   ; Anna feels: over; closed by Bo: calmed_down
    """)


def test_an_accept_after_the_close_is_recorded_and_stood_down() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s no_badge | Lone leader
    plan: 0 s nearest*2 wearable; 60 s leader
    0:00 | Anna | presses         | call Bo: wearable; call Ida: sms; Anna feels: sent
    0:05 | Bo   | arrives         | stand down Ida: enough; Anna feels: somebody is there
    0:30 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    0:31 | Ida  | accepts         | answer: closed; stand down Ida: closed
    """)


def test_who_was_stood_down_and_comes_after_all_counts_again() -> None:
    """Bo turned back, so Ida's accept is wanted; she is told when it ends."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Bo   | accepts         | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:15 | Bo   | withdraws       | round 1; call Bo: wearable, sms; call Ida: wearable, sms
                                  ; Anna feels: nobody yet
    0:16 | Ida  | accepts         | stand down Bo: enough; Anna feels: Ida is coming, 60 s
    1:16 | Ida  | arrives         | Anna feels: somebody is there
    2:00 | Ida  | says it is over | stand down Ida: closed; Anna feels: over
                                  ; closed by Ida: calmed_down
    """)


def test_a_stand_down_withdraws_what_has_not_left_and_queues_behind_what_has() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 10 s nearest*2 wearable sms
    0:00 | Ida's phone | stalls  | nothing
    0:00 | Anna        | presses | call Bo: wearable; Anna feels: sent
    0:10 |             |         | call Bo: sms; call Ida: wearable, sms
    0:12 | Bo          | accepts | stand down Ida: enough; withdraw Ida's sms
                                 ; Anna feels: Bo is coming, 35 s
    0:30 | Ida's phone | works   | not sent to Ida: withdrawn
    """)


def test_a_colleague_nobody_called_may_come_and_is_followed_like_any_other() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 120 s nearest*2
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Ida  | accepts | stand down Bo: enough; Anna feels: Ida is coming, 60 s
    2:05 |      |         | ask Ida again; call Bo: wearable, sms; Anna feels: nobody yet
    """)


def test_the_neighbour_hears_that_a_house_stands_empty() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s minimum_staff of House-3 | Ida 60 s not_instructed | Lone leader
    plan: 0 s nearest wearable; 60 s leader
    0:00 | Anna | presses | call Bo: wearable (minimum_staff); Anna feels: sent
    0:05 | Bo   | accepts | tell Ida: House-3 is empty; Anna feels: Bo is coming, 35 s
    0:06 | Ida  | rings   | nothing
    0:40 | Bo   | arrives | Anna feels: somebody is there
    """)


def test_an_answer_twice_is_already_given() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:06 | Bo   | accepts | answer: already
    0:40 | Bo   | arrives | Anna feels: somebody is there
    0:41 | Bo   | arrives | answer: already
    """)


def test_the_yes_of_a_shared_phone_is_not_answered_by_a_stand_down_on_that_very_phone() -> None:
    """Bo and Ida carry it; one of them has said "1" and must not read "you need not come"."""
    stage = story("""
    Anna in lejl-12 | Bo 35 s shared_phone no_badge | Ida 60 s shared_phone no_badge | Kim 80 s
    plan: 0 s nearest*3 wearable sms
    0:00 | Anna | presses | call Bo: sms; call Ida: sms; call Kim: wearable, sms
                          ; Anna feels: sent
    0:05 | Ida  | accepts | stand down Kim: enough; Anna feels: Ida is coming, 60 s
    """)
    (heard,) = asked.asked(stage.core.open_alarms, SHARED_PHONE)
    assert heard.person == "ida", "what the phone says next is hers"
