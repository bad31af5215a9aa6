"""SCAIP's XML: what units send, what must never get in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PeerError
from devices.callsystems.scaip.codec import (
    DEPTH_MAX,
    ELEMENTS_MAX,
    TEXT_CHARS_MAX,
    Mrq,
    Mrs,
    encode_mrq,
    encode_mrs,
    read_mrq,
    read_mrs,
)
from tests.support.tries import tries

TAGS = st.sampled_from(["ref", "cid", "dty", "stc", "mty", "lte", "ite", "geo", "gga", "crd"])
LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
TEXTS = st.text(LETTERS, max_size=30).map(str.strip).filter(bool)


def test_a_message_is_read_tag_by_tag() -> None:
    mrq = read_mrq(b"<mrq><ref>00001A85</ref><cid> 8031372</cid><dty>02</dty><stt/></mrq>")
    assert mrq.tags == {"ref": "00001A85", "cid": "8031372", "dty": "02"}
    assert mrq.number("dty") == 2
    assert mrq.missing == ()


def test_a_place_stands_inside_lge() -> None:
    mrq = read_mrq(b"<mrq><ref>1</ref><lge><geo>56.1,10.2</geo></lge></mrq>")
    assert mrq.text("geo") == "56.1,10.2"
    assert mrq.missing == ("cid", "dty")


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE m SYSTEM "http://192.0.2.1/x"><mrq/>',
        b"<mrq>" + b"<a>" * (DEPTH_MAX + 1),
        b"<mrq>" + b"<a/>" * (ELEMENTS_MAX + 1) + b"</mrq>",
        b"<html></html>",
        b"<mrs><ref>1</ref><snu>0</snu></mrs>",
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_unsafe_or_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(PeerError):
        read_mrq(body)


def test_declarations_namespaces_and_other_encodings_are_read() -> None:
    for encoding in ("utf-8", "iso-8859-1", "utf-16"):
        body = '<s:mrq xmlns:s="u"><s:lte>Å</s:lte></s:mrq>'
        declared = f'<?xml version="1.0" encoding="{encoding}"?>{body}'
        assert read_mrq(declared.encode(encoding)).text("lte") == "Å"


def test_a_tag_that_stands_twice_is_odd_and_its_first_text_counts() -> None:
    mrq = read_mrq(b"<mrq><stc>10</stc><stc>19</stc></mrq>")
    assert (mrq.text("stc"), mrq.odd) == ("10", ("message: a tag stands twice (stc)",))


def test_another_dialects_root_is_odd_and_read() -> None:
    mrq = read_mrq(b"<scaip><cid>1</cid></scaip>")
    assert mrq.odd == ("message: the root is not mrq (scaip)",)


def test_a_text_is_cut() -> None:
    assert len(read_mrq(b"<mrq><ite>" + b"x" * 9_000 + b"</ite></mrq>").text("ite")) == (
        TEXT_CHARS_MAX
    )


@pytest.mark.parametrize("said", ["", "x", "-1", "1.0", "9" * 5_000, "²"])
def test_what_is_no_number_is_none(said: str) -> None:
    assert Mrq({"stc": said}).number("stc") is None


def test_a_receipt_is_the_shortest_the_pattern_allows() -> None:
    assert encode_mrs(Mrs("1A", 0)) == b"<mrs><ref>1A</ref><snu>0</snu></mrs>"


@tries(50)
@given(st.dictionaries(TAGS, TEXTS, min_size=1, max_size=8))
def test_what_is_encoded_is_read_back(tags: dict[str, str]) -> None:
    assert read_mrq(encode_mrq(Mrq(tags))).tags == tags


@tries(50)
@given(TEXTS, st.integers(0, 99_999), TEXTS)
def test_a_receipt_written_is_the_receipt_read(ref: str, number: int, text: str) -> None:
    assert read_mrs(encode_mrs(Mrs(ref, number, text))) == Mrs(ref, number, text)


@tries(50)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_junk_raises_nothing_but_the_peers_error(body: bytes) -> None:
    for form in (body, b"<mrq>" + body + b"</mrq>", b"<mrq><stc>" + body + b"</stc></mrq>"):
        try:
            read_mrq(form)
        except PeerError:
            continue
