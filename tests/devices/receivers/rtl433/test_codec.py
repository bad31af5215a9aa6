"""rtl_433 lines: with and without line breaks, whole, torn and hostile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.receivers.rtl433.codec import (
    LINE_BYTES_MAX,
    RAW_BYTES_MAX,
    STALE_AFTER,
    Broken,
    Event,
    Reader,
    encode,
)
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
VALUES = st.one_of(st.integers(-(10**15), 10**15), st.text(max_size=20), st.booleans(), st.none())
FIELDS: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    st.text(min_size=1, max_size=8), VALUES, max_size=6
)


@pytest.mark.parametrize(
    "stream",
    [b'{"a":1}\n{"b":2}\n', b'{"a":1}{"b":2}', b' {"a":1} {"b":2} ', b'\r\n{"a":1}\r\n{"b":2}\0'],
)
def test_objects_are_told_apart_with_and_without_line_breaks(stream: bytes) -> None:
    assert [one.fields for one in events(read(stream))] == [{"a": 1}, {"b": 2}]


def test_a_payload_without_a_line_break_is_read_at_once() -> None:
    assert events(Reader().feed(b'{"a":{"b":"}\\"{"}}', NOW)) != []


def test_half_a_message_never_swallows_the_next() -> None:
    found = read(b'{"model":"X10-Secu\n{"a":1}\n')
    assert isinstance(found[0], Broken)
    assert events(found)[0].fields == {"a": 1}


def test_half_a_message_is_given_up_after_a_pause() -> None:
    reader = Reader()
    assert reader.feed(b'{"model":"X', NOW) == []
    assert reader.wake_at == NOW + STALE_AFTER
    assert reader.stale(NOW + STALE_AFTER) == [Broken("not JSON", b'{"model":"X')]
    assert reader.wake_at is None


@pytest.mark.parametrize("line", [b"1", b'"KR15"', b"[1]", b"online", b"\xff\xfe", b"[" * 5_000])
def test_what_is_no_object_is_broken_and_kept(line: bytes) -> None:
    (one,) = read(line + b"\n")
    assert isinstance(one, Broken)
    assert one.raw == line[:RAW_BYTES_MAX]


def test_a_line_that_never_ends_is_cut_once_and_the_next_one_is_read() -> None:
    reader = Reader()
    found = []
    for _ in range(100):
        found += reader.feed(b'{"a":"' + b"x" * 1_000, NOW)
        assert len(reader._buffer) <= LINE_BYTES_MAX
    found += reader.feed(b'\n{"a":1}\n', NOW)
    assert len([one for one in found if isinstance(one, Broken)]) == 1
    assert events(found)[0].fields == {"a": 1}


@tries(50)
@given(FIELDS)
def test_what_is_encoded_is_read_back(fields: dict[str, object]) -> None:
    assert [one.fields for one in events(read(encode(fields)))] == [fields]


@tries(50)
@given(
    st.lists(
        st.one_of(FIELDS.map(encode), FIELDS.map(lambda f: encode(f)[:-1]), st.binary(max_size=12)),
        max_size=6,
    ),
    st.data(),
)
def test_any_split_gives_the_same_events(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts) + b"\n"
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    reader = Reader()
    found: list[Event | Broken] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end], NOW)
    assert events(found) == events(read(stream))


def test_a_press_before_bytes_that_are_no_text_is_still_a_press() -> None:
    whole, junk = read(b'{"event":"panic"}\x80\xff\n')
    assert whole == Event({"event": "panic"}, b'{"event":"panic"}')
    assert isinstance(junk, Broken)


@tries(50)
@given(st.lists(st.binary(max_size=2_000), max_size=5))
def test_junk_never_raises(parts: list[bytes]) -> None:
    reader = Reader()
    for part in parts:
        reader.feed(part, NOW)
    reader.stale(NOW + STALE_AFTER)
    assert reader.wake_at is None


def read(stream: bytes) -> list[Event | Broken]:
    return Reader().feed(stream, NOW)


def events(found: list[Event | Broken]) -> list[Event]:
    return [one for one in found if isinstance(one, Event)]
