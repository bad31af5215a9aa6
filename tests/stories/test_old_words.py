"""Law 6: what would take help away counts only while it is fresh; what raises help always."""

from __future__ import annotations

import pytest

from tests.support.story import Stage, story


def test_an_old_accept_stops_nothing_and_is_asked_about_once() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                  | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | accepts, said 1500 s ago | ask Bo again
    0:11 | Bo   | accepts, said 1500 s ago | nothing
    0:20 |      |                          | Anna feels: nobody yet
    0:30 |      |                          | call Ida: wearable
    0:35 | Bo   | accepts, said 5 s ago    | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    """)
    assert _not_counted(stage) == 2


def test_an_old_word_of_being_there_is_asked_about_and_nobody_is_told_of_it() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                  | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | arrives, said 1500 s ago | ask Bo again
    0:20 |      |                          | Anna feels: nobody yet
    0:30 |      |                          | call Ida: wearable
    """)


def test_an_old_decline_is_recorded_and_stops_nothing() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                   | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | declines, said 1500 s ago | nothing
    0:20 |      |                           | Anna feels: nobody yet
    0:30 |      |                           | call Ida: wearable
    """)
    assert _not_counted(stage) == 1


@pytest.mark.parametrize("said", ["accepts", "arrives"])
def test_an_old_word_of_turning_back_makes_nobody_rely_on_whoever_said_it(said: str) -> None:
    """Said after the accept and only heard now: it raises help, and they are asked."""
    feels = "Bo is coming, 100 s" if said == "accepts" else "somebody is there"
    story(f"""
    Anna in lejl-12 | Bo 100 s | Ida 160 s
    plan: 0 s nearest wearable; 600 s nearest*2 wearable
    0:00 | Anna | presses                   | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | {said}                    | Anna feels: {feels}
    2:20 | Bo   | withdraws, said 125 s ago | ask Bo again; call Ida: wearable
                                            ; Anna feels: nobody yet
    """)


def test_an_accept_from_before_a_later_no_of_the_same_person_does_not_count() -> None:
    """Two answers crossed on their way."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest*2 wearable; 600 s leader
    0:00 | Anna | presses                | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:10 | Bo   | declines               | nothing
    0:11 | Bo   | accepts, said 5 s ago  | nothing
    """)


def test_an_over_said_before_somebody_joined_ends_nothing_however_late_it_comes() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses                        | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives                        | Anna feels: somebody is there
    0:10 | Ole  | presses                        | tell Bo: red call in lejl-12
                                                 ; Anna feels: somebody is there
                                                 ; Ole feels: somebody is there; Ole feels: sent
    0:28 | Bo   | says it is over, said 20 s ago | answer: not_yet
    0:29 | Bo   | says it is over                | stand down Bo: closed; Anna feels: over
                                                 ; Ole feels: over; closed by Bo: calmed_down
    """)


def test_an_over_that_waited_ends_nothing() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses                         | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives                         | Anna feels: somebody is there
    8:00 | Bo   | says it is over, said 300 s ago | answer: not_yet
    """)


def test_a_text_message_that_it_is_over_counts_once_the_news_must_be_read() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s no_badge
    plan: 0 s nearest sms
    0:00 | Anna | presses         | call Bo: sms; Anna feels: sent
    0:05 | Bo   | arrives         | Anna feels: somebody is there
    0:10 | Ole  | presses         | tell Bo: red call in lejl-12; Anna feels: somebody is there
                                  ; Ole feels: somebody is there; Ole feels: sent
    0:15 | Bo   | sees it         | Anna feels: somebody is there; Ole feels: somebody is there
    1:30 | Bo   | says it is over | answer: not_yet
    1:45 | Bo   | says it is over | stand down Bo: closed; Anna feels: over; Ole feels: over
                                  ; closed by Bo: calmed_down
    """)


def test_a_call_for_more_help_counts_however_old_it_is() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                              | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | arrives                              | Anna feels: somebody is there
    0:10 | Bo   | asks for more help, said 9000 s ago  | call Ida: wearable
    """)


def _not_counted(stage: Stage) -> int:
    lines = [line for work in stage.works for line in work.transaction.timeline]
    return [line.what for line in lines].count("not_counted")


def test_old_words_of_one_badge_do_not_make_room_for_each_other() -> None:
    """Bo has said no since; what his badge had kept comes now, word after word."""
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses                | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | declines               | call Ida: wearable
    0:14 | Bo   | sees it, said 9 s ago  | nothing
    0:15 | Bo   | accepts, said 8 s ago  | nothing
    0:20 |      |                        | Anna feels: nobody yet
    """)
