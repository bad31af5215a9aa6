"""Anyone may raise, few may lower: cancels, closes, and who may."""

from __future__ import annotations

from tests.support.story import story


def test_a_cancel_of_a_red_alarm_stands_nobody_down_and_everybody_hears_it() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:10 | Anna | cancels         | tell Bo: Anna says it is over; tell Ida: Anna says it is over
                                  ; Anna feels: sent
    0:15 | Bo   | accepts         | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:40 | Bo   | arrives         | Anna feels: somebody is there
    0:50 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    """)


def test_a_press_after_a_cancel_is_not_over_after_all() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Anna | cancels | tell Bo: Anna says it is over; Anna feels: sent
    0:10 | Anna | presses | tell Bo: red call in lejl-12; Anna feels: sent
    """)


def test_a_copy_of_a_cancel_says_nothing_twice() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses        | call Bo: wearable; Anna feels: sent
    0:05 | Anna | cancels        | tell Bo: Anna says it is over; Anna feels: sent
    0:06 | Anna | cancels a copy | Anna feels: sent
    """)


def test_a_cancel_of_a_yellow_alarm_by_its_own_wearer_closes_it() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses yellow | call Bo: wearable; Anna feels: sent
    0:10 | Anna | cancels        | stand down Bo: closed; Anna feels: over; Anna feels: sent
                                 ; closed by badge-anna: cancelled
    """)


def test_a_cancel_of_one_victim_does_not_close_the_alarm_of_the_other() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses yellow | call Bo: wearable; Anna feels: sent
    0:05 | Ole  | presses yellow | tell Bo: yellow call in lejl-12; Ole feels: sent
    0:10 | Anna | cancels        | tell Bo: Anna says it is over; Anna feels: sent
    0:12 | Ole  | cancels        | stand down Bo: closed; Anna feels: over; Ole feels: over
                                 ; Ole feels: sent; closed by badge-ole: cancelled
    """)


def test_a_wire_without_authentication_closes_nothing() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses yellow          | call Bo: wearable; Anna feels: sent
    0:10 | Anna | cancels unauthenticated | tell Bo: Anna says it is over; Anna feels: sent
    """)


def test_a_cancel_that_names_an_older_press_does_nothing() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses yellow  | call Bo: wearable; Anna feels: sent
    0:05 | Anna | presses yellow  | Anna feels: sent
    0:10 | Anna | cancels press 1 | Anna feels: sent
    0:12 | Anna | cancels press 2 | stand down Bo: closed; Anna feels: over; Anna feels: sent
                                  ; closed by badge-anna: cancelled
    """)


def test_an_old_cancel_that_names_nothing_does_nothing() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses yellow    | call Bo: wearable; Anna feels: sent
    0:10 | Anna | cancels 600 s ago | Anna feels: sent
    """)


def test_who_has_accepted_does_not_close_a_red_alarm_and_who_has_arrived_does() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:02 | Ida  | closes          | refused: not_allowed
    0:05 | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    0:10 | Bo   | says it is over | answer: not_yet
    0:11 | Bo   | closes          | refused: not_allowed
    0:40 | Bo   | arrives         | Anna feels: somebody is there
    0:45 | Bo   | closes          | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: not_needed_any_more
    0:50 | Bo   | closes          | refused: stale
    """)


def test_the_duty_leader_closes_by_name() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:10 | Lone | closes  | stand down Bo: closed; Anna feels: over
                          ; closed by Lone: not_needed_any_more
    """)


def test_a_close_on_a_screen_from_before_somebody_joined_is_refused() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                  | call Bo: wearable; Anna feels: sent
    0:05 | Lone | looks                    | nothing
    0:10 | Ole  | presses                  | tell Bo: red call in lejl-12; Ole feels: sent
    0:11 | Lone | closes on the old screen | refused: stale
    0:12 | Lone | closes                   | stand down Bo: closed; Anna feels: over
                                           ; Ole feels: over
                                           ; closed by Lone: not_needed_any_more
    """)


def test_it_is_over_right_after_somebody_joined_is_not_yet_believed() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:15 | Bo   | arrives         | Anna feels: somebody is there
    0:40 | Ole  | presses         | tell Bo: red call in lejl-12; Anna feels: somebody is there
                                  ; Ole feels: somebody is there; Ole feels: sent
    0:45 | Bo   | says it is over | answer: not_yet
    0:56 | Bo   | says it is over | stand down Bo: closed; Anna feels: over; Ole feels: over
                                  ; closed by Bo: calmed_down
    """)


def test_who_has_accepted_a_yellow_alarm_may_end_it() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses yellow  | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    0:30 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    """)
