"""A simulated wearable keeps its side of law 7 and gives no press up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, AnswerKind, Level
from firmware_sim.device.state import (
    NOT_SENT_AFTER,
    PENDING_MAX,
    REPEAT_LONGEST,
    VIBRATION_MS,
    Acked,
    Answered,
    ButtonDown,
    ButtonUp,
    Came,
    CancelPress,
    Charged,
    Died,
    Due,
    Event,
    Feel,
    Felt,
    LinkDown,
    LinkUp,
    Make,
    Moved,
    Odd,
    Pressed,
    Publish,
    Rebooted,
    Step,
    TestPress,
    Wearable,
)
from firmware_sim.device.wearable import advance, battery, switched_on, wake_at

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_a_press_counts_only_when_held_long_enough() -> None:
    wearer = Wearer()
    wearer.happens(ButtonDown())
    wearer.after(0.2, ButtonUp())
    wearer.after(5)
    assert wearer.said("alarm") == []
    wearer.happens(ButtonDown())
    wearer.after(0.3)
    assert len(wearer.said("alarm")) == 1


def test_a_press_says_what_the_contract_says() -> None:
    wearer = Wearer()
    wearer.happens(Moved("beacon-17"))
    wearer.press(Level.ORANGE, AlarmKind.DURESS)
    assert wearer.said("alarm")[0] == {
        "seq": 2,
        "boot": 7,
        "type": "alarm",
        "kind": "duress",
        "level": "orange",
        "at": "2026-11-21T19:00:00.300000Z",
        "age_ms": 0,
        "battery": 1.0,
        "zone": "beacon-17",
    }


def test_the_wearer_feels_sent_and_then_that_a_colleague_comes() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
    wearer.gets({"type": "accepted", "by": "Bo", "eta_s": 20, "alarm": "a1", "rev": 2})
    wearer.gets({"type": "arrived", "by": "Bo", "alarm": "a1", "rev": 3})
    wearer.gets({"type": "closed", "alarm": "a1", "rev": 4})
    assert wearer.felt() == [Feel.SENT, Feel.COMING, Feel.HERE, Feel.CLOSED]
    assert wearer.state.own is None


def test_a_press_that_is_not_received_is_felt_as_not_sent_after_five_seconds() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.after(4.9)
    assert Feel.NOT_SENT not in wearer.felt()
    wearer.after(0.2)
    assert Feel.NOT_SENT in wearer.felt()


def test_a_press_that_nobody_accepts_is_felt_as_nobody_yet_even_when_the_word_is_lost() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
    wearer.after(25)
    assert wearer.felt() == [Feel.SENT, Feel.NOBODY_YET]


def test_a_press_is_repeated_with_growing_waits_until_received_and_never_given_up() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.happens(Acked(7, 2))
    wearer.after(120)
    moments = wearer.moments("alarm")
    waits = [b - a for a, b in pairwise(moments)]
    assert waits[:4] == [timedelta(seconds=s) for s in (1, 2, 4, 8)]
    assert set(waits[4:]) == {REPEAT_LONGEST}
    wearer.gets({"type": "received", "boot": 7, "seq": 2})
    before = len(wearer.moments("alarm"))
    wearer.after(60)
    assert len(wearer.moments("alarm")) == before


def test_every_repeat_of_a_press_has_one_identity() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.after(30)
    assert len({(b["boot"], b["seq"], b["at"]) for b in wearer.said("alarm")}) == 1


def test_a_device_without_a_clock_repeats_the_same_bytes() -> None:
    wearer = Wearer(make=Make(has_clock=False))
    wearer.press()
    wearer.after(30)
    assert len({json.dumps(body) for body in wearer.said("alarm")}) == 1
    assert "at" not in wearer.said("alarm")[0]


def test_a_press_out_of_reach_is_sent_on_return_with_its_age() -> None:
    wearer = Wearer()
    wearer.happens(LinkDown())
    wearer.press()
    wearer.after(40)
    assert wearer.said("alarm") == []
    wearer.happens(LinkUp())
    assert wearer.said("alarm")[0]["age_ms"] == 40_000


def test_a_press_goes_before_everything_else_that_waited() -> None:
    wearer = Wearer()
    wearer.gets(page("n1"))
    wearer.happens(LinkDown())
    wearer.happens(Answered("n1", AnswerKind.SEEN))
    wearer.press()
    wearer.forget()
    wearer.happens(LinkUp())
    assert next(body["type"] for body in wearer.bodies()) == "alarm"


def test_a_press_survives_a_reboot_with_its_old_boot() -> None:
    wearer = Wearer()
    wearer.happens(LinkDown())
    wearer.press()
    wearer.happens(Rebooted(99))
    wearer.happens(LinkUp())
    assert wearer.said("alarm")[0]["boot"] == 7
    assert wearer.said("heartbeat")[-1]["boot"] == 99


def test_a_second_press_raises_the_own_alarm() -> None:
    wearer = Wearer()
    wearer.press(Level.YELLOW)
    wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
    wearer.press(Level.YELLOW)
    assert [body["level"] for body in wearer.said("alarm")] == ["yellow", "red"]


def test_a_cancel_names_the_first_press() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.press()
    wearer.happens(CancelPress())
    assert wearer.said("cancel")[0]["cancels"] == {"boot": 7, "seq": 2}


def test_a_cancel_without_an_alarm_is_said_to_be_odd() -> None:
    wearer = Wearer()
    wearer.happens(CancelPress())
    assert [act for act in wearer.acts if isinstance(act, Odd)]


def test_a_test_that_is_not_answered_is_felt_as_failed() -> None:
    wearer = Wearer()
    wearer.happens(TestPress())
    wearer.after(11)
    assert wearer.felt() == [Feel.TEST_FAILED]
    wearer.happens(TestPress())
    wearer.gets({"type": "test_ok", "boot": 7, "seq": wearer.said("test")[-1]["seq"]})
    assert wearer.felt() == [Feel.TEST_FAILED, Feel.TEST_OK]


def test_a_page_rings_and_says_so_by_itself() -> None:
    wearer = Wearer()
    wearer.gets(page("n1"))
    assert wearer.felt() == [Feel.RINGS]
    assert wearer.said("answer")[0]["answer"] == "rang"
    assert wearer.state.pages[0].ringing


def test_the_same_page_again_does_not_ring_again_but_a_changed_place_does() -> None:
    wearer = Wearer()
    wearer.gets(page("n1", rev=1))
    wearer.gets(page("n1", rev=2))
    assert wearer.felt() == [Feel.RINGS]
    wearer.gets(page("n1", rev=3, text="LEJL 14"))
    assert wearer.felt() == [Feel.RINGS, Feel.RINGS]


def test_a_press_silences_what_rings_on_the_same_device() -> None:
    wearer = Wearer()
    wearer.gets(page("n1"))
    wearer.press()
    assert not wearer.state.pages[0].ringing


def test_a_lower_rev_of_the_same_alarm_is_ignored() -> None:
    wearer = Wearer()
    wearer.gets(page("n1", rev=5))
    wearer.gets({"type": "stand_down", "notice": "n1", "alarm": "a1", "rev": 4})
    assert len(wearer.state.pages) == 1
    wearer.gets({"type": "stand_down", "notice": "n1", "alarm": "a1", "rev": 5, "reason": "enough"})
    assert not wearer.state.pages


def test_a_page_expires_unless_it_was_accepted() -> None:
    wearer = Wearer()
    soon = (START + timedelta(seconds=30)).isoformat()
    wearer.gets(page("n1", expires=soon))
    wearer.gets(page("n2", expires=soon))
    wearer.happens(Answered("n2", AnswerKind.ACCEPT))
    wearer.after(31)
    assert [each.notice for each in wearer.state.pages] == ["n2"]
    assert Feel.EXPIRED in wearer.felt()


def test_a_page_that_came_too_late_does_not_ring() -> None:
    wearer = Wearer()
    wearer.gets(page("n1", expires=(START - timedelta(seconds=1)).isoformat()))
    assert wearer.felt() == [Feel.EXPIRED]
    assert wearer.said("answer") == []


def test_the_lamp_stays_dark_unless_the_site_asked_for_light() -> None:
    for light in (False, True):
        wearer = Wearer(make=Make(light=light))
        wearer.press()
        wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
        wearer.gets({"type": "accepted", "by": "Bo", "alarm": "a1", "rev": 2})
        assert wearer.state.lamp is light


def test_every_feeling_has_a_pattern_of_its_own() -> None:
    assert set(VIBRATION_MS) == set(Feel)
    patterns = [VIBRATION_MS[feel] for feel in Feel]
    assert len(set(patterns)) == len(patterns)


def test_a_closed_word_of_the_alarm_before_does_not_end_the_new_one() -> None:
    wearer = Wearer()
    wearer.press()
    wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
    wearer.gets({"type": "closed", "alarm": "a1", "rev": 4})
    wearer.press()
    wearer.gets({"type": "closed", "alarm": "a1", "rev": 4})
    assert wearer.state.own is not None


def test_a_low_battery_is_said_once_and_an_empty_one_ends_it() -> None:
    wearer = Wearer(make=Make(drain_per_hour=1.0, low_at=0.5, heartbeat=timedelta(minutes=10)))
    wearer.after(31 * 60)
    wearer.happens(Acked(7, int(str(wearer.said("low_battery")[0]["seq"]))))
    before = len(wearer.said("low_battery"))
    wearer.after(20 * 60)
    assert len(wearer.said("low_battery")) == before
    wearer.after(10 * 60)
    assert any(isinstance(act, Died) for act in wearer.acts)
    assert wake_at(wearer.state) is None
    wearer.happens(Charged(1.0))
    wearer.happens(Rebooted(8))
    assert wearer.state.on
    assert battery(wearer.state, wearer.now) == 1.0


def test_a_heartbeat_comes_on_connecting_and_every_minute() -> None:
    wearer = Wearer()
    wearer.after(121)
    assert len(wearer.said("heartbeat")) == 3


@given(st.binary(max_size=300))
def test_no_bytes_from_the_service_break_a_device(payload: bytes) -> None:
    wearer = Wearer()
    wearer.press()
    wearer.happens(Came(payload))
    assert wake_at(wearer.state) is not None


_JSON: st.SearchStrategy[object] = st.one_of(
    st.sampled_from((None, True, -1, 2, 1e99, "", "a1", "n1", [], ["Bo", 3], {"a": []}, "2026")),
    st.integers(),
    st.text(max_size=8),
)
_FIELDS = ("alarm", "rev", "boot", "seq", "by", "eta_s", "notice", "text", "quiet", "expires")
_DOWN_TYPES = tuple(
    "received accepted arrived nobody_yet closed test_ok page stand_down something_new".split()
)


@given(st.sampled_from(_DOWN_TYPES), st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_no_wrong_type_in_a_message_breaks_a_device(type: str, fields: dict[str, object]) -> None:
    wearer = Wearer()
    wearer.press()
    wearer.gets({"type": type, **fields})


_EVENTS = st.sampled_from(
    (
        ButtonDown(),
        ButtonDown(Level.YELLOW),
        ButtonUp(),
        TestPress(),
        CancelPress(),
        LinkUp(),
        LinkDown(),
        Moved("hall"),
        Charged(0.5),
        Rebooted(42),
        Due(),
        Answered("n1", AnswerKind.ACCEPT),
        Came(json.dumps({"type": "page", "notice": "n1", "alarm": "a1", "rev": 1}).encode()),
        Came(b'{"type":"received","boot":7,"seq":2,"alarm":"a2","rev":1}'),
    )
)


@given(st.lists(st.tuples(st.floats(0, 30), _EVENTS), max_size=40))
def test_an_unreceived_press_is_always_about_to_be_said_again(
    script: list[tuple[float, Event]],
) -> None:
    wearer = Wearer()
    for seconds, event in script:
        wearer.after(seconds, event)
        waiting = [each for each in wearer.state.pending if each.up.is_press]
        assert len(wearer.state.pending) <= PENDING_MAX
        if waiting and wearer.state.linked:
            due = wake_at(wearer.state)
            assert due is not None
            assert wearer.now < due <= wearer.now + REPEAT_LONGEST


@given(st.integers(1, 200))
def test_however_full_the_device_is_the_first_press_stays(presses: int) -> None:
    wearer = Wearer()
    wearer.happens(LinkDown())
    for _ in range(presses):
        wearer.press()
    wearer.happens(LinkUp())
    assert len(wearer.state.pending) <= PENDING_MAX
    assert wearer.said("alarm")[0]["seq"] == 2


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_press_is_felt_as_sent_once_a_single_answer_gets_through(lost: list[bool]) -> None:
    wearer = Wearer()
    wearer.press()
    for is_lost in (*lost, False):
        wearer.after(REPEAT_LONGEST.total_seconds())
        if not is_lost:
            wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
            break
    assert wearer.felt().count(Feel.SENT) == 1
    assert wearer.felt()[-1] is Feel.SENT
    assert not wearer.state.pending


def test_not_sent_comes_within_the_law() -> None:
    assert timedelta(seconds=5) >= NOT_SENT_AFTER


@pytest.mark.parametrize("type", ["accepted", "arrived", "nobody_yet"])
def test_news_of_another_alarm_is_not_felt_as_ones_own(type: str) -> None:
    wearer = Wearer()
    wearer.press()
    wearer.gets({"type": "received", "boot": 7, "seq": 2, "alarm": "a1", "rev": 1})
    wearer.gets({"type": type, "by": "Bo", "alarm": "a2", "rev": 9})
    assert wearer.felt() == [Feel.SENT]


class Wearer:
    """One device on virtual time, woken exactly when it asks to be."""

    def __init__(self, make: Make | None = None) -> None:
        self.now = START
        self.state: Wearable = switched_on("badge-anna", 7, START, make)
        self.acts: list[object] = []
        self.times: list[datetime] = []
        self.happens(LinkUp())

    def happens(self, event: Event) -> None:
        self._take(advance(self.state, event, self.now))

    def after(self, seconds: float, event: Event | None = None) -> None:
        until = self.now + timedelta(seconds=seconds)
        while (due := wake_at(self.state)) is not None and due <= until:
            assert due >= self.now
            self.now = due
            before = self.state
            self.happens(Due())
            assert self.state != before, "a wake-up that changes nothing would spin"
        self.now = until
        if event is not None:
            self.happens(event)

    def press(self, level: Level = Level.RED, kind: AlarmKind = AlarmKind.ATTACK) -> None:
        self.happens(ButtonDown(level, kind))
        self.after(self.state.make.hold.total_seconds())
        assert isinstance([a for a in self.acts if isinstance(a, Pressed)][-1], Pressed)

    def gets(self, message: dict[str, object]) -> None:
        self.happens(Came(json.dumps(message).encode()))

    def forget(self) -> None:
        self.acts, self.times = [], []

    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(act.payload) for act in self.acts if isinstance(act, Publish)]

    def said(self, type: str) -> list[dict[str, object]]:
        return [body for body in self.bodies() if body["type"] == type]

    def moments(self, type: str) -> list[datetime]:
        pairs = zip(self.acts, self.times, strict=True)
        return [when for act, when in pairs if _is(act, type)]

    def felt(self) -> list[Feel]:
        return [act.feel for act in self.acts if isinstance(act, Felt)]

    def _take(self, step: Step) -> None:
        self.state = step.wearable
        self.acts.extend(step.acts)
        self.times.extend(_same(self.now, step.acts))


def page(notice: str, rev: int = 1, **more: object) -> dict[str, object]:
    base = {"type": "page", "notice": notice, "alarm": "a1", "rev": rev, "text": "LEJL 12"}
    return {**base, "level": "red", "zone": "flat-12", **more}


def _is(act: object, type: str) -> bool:
    return isinstance(act, Publish) and json.loads(act.payload)["type"] == type


def _same(now: datetime, acts: Iterable[object]) -> list[datetime]:
    return [now for _ in acts]
