"""The service itself: what it reports of itself, and what it does after it was away."""

from __future__ import annotations

from tests.support.story import story


def test_a_technical_alarm_is_one_per_cause_and_its_recovery_closes_it() -> None:
    story("""
    Bo 35 s | Lone leader
    plan: 0 s leader wearable | round 900
    0:00  | Service | reports badge-bo:silent | call Lone: wearable
    0:10  | Service | reports badge-bo:silent | nothing
    0:20  | Service | reports store:full      | [2] call Lone: wearable
    1:00  | Service | hears badge-bo:silent   | stand down Lone: closed
                                              ; closed by service: restored
    """)


def test_a_technical_alarm_does_not_ring_again_every_half_minute() -> None:
    story("""
    Bo 35 s | Lone leader
    plan: 0 s leader wearable | round 900
    0:00  | Service | reports store:full | call Lone: wearable
    15:00 |         |                    | round 1; call Lone: wearable, sms
    """)


def test_after_down_time_the_current_step_runs_once_and_the_later_ones_keep_their_distance() -> (
    None
):
    """Two steps were missed: the first runs now, the next one its 30 s later."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Kim 80 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s nearest*3 wearable; 90 s leader
    0:00 | Anna    | presses | call Bo: wearable; Anna feels: sent
    0:10 | Service | stops   | nothing
    1:10 | Service | starts  | call Ida: wearable; Anna feels: nobody yet
    1:40 |         |         | call Kim: wearable
    2:10 |         |         | call Lone: wearable, sms
    """)


def test_a_deadline_that_passed_in_down_time_lapses_at_the_start() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna    | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo      | accepts | Anna feels: Bo is coming, 35 s
    0:10 | Service | stops   | nothing
    5:10 | Service | starts  | ask Bo again; call Ida: wearable; Anna feels: nobody yet
    """)


def test_alarms_overdue_by_more_than_half_an_hour_wait_for_a_word_in_one_list() -> None:
    story("""
    Anna in lejl-12 | Ole in hall-2 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00  | Anna    | presses | call Bo: wearable; Anna feels: sent
    0:01  | Ole     | presses | [2] call Bo: wearable; [2] Ole feels: sent
    0:10  | Service | stops   | nothing
    31:10 | Service | starts  | list for the duty leader: 2
    35:00 | Lone    | closes  | [2] stand down Bo: closed; [2] Ole feels: over
                              ; [2] closed by Lone: not_needed_any_more
    41:10 |         |         | call Lone: wearable, sms; Anna feels: nobody yet
    """)


def test_a_word_about_a_held_alarm_lets_it_go_on_at_once() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00  | Anna    | presses  | call Bo: wearable; Anna feels: sent
    0:10  | Service | stops    | nothing
    31:10 | Service | starts   | list for the duty leader: 1
    31:20 | Bo      | declines | call Lone: wearable, sms; Anna feels: nobody yet
    """)
