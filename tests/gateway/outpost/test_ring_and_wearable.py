"""The ring of a far house and simulated badges: one understands what the other says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from core.signals import AnswerKind, Signal, SignalType
from core.values import replace
from firmware_sim.device.state import (
    Acked,
    Answered,
    ButtonDown,
    Came,
    Due,
    Event,
    Feel,
    Felt,
    LinkUp,
    Publish,
    Wearable,
)
from firmware_sim.device.wearable import advance, switched_on, wake_at
from gateway.outpost import ring as rings
from gateway.outpost.messages import Said
from tests.gateway.outpost.test_ring import NOW, Story


def test_a_badge_feels_not_sent_and_then_who_comes_and_who_is_there() -> None:
    house = Badges()
    house.press("anna")
    house.pass_time(5.5)
    assert house.felt["anna"] == [Feel.NOT_SENT]
    house.answers("bo", AnswerKind.ACCEPT)
    house.answers("bo", AnswerKind.ARRIVED)
    assert house.felt["anna"] == [Feel.NOT_SENT, Feel.COMING, Feel.HERE]


def test_a_colleagues_badge_rings_in_every_round_and_is_stood_down_after_hand_over() -> None:
    house = Badges()
    press = house.press("anna")
    house.pass_time(70)
    assert house.felt["bo"] == [Feel.RINGS] * 3
    house.hands_over(press)
    assert house.felt["bo"][-1] == Feel.STOOD_DOWN
    assert Feel.STOOD_DOWN not in house.felt["anna"]


class Badges:
    """Three badges around a ring; time passes for all of them."""

    def __init__(self) -> None:
        self.story = Story()
        self.felt: dict[str, list[Feel]] = {}
        self.published: dict[str, list[dict[str, object]]] = {}
        self.badges: dict[str, Wearable] = {}
        for name in ("anna", "bo", "cai"):
            self.felt[name], self.published[name] = [], []
            self.badges[name] = switched_on(name, 7, NOW)
            self.happens(name, LinkUp())

    def press(self, name: str) -> Signal:
        """Held for as long as it takes; the gateway acknowledges it, and hands nothing over."""
        self.happens(name, ButtonDown())
        while not (alarms := [m for m in self.published[name] if m["type"] == "alarm"]):
            due = wake_at(self.badges[name])
            assert due is not None
            self.story.now = due
            self.happens(name, Due())
        boot, seq = alarms[0]["boot"], alarms[0]["seq"]
        assert isinstance(boot, int)
        assert isinstance(seq, int)
        self.happens(name, Acked(boot, seq))
        signal = self.story.signal(name)
        reading = replace(signal.reading, boot=f"n:{boot}", seq=seq)
        signal = replace(signal, reading=reading)
        self.story.hears(signal)
        self.says(self.story.not_heard)
        self.story.not_heard = []
        return signal

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.says(self.story.wakes())
            for name in self.badges:
                self.happens(name, Due())
            self.story.now += timedelta(seconds=0.5)

    def hands_over(self, press: Signal) -> None:
        step = rings.handed_over(self.story.ring, [press.identity], self.story.here())
        self.says(self.story.decides(step))

    def says(self, said: Iterable[Said]) -> None:
        for one in said:
            self.happens(one.device, Came(one.payload))

    def answers(self, name: str, answer: AnswerKind) -> None:
        notice = self.badges[name].pages[-1].notice
        self.happens(name, Answered(notice, answer))
        said = self.published[name][-1]
        assert (said["notice"], said["answer"]) == (notice, answer)
        signal = self.story.signal(name, SignalType.ANSWER, answer=answer, notice=notice)
        self.says(self.story.answers(signal))

    def happens(self, name: str, event: Event) -> None:
        step = advance(self.badges[name], event, self.story.now)
        self.badges[name] = step.wearable
        for act in step.acts:
            if isinstance(act, Felt):
                self.felt[name].append(act.feel)
            elif isinstance(act, Publish):
                self.published[name].append(json.loads(act.payload))
