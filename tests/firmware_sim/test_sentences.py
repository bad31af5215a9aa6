"""What a scenario may say, and what it means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.signals import AlarmKind, Level
from firmware_sim.device.faults import Faults
from firmware_sim.device.state import Feel
from firmware_sim.drill import sentences
from firmware_sim.drill.sentences import (
    AlarmsAre,
    CalledAs,
    ClosesWithin,
    GoesOutOfReach,
    LinesTurn,
    ListenerRestarts,
    NeverCalled,
    Presses,
    ProviderTurns,
    RingsAfter,
    RingsBefore,
    RingsWithin,
    StaysOpen,
    ToldWithin,
)
from firmware_sim.people.colleague import Habits, Willing


@pytest.mark.parametrize(
    ("text", "at_s", "what"),
    [
        ("anna presses red", 0, Presses("anna", Level.RED, AlarmKind.ATTACK)),
        (
            "at 2.5 s bo presses blue medical",
            2.5,
            Presses("bo", Level.BLUE, AlarmKind.MEDICAL),
        ),
        ("at 4 s listener restarts", 4, ListenerRestarts()),
        ("bo is out of reach for 10 s", 0, GoesOutOfReach("bo", timedelta(seconds=10))),
        ("provider refuses", 0, ProviderTurns(True, timedelta())),
        ("provider is slow by 3 s", 0, ProviderTurns(False, timedelta(seconds=3))),
        ("lines lose 20 %", 0, LinesTurn(Faults(lost=0.2))),
    ],
)
def test_a_script_line_says_who_does_what_when(text: str, at_s: float, what: object) -> None:
    line = sentences.line(text)
    assert (line.at.total_seconds(), line.what) == (at_s, what)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("bo rings within 5 s", RingsWithin("bo", timedelta(seconds=5))),
        ("ida rings after 45 s", RingsAfter("ida", timedelta(seconds=45))),
        ("bo rings before ida", RingsBefore("bo", "ida")),
        ("anna is never called", NeverCalled("anna")),
        (
            "anna is told nobody_yet within 23 s",
            ToldWithin("anna", Feel.NOBODY_YET, timedelta(seconds=23)),
        ),
        ("bo is called as not_instructed", CalledAs("bo", "not_instructed")),
        ("every alarm closes within 30 s", ClosesWithin(timedelta(seconds=30))),
        ("no alarm closes", StaysOpen()),
        ("there is 1 alarm", AlarmsAre(1)),
        ("there are 2 alarms", AlarmsAre(2)),
    ],
)
def test_an_expectation_says_what_must_be_seen(text: str, what: object) -> None:
    assert sentences.expectation(text).what == what


def test_a_habit_says_how_somebody_answers() -> None:
    said = sentences.habits("accepts after 3 s, arrives after 8 s, says over after 2 s")
    assert said == Habits(Willing.ACCEPT, _s(3), _s(8), _s(2))
    assert sentences.habits("ignores").willing is Willing.IGNORE
    assert sentences.habits("declines after 2 s") == Habits(Willing.DECLINE, _s(2))
    assert sentences.habits("accepts after 2 s, vanishes").willing is Willing.VANISH
    assert sentences.habits("accepts after 2 s, by link").by_link


@pytest.mark.parametrize(
    "text", ["anna dances", "anna presses pink", "at x s anna cancels", "", "lines lose 200 %"]
)
def test_a_line_that_means_nothing_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError):
        sentences.line(text)


def test_a_refusal_shows_what_can_be_said() -> None:
    with pytest.raises(ConfigError, match="anna presses red"):
        sentences.line("anna dances")
    with pytest.raises(ConfigError, match="accepts after 3 s"):
        sentences.habits("sleeps")


def test_every_example_in_a_refusal_can_itself_be_said() -> None:
    with pytest.raises(ConfigError) as refused:
        sentences.line("nonsense")
    examples = str(refused.value).split("one of: ")[1].split("; ")
    for example in examples:
        sentences.line(example.strip('"'))


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    for read in (sentences.line, sentences.expectation, sentences.habits):
        try:
            read(text)
        except ConfigError:
            continue


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
