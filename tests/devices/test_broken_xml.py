"""XML that breaks its rules: mended, else its fields picked out."""

from __future__ import annotations

from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.broken_xml import mended, picked
from tests.support.tries import tries

WHOLE = "<mrq><cid>26317</cid><lte>Køkken &amp; bad</lte></mrq>"


@pytest.mark.parametrize(
    "body",
    [
        WHOLE.encode("cp1252"),
        WHOLE.encode() + b"\0",
        b"\xef\xbb\xbf" + WHOLE.encode(),
        WHOLE.encode("utf-16"),
        WHOLE.encode("utf-16-le"),
        WHOLE.replace("&amp;", "&").encode(),
        b'<?xml version="1.0" encoding="US-ASCII"?>' + WHOLE.encode(),
    ],
)
def test_a_byte_that_xml_forbids_is_mended(body: bytes) -> None:
    assert mended(body) == WHOLE.encode()


@pytest.mark.parametrize(
    "body",
    [
        "<mrq><cid>26317</cid><lte>Køkken &amp; bad</lte>",
        "<mrq><cid>26317<cid><lte>Køkken &amp; bad</lte></mrq>",
        "<mrq><cXd>26317</cid><lte\0Køkken &amp; bad</lte></mrq>",
        "<mrq><cid>26317</cXd><lte>Køkken &amp; bad</lXe></mrq>",
        "<M:MRQ><M:CID>26317</M:CID><M:LTE>Køkken &amp; bad</M:LTE></M:MRQ>",
        "<mrq><cid>26317\0/cid><lte>Køkken &amp; bad</lte></mrq><mrq><cid>1</cid></mrq>",
    ],
)
def test_a_field_is_found_by_either_end_of_its_tag(body: str) -> None:
    assert picked(body.encode(), ("cid", "lte")) == {"cid": "26317", "lte": "Køkken & bad"}


@pytest.mark.parametrize(
    "body",
    ["<mrq><cid>263", "<cid26317</cid>", "<cid>26317/cid>", "<mrq><cid>263<7</cid>", "<cid></cid>"],
)
def test_half_a_number_is_no_number(body: str) -> None:
    assert picked(body.encode(), ("cid",)) == {}


def test_a_text_for_people_keeps_a_bracket_nobody_escaped() -> None:
    body = b"<mrq><cid>2<3</cid><lte>bad < 2 & warm</lte><dte>x</stt></mrq>"
    assert picked(body, ("cid",), ("lte", "dte")) == {"lte": "bad < 2 & warm"}


def test_a_damaged_letter_is_not_left_out_of_a_number() -> None:
    assert picked(b"<cid>263\x0017</cid>", ("cid",)) == {"cid": "263\ufffd17"}
    assert mended(b"<cid>263\x0017</cid>").decode() == "<cid>263\ufffd17</cid>"


@given(st.binary(max_size=300))
@tries(50)
def test_whatever_bytes_there_are_nothing_is_raised(body: bytes) -> None:
    picked(body, ("cid", "lte"))
    try:
        expat.ParserCreate().Parse(mended(body), True)
    except expat.ExpatError:
        return
