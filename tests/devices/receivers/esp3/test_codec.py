"""ESP3 packets: literals of the standard and of kipe/enocean, then any bytes at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.receivers.esp3.codec import (
    CONTENT_BYTES_MAX,
    RAW_BYTES_MAX,
    STALE_AFTER,
    Packet,
    Reader,
    Telegram,
    crc8,
    encode,
    radio,
    telegram,
)
from devices.receivers.receiver import Junk
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PRESS = bytes.fromhex("55000707017af650002989793001ffffffff37009d")
FRAMES = {
    PRESS: Packet(1, bytes.fromhex("f6500029897930"), bytes.fromhex("01ffffffff3700")),
    bytes.fromhex("5500010005700838"): Packet(5, b"\x08"),
    bytes.fromhex("5500050002ce00ff800000da"): Packet(2, bytes.fromhex("00ff800000")),
    bytes.fromhex("55000a0701eba5000055080181b7440001ffffffff2d0075"): Packet(
        1, bytes.fromhex("a5000055080181b74400"), bytes.fromhex("01ffffffff2d00")
    ),
}
CONTENT = st.binary(max_size=40)
PACKETS = st.builds(Packet, st.integers(0, 255), CONTENT, CONTENT)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_published_frame_is_read_and_written_back(frame: bytes) -> None:
    assert read(frame) == [FRAMES[frame]]
    assert encode(FRAMES[frame]) == frame


def test_the_telegram_of_a_rocker_names_its_sender() -> None:
    assert telegram(FRAMES[PRESS]) == Telegram(0xF6, b"\x50", "00298979", 0x30)


def test_a_telegram_without_a_sender_is_none() -> None:
    assert telegram(Packet(1, b"\xf6\x50\x00\x29")) is None


def test_crc8_is_that_of_the_specification() -> None:
    assert crc8(b"123456789") == 0xF4


def test_a_wrong_checksum_is_refused_and_the_next_frame_is_read() -> None:
    wrong = PRESS[:-1] + bytes((PRESS[-1] ^ 0xFF,))
    found = read(wrong + PRESS)
    assert found[-1] == FRAMES[PRESS]
    assert found[0] == Junk("wrong checksum", wrong)


def test_a_frame_inside_a_false_packet_is_not_lost() -> None:
    head = bytes((0, 40, 0, 1))
    false = b"\x55" + head + bytes((crc8(head),))
    reader = Reader()
    assert reader.feed(false + PRESS, NOW) == []
    assert reader.wake_at == NOW + STALE_AFTER
    assert FRAMES[PRESS] in reader.stale(NOW + STALE_AFTER)


def test_bytes_after_a_pause_do_not_complete_what_stopped_before_it() -> None:
    reader = Reader()
    assert reader.feed(PRESS[:9], NOW) == []
    found = reader.feed(PRESS, NOW + STALE_AFTER)
    assert isinstance(found[0], Junk)
    assert found[-1] == FRAMES[PRESS]


def test_a_claim_longer_than_any_telegram_holds_nothing_back() -> None:
    head = (CONTENT_BYTES_MAX + 1).to_bytes(2, "big") + bytes((0, 1))
    assert read(b"\x55" + head + bytes((crc8(head),)) + PRESS)[-1] == FRAMES[PRESS]


@tries(50)
@given(PACKETS)
def test_what_is_encoded_is_read_back(packet: Packet) -> None:
    assert read(encode(packet)) == [packet]


@tries(50)
@given(st.integers(0, 255), CONTENT, st.binary(min_size=4, max_size=4), st.integers(0, 255))
def test_a_telegram_written_is_the_telegram_read(
    rorg: int, payload: bytes, sender: bytes, status: int
) -> None:
    said = Telegram(rorg, payload, sender.hex(), status)
    assert telegram(radio(said)) == said


@tries(50)
@given(st.lists(st.one_of(PACKETS.map(encode), st.binary(max_size=12)), max_size=8), st.data())
def test_any_split_gives_the_same_packets(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    reader, found = Reader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end], NOW)
    assert packets(found) == packets(read(stream))


@tries(50)
@given(st.lists(st.binary(max_size=2_000), max_size=5))
def test_junk_never_raises_and_memory_stays_small(parts: list[bytes]) -> None:
    reader = Reader()
    for part in parts:
        for one in reader.feed(part, NOW):
            assert not isinstance(one, Junk) or len(one.raw) <= RAW_BYTES_MAX
    assert len(reader._buffer) <= CONTENT_BYTES_MAX + 7
    reader.stale(NOW + timedelta(hours=1))
    assert reader.wake_at is None


def read(stream: bytes) -> list[Packet | Junk]:
    return Reader().feed(stream, NOW)


def packets(found: list[Packet | Junk]) -> list[Packet]:
    return [one for one in found if isinstance(one, Packet)]
