"""Bytes ↔ blocks: the samples as literals, and what must hold for any bytes."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.callsystems.espa444.codec import (
    BLOCK_BYTES_MAX,
    Ack,
    Block,
    Enquiry,
    Eot,
    Nak,
    Scanner,
    Token,
    check_character,
    encode,
)
from devices.callsystems.espa444.meanings import Record
from tests.support.tries import tries

ADDRESS_ONLY = bytes.fromhex("01310231 1f4103 5f")
CALL_ME = bytes.fromhex(
    "013102311f3535301e321f43414c4c204d45203130311e331f331e341f331e351f331e361f330323"
)
FIRE = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
STATUS = bytes.fromhex("013202311f303831350311")

SLOW = tries(50)


def test_the_shortest_sample_calls_one_address() -> None:
    assert scanned(ADDRESS_ONLY) == [Block("1", (("1", b"A"),), raw=ADDRESS_ONLY)]


def test_the_sample_of_an_intercom_is_read_whole() -> None:
    (block,) = scanned(CALL_ME)
    assert isinstance(block, Block)
    assert block.records == (
        ("1", b"550"),
        ("2", b"CALL ME 101"),
        ("3", b"3"),
        ("4", b"3"),
        ("5", b"3"),
        ("6", b"3"),
    )


def test_blocks_are_written_as_the_samples_are() -> None:
    assert encode("1", [("1", b"A")]) == ADDRESS_ONLY
    assert encode("2", [("1", b"0815")]) == STATUS
    fire = [("1", b"0815"), ("2", b"Feuer Zimmer 12"), ("3", b"2")]
    assert encode("1", [*fire, ("4", b"3"), ("5", b"1"), ("6", b"1")]) == FIRE


def test_a_wrong_check_character_is_a_fault_and_says_both() -> None:
    (block,) = scanned(FIRE[:-1] + bytes((FIRE[-1] ^ 0xFF,)))
    assert isinstance(block, Block)
    assert block.fault == "block check is 0xbd, 0x42 was due"


def test_a_separator_before_the_end_is_accepted() -> None:
    inner = b"1\x021\x1fA\x1e\x03"
    assert scanned(b"\x01" + inner + bytes((check_character(inner),))) == [
        Block("1", (("1", b"A"),), raw=b"\x01" + inner + bytes((check_character(inner),)))
    ]


@pytest.mark.parametrize("control", [1, 3, 4, 5, 6, 0x15])
def test_a_check_character_that_looks_like_a_control_character_is_none(control: int) -> None:
    base = check_character(b"1\x021\x1fA\x1e2\x1f\x03")
    filler = bytes((base ^ control ^ 0x40, 0x40))
    frame = encode("1", [("1", b"A"), ("2", filler)])
    assert frame[-1] == control
    assert [type(token) for token in scanned(frame + b"\x041\x05")] == [Block, Eot, Enquiry]


def test_between_blocks_a_control_character_goes_with_the_one_before_it() -> None:
    assert scanned(b"\x041\x052\x05\x06\r\n2\x15\x15") == [
        Eot(),
        Enquiry("1"),
        Enquiry("2"),
        Ack(),
        Nak("2"),
        Nak(""),
    ]


def test_a_block_cut_off_by_a_new_one_leaves_its_part() -> None:
    tokens = scanned(FIRE[:20] + FIRE)
    assert [token.fault for token in tokens if isinstance(token, Block)] == ["not whole", ""]


def test_a_block_cut_off_by_an_end_or_an_enquiry_leaves_its_part_and_the_rest_counts() -> None:
    tokens = scanned(FIRE[:20] + b"\x04" + FIRE[:20] + b"2\x05")
    assert [type(token) for token in tokens] == [Block, Eot, Block, Enquiry]
    assert tokens[-1] == Enquiry("2")


@pytest.mark.parametrize("noise", [b"\x01", b"\x01\x02", b"\x01A", b"\x01\x04", b"\x01A\x05"])
def test_what_is_begun_again_and_again_and_holds_no_record_is_no_message(noise: bytes) -> None:
    tokens = scanned(noise * 1_000 + FIRE)
    assert [token for token in tokens if isinstance(token, Block)] == scanned(FIRE)


def test_of_a_block_without_end_only_so_much_is_held() -> None:
    scanner = Scanner()
    scanner.feed(b"\x011\x022\x1f")
    for _ in range(100):
        assert scanner.feed(b"x" * 10_000) == []
    block = scanner.give_up()
    assert block is not None
    assert len(block.raw) == BLOCK_BYTES_MAX


def test_a_too_long_message_with_a_right_check_character_is_still_a_block() -> None:
    frame = encode("1", [("1", b"7"), ("2", b"x" * 5_000)])
    (block,) = scanned(frame)
    assert isinstance(block, Block)
    assert block.fault == ""
    assert block.values(Record.ADDRESS) == [b"7"]


def test_the_eighth_bit_is_taken_off_where_it_is_parity() -> None:
    with_parity = bytes(byte | (bin(byte).count("1") % 2) << 7 for byte in b"\x042\x05" + FIRE)
    tokens = Scanner(seven_bits=True).feed(with_parity)
    assert tokens == scanned(b"\x042\x05" + FIRE)


@pytest.mark.long
def test_time_is_linear_in_the_bytes() -> None:
    for line in (FIRE, b"\x01", b"x", b"\x041\x052\x05"):
        small = seconds(line * (4_000 // len(line)))
        assert seconds(line * (40_000 // len(line))) < 40 * max(small, 0.002)


BYTES = st.binary(max_size=60)
LINES = st.lists(
    st.one_of(
        BYTES, st.sampled_from([FIRE, CALL_ME, STATUS, b"\x041\x052\x05", b"\x06", b"2\x15"])
    ),
    max_size=8,
).map(b"".join)
TEXT = st.binary(max_size=40).map(
    lambda text: bytes(byte for byte in text if byte not in b"\x01\x03\x04\x05\x1e\x1f")
)
IDS = st.text("0123456789ABCDEF", min_size=1, max_size=3)


@SLOW
@given(LINES, st.lists(st.integers(0, 400), max_size=8))
def test_any_split_of_the_bytes_says_the_same(line: bytes, cuts: list[int]) -> None:
    scanner = Scanner()
    tokens: list[Token] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(line)], strict=True):
        tokens += scanner.feed(line[start:end])
    assert tokens == scanned(line)


@SLOW
@given(st.sampled_from("123459"), st.lists(st.tuples(IDS, TEXT), min_size=1, max_size=10))
def test_what_is_written_is_read_back(header: str, records: list[tuple[str, bytes]]) -> None:
    (block,) = scanned(encode(header, records))
    assert isinstance(block, Block)
    assert (block.header, block.records, block.fault) == (header, tuple(records), "")


@SLOW
@given(st.integers(1, len(FIRE) - 1), st.integers(1, 255))
def test_no_single_wrong_byte_passes_for_a_right_block(at: int, flip: int) -> None:
    broken = FIRE[:at] + bytes((FIRE[at] ^ flip,)) + FIRE[at + 1 :]
    assert all(token.fault for token in scanned(broken) if isinstance(token, Block))


def scanned(line: bytes) -> list[Token]:
    return Scanner().feed(line)


def seconds(line: bytes) -> float:
    """The best of three: what a loaded machine adds says nothing of the code."""
    return min(_once(line) for _ in range(3))


def _once(line: bytes) -> float:
    before = process_time()
    Scanner().feed(line)
    return process_time() - before
