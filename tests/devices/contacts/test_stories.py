"""A line of input boards, told: what happens at the desk, and what Tilkald hears of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import SignalType
from devices.contacts import FAMILY
from devices.contacts.board import Framing
from devices.contacts.frames import framed
from devices.family import open_port
from tests.support.input_board import INPUT, NOON, Desk, FakeBoard
from tests.support.tries import tries

BUTTON = {"name": "desk", "point.1/3": "closes attack"}
GUARDED = {"name": "desk", "point.1/3": "closes tamper=11"}
LOOP = {"name": "desk", "point.1/0": "bands", "bands": "short 200 normal 1200 alarm 2600 cut"}
KEY = {**BUTTON, "point.1/4": "closes", "test_input": "1/7"}
WELL, PRESSED, CUT, SHORT = 1_000, 2_000, 4_095, 3
SILENT_S, SLOWLY_S = 5.0, 5.0


# Pressing


def test_a_press_is_said_by_the_first_look_that_sees_it() -> None:
    desk = Desk(BUTTON)
    assert desk.after(1) == []
    desk.press(1, 3)
    pressed = desk.now
    assert desk.after(1) == ["desk/1/3 alarm attack pressed"]
    assert desk.told[0][0] - pressed <= timedelta(seconds=0.12)


def test_a_press_says_nothing_while_it_is_held_and_no_restore_when_it_springs_back() -> None:
    desk = Desk(BUTTON)
    desk.after(1)
    desk.press(1, 3)
    assert desk.after(30) == ["desk/1/3 alarm attack pressed"]
    desk.let_go(1, 3)
    assert desk.after(5) == []
    assert desk.told[-1][1].type is SignalType.HEARTBEAT


def test_a_button_that_stays_in_says_when_it_is_reset() -> None:
    desk = Desk({"name": "desk", "point.1/3": "closes latching"})
    desk.after(1)
    desk.press(1, 3)
    assert desk.after(600) == ["desk/1/3 alarm sos pressed"]
    desk.let_go(1, 3)
    assert desk.after(1) == ["desk/1/3 restore released"]


def test_bounces_are_one_press_and_a_later_press_is_another() -> None:
    desk = Desk(BUTTON)
    desk.after(1)
    said: list[str] = []
    for down in (1, 0, 1, 0, 0, 1, 0):
        desk.press(1, 3, down)
        said += desk.after(0.1)
    assert said == ["desk/1/3 alarm attack pressed"]
    assert desk.after(0.5) == []
    desk.press(1, 3)
    assert desk.after(0.2) == ["desk/1/3 alarm attack pressed"]


def test_a_contact_that_opens_calls_when_it_opens() -> None:
    desk = Desk({"name": "desk", "point.1/3": "opens"})
    desk.press(1, 3)
    assert desk.after(1) == []
    desk.let_go(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm sos pressed"]


def test_a_point_found_pressed_at_the_start_is_an_alarm() -> None:
    desk = Desk(BUTTON)
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm attack found_pressed"]
    desk.plug_in()
    assert desk.after(1) == ["desk/1/3 alarm attack found_pressed"], "the line was away"


def test_where_no_point_is_set_the_first_eight_inputs_are_found_by_pressing() -> None:
    desk = Desk()
    assert desk.after(1) == []
    desk.press(1, 7)
    assert desk.after(1) == ["board/1/7 alarm sos pressed"]


def test_bits_of_registers_are_points_as_well() -> None:
    desk = Desk({"name": "desk", "point.1/40.9": "closes", "point.1/40.2": "opens"})
    desk.press(1, 40, 0b100, INPUT)
    assert desk.after(1) == []
    desk.press(1, 40, 0b10_0000_0000, INPUT)
    assert desk.after(1) == ["desk/1/40.9 alarm sos pressed", "desk/1/40.2 alarm sos pressed"]


def test_a_counter_tells_a_press_nobody_looked_at_also_one_while_the_line_was_away() -> None:
    desk = Desk({"name": "desk", "point.1/5": "counts"})
    desk.press(1, 5, 65_535, INPUT)
    assert desk.after(1) == []
    desk.press(1, 5, 0, INPUT)
    assert desk.after(1) == ["desk/1/5 alarm sos pressed"], "it counts round"
    desk.press(1, 5, 2, INPUT)
    assert desk.after(1) == ["desk/1/5 alarm sos pressed"], "two presses between two looks"
    desk.press(1, 5, 3, INPUT)
    desk.plug_in()
    assert desk.after(1) == ["desk/1/5 alarm sos found_pressed"]
    desk.press(1, 5, 0, INPUT)
    assert desk.after(1) == [], "the board has started anew"


# Wires


def test_an_opened_tamper_loop_is_a_tamper_and_its_healing_no_end_of_a_call() -> None:
    desk = Desk(GUARDED)
    desk.press(1, 11)
    assert desk.after(1) == []
    desk.let_go(1, 11)
    assert desk.after(1) == ["desk/1/3 tamper tamper"]
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm sos pressed"], "a press counts all the same"
    desk.press(1, 11)
    assert desk.after(10) == ["desk/1/3 restore tamper healed"]


def test_a_fault_input_reads_the_other_way_round() -> None:
    desk = Desk({"name": "desk", "point.1/3": "closes fault=11"})
    assert desk.after(1) == []
    desk.press(1, 11)
    assert desk.after(1) == ["desk/1/3 tamper tamper"]


@pytest.mark.parametrize(("measured", "code"), [(CUT, "cut"), (SHORT, "short")])
def test_a_loop_with_its_resistor_tells_a_press_from_a_cut_and_a_short(
    measured: int, code: str
) -> None:
    desk = Desk(LOOP)
    desk.press(1, 0, WELL, INPUT)
    assert desk.after(1) == []
    desk.press(1, 0, PRESSED, INPUT)
    assert desk.after(1) == ["desk/1/0 alarm sos pressed"]
    desk.press(1, 0, WELL, INPUT)
    assert desk.after(1) == []
    desk.press(1, 0, measured, INPUT)
    assert desk.after(1) == [f"desk/1/0 tamper {code}"]
    desk.press(1, 0, WELL, INPUT)
    assert desk.after(10) == ["desk/1/0 restore tamper healed"]


@pytest.mark.parametrize("measured", [CUT, SHORT])
def test_a_loop_found_cut_at_the_start_is_said(measured: int) -> None:
    desk = Desk(LOOP)
    desk.press(1, 0, measured, INPUT)
    assert [one.split()[1] for one in desk.after(1)] == ["tamper"]


def test_a_loop_may_have_a_lid_switch_as_well() -> None:
    desk = Desk({**LOOP, "point.1/0": "bands fault=5"})
    desk.press(1, 0, WELL, INPUT)
    assert desk.after(1) == []
    desk.press(1, 5)
    assert desk.after(1) == ["desk/1/0 tamper tamper"]


def test_a_value_that_passes_the_cut_on_its_way_is_a_press_and_no_cut() -> None:
    desk = Desk({**LOOP, "bands": "short 200 normal 1200 cut 2600 alarm"})
    desk.press(1, 0, WELL, INPUT)
    desk.after(1)
    desk.press(1, 0, 1_800, INPUT)
    assert desk.after(0.15) == []
    desk.press(1, 0, 3_000, INPUT)
    assert desk.after(1) == ["desk/1/0 alarm sos pressed"]


def test_a_cut_that_was_mended_while_the_line_was_away_is_said_to_be_healed() -> None:
    desk = Desk(LOOP)
    desk.press(1, 0, CUT, INPUT)
    assert desk.after(1) == ["desk/1/0 tamper cut"]
    desk.plug_in()
    assert desk.after(10) == [], "still cut: it was said"
    desk.press(1, 0, WELL, INPUT)
    desk.plug_in()
    assert desk.after(10) == ["desk/1/0 restore tamper healed"]


def test_where_the_site_says_so_a_cut_calls() -> None:
    desk = Desk({**LOOP, "tamper_calls": "true"})
    desk.press(1, 0, CUT, INPUT)
    assert desk.after(1) == ["desk/1/0 tamper tamper cut"]


def test_only_what_is_supervised_gives_signs_of_life() -> None:
    desk = Desk({**GUARDED, "point.1/4": "closes", "point.1/5": "opens"})
    desk.press(1, 11)
    desk.press(1, 5)
    assert desk.beats(95) == ["desk/1/3"] * 4
    desk.boards[1].silent = True
    assert desk.beats(95) == []


# Boards


def test_a_silent_board_is_said_once_and_so_is_its_return() -> None:
    desk = Desk(BUTTON)
    desk.after(1)
    desk.boards[1].silent = True
    assert desk.after(SILENT_S - 0.5) == []
    assert desk.after(60) == ["desk/1 technical technical unit_silent"]
    assert "not answered" in desk.told[-1][1].text
    desk.boards[1].silent = False
    assert desk.after(SLOWLY_S + 1) == ["desk/1 restore technical unit_silent"]


def test_a_board_that_never_answered_is_silent_too() -> None:
    desk = Desk(BUTTON)
    desk.boards.clear()
    assert desk.after(6) == ["desk/1 technical technical unit_silent"]


def test_a_button_found_pressed_after_a_silence_is_an_alarm_though_it_was_pressed_before() -> None:
    desk = Desk(BUTTON)
    desk.press(1, 3)
    desk.after(1)
    desk.boards[1].silent = True
    desk.after(20)
    desk.boards[1].silent = False
    assert desk.after(SLOWLY_S + 1) == [
        "desk/1 restore technical unit_silent",
        "desk/1/3 alarm attack found_pressed",
    ]


def test_an_answer_or_two_that_are_missing_are_asked_again_and_nobody_is_told() -> None:
    desk = Desk(BUTTON)
    desk.after(1)
    desk.boards[1].silent = True
    desk.press(1, 3)
    assert desk.after(1) == []
    desk.boards[1].silent = False
    assert desk.after(0.5) == ["desk/1/3 alarm attack pressed"]


def test_a_board_that_refuses_is_silent_with_its_reason_and_back_when_it_answers() -> None:
    desk = Desk(BUTTON)
    desk.boards[1].refuses = 2
    assert desk.after(60) == ["desk/1 technical technical unit_silent"]
    assert "exception 2" in desk.told[-1][1].text
    assert desk.errors == [
        "unit 1, discrete inputs 3 to 3 refused, exception 2: it has no such inputs"
    ]
    desk.boards[1].refuses = 0
    assert desk.after(SLOWLY_S + 1) == ["desk/1 restore technical unit_silent"]


def test_one_board_of_two_falls_silent_and_the_other_is_heard_within_half_a_second() -> None:
    desk = Desk({"name": "desk", "point.1/3": "closes", "point.2/3": "closes"}, units=2)
    desk.after(1)
    desk.boards[2].silent = True
    assert desk.after(20) == ["desk/2 technical technical unit_silent"]
    for _ in range(20):
        desk.press(1, 3)
        pressed = desk.now
        assert desk.after(1.13) == ["desk/1/3 alarm sos pressed"]
        said = next(when for when, one in desk.told if when >= pressed and one.type == "alarm")
        assert said - pressed < timedelta(seconds=0.5)
        desk.let_go(1, 3)
        desk.after(0.7)


def test_a_board_whose_one_table_is_refused_is_silent_and_its_other_inputs_still_call() -> None:
    desk = Desk({"name": "desk", "point.1/3": "closes", "point.1/40.0": "closes"})
    board = desk.boards[1]
    half = FakeBoard(values=board.values, refuses=2)
    desk.bend = lambda answer: (
        framed(Framing.RTU, half.answer(answer[:2] + bytes(4))) if answer[1] == INPUT else answer
    )
    assert desk.after(20) == ["desk/1 technical technical unit_silent"]
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm sos pressed"]


def test_an_answer_that_comes_too_late_still_counts_and_for_its_own_inputs() -> None:
    desk = Desk({"name": "desk", "point.1/3": "closes", "point.2/3": "closes"}, units=2)
    desk.after(1)
    desk.boards[1].late = timedelta(seconds=0.5)
    desk.press(1, 3)
    assert desk.after(3) == ["desk/1/3 alarm sos pressed"]


# The line


def test_no_request_leaves_before_the_answer_and_the_gap_after_it() -> None:
    port = open_port(FAMILY, {"point.1/3": "closes"}, speed_bd=1_200)
    slow, fast = Desk(), Desk()
    slow.port = port
    slow.plug_in()
    for desk, gap in ((slow, 0.032), (fast, 0.004)):
        desk.boards[1].late = timedelta(seconds=0.15)  # longer than its turn: the gap shows
        begun = len(desk.requests)
        desk.after(2)
        pauses = [later - sooner for (sooner, _), (later, _) in pairwise(desk.requests[begun:])]
        assert min(pauses) >= timedelta(seconds=0.15 + gap)
        assert max(pauses) < timedelta(seconds=0.15 + gap + 0.002)


def test_a_slow_line_leaves_an_answer_the_time_it_takes_on_the_wire() -> None:
    desk = Desk()
    desk.port = open_port(FAMILY, {"point.1/3": "closes"}, speed_bd=1_200)
    desk.plug_in()
    desk.boards[1].late = timedelta(seconds=0.4)  # 0.3 for the board, 0.13 for 14 bytes
    begun = len(desk.requests)
    desk.after(4)
    pauses = [later - sooner for (sooner, _), (later, _) in pairwise(desk.requests[begun:])]
    assert min(pauses) > timedelta(seconds=0.4)


def test_a_silent_board_keeps_the_line_once_in_five_seconds() -> None:
    desk = Desk({"point.1/3": "closes", "point.2/3": "closes"}, units=2)
    desk.boards[2].silent = True
    desk.after(10)
    begun = len(desk.requests)
    desk.after(60)
    asked = [request[0] for _, request in desk.requests[begun:]]
    assert asked.count(2) == 60 / SLOWLY_S
    assert asked.count(1) > 500


def test_each_board_has_its_turn() -> None:
    units = 8
    desk = Desk({f"point.{unit}/0": "closes" for unit in range(1, units + 1)}, units=units)
    desk.after(10)
    asked = [request[0] for _, request in desk.requests]
    assert asked[: 2 * units] == [*range(1, units + 1)] * 2
    assert len(asked) > 700, "each about ten times a second"


def test_noise_on_the_line_costs_an_answer_at_most() -> None:
    desk = Desk(BUTTON)
    desk.after(1)
    desk.bend = lambda answer: b"\xff\x01\x02" + answer
    desk.press(1, 3)
    assert desk.after(0.2) == ["desk/1/3 alarm attack pressed"]
    desk.let_go(1, 3)
    desk.after(1)
    spoilt = iter([True, True])
    desk.bend = lambda answer: b"\x00" * 9 if next(spoilt, False) else answer
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm attack pressed"]
    assert desk.errors


@tries(30)
@given(
    st.lists(st.sampled_from(("whole", "dropped", "cut", "bent", "junk")), max_size=60), st.data()
)
def test_whatever_becomes_of_two_answers_in_three_each_press_is_heard_once(
    fates: list[str], data: st.DataObject
) -> None:
    desk = Desk(BUTTON)
    desk.after(1)
    number = 0

    def bend(answer: bytes) -> bytes:
        nonlocal number
        number += 1
        fate = "whole" if number % 3 == 0 or not fates else fates[number % len(fates)]
        match fate:
            case "dropped":
                return b""
            case "cut":
                return answer[: data.draw(st.integers(0, len(answer) - 1))]
            case "bent":
                at = data.draw(st.integers(0, len(answer) - 1))
                return answer[:at] + bytes((answer[at] ^ 1 << at % 8,)) + answer[at + 1 :]
            case "junk":
                return data.draw(st.binary(max_size=9)) + answer
            case _:
                return answer

    desk.bend = bend
    for _ in range(3):
        desk.press(1, 3)
        assert desk.after(2) == ["desk/1/3 alarm attack pressed"]
        desk.let_go(1, 3)
        assert desk.after(3) == []


# The test key


def test_while_the_key_is_on_the_first_press_of_a_point_is_a_test() -> None:
    desk = Desk(KEY)
    desk.after(1)
    desk.press(1, 7)
    assert desk.after(1) == ["desk/1/7 technical technical test_key"]
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 test pressed"]
    desk.let_go(1, 3)
    desk.after(1)
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm attack pressed"], "nobody tests a button twice"
    desk.press(1, 4)
    assert desk.after(1) == ["desk/1/4 test pressed"]
    desk.let_go(1, 7)
    assert desk.after(1) == ["desk/1/7 restore technical test_key"]
    desk.let_go(1, 4)
    desk.after(1)
    desk.press(1, 4)
    assert desk.after(1) == ["desk/1/4 alarm sos pressed"]


def test_a_forgotten_key_hides_nothing_after_its_limit() -> None:
    desk = Desk({**KEY, "test_limit_s": "60"})
    desk.after(1)
    desk.press(1, 7)
    desk.after(1)
    assert desk.after(60) == ["desk/1/7 technical technical test_key"]
    assert "left on" in desk.told[-1][1].text
    desk.press(1, 3)
    assert desk.after(1) == ["desk/1/3 alarm attack pressed"]


def test_a_key_found_on_hides_nothing_and_is_said() -> None:
    desk = Desk(KEY)
    desk.press(1, 7)
    desk.press(1, 3)
    assert desk.after(1) == [
        "desk/1/7 technical technical test_key",
        "desk/1/3 alarm attack found_pressed",
    ]


def test_nothing_of_a_board_is_ever_written() -> None:
    desk = Desk({**KEY, **LOOP})
    desk.after(5)
    assert dict.fromkeys(request[1] for _, request in desk.requests) == {2: None, INPUT: None}
    assert desk.now == NOON + timedelta(seconds=5)
