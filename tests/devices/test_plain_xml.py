"""What is read without a parser is read as the parser reads it, or left to it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import PeerError
from devices.callsystems.espax import codec as espax
from devices.callsystems.scaip import codec as scaip
from devices.plain_xml import fields_of, message_of

PAGE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ESPA-X version="1.00" xmlns="http://ns.espa-x.org/'
    b'espa-x"><REQ.P-START invokeID="2" sessionID="1"><CP-PR-REF>7</CP-PR-REF>\r\n'
    b"<CP-TEXTMSG> Hj\xc3\xa6lp \n</CP-TEXTMSG></REQ.P-START></ESPA-X>\n"
)
PRESS = (
    "<mrq><ref>00001883</ref><cid>26317</cid> <dty>0003</dty><lte> Køkken\n</lte><Stc></Stc></mrq>"
).encode()

PIECES = (
    *(b"<", b">", b"&", b'"', b"=", b" ", b"\r", b"\n", b"\t", b"\0", b"\x7f", b"\x85", b"]]>"),
    *(b"<!--x-->", b"<![CDATA[x]]>", b"<!DOCTYPE mrq>", b"<?x?>", b"&amp;", b"&#65;", b"a:", b":"),
    *(b"<a/>", b"<a>1</a>", b"<x><y>2</y></x>", b"<ref>2</ref>", b"<Cid> </Cid>"),
    *(b' a="1"', b" a='1'", b' a="1" a="2"', b"<CP-PR-REF>8</CP-PR-REF>", b"mrq", b"ESPA-X"),
    # NEL, U+FFFE, one above the BMP, half a surrogate, a mark of order, a line end, a hard space
    *(b"\xc2\x85", b"\xef\xbf\xbe", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(b"\xe2\x80\xa8", b"\xc2\xa0"),
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A message with some places of it taken out, doubled, or filled with something else."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(whole)))
        end = draw(st.one_of(st.just(at), st.integers(at, min(len(whole), at + 12))))
        whole = (
            whole[:at]
            + draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2)))
            + whole[end:]
        )
    return whole


@given(damaged(PAGE))
@example(PAGE)
@example(PAGE.replace(b"invokeID", b"a:invokeID"))
@example(PAGE.replace(b"sessionID", b"invokeID"))
def test_a_page_that_needs_no_parser_is_read_as_the_parser_reads_it(xml: bytes) -> None:
    plain = espax._plainly(xml)
    assert plain is None or plain == espax._parsed(xml)


@given(damaged(PRESS))
@example(PRESS)
def test_a_unit_that_needs_no_parser_is_read_as_the_parser_reads_it(xml: bytes) -> None:
    plain = scaip._plainly(xml)
    assert plain is None or plain == scaip._read(xml)


def test_what_senders_write_needs_no_parser() -> None:
    assert espax._plainly(PAGE) == espax._parsed(PAGE)
    assert scaip._plainly(PRESS) == scaip._read(PRESS)
    assert fields_of(b"<mrq><ref>1</ref></mrq>") == ("mrq", [("ref", "1")])


@pytest.mark.parametrize(
    "xml",
    [
        b"<mrq><ref>a &amp; b</ref></mrq>",
        b"<mrq><ref>1</ref><!-- --></mrq>",
        b"<mrq><lge><geo>1</geo></lge></mrq>",
        b"<!DOCTYPE mrq><mrq><ref>1</ref></mrq>",
        b'<?xml version="1.0" encoding="ISO-8859-1"?><mrq><ref>1</ref></mrq>',
        b'<mrq a="1" a="2"><ref>1</ref></mrq>',
        b"<mrq><ref>1\r\n</ref></mrq>",
        b"<mrq><ref>1</cid></mrq>",
        b"<mrq><ref>\xe6</ref></mrq>",
        b"<mrq><ref>1</ref></mrq>\0",
    ],
)
def test_what_is_written_in_another_way_is_left_to_the_parser(xml: bytes) -> None:
    assert fields_of(xml) is None
    assert message_of(b"<a>" + xml + b"</a>") is None


def test_more_than_a_message_may_hold_is_left_to_the_parser() -> None:
    many = b"".join(b"<a%d>1</a%d>" % (n, n) for n in range(200))
    assert scaip._plainly(b"<mrq>" + many + b"</mrq>") is None
    with pytest.raises(PeerError, match="too many elements"):
        scaip._read(b"<mrq>" + many + b"</mrq>")
    page = b"<ESPA-X><REQ.P-START>" + many + b"</REQ.P-START></ESPA-X>"
    assert espax._plainly(page) is None
    assert len(espax.parse(page).fields) == espax.FIELDS_MAX
