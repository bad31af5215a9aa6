"""The ordinary case: somebody presses, the nearest comes, a person says it is over."""

from __future__ import annotations

from tests.support.story import story


def test_the_nearest_is_called_comes_and_says_it_is_over() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest wearable; 30 s nearest*2 wearable sms; 60 s leader
    0:00 | Anna | presses         | call Bo: wearable; Anna feels: sent
    0:02 | Bo   | rings           | nothing
    0:05 | Bo   | sees it         | nothing
    0:08 | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    0:40 | Bo   | arrives         | Anna feels: somebody is there
    5:00 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    9:00 |      |                 | nothing
    """)


def test_the_circle_widens_to_the_second() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader | Bent on_call
    plan: 0 s nearest wearable; 30 s nearest*2 wearable sms; 60 s leader; 90 s on_call sms
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:30 |      |         | call Bo: sms; call Ida: wearable, sms
    1:00 |      |         | call Lone: wearable, sms
    1:30 |      |         | call Bent: sms
    2:00 |      |         | round 1; call Bo: wearable, sms; call Ida: wearable, sms
                          ; call Lone: wearable, sms; call Bent: sms
    """)


def test_when_everybody_declines_the_next_step_is_due_now_and_the_later_ones_as_much_earlier() -> (
    None
):
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader | Bent on_call
    plan: 0 s nearest wearable; 30 s nearest*1 wearable sms; 60 s leader; 90 s on_call sms
    0:00 | Anna | presses  | call Bo: wearable; Anna feels: sent
    0:07 | Bo   | declines | call Ida: wearable, sms
    0:20 |      |          | Anna feels: nobody yet
    0:37 |      |          | call Lone: wearable, sms
    1:07 |      |          | call Bent: sms
    """)


def test_who_accepts_second_is_thanked_and_stood_down() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Ida 60 s | Lone leader
    plan: 0 s nearest*2 wearable; 30 s leader
    0:00 | Anna | presses | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:06 | Bo   | accepts | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:07 | Ida  | accepts | answer: stood_down; stand down Ida: enough
    0:40 | Bo   | arrives | Anna feels: somebody is there
    """)
