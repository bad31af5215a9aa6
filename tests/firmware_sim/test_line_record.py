"""Nothing lost, nothing invented: what is expected of a line is met by what was seen, or missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firmware_sim.drill import line_sentences, sentences
from firmware_sim.drill.line_record import Caller, figures
from firmware_sim.drill.record import Record, judge
from firmware_sim.drill.staff_api import AlarmSeen, ClosingSeen, PlaceSeen, PresserSeen
from firmware_sim.drill.verdict import State
from firmware_sim.people.events import CalledOn, CallTaken, Fact, OnLine, PluggedIn, Unplugged

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
ROOM_1 = Caller("room-1", "nurse-call", "zone-1", None, True, True)
ROOM_2 = Caller("room-2", "nurse-call", "zone-2", None, True, True)
BUTTON = Caller("button", "radio", "zone-3", None, False, False)
PENDANT = Caller("pendant", "radio", None, "anna", False, False)


def test_a_line_that_called_was_cut_and_came_back_meets_all_that_is_expected() -> None:
    for text in (
        "nurse-call raises 2 alarms",
        "nurse-call has its calls taken within 3 s",
        "nurse-call is missed within 2 s",
        "nurse-call is back within 2 s",
        "there are 2 alarms",
        "there is 1 technical alarm",
    ):
        assert _state(text, _record()) is State.MET, text


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("nurse-call raises 2 alarms", State.LASTING),
        ("nurse-call raises 3 alarms", State.WAITING),
        ("nurse-call raises 1 alarm", State.MISSED),
        ("nurse-call has its calls taken within 0.5 s", State.MISSED),
        ("nurse-call is missed within 0.5 s", State.MISSED),
        ("nurse-call is back within 0.5 s", State.MISSED),
    ],
)
def test_while_it_lasts_only_the_end_proves_it(text: str, state: State) -> None:
    assert _state(text, _record(), final=False) is state


def test_a_call_that_did_not_arrive_is_missed_and_waited_for_only_in_its_time() -> None:
    record = _record(alarms=())
    assert _state("nurse-call raises 2 alarms", record) is State.MISSED
    assert _state("nurse-call has its calls taken within 60 s", record, final=False) is (
        State.WAITING
    )
    assert _state("nurse-call has its calls taken within 5 s", record, final=False) is State.MISSED


def test_a_call_that_arrives_twice_is_invented() -> None:
    twice = _alarm("a3", "room-1", "zone-1", 25)
    assert _state("nurse-call has its calls taken within 30 s", _record(more=(twice,))) is (
        State.MISSED
    )
    again = _record(alarms=(_alarm("a1", "room-1", "zone-1", 1, presses=2),))
    assert _state("nurse-call has its calls taken within 30 s", again) is State.MISSED


@pytest.mark.parametrize(
    "strayed",
    [
        lambda: _alarm("a1", "room-1", "zone-2", 1),
        lambda: _alarm("a1", "room-1", "zone-1", 1, person="bo"),
    ],
)
def test_an_alarm_at_another_place_or_of_another_person_is_missed(strayed: object) -> None:
    assert callable(strayed)
    record = _record(alarms=(strayed(), _alarm("a2", "room-2", "zone-2", 13)))
    assert _state("nurse-call raises 2 alarms", record) is State.MISSED


def test_an_alarm_of_somebody_unknown_counts_among_all_alarms() -> None:
    stranger = _alarm("a9", "espa444:999", None, 5)
    assert _state("there are 2 alarms", _record(more=(stranger,))) is State.MISSED


def test_a_technical_alarm_nobody_caused_is_invented_whatever_it_names() -> None:
    told = (_technical("The line nurse-call is down.", 11, 21), _technical("Low battery.", 5, 6))
    record = _record(technical=told)
    assert _state("nurse-call is missed within 2 s", record) is State.MET
    assert _state("there is 1 technical alarm", record, final=False) is State.MISSED


def test_an_answer_that_never_came_is_missed_where_the_protocol_answers() -> None:
    facts = [fact for fact in _facts() if not isinstance(fact.what, CallTaken)]
    record = _record(facts=facts)
    assert _state("nurse-call has its calls taken within 30 s", record) is State.MISSED


def test_what_is_pressed_into_an_open_cable_on_radio_is_gone_and_must_not_come() -> None:
    facts = [
        _fact(0, Unplugged("radio")),
        _fact(1, CalledOn("radio", 1), "button"),
        _fact(5, PluggedIn("radio")),
        _fact(6, CalledOn("radio", 2), "pendant"),
    ]
    heard = (_alarm("a1", "pendant", "hall", 7, person="anna"),)
    record = _record(facts=facts, alarms=heard)
    assert _state("radio raises 1 alarm", record) is State.MET
    assert _state("radio has its calls taken within 2 s", record) is State.MET
    ghost = _record(facts=facts, alarms=(*heard, _alarm("a2", "button", "zone-3", 6)))
    assert _state("radio has its calls taken within 2 s", ghost) is State.MISSED


@pytest.mark.parametrize(
    "technical",
    [
        (),
        ("nurse-call is down", "nurse-call/1 is down"),
        ("the line old-nurse-call is down",),
    ],
)
def test_an_outage_has_exactly_one_technical_alarm_that_names_its_line(
    technical: tuple[str, ...],
) -> None:
    told = tuple(_technical(text, 11, 21) for text in technical)
    assert _state("nurse-call is missed within 5 s", _record(technical=told)) is State.MISSED


@pytest.mark.parametrize(
    ("closed_s", "cause"), [(15, "restored"), (21, "no_longer_needed"), (None, "")]
)
def test_a_line_is_back_by_itself_and_not_before_it_is(closed_s: float | None, cause: str) -> None:
    told = (_technical("line nurse-call is down", 11, closed_s, cause),)
    assert _state("nurse-call is back within 5 s", _record(technical=told)) is State.MISSED


def test_the_report_counts_each_line() -> None:
    record = _record()
    found = figures("nurse-call", "espa444", record.lines)
    assert (found.calls, found.acknowledged, found.alarms, found.unplugged) == (2, 2, 2, 1)
    assert (found.missed_s, found.back_s) == (1.0, 1.0)


def test_every_line_stands_for_each() -> None:
    lines = ("nurse-call", "radio")
    assert line_sentences.each("every line raises 2 alarms", lines) == (
        "nurse-call raises 2 alarms",
        "radio raises 2 alarms",
    )
    assert line_sentences.each("every alarm closes within 5 s", lines) == (
        "every alarm closes within 5 s",
    )


def _state(text: str, record: Record, *, final: bool = True) -> State:
    now = START + timedelta(seconds=30)
    return judge(sentences.expectation(text), record, now, final=final).state


def _record(
    facts: list[Fact] | None = None,
    alarms: tuple[AlarmSeen, ...] | None = None,
    technical: tuple[AlarmSeen, ...] | None = None,
    more: tuple[AlarmSeen, ...] = (),
) -> Record:
    """Room 1 calls; the line is out from 10 to 20 s; room 2 calls meanwhile."""
    callers = {caller.device: caller for caller in (ROOM_1, ROOM_2, BUTTON, PENDANT)}
    record = Record(START, whole=True, callers=callers)
    for fact in _facts() if facts is None else facts:
        record.heard(fact)
    rooms = (_alarm("a1", "room-1", "zone-1", 1), _alarm("a2", "room-2", "zone-2", 22))
    told = (_technical("The line nurse-call is down.", 11, 21),)
    seen = (*(rooms if alarms is None else alarms), *more)
    record.saw((*seen, *(told if technical is None else technical)))
    return record


def _facts() -> list[Fact]:
    return [
        _fact(0, CalledOn("nurse-call", 1), "room-1"),
        _fact(1.1, CallTaken("nurse-call", 1), "room-1"),
        _fact(10, Unplugged("nurse-call")),
        _fact(12, CalledOn("nurse-call", 2), "room-2"),
        _fact(20, PluggedIn("nurse-call")),
        _fact(22.1, CallTaken("nurse-call", 2), "room-2"),
    ]


def _fact(at_s: float, what: OnLine, device: str = "") -> Fact:
    return Fact(START + timedelta(seconds=at_s), "", device, what)


def _alarm(
    name: str,
    device: str,
    zone: str | None,
    stored_s: float,
    *,
    person: str | None = None,
    presses: int = 1,
) -> AlarmSeen:
    times: dict[str, datetime | None] = {"stored": START + timedelta(seconds=stored_s)}
    pressers = (PresserSeen(device, person, presses),)
    return AlarmSeen(name, True, pressers, times, place=PlaceSeen(zone))


def _technical(
    text: str, stored_s: float, closed_s: float | None, cause: str = "restored"
) -> AlarmSeen:
    closed = None if closed_s is None else START + timedelta(seconds=closed_s)
    times = {"stored": START + timedelta(seconds=stored_s), "closed": closed}
    closing = None if closed is None else ClosingSeen("service", cause)
    return AlarmSeen(
        f"t{stored_s}{text}", closed is None, (), times, technical=True, text=text, closing=closing
    )
