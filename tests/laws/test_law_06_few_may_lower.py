"""Law 6: anyone may raise, few may lower."""

from __future__ import annotations

import pytest

from dispatcher.alarms.model import Notice, Purpose
from dispatcher.engine.answering import rightful
from dispatcher.engine.ports import Source, SourceKind
from tests.support.story import story


@pytest.mark.parametrize("level", ["orange", "red", "blue"])
def test_a_cancel_of_an_acute_alarm_stands_nobody_down(level: str) -> None:
    story(f"""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses {level} | call Bo: wearable; Anna feels: sent
    0:05 | Anna | cancels         | tell Bo: Anna says it is over; Anna feels: sent
    0:08 | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    """)


def test_acute_alarms_close_only_by_who_has_arrived_or_the_duty_leader_and_never_by_a_victim() -> (
    None
):
    story("""
    Anna in lejl-12 leader | Bo 35 s | Ida 60 s | Kim deputy
    plan: 0 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:01 | Anna | closes          | refused: not_allowed
    0:02 | Ida  | closes          | refused: not_allowed
    0:03 | Bo   | accepts         | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:04 | Bo   | closes          | refused: not_allowed
    0:05 | Bo   | says it is over | answer: not_yet
    0:30 | Bo   | arrives         | Anna feels: somebody is there
    0:31 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    """)


def test_a_close_that_saw_less_than_there_is_now_is_refused() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan yellow: 0 s nearest wearable
    plan red: 0 s nearest wearable
    0:00 | Anna | presses yellow           | call Bo: wearable; Anna feels: sent
    0:05 | Lone | looks                    | nothing
    0:10 | Anna | presses red              | tell Bo: red call in lejl-12; Anna feels: sent
    0:11 | Lone | closes on the old screen | refused: stale
    """)


def test_a_wire_without_authentication_closes_nothing_whatever_the_level() -> None:
    for level in ("green", "yellow", "red"):
        story(f"""
        Anna in lejl-12 | Bo 35 s
        plan: 0 s nearest wearable; 300 s nearest wearable
        0:00 | Anna | presses {level}         | call Bo: wearable; Anna feels: sent
        0:05 | Anna | cancels unauthenticated | tell Bo: Anna says it is over; Anna feels: sent
        """)


def test_an_answer_counts_only_from_where_its_notice_was_sent() -> None:
    notice = _notice()
    assert rightful(notice, Source(SourceKind.DEVICE, "badge-bo"), worn=False)
    assert rightful(notice, Source(SourceKind.LINK, notice.id), worn=False)
    assert rightful(notice, Source(SourceKind.STAFF, "bo"), worn=False)
    assert not rightful(notice, Source(SourceKind.DEVICE, "badge-ida"), worn=False)
    assert not rightful(notice, Source(SourceKind.NUMBER, "+4520000002"), worn=False)
    assert not rightful(notice, Source(SourceKind.LINK, "another"), worn=False)
    assert not rightful(notice, Source(SourceKind.STAFF, "ida"), worn=False)


def test_a_press_is_believed_from_anyone() -> None:
    story("""
    Bo 35 s | Lone leader
    plan: 0 s nearest wearable
    0:00 | Unknown badge | presses unauthenticated | call Lone: wearable, sms
                                                   ; Unknown badge feels: sent
    """)


def _notice() -> Notice:
    stage = story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    """)
    (notice,) = stage.works[0].send
    assert notice.purpose is Purpose.CALL
    return notice
