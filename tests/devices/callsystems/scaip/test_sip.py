"""The part of SIP that SCAIP needs: framing, headers, limits, any split."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import replace
from devices.callsystems.scaip.sip import (
    BODY_BYTES_MAX,
    CLOSED_AFTER,
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    STALE_AFTER,
    Bare,
    Broken,
    Message,
    Ping,
    Reader,
    Request,
    Response,
    encode,
)
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
HEADERS = (
    ("via", "SIP/2.0/TCP 192.0.2.77;branch=z9hG4bKa"),
    ("from", "<sip:26317@192.0.2.77>;tag=1"),
    ("to", "<sip:arc@192.0.2.10>"),
    ("call-id", "c1@192.0.2.77"),
    ("cseq", "1 MESSAGE"),
)
XML = b"<mrq><ref>1</ref></mrq>"
REQUEST = Request("MESSAGE", "sip:arc@192.0.2.10", HEADERS, XML)


def test_a_message_written_is_the_message_read() -> None:
    response = Response(200, "OK", HEADERS)
    assert read(encode(REQUEST) + encode(response)) == [REQUEST, response]


def test_short_names_folded_lines_and_any_case_are_read() -> None:
    stream = (
        b"MESSAGE sip:a@b SIP/2.0\r\nv: SIP/2.0/TCP h\r\nF: x\r\nSUBJECT: one\r\n  two\r\n"
        b"l : 2\r\n\r\nhi"
    )
    (request,) = read(stream)
    assert isinstance(request, Request)
    assert (request.header("via"), request.header("subject")) == ("SIP/2.0/TCP h", "one two")
    assert request.body == b"hi"


def test_a_message_without_a_length_ends_with_its_xml() -> None:
    head = b"MESSAGE sip:a@b SIP/2.0\r\nContent-Type: application/scaip+xml\r\n\r\n"
    found = read(head + XML + encode(REQUEST))
    assert [getattr(one, "body", b"") for one in found] == [XML, XML]


def test_xml_without_sip_is_read() -> None:
    assert read(b"  \r\n" + XML)[:1] != [Bare(XML)], "blanks are no message"
    assert read(XML + b"\r\n" + XML) == [Bare(XML), Bare(XML)]


def test_two_line_breaks_ask_for_one() -> None:
    assert read(b"\r\n\r\n") == [Ping()]
    assert read(b"\r\n") == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"MESSAGE sip:a@b SIP/2.0\r\nno colon\r\n\r\n",
        b"MESSAGE sip:a@b SIP/2.0\r\nA: \x00\r\n\r\n",
        b"MESSAGE sip:a@b SIP/2.0\r\n" + b"A: b\r\n" * (HEADERS_MAX + 1) + b"\r\n",
        b"message sip:a@b SIP/2.0\r\nA: b\r\n\r\n",
    ],
)
def test_what_breaks_the_rules_is_broken_and_the_next_message_is_read(head: bytes) -> None:
    found = read(head + encode(REQUEST))
    assert isinstance(found[0], Broken)
    assert found[1:] == [REQUEST]


@pytest.mark.parametrize(("length", "status"), [("-1", 400), ("x", 400), ("", 400)])
def test_an_impossible_length_is_answered(length: str, status: int) -> None:
    stream = f"MESSAGE sip:a@b SIP/2.0\r\nl: {length or '1 1'}\r\n\r\n".encode()
    (broken,) = read(stream)
    assert isinstance(broken, Broken)
    assert (broken.status, broken.request is not None) == (status, True)


def test_a_body_too_long_is_skipped_and_the_next_message_is_read() -> None:
    length = BODY_BYTES_MAX // 5 * 5 + 10
    head = f"MESSAGE sip:a@b SIP/2.0\r\nl: {length}\r\n\r\n".encode()
    reader = Reader()
    found = reader.feed(head, NOW)
    for _ in range(length // 5):
        found += reader.feed(b"xxxxx", NOW)
        assert reader._buffer == b""
    assert isinstance(found[0], Broken)
    assert found[0].status == 413
    assert reader.feed(encode(REQUEST), NOW) == [REQUEST]


def test_a_body_that_was_announced_too_long_and_never_came_swallows_nothing() -> None:
    reader = Reader()
    reader.feed(b"MESSAGE sip:a@b SIP/2.0\r\nl: 999999999\r\n\r\n", NOW)
    assert reader.feed(encode(REQUEST), NOW + STALE_AFTER) == [REQUEST]


@pytest.mark.parametrize("start", [b"MESSAGE ", b"<mrq>", b"x"])
def test_memory_is_bounded(start: bytes) -> None:
    reader = Reader()
    found = reader.feed(start, NOW)
    for _ in range(100):
        found += reader.feed(b"y" * 1_000, NOW)
        assert len(reader._buffer) < max(BODY_BYTES_MAX, HEAD_BYTES_MAX)
    assert isinstance(found[0], Broken)


def test_a_message_that_stops_in_its_body_is_read_as_far_as_it_came_after_a_pause() -> None:
    reader = Reader()
    assert reader.feed(encode(REQUEST)[:-5], NOW) == []
    assert reader.wake_at == NOW + STALE_AFTER
    assert reader.stale(NOW + STALE_AFTER) == [replace(REQUEST, body=REQUEST.body[:-5])]


def test_a_message_that_stops_in_its_head_is_given_up_after_a_pause() -> None:
    reader = Reader()
    half = encode(REQUEST)[:60]
    assert reader.feed(half, NOW) == []
    (broken,) = reader.stale(NOW + STALE_AFTER)
    assert isinstance(broken, Broken)
    assert broken.raw == half


@pytest.mark.parametrize("off", [-1, -9, -40, 1, 7, 200])
def test_a_length_that_is_wrong_costs_neither_its_message_nor_the_next(off: int) -> None:
    body = b"<mrq><ref>1</ref><cid>26317</cid><did>0004</did><stc>0010</stc></mrq>"
    xml = (("content-type", "application/scaip+xml"),)
    one = Request("MESSAGE", "sip:a@b", xml, body)
    length = b"Content-Length: %d"
    wrong = encode(one).replace(length % len(body), length % (len(body) + off))
    assert wrong != encode(one)
    for stream in (wrong + encode(one), wrong):
        reader = Reader()
        found = reader.feed(stream, NOW)
        found += reader.stale(NOW + CLOSED_AFTER)
        assert [each for each in found if isinstance(each, Request)] == [one] * stream.count(body)


def test_a_datagram_is_one_message_whole_or_broken() -> None:
    reader = Reader(datagrams=True)
    head = b"MESSAGE sip:a@b SIP/2.0\r\nContent-Type: text/plain\r\n\r\n"
    assert [getattr(one, "body", b"") for one in reader.feed(head + b"hello", NOW)] == [b"hello"]
    cut = replace(REQUEST, body=REQUEST.body[:-3])
    assert reader.feed(encode(REQUEST)[:-3], NOW) == [cut]
    (broken,) = reader.feed(encode(REQUEST)[:40], NOW)
    assert isinstance(broken, Broken)
    assert reader.feed(encode(REQUEST), NOW) == [REQUEST]


@pytest.mark.long
def test_a_flood_of_small_messages_takes_linear_time() -> None:
    many = 3_000
    assert len(read(encode(REQUEST) * many)) == many
    assert len(read(b"\r\n" * 200_000)) == 1


WORDS = st.from_regex(r"[A-Za-z0-9 .;=<>@:-]{0,30}", fullmatch=True).map(str.strip)
NAMES = st.sampled_from(["via", "from", "to", "call-id", "cseq", "subject", "x-a"])
REQUESTS = st.builds(
    Request,
    st.sampled_from(["MESSAGE", "OPTIONS", "INVITE"]),
    st.just("sip:a@b"),
    st.lists(st.tuples(NAMES, WORDS), max_size=6).map(tuple),
    st.binary(max_size=40),
)


@tries(50)
@given(REQUESTS)
def test_what_is_encoded_is_read_back(request: Request) -> None:
    assert read(encode(request)) == [request]


@tries(50)
@given(
    st.lists(
        st.one_of(REQUESTS.map(encode), st.just(XML), st.just(b"\r\n"), st.binary(max_size=9)),
        max_size=6,
    ),
    st.data(),
)
def test_any_split_gives_the_same_messages(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    reader = Reader()
    found: list[Message] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end], NOW)
    assert messages(found) == messages(read(stream))


@tries(50)
@given(st.lists(st.binary(max_size=500), max_size=5), st.booleans())
def test_junk_never_raises(parts: list[bytes], datagrams: bool) -> None:
    reader = Reader(datagrams=datagrams)
    for part in parts:
        reader.feed(part, NOW)
    reader.stale(NOW + STALE_AFTER)
    assert reader.wake_at is None


def read(stream: bytes) -> list[Message]:
    return Reader().feed(stream, NOW)


def messages(found: list[Message]) -> list[Message]:
    """Pings may be counted together when they come together."""
    return [one for one in found if not isinstance(one, Ping)]
