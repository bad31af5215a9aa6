"""The ring of a house that is cut off: stories on virtual time, and its limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from gateway.outpost.ring import AGAIN_AFTER, AGAIN_LEAST, PRESSES_MAX, Call, Ring, Said

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
    assert story.ring.handed_over([press.identity], story.now) == []
    assert story.ring.wake_at is None
    assert story.after(60) == []


def test_more_help_in_an_alarm_nobody_here_knows_of_is_a_press_of_its_own() -> None:
    story = Story()
    story.pressed["bo"] = None
    more = AnswerKind.MORE_HELP
    answer = story.signal("bo", SignalType.ANSWER, answer=more, notice="n_of_the_dispatcher")
    story.ring.pressed(answer, story.now)
    assert "cai: page" in story.after(5)
    accepts = story.signal("cai", SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice="n_1")
    other = Story()
    other.ring.pressed(accepts, other.now)
    assert other.ring.wake_at is None


def test_who_accepts_is_told_to_the_wearer_and_waited_for_three_minutes() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    assert story.answer("bo", AnswerKind.ACCEPT) == ["anna: accepted"]
    assert story.last("anna")["by"] == "Bo"
    assert story.after(179) == []
    assert story.after(1) == ["bo: page", "cai: page"]


def test_a_case_is_unanswered_from_its_first_ring_until_somebody_comes_or_is_late() -> None:
    story = Story()
    story.press("anna")
    assert story.ring.unanswered(story.now) == ()
    story.after(5)
    assert len(story.ring.unanswered(story.now)) == 1
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.ring.unanswered(story.now) == ()
    story.after(180)
    assert len(story.ring.unanswered(story.now)) == 1
    story.answer("bo", AnswerKind.ARRIVED)
    assert story.ring.unanswered(story.now) == ()
    story.answer("bo", AnswerKind.OVER)
    assert story.ring.unanswered(story.now) == ()


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
    assert story.answer("bo", AnswerKind.WITHDRAW) == ["anna: nobody_yet"]
    assert story.after(0) == ["cai: page"]


def test_accepting_and_withdrawing_in_turn_calls_nobody_more_often_than_the_law_allows() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    pages = 0
    for _ in range(20):
        story.answer("bo", AnswerKind.ACCEPT)
        story.answer("bo", AnswerKind.WITHDRAW)
        pages += story.after(1).count("cai: page")
    assert pages <= 20 / AGAIN_LEAST.total_seconds() + 1


def test_who_has_arrived_is_asked_after_ten_minutes_whether_it_is_over() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.answer("bo", AnswerKind.ARRIVED) == ["anna: arrived"]
    assert story.after(599) == []
    assert story.after(1) == ["bo: page"]
    assert "over?" in str(story.last("bo")["text"])
    assert story.answer("bo", AnswerKind.OVER) == ["cai: stand_down"]
    assert story.ring.wake_at is None


def test_who_accepts_while_somebody_is_there_starts_no_new_round() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.answer("cai", AnswerKind.ACCEPT)
    assert story.after(400) == []


def test_who_has_arrived_and_is_gone_is_replaced() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.house.connected.remove("bo")
    assert story.after(600) == ["cai: page"]


def test_more_help_calls_the_others_until_another_one_comes() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(60)
    story.answer("bo", AnswerKind.MORE_HELP)
    assert story.after(0) == ["cai: page"]
    assert story.after(30) == ["cai: page"]
    assert story.answer("cai", AnswerKind.ACCEPT) == ["anna: arrived"]
    assert story.after(599) == []


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
    assert story.ring.answered(stolen, story.now, story.now) == []


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
    assert story.told(story.ring.handed_over([press.identity], story.now)) == ["cai: stand_down"]
    assert story.last("cai")["notice"] == story.notices["cai"]
    assert story.after(300) == []


def test_presses_of_one_person_are_one_case_and_each_is_told_to_its_wearer() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.press("anna")
    assert story.after(4.9) == []
    assert story.after(0.1) == ["anna: not_sent", "bo: page", "cai: page"]
    assert story.last("anna")["seq"] == 2


def test_a_second_press_while_somebody_is_coming_tells_the_wearer_so() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ACCEPT)
    story.press("anna")
    assert story.after(5) == ["bo: page", "anna: accepted"]
    assert "2 presses" in str(story.last("bo")["text"])
    assert story.answer("bo", AnswerKind.SEEN) == ["anna: accepted"]
    assert story.after(60) == []


def test_who_is_there_and_says_nothing_to_a_new_press_is_no_help_and_others_are_called() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(60)
    story.press("anna")
    assert story.after(19.9) == ["bo: page", "anna: arrived"]
    assert story.after(0.1) == ["anna: nobody_yet", "bo: page", "cai: page"]
    assert story.answer("bo", AnswerKind.ARRIVED) == ["anna: arrived"]
    assert story.after(60) == []


def test_who_said_nothing_for_minutes_is_not_waited_for_at_a_new_press() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.after(301)
    story.press("anna")
    assert story.after(5) == ["bo: page", "anna: not_sent", "bo: page", "cai: page"]


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
    story.ring.pressed(replace(press, identity="with a position"), story.now)
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
    assert story.answer("bo", AnswerKind.ACCEPT) == []
    assert story.after(30) == ["bo: page", "cai: page"]
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
    assert "over?" in str(story.last("cai")["text"])


def test_who_is_there_and_was_out_of_reach_hears_of_the_new_press_when_they_are_back() -> None:
    story = Story()
    story.press("anna")
    story.after(5)
    story.answer("bo", AnswerKind.ARRIVED)
    story.house.connected.remove("bo")
    story.press("anna")
    assert story.after(5) == ["anna: arrived"]
    story.house.connected.append("bo")
    assert story.listens("bo") == ["bo: page"]
    assert "2 presses" in str(story.last("bo")["text"])


def test_a_press_that_is_worse_calls_again_though_somebody_is_coming() -> None:
    story = Story()
    story.press("anna", level=Level.YELLOW)
    story.after(5)
    assert story.last("bo")["quiet"] is True
    story.answer("bo", AnswerKind.ACCEPT)
    story.press("anna", level=Level.RED)
    assert story.after(5) == ["bo: page", "anna: accepted", "cai: page"]
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
    story.cancel("anna", press)
    assert story.after(5) == ["bo: page", "cai: page"]
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
    assert story.ring.cancelled(new, story.now, story.now) == []
    assert "bo: page" in story.after(5)


def test_who_comes_within_reach_while_it_rings_is_called_at_once() -> None:
    story = Story(connected=["anna"])
    story.press("anna")
    assert story.after(5) == ["anna: not_sent"]
    story.house.connected.append("bo")
    assert story.listens("bo") == ["bo: page"]
    story.answer("bo", AnswerKind.ACCEPT)
    assert story.listens("bo") == []
    story.house.connected.append("cai")
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
    for number in range(PRESSES_MAX + 50):
        story.press(f"espa444:{number}", standing=Standing.UNKNOWN)
    assert len(story.ring._cases) == PRESSES_MAX
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
        assert wake_at - story.now <= AGAIN_AFTER, "no press without a next moment"


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
        "cai: page",
        *("bo: not_sent", "cai: page"),
    ]
    assert story.answer("bo", answer) == []


def test_a_newer_press_rings_on_until_it_is_handed_over_too() -> None:
    """The line came back for a moment only: nobody there knows of her second press."""
    story = Story()
    first = story.press("anna")
    story.after(5)
    second = story.press("anna")
    assert story.ring.handed_over([first.identity], story.now) == []
    assert story.after(5) == ["anna: not_sent", "bo: page", "cai: page"]
    said = story.told(story.ring.handed_over([second.identity], story.now))
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
    story.ring.pressed(press, story.now)
    assert story.after(5) == ["cai: page", "button: not_sent", "cai: page"]


@pytest.mark.parametrize("answer", [AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.OVER])
def test_an_old_answer_stops_no_round(answer: AnswerKind) -> None:
    story = Story()
    story.press("anna", Level.YELLOW)
    story.after(5)
    assert story.answer("bo", answer, said_ago_s=1_500) == []
    assert story.after(30) == ["bo: page", "cai: page"]


def test_an_old_cancel_that_names_no_press_ends_nothing() -> None:
    story = Story()
    story.press("anna", Level.YELLOW)
    story.after(5)
    old = replace(
        story.signal("anna", SignalType.CANCEL), said_at=story.now - timedelta(minutes=25)
    )
    assert story.ring.cancelled(old, story.now, story.now) == []
    assert story.after(30) == ["bo: page", "cai: page"]


# A house of three


@dataclass
class Colleagues:
    """`gateway.outpost.ring.House`: everybody wears the device of their name."""

    connected: list[str]

    def colleagues(self, signal: Signal) -> Sequence[str]:
        return [device for device in self.connected if device != signal.device]

    def text(self, call: Call) -> str:
        over = "Is it over?" if call.is_it_over else ""
        says_over = f"{call.signal.device} says it is over" if call.says_over else ""
        again = f"{call.presses} presses " if call.presses else ""
        return f"{call.signal.device} {call.times} {again}{over}{says_over}"

    def wearer(self, device: str) -> str | None:
        return device

    def first_name(self, device: str) -> str:
        return device.capitalize()


@dataclass
class Story:
    connected: list[str] = field(default_factory=lambda: ["anna", "bo", "cai"])
    now: datetime = NOW
    seq: int = 0
    notices: dict[str, str] = field(default_factory=dict)
    messages: dict[str, dict[str, object]] = field(default_factory=dict)
    pressed: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.house = Colleagues(self.connected)
        self.ring = Ring(self.house)

    def press(
        self,
        device: str,
        level: Level = Level.RED,
        heard: datetime | None = None,
        standing: Standing = Standing.ASSIGNED,
    ) -> Signal:
        signal = replace(self.signal(device), level=level, standing=standing)
        self.pressed[device] = None
        self.ring.pressed(signal, self.now, heard)
        return signal

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
        said: list[Said] = []
        while (wake_at := self.ring.wake_at) is not None and wake_at <= until:
            self.now = max(self.now, wake_at)
            said += self.ring.wake(self.now, self.now)
        self.now = until
        return self.told(said)

    def answer(self, device: str, answer: AnswerKind, said_ago_s: float = 0) -> list[str]:
        notice = self.notices.get(device, "none")
        signal = self.signal(device, SignalType.ANSWER, answer=answer, notice=notice)
        signal = replace(signal, said_at=self.now - timedelta(seconds=said_ago_s))
        return self.told(self.ring.answered(signal, self.now, self.now))

    def cancel(self, device: str, press: Signal) -> list[str]:
        assert press.reading.seq is not None
        ref = MessageRef(press.reading.seq)
        signal = self.signal(device, SignalType.CANCEL, cancels=ref)
        return self.told(self.ring.cancelled(signal, self.now, self.now))

    def listens(self, device: str) -> list[str]:
        return self.told(self.ring.listens(device, self.now, self.now))

    def told(self, said: Sequence[Said]) -> list[str]:
        for one in said:
            message = json.loads(one.payload)
            self.messages[one.device] = message
            if message["type"] == "page":
                self.notices[one.device] = message["notice"]
        return [f"{one.device}: {self.type_of(one)}" for one in said]

    def last(self, device: str) -> dict[str, object]:
        return self.messages[device]

    @staticmethod
    def type_of(one: Said) -> str:
        return str(json.loads(one.payload)["type"])
