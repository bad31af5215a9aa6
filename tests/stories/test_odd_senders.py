"""A press is never dropped because something about it is odd: the duty leader hears first."""

from __future__ import annotations

from tests.support.story import story


def test_an_unknown_badge_calls_the_duty_leader_first() -> None:
    story("""
    Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest wearable sms
    0:00 | Unknown badge | presses | call Lone: wearable, sms; Unknown badge feels: sent
    0:15 |               |         | call Bo: wearable
    0:20 |               |         | Unknown badge feels: nobody yet
    0:45 |               |         | call Bo: sms
    """)


def test_a_badge_nobody_wears_and_a_withdrawn_one_call_the_duty_leader_first() -> None:
    for badge in ("Spare badge", "Withdrawn badge"):
        story(f"""
        Bo 35 s | Lone leader
        plan: 0 s nearest wearable
        0:00 | {badge} | presses | call Lone: wearable, sms; {badge} feels: sent
        0:15 |         |         | call Bo: wearable
        """)


def test_somebody_outside_every_shift_calls_the_duty_leader_first() -> None:
    story("""
    Ole 300 s off_shift | Bo 35 s | Lone leader
    plan: 0 s nearest wearable
    0:00 | Ole | presses | call Lone: wearable, sms; Ole feels: sent
    0:15 |     |         | call Bo: wearable
    """)


def test_an_unknown_badge_with_no_leader_on_duty_calls_whoever_is_there_at_once() -> None:
    story("""
    Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Unknown badge | presses | call Bo: wearable; Unknown badge feels: sent
    """)


def test_an_unknown_badge_at_the_place_of_an_open_alarm_joins_it() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 60 s leader
    0:00 | Anna          | presses            | call Bo: wearable; Anna feels: sent
    0:05 | Unknown badge | presses in lejl-12 | tell Bo: red call in lejl-12
                                              ; Unknown badge feels: sent
    """)
