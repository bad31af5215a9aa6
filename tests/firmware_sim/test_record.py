"""An expectation is met, missed, or waits, by what was observed and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.signals import Level
from firmware_sim.device.state import Act, Feel, Felt, Pressed
from firmware_sim.drill import sentences
from firmware_sim.drill.record import Record, judge
from firmware_sim.drill.staff_api import AlarmSeen, CallSeen, PresserSeen
from firmware_sim.drill.verdict import State
from firmware_sim.people.events import Fact, Texted

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now_s", "state"),
    [
        ("bo rings within 5 s", 6, State.MET),
        ("bo rings within 1 s", 6, State.MISSED),
        ("ida rings within 10 s", 6, State.WAITING),
        ("ida rings within 5 s", 6, State.MISSED),
        ("bo rings before ida", 6, State.LASTING),
        ("ida rings before bo", 6, State.MISSED),
        ("bo rings after 1 s", 6, State.MET),
        ("bo rings after 3 s", 6, State.MISSED),
        ("anna is never called", 6, State.LASTING),
        ("bo is never called", 6, State.MISSED),
        ("carl is never called", 6, State.MISSED),
        ("mette is never called", 6, State.MISSED),
        ("anna is told sent within 2 s", 6, State.MET),
        ("anna is told coming within 5 s", 6, State.MISSED),
        ("every alarm closes within 30 s", 6, State.WAITING),
        ("no alarm closes", 6, State.LASTING),
        ("there is 1 alarm", 6, State.LASTING),
        ("there are 2 alarms", 6, State.WAITING),
        ("bo is called as asleep", 6, State.MET),
        ("bo is called as minimum_staff", 6, State.WAITING),
    ],
)
def test_an_expectation_comes_to_what_was_seen(text: str, now_s: float, state: State) -> None:
    now = START + timedelta(seconds=now_s)
    assert judge(sentences.expectation(text), observed(), now, final=False).state is state


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("anna is never called", State.MET),
        ("no alarm closes", State.MET),
        ("there is 1 alarm", State.MET),
        ("there are 2 alarms", State.MISSED),
        ("ida rings within 60 s", State.MISSED),
        ("ida rings after 1 s", State.MISSED),
        ("bo rings before ida", State.MET),
        ("bo is called as minimum_staff", State.MISSED),
    ],
)
def test_the_end_decides_what_only_lasted_or_waited(text: str, state: State) -> None:
    assert judge(sentences.expectation(text), observed(), START, final=True).state is state


def test_without_a_press_nothing_is_met() -> None:
    for text in ("anna is never called", "no alarm closes", "there are 0 alarms"):
        verdict = judge(sentences.expectation(text), Record(START), START, final=True)
        assert verdict.state is State.MISSED


def test_an_alarm_of_somebody_else_does_not_count() -> None:
    record = observed()
    record.saw((seen(device="badge-zoe"), seen(), seen(technical=True)))
    assert len(record.alarms) == 1


def test_the_press_of_each_alarm_is_the_devices_own() -> None:
    record = observed()
    record.saw((seen(stored_s=20.1, id="a2"), seen(closed_s=15.0)))
    record.heard(fact(20, "anna", Pressed(1, 9, Level.RED, at(20))))
    first, second = record.clocked()
    assert first.after_press_s(1) == pytest.approx(0.1)
    assert second.after_press_s(1) == pytest.approx(0.1)


def observed() -> Record:
    record = Record(START - timedelta(seconds=1))
    record.heard(fact(0, "anna", Pressed(1, 2, Level.RED, START)))
    record.heard(fact(0.5, "anna", Felt(Feel.SENT)))
    record.heard(fact(2, "bo", Felt(Feel.RINGS, "a1", "n1")))
    record.heard(Fact(at(3), "carl", "", Texted("+4520000003", "LEJL 12")))
    record.saw((seen(),))
    return record


def seen(
    id: str = "a1",
    device: str = "badge-anna",
    stored_s: float = 0.1,
    closed_s: float | None = None,
    *,
    technical: bool = False,
) -> AlarmSeen:
    return AlarmSeen(
        id=id,
        open=closed_s is None,
        pressers=(PresserSeen(device, "anna"),),
        times={"stored": at(stored_s), "closed": None if closed_s is None else at(closed_s)},
        calls=(CallSeen("bo", unusual=("asleep",)), CallSeen("mette")),
        technical=technical,
    )


def fact(seconds: float, person: str, what: Act) -> Fact:
    return Fact(at(seconds), person, f"badge-{person}", what)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)
