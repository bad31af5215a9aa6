"""RFXtrx packets: no sync byte and no checksum, so staying in step is the work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.receivers.receiver import Junk
from devices.receivers.rfxtrx.codec import (
    LENGTH_MAX,
    STALE_AFTER,
    Packet,
    Reader,
    command,
    encode,
)
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
FRAMES = {
    "0820004dd3dc540089": Packet(0x20, 0, 0x4D, bytes.fromhex("d3dc540089")),
    "0710002a45050170": Packet(0x10, 0, 0x2A, bytes.fromhex("45050170")),
    "0a20000000000000000000": Packet(0x20, 0, 0, bytes(7)),
    "0b11002a0123456705020770": Packet(0x11, 0, 0x2A, bytes.fromhex("0123456705020770")),
    "0a52012a96038141600379": Packet(0x52, 1, 0x2A, bytes.fromhex("96038141600379")),
}
PANIC = bytes.fromhex("0820024dd3dc540689")
PACKETS = st.builds(
    Packet,
    st.integers(0x21, 0x4F),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(min_size=1, max_size=LENGTH_MAX - 3),
)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_published_packet_is_read_and_written_back(frame: str) -> None:
    assert read(bytes.fromhex(frame)) == [FRAMES[frame]]
    assert encode(FRAMES[frame]).hex() == frame


def test_commands_are_those_of_the_user_guide() -> None:
    assert command(0, 0).hex() == "0d00000000" + "00" * 9
    assert command(1, 2).hex() == "0d00000102" + "00" * 9


def test_a_packet_shorter_than_its_type_is_none_and_the_next_one_is_read() -> None:
    found = read(bytes.fromhex("0911d700011d1402790a") + PANIC)
    assert packets(found) == [packets(read(PANIC))[0]]


def test_a_lost_byte_costs_no_press_behind_it() -> None:
    stream = bytes.fromhex("0a52012a960381416003") + PANIC + PANIC
    reader = Reader()
    found = reader.feed(stream, NOW) + reader.stale(NOW + STALE_AFTER)
    assert packets(read(PANIC))[0] in packets(found)


def test_a_pause_puts_the_line_in_step_again() -> None:
    reader = Reader()
    reader.feed(PANIC[:4], NOW)
    assert reader.wake_at == NOW + STALE_AFTER
    found = reader.feed(PANIC, NOW + STALE_AFTER)
    assert isinstance(found[0], Junk)
    assert packets(found) == packets(read(PANIC))


def test_out_of_step_only_an_exact_length_of_a_known_type_starts_a_packet() -> None:
    assert packets(read(b"\xff" + bytes.fromhex("0a20000000000000000000"))) == []
    assert packets(read(b"\xff" + PANIC)) == packets(read(PANIC))


@tries(50)
@given(PACKETS)
def test_what_is_encoded_is_read_back(packet: Packet) -> None:
    assert read(encode(packet)) == [packet]


@tries(50)
@given(st.lists(st.one_of(PACKETS.map(encode), st.binary(max_size=9)), max_size=8), st.data())
def test_any_split_gives_the_same_packets(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    reader = Reader()
    found: list[Packet | Junk] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end], NOW)
    assert packets(found) == packets(read(stream))


@tries(50)
@given(st.lists(st.binary(max_size=2_000), max_size=5))
def test_junk_never_raises_and_memory_stays_small(parts: list[bytes]) -> None:
    reader = Reader()
    for part in parts:
        reader.feed(part, NOW)
        assert len(reader._buffer) <= LENGTH_MAX
    reader.stale(NOW + timedelta(hours=1))
    assert reader.wake_at is None


def read(stream: bytes) -> list[Packet | Junk]:
    return Reader().feed(stream, NOW)


def packets(found: list[Packet | Junk]) -> list[Packet]:
    return [one for one in found if isinstance(one, Packet)]
