"""Sirens and lamps on the outputs of a line of boards, told: what is called, and what sounds."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contacts import OVER_TCP
from devices.contacts.board import Framing, Output, Read, Table, Write
from devices.contacts.frames import Answer, Noise, Reader, Written, framed, write_request
from devices.family import LocalSounder, open_port
from tests.support.input_board import COIL, WRITE_COIL, Desk
from tests.support.tries import tries

SIREN = {"name": "desk", "point.1/3": "closes attack", "sounder": "1/16"}
TWO = {**SIREN, "sounder": "1/16 2/0"}
HALF_A_MINUTE, A_MINUTE = timedelta(seconds=30), timedelta(seconds=60)
OUTPUT = Output("1/16", 1, 16)
READ = Read(1, Table.DISCRETE, 3, 1)
ON, OFF = (write_request(Framing.RTU, Write(OUTPUT, on), 0) for on in (True, False))


# Sounding


def test_a_siren_sounds_within_a_second_and_stops_by_itself() -> None:
    desk = Desk(SIREN)
    desk.after(5)
    assert sounder_of(desk).sound(desk.now, timedelta(seconds=20)) == 1
    desk.after(1)
    assert desk.sounds(1, 16)
    desk.after(18.9)
    assert desk.sounds(1, 16)
    desk.after(1)
    assert not desk.sounds(1, 16)
    assert desk.told == []
    assert desk.errors == []


def test_no_call_sounds_longer_than_the_site_allows_and_the_next_one_renews_it() -> None:
    desk = Desk({**SIREN, "sound_s": "10"})
    desk.after(1)
    sounder_of(desk).sound(desk.now, A_MINUTE)
    desk.after(9)
    sounder_of(desk).sound(desk.now, A_MINUTE)
    desk.after(9)
    assert desk.sounds(1, 16)
    desk.after(2)
    assert not desk.sounds(1, 16)


def test_half_a_minute_is_the_longest_where_nobody_says_otherwise() -> None:
    desk = Desk(SIREN)
    sounder_of(desk).sound(desk.now, timedelta(hours=1))
    desk.after(29)
    assert desk.sounds(1, 16)
    desk.after(2)
    assert not desk.sounds(1, 16)


def test_a_board_that_restarted_sounds_too() -> None:
    desk = Desk(SIREN)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    desk.after(10)
    desk.press(1, 16, 0, COIL)
    desk.after(4)
    assert desk.sounds(1, 16)


def test_a_siren_found_on_is_switched_off_when_the_line_opens_and_later_too() -> None:
    desk = Desk(SIREN)
    desk.press(1, 16, 1, COIL)
    desk.after(1)
    assert not desk.sounds(1, 16)
    desk.press(1, 16, 1, COIL)
    desk.after(31)
    assert not desk.sounds(1, 16), "a board that wakes with its outputs on"


def test_what_should_sound_sounds_on_when_the_line_is_back() -> None:
    desk = Desk(SIREN)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    desk.after(2)
    desk.press(1, 16, 0, COIL)
    desk.plug_in()
    desk.after(1)
    assert desk.sounds(1, 16)
    desk.after(30)
    assert not desk.sounds(1, 16)


def test_a_siren_that_was_told_to_stop_stops() -> None:
    desk = Desk(SIREN)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    desk.after(2)
    sounder_of(desk).stop(desk.now)
    assert sounder_of(desk).is_sounding
    desk.after(1)
    assert not desk.sounds(1, 16)
    assert not sounder_of(desk).is_sounding


def test_every_siren_of_the_line_sounds() -> None:
    desk = Desk(TWO, units=2)
    assert sounder_of(desk).sound(desk.now, HALF_A_MINUTE) == 2
    desk.after(1)
    assert desk.sounds(1, 16)
    assert desk.sounds(2, 0)


def test_a_line_without_sounders_is_never_written() -> None:
    desk = Desk({"name": "desk", "point.1/3": "closes"})
    assert sounder_of(desk).sound(desk.now, HALF_A_MINUTE) == 0
    desk.after(40)
    assert writes(desk) == []


# Beside the presses


def test_a_press_is_heard_at_once_while_sirens_sound() -> None:
    many = " ".join(f"1/{16 + number}" for number in range(8))
    desk = Desk({**SIREN, "sounder": many})
    desk.after(1)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    desk.press(1, 3)
    pressed = desk.now
    assert desk.after(1) == ["desk/1/3 alarm attack pressed"]
    assert desk.told[0][0] - pressed <= timedelta(seconds=0.15)
    assert all(desk.sounds(1, 16 + number) for number in range(8))


def test_a_write_goes_before_the_next_read_and_never_two_in_a_row_while_one_waits() -> None:
    desk = Desk(TWO, units=2)
    desk.boards[2].silent = True
    desk.after(5)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    begun = len(desk.requests)
    desk.after(0.2)
    functions = [asked[1] for _, asked in desk.requests[begun:]]
    assert WRITE_COIL in functions[:2]
    waits = [
        later - sooner
        for (sooner, one), (later, other) in pairwise(desk.requests)
        if one[1] == other[1] == WRITE_COIL
    ]
    assert all(wait < timedelta(seconds=0.1) for wait in waits), "no read was due between them"


def test_a_siren_on_a_dead_board_delays_no_press_by_half_a_second() -> None:
    desk = Desk({**SIREN, "sounder": "2/0 2/1 2/2"}, units=2)
    desk.boards[2].silent = True
    desk.after(10)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    for _ in range(10):
        desk.press(1, 3)
        pressed, begun = desk.now, len(desk.told)
        assert desk.after(1.3)[0] == "desk/1/3 alarm attack pressed"
        assert desk.told[begun][0] - pressed < timedelta(seconds=0.5)
        desk.let_go(1, 3)
        desk.after(0.8)


# What is wrong with one


def test_a_siren_that_does_not_answer_is_said_once_and_so_is_its_return() -> None:
    desk = Desk(TWO, units=2)
    desk.after(1)
    desk.boards[2].silent = True
    assert desk.after(120) == ["desk/2/0 technical technical sounder_silent"]
    assert desk.told[-1][1].text.startswith("the sounder on output 2/0: not answered.")
    assert sounder_of(desk).sound(desk.now, HALF_A_MINUTE) == 1, "the other one sounds"
    desk.boards[2].silent = False
    assert desk.after(6) == ["desk/2/0 restore technical sounder_silent"]
    assert desk.sounds(2, 0)


def test_a_siren_that_is_refused_is_said_once_with_the_reason() -> None:
    desk = Desk(SIREN)
    desk.boards[1].refuses_writes = 2
    assert desk.after(60) == ["desk/1/16 technical technical sounder_silent"]
    assert "exception 2, it has no such output" in desk.told[-1][1].text
    desk.boards[1].refuses_writes = 0
    assert desk.after(6) == ["desk/1/16 restore technical sounder_silent"]


def test_a_siren_that_cannot_be_stopped_is_said_to_sound_on() -> None:
    desk = Desk(SIREN)
    sounder_of(desk).sound(desk.now, timedelta(seconds=10))
    desk.after(9)
    desk.boards[1].refuses_writes = 4
    assert desk.after(10) == ["desk/1/16 technical technical sounder_silent"]
    assert "It may sound on." in desk.told[-1][1].text


def test_of_a_board_that_is_silent_nothing_more_is_said_and_its_siren_is_told_when_it_is_back() -> (
    None
):
    desk = Desk(SIREN)
    desk.after(1)
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    desk.boards[1].silent = True
    assert desk.after(120) == ["desk/1 technical technical unit_silent"]
    assert sounder_of(desk).sound(desk.now, HALF_A_MINUTE) == 0
    desk.boards[1].silent = False
    assert desk.after(7) == ["desk/1 restore technical unit_silent"]
    assert desk.sounds(1, 16)


def test_one_lost_answer_is_written_again_and_nobody_is_told() -> None:
    desk = Desk(SIREN)
    desk.after(1)
    lost = iter([True])
    desk.bend = lambda answer: b"" if answer[1] == WRITE_COIL and next(lost, False) else answer
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    assert desk.after(10) == []


# Lines that echo


def test_on_a_line_that_echoes_the_echo_of_a_write_is_not_its_answer() -> None:
    desk = Desk(SIREN)
    desk.echoes = True
    assert desk.after(10) == []
    assert desk.errors == []
    desk.boards[1].refuses_writes = 2
    sounder_of(desk).sound(desk.now, HALF_A_MINUTE)
    assert desk.after(10) == ["desk/1/16 technical technical sounder_silent"]
    desk.boards[1].refuses_writes = 0
    assert desk.after(6) == ["desk/1/16 restore technical sounder_silent"]
    assert desk.errors == []


def test_on_a_line_that_echoes_a_dead_board_of_sirens_is_found() -> None:
    desk = Desk(TWO, units=2)
    desk.echoes = True
    desk.boards[2].silent = True
    assert desk.after(10) == ["desk/2/0 technical technical sounder_silent"]


# Frames


def test_a_write_is_that_of_the_specification_and_its_answer_is_the_same() -> None:
    write = Write(Output("1/172", 1, 0xAC), on=True)  # application protocol V1.1b3, 6.5
    asked = write_request(Framing.RTU, write, 0)
    assert asked[:-2].hex() == "010500acff00"
    reader = Reader(Framing.RTU, [READ], [write.output])
    reader.asks(asked, write)
    assert reader.feed(asked) == [Written(write, None, asked)]
    over_tcp = write_request(Framing.TCP, write, 7)
    assert over_tcp.hex() == "000700000006" + "010500acff00"
    reader = Reader(Framing.TCP, [READ], [write.output])
    reader.asks(over_tcp, write)
    assert reader.feed(over_tcp) == [Written(write, None, over_tcp)]


def test_a_refusal_is_that_of_the_write_before_it_and_of_no_other_board() -> None:
    refused = framed(Framing.RTU, b"\x01\x85\x02")
    reader = Reader(Framing.RTU, [READ], [OUTPUT, Output("2/0", 2, 0)])
    assert reader.feed(refused)[0].raw == refused
    assert not isinstance(reader.feed(refused)[0], Written), "nothing was written"
    write = Write(OUTPUT, on=True)
    reader.asks(ON, write)
    assert reader.feed(refused) == [Written(write, 2, refused)]
    assert not isinstance(reader.feed(framed(Framing.RTU, b"\x02\x85\x02"))[0], Written)


@pytest.mark.parametrize("body", ["0105001012ff", "01050011ff00", "010600100001"])
def test_a_value_an_output_or_a_function_nobody_wrote_is_noise(body: str) -> None:
    reader = Reader(Framing.RTU, [READ], [OUTPUT])
    (noise,) = reader.feed(framed(Framing.RTU, bytes.fromhex(body)))
    assert isinstance(noise, Noise)


@tries(60)
@given(st.data())
def test_any_split_of_an_echoing_line_gives_the_same_answers(data: st.DataObject) -> None:
    asked = framed(Framing.RTU, b"\x01\x02\x00\x03\x00\x01")
    seen = framed(Framing.RTU, b"\x01\x02\x01\x01")
    reader, found = Reader(Framing.RTU, [READ], [OUTPUT]), []
    for request, writing, answer in ((asked, None, seen), (ON, Write(OUTPUT, True), ON)):
        reader.asks(request, writing)
        wire = request + answer
        cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=8).map(sorted))
        for start, end in pairwise([0, *cuts, len(wire)]):
            found += reader.feed(wire[start:end])
    assert found == [Answer(READ, b"\x01", None, seen), Written(Write(OUTPUT, True), None, ON)]


def test_over_tcp_a_siren_sounds_too() -> None:
    port = open_port(OVER_TCP, SIREN)
    assert port.sounder is not None
    desk = Desk(SIREN)
    session = port.connect()
    session.receive(b"", desk.now, desk.now)
    session.wake(desk.now)
    assert session.to_send()[7] == Table.DISCRETE, "whether the line echoes is seen first"
    session.receive(bytes.fromhex("000100000004" + "01020100"), desk.now, desk.now)
    port.sounder.sound(desk.now, HALF_A_MINUTE)
    session.wake(desk.now)
    assert session.to_send()[6:].hex() == "01050010ff00"


def sounder_of(desk: Desk) -> LocalSounder:
    assert desk.port.sounder is not None
    return desk.port.sounder


def writes(desk: Desk) -> list[bytes]:
    return [asked for _, asked in desk.requests if asked[1] == WRITE_COIL]
