"""The ring of a house that is cut off: stories on virtual time, and its limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.plan import ROUND_LONGEST, ROUND_SHORTEST
from core.signals import (
    AlarmKind,
    AnswerKind,
    Level,
    MessageRef,
    Reading,
    Signal,
    SignalType,
    Standing,
)
from core.values import replace
from gateway.handover import Part
from gateway.outpost import ring as rings
from gateway.outpost.here import Colleague, Here
from gateway.outpost.messages import Said, said
from gateway.outpost.ring import ALARMS_MAX, Ring, Step

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_after_five_seconds_the_wearer_is_told_and_colleagues_are_called() -> None:
    story = Story()
    story.press("anna")
    assert story.after(4.9) == []
    assert story.after(0.1) == ["anna: not_sent", "bo: page", "cai: page"]


def test_rounds_are_half_a_minute_apart_and_each_rings_anew() -> None:
    story = Story()
    story.press("anna")
    texts = []
    for wait in (5, 30, 30, 30):
        assert "bo: page" in story.after(wait)
        texts.append(story.last("bo")["text"])
    assert len(set(texts)) == len(texts), "a page with the same words does not ring again"
    assert story.after(29) == []


def test_a_press_that_is_handed_over_in_time_rings_nobody() -> None:
    story = Story()
    press = story.press("anna")
    assert story.handed_over(press) == []
    assert story.ring.wake_at is None
    assert story.after(60) == []


def test_more_help_in_an_alarm_nobody_here_knows_of_is_a_press_of_its_own() -> None:
    story = Story()
    story.pressed["bo"] = None
    more = AnswerKind.MORE_HELP
    answer = story.signal("bo", SignalType.ANSWER, answer=more, notice="n_of_the_dispatcher")
    story.hears(answer)
    assert "cai: page" in story.after(5)
    accepts = story.signal("cai", SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice="n_1")
    other = Story()
    other.hears(accepts)
    assert other.ring.wake_at is None


def test_who_accepts_is_told_to_the_wearer_and_waited_for_three_minutes() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    assert story.answer("bo", AnswerKind.ACCEPT) == ["anna: accepted"]
    assert story.last("anna")["by"] == "Bo"
    assert story.after(179) == []
    assert story.after(1) == ["anna: nobody_yet", "bo: page", "cai: page"]


def test_a_case_is_unanswered_from_its_first_ring_until_somebody_comes_or_is_late() -> None:
    story = Story()
    story.press("anna")
    assert story.ring.unanswered == ()
    story.after(5)
    assert len(story.ring.unanswered) == 1
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.ring.unanswered == ()
    story.after(180)
    assert len(story.ring.unanswered) == 1
    story.answer("bo", AnswerKind.ARRIVED)
    assert story.ring.unanswered == ()
    story.answer("bo", AnswerKind.OVER)
    assert story.ring.unanswered == ()


def test_a_second_who_accepts_is_counted() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    story.answer("cai", AnswerKind.ACCEPT)
    assert story.last("anna")["count"] == 2


def test_who_declines_is_not_called_again_before_the_others_are() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    assert story.answer("bo", AnswerKind.DECLINE) == []
    assert story.after(29) == []
    assert story.after(1) == ["cai: page"]


def test_when_all_have_declined_all_are_asked_again_and_not_at_once() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    for device in ("bo", "cai"):
        assert story.answer(device, AnswerKind.DECLINE) == []
    assert story.after(29) == []
    assert story.after(1) == ["bo: page", "cai: page"]


def test_who_was_coming_and_withdraws_is_told_and_the_others_are_called_at_once() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    story.after(60)
    assert story.answer("bo", AnswerKind.WITHDRAW) == ["anna: nobody_yet", "cai: page"]


def test_accepting_and_withdrawing_in_turn_calls_nobody_more_often_than_the_law_allows() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    pages = 0
    for _ in range(20):
        story.answer("bo", AnswerKind.ACCEPT)
        said = story.answer("bo", AnswerKind.WITHDRAW)
        pages += (said + story.after(1)).count("cai: page")
    assert pages <= 20 / ROUND_SHORTEST.total_seconds() + 1


def test_who_has_arrived_is_asked_after_ten_minutes_whether_it_is_over() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.answer("bo", AnswerKind.ARRIVED) == ["anna: arrived"]
    assert story.after(599) == []
    assert story.after(1) == ["bo: page"]
    assert "over now?" in str(story.last("bo")["text"])
    assert story.answer("bo", AnswerKind.OVER) == ["cai: stand_down"]
    assert story.ring.wake_at is None


def test_who_accepts_while_somebody_is_there_starts_no_new_round() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.answer("cai", AnswerKind.ACCEPT)
    assert story.after(400) == ["cai: page"], "who said they come and does not is asked, once"


def test_who_has_arrived_and_is_gone_is_replaced() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.connected.remove("bo")
    assert story.after(600) == ["anna: nobody_yet", "cai: page"]


def test_more_help_calls_the_others_until_another_one_comes() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(60)
    assert story.answer("bo", AnswerKind.MORE_HELP) == ["cai: page"]
    assert story.after(30) == ["cai: page"]
    assert story.answer("cai", AnswerKind.ACCEPT) == ["anna: accepted"]
    assert story.last("anna")["count"] == 2
    assert story.after(179) == []
    assert story.answer("cai", AnswerKind.ARRIVED) == ["anna: arrived"]
    assert story.after(300) == []


def test_only_who_was_there_says_that_an_acute_alarm_is_over() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    assert story.answer("bo", AnswerKind.OVER) == []
    assert "bo: page" in story.after(30)


def test_an_answer_from_another_device_counts_nothing() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    notice = story.notices["bo"]
    stolen = story.signal("cai", SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice=notice)
    assert not story.ring.is_local(stolen)
    assert story.answers(stolen) == []


def test_the_victims_own_accept_counts_nothing() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    for notice in story.notices.values():
        own = story.signal("anna", SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice=notice)
        assert not story.ring.is_local(own)
    assert "bo: page" in story.after(30)


def test_a_press_handed_over_while_it_rings_stands_the_others_down() -> None:
    story = Story()
    press = story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.handed_over(press) == ["cai: stand_down"]
    assert story.last("cai")["notice"] == story.notices["cai"]
    assert story.after(300) == []


def test_presses_of_one_person_are_one_case_and_each_is_told_to_its_wearer() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.press("anna")
    assert story.after(4.9) == []
    assert story.after(0.1) == ["anna: not_sent"]
    assert story.last("anna")["seq"] == 2
    assert story.after(10) == ["bo: page", "cai: page"], "15 s after they were called"
    assert len(story.ring.ringing) == 1


def test_a_second_press_while_somebody_is_coming_tells_the_wearer_so() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    story.press("anna")
    assert story.after(5) == ["bo: page", "cai: page", "anna: accepted"]
    assert "pressed 2 times" in str(story.last("bo")["text"])
    assert story.answer("bo", AnswerKind.SEEN) == ["anna: accepted"]
    assert story.after(60) == []


def test_who_is_there_and_says_nothing_to_a_new_press_is_no_help_and_others_are_called() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(60)
    story.press("anna")
    assert story.after(19.9) == ["bo: page", "cai: page", "anna: arrived"]
    assert story.after(0.1) == ["anna: nobody_yet", "cai: page"]
    assert story.after(30) == ["cai: page", "bo: page"]
    assert story.answer("bo", AnswerKind.ARRIVED) == ["anna: arrived"]
    assert story.after(60) == []


def test_who_said_nothing_for_minutes_is_not_waited_for_at_a_new_press() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(301)
    story.press("anna")
    assert story.after(5) == ["bo: page", "cai: page", "anna: not_sent"]


def test_pressing_every_second_rings_at_once_and_then_every_15_s() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    pages = 0
    for _ in range(59):
        story.press("anna")
        pages += story.after(1).count("bo: page")
        story.answer("bo", AnswerKind.SEEN)
    assert pages == 4


def test_one_press_in_other_words_is_no_new_need() -> None:
    story = Story()
    press = story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.hears(replace(press, identity="with a position"))
    assert story.after(60) == ["anna: arrived"]


def test_it_is_over_said_right_before_a_new_press_ends_nothing() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(60)
    story.press("anna")
    story.after(1)
    assert story.answer("bo", AnswerKind.OVER) == []
    story.after(15)
    assert story.answer("bo", AnswerKind.OVER) == ["cai: stand_down"]


def test_who_accepts_and_does_not_come_is_not_waited_for_a_second_time() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    assert "cai: page" in story.after(180)
    assert story.answer("bo", AnswerKind.ACCEPT) == ["anna: accepted"]
    assert story.after(30) == ["cai: page", "bo: page"]
    assert story.answer("bo", AnswerKind.ARRIVED) == ["anna: arrived"]
    assert story.after(60) == []


def test_an_accept_said_again_and_again_holds_nobody_back_for_longer() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    said = []
    for _ in range(4):
        story.answer("bo", AnswerKind.ACCEPT)
        said += story.after(60)
    assert "cai: page" in said


def test_when_nobody_says_whether_it_is_over_everybody_is_asked() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    assert story.after(600) == story.after(600) == ["bo: page"]
    assert story.after(600) == ["bo: page", "cai: page"]
    assert "over now?" in str(story.last("cai")["text"])


def test_who_is_there_and_was_out_of_reach_hears_of_the_new_press_when_they_are_back() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.connected.remove("bo")
    story.press("anna")
    assert story.after(5) == ["cai: page", "anna: not_sent"], "whether bo is there nobody knows"
    story.connected.append("bo")
    assert story.listens("bo") == ["bo: page"]
    assert "pressed 2 times" in str(story.last("bo")["text"])
    assert story.answer("bo", AnswerKind.SEEN) == ["anna: arrived"]


def test_a_press_that_is_worse_calls_again_though_somebody_is_coming() -> None:
    story = Story()
    story.press("anna", level=Level.YELLOW)
    story.after(5)
    assert story.last("bo")["quiet"] is True
    story.answer("bo", AnswerKind.ACCEPT)
    story.press("anna", level=Level.RED)
    assert story.after(5) == ["bo: page", "cai: page", "anna: accepted"]
    assert story.last("bo")["level"] == "red"
    assert story.last("cai")["level"] == "red"
    assert story.last("cai")["quiet"] is False


def test_a_press_after_it_was_over_is_called_anew() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.answer("bo", AnswerKind.OVER)
    story.press("anna")
    assert story.after(5) == ["anna: not_sent", "bo: page", "cai: page"]


def test_several_who_press_are_each_called_about_and_none_of_them_is_called() -> None:
    story = Story()
    story.press("anna")
    story.press("bo")
    assert story.after(5) == [
        *("anna: not_sent", "cai: page"),
        *("bo: not_sent", "cai: page"),
    ]
    assert len(story.ring.ringing) == 2


def test_a_cancel_above_yellow_stands_nobody_down_and_somebody_goes_to_see() -> None:
    story = Story()
    press = story.press("anna")
    story.after(5)
    assert story.cancel("anna", press) == ["bo: page", "cai: page"]
    assert "says it is over" in str(story.last("bo")["text"])
    assert story.after(30) == ["bo: page", "cai: page"]
    assert "says it is over" in str(story.last("bo")["text"])


def test_a_cancel_of_come_by_ends_it() -> None:
    story = Story()
    press = story.press("anna", level=Level.YELLOW)
    story.after(5)
    assert story.cancel("anna", press) == ["bo: stand_down", "cai: stand_down"]
    assert story.after(300) == []


def test_a_cancel_of_another_press_or_device_ends_nothing() -> None:
    story = Story()
    press = story.press("anna", level=Level.YELLOW)
    assert story.cancel("anna", replace(press, reading=replace(press.reading, seq=77))) == []
    assert story.cancel("bo", press) == []
    assert "bo: page" in story.after(5)


def test_the_cancel_of_somebody_who_wears_the_badge_since_ends_nothing() -> None:
    story = Story()
    story.press("anna", level=Level.YELLOW)
    new = replace(story.signal("anna", SignalType.CANCEL), person="ida")
    assert story.lowers(new) == []
    assert "bo: page" in story.after(5)


def test_who_comes_within_reach_while_it_rings_is_called_at_once() -> None:
    story = Story(connected=["anna"])
    story.press("anna")
    assert story.after(5) == ["anna: not_sent"]
    story.connected.append("bo")
    assert story.listens("bo") == ["bo: page"]
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.listens("bo") == []
    story.connected.append("cai")
    assert story.listens("cai") == [], "somebody is coming"


def test_a_wearer_whose_device_comes_back_is_told_how_it_stands() -> None:
    story = Story()
    story.press("anna")
    assert story.listens("anna") == []
    story.after(5)
    assert story.listens("anna") == ["anna: not_sent"]
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.listens("anna") == ["anna: accepted"]


def test_what_was_heard_before_a_restart_rings_at_once() -> None:
    story = Story()
    story.press("anna", heard=NOW - timedelta(minutes=1))
    assert story.after(0) == ["anna: not_sent", "bo: page", "cai: page"]


def test_strangers_without_end_push_no_press_of_ours_out() -> None:
    story = Story()
    story.press("anna")
    for number in range(ALARMS_MAX + 50):
        story.press(f"espa444:{number}", standing=Standing.UNKNOWN)
    assert len(story.ring.alarms) == ALARMS_MAX
    assert "anna: not_sent" in story.after(5)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["anna", "bo", "cai"]),
            st.sampled_from([*AnswerKind, "press", "cancel", "listens"]),
            st.integers(0, 40),
        ),
        max_size=60,
    )
)
def test_whatever_is_answered_the_law_holds(acts: list[tuple[str, str, int]]) -> None:
    story = Story()
    first = story.press("anna")
    rounds: list[datetime] = []
    for device, act, wait in acts:
        match act:
            case "press":
                story.press(device)
            case "cancel":
                story.cancel(device, first)
            case "listens":
                story.listens(device)
            case _:
                story.answer(device, AnswerKind(act))
        for one in story.after(wait):
            assert one != "anna: page" or "bo" in story.pressed or "cai" in story.pressed
            if one.endswith("page"):
                rounds.append(story.now)
        wake_at = story.ring.wake_at
        assert wake_at is None or wake_at > story.now, "no busy ring"
    unanswered = not {AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.OVER} & {
        a for _, a, _ in acts
    }
    if unanswered:
        wake_at = story.ring.wake_at
        assert wake_at is not None
        assert wake_at - story.now <= ROUND_LONGEST, "no press without a next moment"


@pytest.mark.parametrize("answer", [AnswerKind.ACCEPT, AnswerKind.ARRIVED])
def test_a_colleague_who_presses_too_is_with_nobody_and_answers_for_nobody(
    answer: AnswerKind,
) -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", answer)
    story.press("bo")
    assert story.after(5) == [
        *("bo: stand_down", "anna: nobody_yet", "cai: page"),
        *("bo: not_sent", "cai: page"),
    ]
    assert story.answer("bo", answer) == []


def test_a_newer_press_rings_on_until_it_is_handed_over_too() -> None:
    """The line came back for a moment only: nobody there knows of her second press."""
    story = Story()
    first = story.press("anna")
    story.after(5)
    second = story.press("anna")
    assert story.handed_over(first) == []
    assert story.after(15) == ["anna: not_sent", "bo: page", "cai: page"]
    said = story.handed_over(second)
    assert said == ["bo: stand_down", "cai: stand_down"]
    assert story.ring.wake_at is None


@pytest.mark.parametrize("answer", [AnswerKind.ACCEPT, AnswerKind.ARRIVED])
def test_a_colleague_who_presses_on_another_device_is_with_nobody_on_any(
    answer: AnswerKind,
) -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", answer)
    press = replace(story.signal("button"), level=Level.RED, person="bo")
    story.hears(press)
    assert story.after(5) == [
        *("bo: stand_down", "anna: nobody_yet", "cai: page"),
        *("button: not_sent", "cai: page"),
    ]


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (AnswerKind.ACCEPT, ["bo: page"]),
        (AnswerKind.ARRIVED, ["bo: page"]),
        (AnswerKind.OVER, []),
    ],
)
def test_an_old_answer_stops_no_round(answer: AnswerKind, asked: list[str]) -> None:
    """Whether it is still so is asked once."""
    story = Story()
    story.press("anna", Level.YELLOW)
    story.after(5)
    assert story.answer("bo", answer, said_ago_s=1_500) == asked
    assert story.after(30) == ["bo: page", "cai: page"]


def test_an_old_cancel_that_names_no_press_ends_nothing() -> None:
    story = Story()
    story.press("anna", Level.YELLOW)
    story.after(5)
    old = replace(
        story.signal("anna", SignalType.CANCEL), said_at=story.now - timedelta(minutes=25)
    )
    assert story.lowers(old) == []
    assert story.after(30) == ["bo: page", "cai: page"]


def test_two_who_press_at_one_place_are_one_alarm_until_both_presses_are_handed_over() -> None:
    story = Story()
    at_bath = [replace(story.signal(who), zone="bath", level=Level.RED) for who in ("anna", "bo")]
    for press in at_bath:
        story.hears(press)
    assert story.after(5) == ["anna: not_sent", "bo: not_sent", "cai: page"]
    assert "Anna, Bo calls for help" in str(story.last("cai")["text"])
    assert story.answer("cai", AnswerKind.ACCEPT) == ["anna: accepted", "bo: accepted"]
    assert story.handed_over(at_bath[0]) == []
    assert story.answer("cai", AnswerKind.ARRIVED) == ["anna: arrived", "bo: arrived"]
    story.handed_over(at_bath[1])
    assert story.ring == Ring()


def test_who_comes_to_another_alarm_is_not_waited_for_at_the_first() -> None:
    story = Story(["anna", "bo", "cai", "dan"])
    story.press("anna")
    story.press("bo")
    story.after(5)
    first, second = story.ring.alarms
    accepts = [
        story.signal("cai", SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice=page.notice)
        for local in (first, second)
        for page in local.paged
        if page.device == "cai"
    ]
    assert story.told(story.answers(accepts[0])) == ["anna: accepted"]
    assert "bo: accepted" in story.told(story.answers(accepts[1]))
    assert [local.alarm.id for local in story.ring.unanswered] == [first.alarm.id]


def test_who_carries_two_devices_is_called_on_both_and_answers_for_both() -> None:
    story = Story(["anna", "bo", "phone-bo"])
    story.worn["phone-bo"] = "bo"
    story.press("anna")
    assert story.after(5) == ["anna: not_sent", "bo: page", "phone-bo: page"]
    notice = story.notices["phone-bo"]
    accept = story.signal("phone-bo", SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice=notice)
    assert story.told(story.answers(replace(accept, person="bo"))) == ["anna: accepted"]
    assert story.after(179) == []


@pytest.mark.parametrize(("closes", "said"), [(True, "stand_down"), (False, "page")])
def test_a_restore_ends_it_only_by_a_line_the_site_trusts(closes: bool, said: str) -> None:
    story = Story(["bo"])
    call = replace(story.signal("room-7"), person=None)
    story.hears(replace(call, reading=replace(call.reading, authenticated=False)))
    story.after(5)
    over = replace(story.signal("room-7", SignalType.RESTORE), person=None)
    reading = replace(over.reading, kind=None, authenticated=False, closes=closes)
    assert story.lowers(replace(over, reading=reading)) == [f"bo: {said}"]


def test_a_mistake_of_ours_about_one_alarm_stops_no_other_and_it_is_looked_at_again() -> None:
    story = Story()
    story.press("anna")
    story.press("cai")
    broken, whole = story.ring.alarms
    nobody = replace(broken.alarm, plan=replace(broken.alarm.plan, steps=("none",)))  # type: ignore[arg-type]
    story.ring = Ring((replace(broken, alarm=nobody), whole))
    step = rings.wake(story.ring, replace(story.here(), now=NOW + timedelta(seconds=5)))
    assert len(step.mistakes) == 1
    assert [local.alarm.id for local in step.ring.ringing] == [whole.alarm.id]
    assert step.ring.wake_at == NOW + timedelta(seconds=10)


# A house of three


PART = Part(1, "s", "en", names={"anna": "Anna", "bo": "Bo", "cai": "Cai"})


@dataclass
class Story:
    """Everybody wears the device of their name."""

    connected: list[str] = field(default_factory=lambda: ["anna", "bo", "cai"])
    now: datetime = NOW
    seq: int = 0
    ring: Ring = field(default_factory=Ring)
    part: Part = PART
    worn: dict[str, str] = field(default_factory=dict)
    not_heard: list[Said] = field(default_factory=list)
    notices: dict[str, str] = field(default_factory=dict)
    messages: dict[str, dict[str, object]] = field(default_factory=dict)
    pressed: dict[str, None] = field(default_factory=dict)

    def here(self) -> Here:
        wearers = [(one, self.worn.get(one, one)) for one in self.connected]
        worn = (Colleague(one, person, person.capitalize()) for one, person in wearers)
        return Here(self.now, self.now, self.part, tuple(worn))

    def press(
        self,
        device: str,
        level: Level = Level.RED,
        heard: datetime | None = None,
        standing: Standing = Standing.ASSIGNED,
    ) -> Signal:
        signal = replace(self.signal(device), level=level, standing=standing)
        self.hears(signal, heard)
        return signal

    def hears(self, signal: Signal, heard: datetime | None = None) -> None:
        """A press; what is said at once is told by the next `after`."""
        self.pressed[signal.device] = None
        self.not_heard += self.decides(rings.pressed(self.ring, signal, self.here(), heard))

    def signal(
        self,
        device: str,
        type_: SignalType = SignalType.ALARM,
        *,
        answer: AnswerKind | None = None,
        notice: str | None = None,
        cancels: MessageRef | None = None,
    ) -> Signal:
        self.seq += 1
        reading = Reading(
            "native",
            device,
            type_,
            AlarmKind.ATTACK,
            seq=self.seq,
            answer=answer,
            notice=notice,
            cancels=cancels,
            authenticated=True,
        )
        name = f"{device}.{self.seq}"
        return Signal(
            name, name, reading, "s", device, Standing.ASSIGNED, self.now, self.now, person=device
        )

    def after(self, seconds: float) -> list[str]:
        """What is said until then, as `device: type`."""
        until = self.now + timedelta(seconds=seconds)
        heard, self.not_heard = self.not_heard, []
        while (wake_at := self.ring.wake_at) is not None and wake_at <= until:
            self.now = max(self.now, wake_at)
            heard += self.wakes()
        self.now = until
        return self.told(heard)

    def wakes(self) -> list[Said]:
        return self.decides(rings.wake(self.ring, self.here()))

    def answer(self, device: str, answer: AnswerKind, said_ago_s: float = 0) -> list[str]:
        notice = self.notices.get(device, "none")
        signal = self.signal(device, SignalType.ANSWER, answer=answer, notice=notice)
        signal = replace(signal, said_at=self.now - timedelta(seconds=said_ago_s))
        return self.told(self.answers(signal))

    def answers(self, signal: Signal) -> list[Said]:
        return self.decides(rings.answered(self.ring, signal, self.here()))

    def cancel(self, device: str, press: Signal) -> list[str]:
        assert press.reading.seq is not None
        ref = MessageRef(press.reading.seq)
        return self.lowers(self.signal(device, SignalType.CANCEL, cancels=ref))

    def lowers(self, signal: Signal) -> list[str]:
        return self.told(self.decides(rings.lowered(self.ring, signal, self.here())))

    def listens(self, device: str) -> list[str]:
        return self.told(self.decides(rings.listens(self.ring, device, self.here())))

    def handed_over(self, *presses: Signal) -> list[str]:
        identities = [press.identity for press in presses]
        return self.told(self.decides(rings.handed_over(self.ring, identities, self.here())))

    def decides(self, step: Step) -> list[Said]:
        assert not step.mistakes
        self.ring = step.ring
        return said(step.effects, self.here())

    def told(self, heard: Sequence[Said]) -> list[str]:
        for one in heard:
            message = json.loads(one.payload)
            self.messages[one.device] = message
            if message["type"] == "page":
                self.notices[one.device] = message["notice"]
        return [f"{one.device}: {self.type_of(one)}" for one in heard]

    def last(self, device: str) -> dict[str, object]:
        return self.messages[device]

    @staticmethod
    def type_of(one: Said) -> str:
        return str(json.loads(one.payload)["type"])
