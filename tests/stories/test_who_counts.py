"""Who may answer for whom, and who counts: victims elsewhere, changed badges, people who left."""

from __future__ import annotations

import pytest

from tests.support.story import story


def test_a_victim_of_another_alarm_does_not_count_as_coming_whatever_they_answer() -> None:
    """Bo was called for Anna and has pressed in another house since."""
    stage = story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable; 60 s everyone sms
    0:00 | Anna | presses            | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | presses            | [2] call Ida: wearable; call Ida: wearable
                                     ; Bo's badge falls silent; [2] Bo feels: sent
    0:06 | Bo   | accepts            | answer: not_yours
    0:07 | Bo   | arrives            | answer: not_yours
    0:08 | Bo   | declines           | answer: not_yours
    0:09 | Bo   | asks for more help | call Ida: sms
    """)
    recorded = [
        e.what for w in stage.works for e in w.transaction.timeline if e.what == "not_counted"
    ]
    assert len(recorded) == 3


@pytest.mark.parametrize("said", ["accepts", "arrives"])
def test_whoever_was_with_somebody_and_presses_in_another_place_is_with_nobody(said: str) -> None:
    feels = "Bo is coming, 35 s" if said == "accepts" else "somebody is there"
    story(f"""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | {said}  | Anna feels: {feels}
    0:10 | Bo   | presses | [2] call Ida: wearable; call Ida: wearable; Bo's badge falls silent
                          ; Anna feels: nobody yet; [2] Bo feels: sent
    0:15 | Bo   | {said}  | answer: not_yours
    0:30 |      |         | [2] Bo feels: nobody yet
    """)


def test_after_their_own_alarm_is_over_a_victim_may_come_to_another() -> None:
    story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 40 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | presses | [2] call Ida: wearable; call Ida: wearable
                          ; Bo's badge falls silent; [2] Bo feels: sent
    0:10 | Lone | closes  | [2] stand down Ida: closed; [2] Bo feels: over
                          ; [2] closed by Lone: not_needed_any_more
    0:12 | Bo   | accepts | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    """)


def test_on_a_badge_that_changed_hands_the_new_wearer_answers_for_themselves() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s no_phone | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna       | presses     | call Bo: wearable; Anna feels: sent
    0:05 | Bo's badge | goes to Ida | nothing
    0:06 | Bo         | accepts     | stand down Bo: enough; Anna feels: Ida is coming, 60 s
    """)
    (alarm,) = stage.core.open_alarms.alarms.values()
    assert alarm.escalation is not None
    points = {call.person: call.standpoint for call in alarm.escalation.calls}
    assert points == {"bo": "stood_down", "ida": "accepted"}


def test_an_accept_on_a_badge_that_is_a_victims_now_is_nobodys() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s no_phone | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna       | presses      | call Bo: wearable; Anna feels: sent
    0:05 | Bo's badge | goes to Anna | nothing
    0:06 | Bo         | accepts      | answer: not_yours
    """)


@pytest.mark.parametrize("said", ["accepts", "arrives"])
def test_what_a_badge_said_that_is_reported_stolen_does_not_count_any_more(said: str) -> None:
    feels = "Bo is coming, 35 s" if said == "accepts" else "somebody is there"
    story(f"""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna       | presses            | call Bo: wearable; Anna feels: sent
    0:05 | Bo         | {said}             | Anna feels: {feels}
    0:08 | Bo's badge | is reported stolen | ask Bo again; call Ida: wearable
                                           ; Anna feels: nobody yet
    """)


@pytest.mark.parametrize("said", ["accepts", "arrives"])
def test_whoever_leaves_the_site_for_good_is_with_nobody_and_hears_nothing_more(said: str) -> None:
    feels = "Vera is coming" if said == "accepts" else "somebody is there"
    story(f"""
    Anna in lejl-12 | Vera last_resort | Ida 60 s
    plan: 0 s last_resort; 30 s nearest wearable
    0:00 | Anna | presses         | call Vera: sms; Anna feels: sent
    0:05 | Vera | {said}          | Anna feels: {feels}
    0:08 | Vera | leaves for good | call Ida: wearable; Anna feels: nobody yet
    0:09 | Vera | {said}          | answer: not_yours
    """)


def test_whoever_left_while_the_service_was_away_does_not_count_after_the_start() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna    | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo      | arrives | Anna feels: somebody is there
    0:06 | Service | stops   | nothing
    0:07 | House   | loses Bo | nothing
    0:20 | Service | starts  | call Ida: wearable; Bo's badge falls silent; Anna feels: nobody yet
    """)


def test_a_phone_in_a_victims_pocket_is_waited_for_by_nobody() -> None:
    """Bo is called on the duty phone that Ole carries too; Ole presses in another house."""
    story("""
    Anna in lejl-12 | Bo 35 s shared_phone no_badge | Ole in hall-2 shared_phone | Ida 60 s
    plan: 0 s nearest sms; 300 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: sms; Anna feels: sent
    0:05 | Ole  | presses | [2] call Ida: wearable; call Ida: wearable; [2] Ole feels: sent
    0:06 | Bo   | accepts | answer: not_yours
    """)
