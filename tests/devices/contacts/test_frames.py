"""Modbus frames: literals of the specifications, then any bytes at all.

The samples with unit 11 are those of simplymodbus.ca; each checksum was computed anew.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import ReadInputRegistersRequest, ReadInputRegistersResponse

from devices.contacts.board import Framing, Place, Read, Table
from devices.contacts.frames import (
    NOISE_BYTES_MOST,
    RAW_BYTES_MAX,
    Answer,
    Noise,
    Reader,
    Written,
    crc16,
    framed,
    request,
)
from tests.support.tries import tries

COILS = Read(0x11, Table.COILS, 0x13, 0x25)
DISCRETE = Read(0x11, Table.DISCRETE, 0xC4, 0x16)
HOLDING = Read(0x11, Table.HOLDING, 0x6B, 3)
INPUT = Read(0x11, Table.INPUT, 8, 1)
READS = (COILS, DISCRETE, HOLDING, INPUT)
SAMPLES = {
    COILS: ("1101001300250E84", "110105CD6BB20E1B45E6"),
    DISCRETE: ("110200C40016BAA9", "110203ACDB352018"),
    HOLDING: ("1103006B00037687", "110306AE415652434049AD"),
    INPUT: ("110400080001B298", "110402000AF8F4"),
}
ANSWERS = [bytes.fromhex(answer) for _, answer in SAMPLES.values()]
REFUSED = framed(Framing.RTU, b"\x11\x82\x02")
GOOD = bytes.fromhex("110203ACDB352018")


@pytest.mark.parametrize("read", READS)
def test_a_published_request_is_written_and_its_answer_read(read: Read) -> None:
    asked, answered = (bytes.fromhex(one) for one in SAMPLES[read])
    assert request(Framing.RTU, read, 0) == asked
    assert fed(answered) == [Answer(read, answered[3:-2], None, answered)]


def test_the_check_is_that_of_the_specification() -> None:
    assert crc16(b"\x02\x07") == b"\x41\x12"  # serial line V1.02, appendix B
    assert crc16(b"123456789") == b"\x37\x4b"  # CRC-16/MODBUS


def test_inputs_stand_in_an_answer_lowest_bit_first_and_registers_highest_byte_first() -> None:
    content = bytes.fromhex("ACDB35")  # application protocol V1.1b3, 6.2: inputs 197 to 218
    bits = [DISCRETE.value(content, Place(0x11, Table.DISCRETE, 0xC4 + at)) for at in range(22)]
    assert bits == [int(bit) for bit in "0011010111011011101011"]
    registers = bytes.fromhex("022B00000064")  # 6.3: registers 108 to 110
    found = [HOLDING.value(registers, Place(0x11, Table.HOLDING, 0x6B + at)) for at in range(3)]
    assert found == [555, 0, 100]
    assert HOLDING.value(registers, Place(0x11, Table.HOLDING, 0x6B, 9)) == 1
    assert HOLDING.value(registers, Place(0x11, Table.HOLDING, 0x6B, 10)) == 0


def test_a_refusal_names_its_read_and_its_reason() -> None:
    assert fed(REFUSED) == [Answer(DISCRETE, b"", 2, REFUSED)]


def test_a_wrong_checksum_is_no_answer_and_the_next_one_is_read() -> None:
    wrong = GOOD[:-1] + b"\x19"
    assert fed(wrong) == [Noise("wrong checksum", wrong)]
    assert fed(wrong + GOOD)[-1] == Answer(DISCRETE, GOOD[3:-2], None, GOOD)


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00",
        b"\xff" * 5,
        b"\x11",
        b"\x11\x02",
        b"\x11\x02\x03",
        b"\x11\x82",
        GOOD[:-1],
        b"\x11" * 9,
    ],
)
def test_noise_before_an_answer_costs_nothing(noise: bytes) -> None:
    assert fed(noise + GOOD)[-1] == Answer(DISCRETE, GOOD[3:-2], None, GOOD)
    for at in range(len(noise)):
        assert fed(noise[:at], noise[at:] + GOOD)[-1] == Answer(DISCRETE, GOOD[3:-2], None, GOOD)


def test_the_echo_of_our_request_is_no_answer_and_no_noise() -> None:
    reader = Reader(Framing.RTU, READS)
    asked = request(Framing.RTU, DISCRETE, 0)
    reader.asks(asked)
    assert reader.feed(asked + GOOD) == [Answer(DISCRETE, GOOD[3:-2], None, GOOD)]


def test_a_request_that_begins_like_a_whole_answer_is_no_answer() -> None:
    """Unit 1, inputs from 0x0116: one byte of content, and the count is its checksum."""
    answer = framed(Framing.RTU, b"\x01\x02\x01\x16")
    count = int.from_bytes(answer[4:6])
    unlucky = b"\x01\x02\x01\x16" + count.to_bytes(2)
    reader = Reader(Framing.RTU, [Read(1, Table.DISCRETE, 0x0116, 8)])
    reader.asks(unlucky + crc16(unlucky))
    assert reader.feed(unlucky + crc16(unlucky)) == []


def test_an_answer_of_a_board_nobody_set_is_named() -> None:
    stranger = framed(Framing.RTU, b"\x09\x04\x02\x00\x07")
    assert fed(stranger) == [Noise("no point is set for function 4 of unit 9", stranger)]


def test_what_is_left_of_a_broken_answer_is_no_part_of_the_next_one() -> None:
    reader = Reader(Framing.RTU, READS)
    assert reader.feed(GOOD[:5]) == []
    left = reader.asks(request(Framing.RTU, DISCRETE, 0))
    assert left == Noise("bytes that answer nothing asked here", GOOD[:5])
    assert reader.feed(GOOD) == [Answer(DISCRETE, GOOD[3:-2], None, GOOD)]


def test_a_flood_is_passed_over_unread_until_the_next_request() -> None:
    reader = Reader(Framing.RTU, READS)
    reader.feed(b"\xff" * (NOISE_BYTES_MOST + 1))
    assert reader.feed(GOOD) == []
    reader.asks(request(Framing.RTU, DISCRETE, 0))
    assert reader.feed(GOOD) == [Answer(DISCRETE, GOOD[3:-2], None, GOOD)]


def test_over_tcp_an_answer_follows_six_bytes_and_has_no_checksum() -> None:
    assert request(Framing.TCP, DISCRETE, 7).hex() == "000700000006" + "110200c40016"
    answer = bytes.fromhex("000700000006" + "110203acdb35")
    found = Answer(DISCRETE, GOOD[3:-2], None, answer)
    assert fed(answer, framing=Framing.TCP) == [found]
    assert fed(b"\x00\x07\x00\x01\x00\x06" + answer, framing=Framing.TCP)[-1] == found
    refused = bytes.fromhex("000700000003" + "118202")
    assert fed(refused, framing=Framing.TCP) == [Answer(DISCRETE, b"", 2, refused)]


@pytest.mark.parametrize("head", ["000700010006", "000700000005", "0007000000ff"])
def test_over_tcp_a_head_that_does_not_fit_is_noise(head: str) -> None:
    wrong = bytes.fromhex(head + "110203acdb35")
    assert not any(isinstance(one, Answer) for one in fed(wrong, framing=Framing.TCP))


@tries(50)
@given(st.integers(1, 247), st.integers(0, 65_000), st.integers(1, 125), st.binary(max_size=16))
def test_requests_and_answers_are_those_of_pymodbus(
    unit: int, first: int, count: int, bits: bytes
) -> None:
    for ours, theirs in ((Framing.RTU, FramerRTU), (Framing.TCP, FramerSocket)):
        framer = theirs(DecodePDU(False))
        discrete, registers = (
            Read(unit, Table.DISCRETE, first, count),
            Read(unit, Table.INPUT, first, count),
        )
        asked = ReadDiscreteInputsRequest(unit, 5, address=first, count=count)
        assert request(ours, discrete, 5) == framer.buildFrame(asked)
        asked_registers = ReadInputRegistersRequest(unit, 5, address=first, count=count)
        assert request(ours, registers, 5) == framer.buildFrame(asked_registers)
        states = [bool(byte & 1) for byte in bits.ljust(count, b"\1")][:count]
        answer = framer.buildFrame(ReadDiscreteInputsResponse(unit, 5, bits=states))
        (found,) = fed(answer, framing=ours, reads=(discrete, registers))
        assert isinstance(found, Answer)
        places = [Place(unit, Table.DISCRETE, first + at) for at in range(count)]
        assert [discrete.value(found.content, place) for place in places] == states
        values = [number * 523 for number in range(count)]
        answer = framer.buildFrame(ReadInputRegistersResponse(unit, 5, registers=values))
        (found,) = fed(answer, framing=ours, reads=(discrete, registers))
        assert isinstance(found, Answer)
        places = [Place(unit, Table.INPUT, first + at) for at in range(count)]
        assert [registers.value(found.content, place) for place in places] == values


@tries(100)
@given(st.data())
def test_any_split_gives_the_same_answers(data: st.DataObject) -> None:
    framing = data.draw(st.sampled_from(Framing))
    answers = [*ANSWERS, REFUSED]
    if framing is Framing.TCP:
        answers = [framed(Framing.TCP, one[:-2], 3) for one in answers]
    part = st.one_of(
        st.sampled_from(answers),
        st.sampled_from(answers).flatmap(
            lambda one: st.integers(0, len(one)).map(lambda at: one[:at])
        ),
        st.binary(max_size=12),
        st.just(b"\x11\x02\x03" * 40),
    )
    stream = b"".join(data.draw(st.lists(part, max_size=10)))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    parts = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert answers_of(fed(*parts, framing=framing)) == answers_of(fed(stream, framing=framing))


@tries(50)
@given(st.lists(st.binary(max_size=5_000), max_size=4), st.sampled_from(Framing))
def test_junk_never_raises_and_memory_stays_small(parts: list[bytes], framing: Framing) -> None:
    reader = Reader(framing, READS)
    for part in parts:
        for one in reader.feed(part):
            assert len(one.raw) <= max(RAW_BYTES_MAX, 260)
        assert len(reader._held) < 260


def fed(
    *parts: bytes, framing: Framing = Framing.RTU, reads: tuple[Read, ...] = READS
) -> list[Answer | Written | Noise]:
    reader = Reader(framing, reads)
    return [one for part in parts for one in reader.feed(part)]


def answers_of(found: list[Answer | Written | Noise]) -> list[Answer]:
    return [one for one in found if isinstance(one, Answer)]
