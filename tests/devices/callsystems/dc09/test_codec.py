"""DC-09 frames: vectors of panels and of other programs, any split of the bytes, and junk."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, PeerError
from devices.callsystems.dc09.codec import (
    FRAME_BYTES_MAX,
    Content,
    Frame,
    Framer,
    Piece,
    as_sent,
    content,
    crc16,
    encode,
    is_body,
    parse,
    stamp,
    without_padding,
)
from devices.callsystems.dc09.crypt import decrypted, encrypted
from devices.callsystems.dc09.settings import keys_of
from tests.support.tries import tries

VECTORS = [
    (
        'BB86002C"NULL"0001L#7303658550[]_15:39:38,06-07-2019',  # ioBroker.sia issue 11
        Frame("NULL", "0001", None, "", "7303658550", "]_15:39:38,06-07-2019"),
    ),
    (
        '78FC003B"SIA-DCS"0001L#22334455[#22334455|NCQ1]_14:33:53,02-09-2020',  # issue 19
        Frame("SIA-DCS", "0001", None, "", "22334455", "#22334455|NCQ1]_14:33:53,02-09-2020"),
    ),
    (
        'EAC0003A"SIA-DCS"1663L0#0000[#0000|Nri1/NL501]_12:40:58,12-22-2021',
        Frame("SIA-DCS", "1663", None, "0", "0000", "#0000|Nri1/NL501]_12:40:58,12-22-2021"),
    ),
    (
        'F92F0043"ADM-CID"0020R7896L7896#3456[#3456|1407 00 001]_17:01:14,07-26-2024',
        Frame("ADM-CID", "0020", "7896", "7896", "3456", "#3456|1407 00 001]_17:01:14,07-26-2024"),
    ),
    (
        '9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]',
        Frame("ADM-CID", "0001", None, "0", "1002", "#1002|1602 00 001]"),
    ),
    (
        'F4D20029"SIA-DCS"0001RF3L77#1234[#1234|NRR|Atest]',  # fioletoven/dc09 message.tests.rs
        Frame("SIA-DCS", "0001", "F3", "77", "1234", "#1234|NRR|Atest]"),
    ),
    (
        '8C860043"SIA-DCS"9876R579BDFL789ABC#123456A[#123456A|NFA129][M1234567890AB]',  # siadc09
        Frame("SIA-DCS", "9876", "579BDF", "789ABC", "123456A", "#123456A|NFA129][M1234567890AB]"),
    ),
    (
        '3C3B0025"NAK"0000R0L0A0[]_15:39:35,05-07-2019',  # ioBroker.sia issue 11
        Frame("NAK", "0000", "0", "0A0", "", "]_15:39:35,05-07-2019"),
    ),
]


@pytest.mark.parametrize(("text", "frame"), VECTORS)
def test_a_frame_of_a_real_panel_is_read(text: str, frame: Frame) -> None:
    [piece] = Framer().feed(framed(text))
    assert parse(piece) == frame


@pytest.mark.parametrize(("text", "frame"), VECTORS[1:-1])
def test_a_frame_is_written_as_its_panel_wrote_it(text: str, frame: Frame) -> None:
    assert encode(frame) == framed(text)


def test_a_frame_written_down_without_line_ends_is_given_them() -> None:
    text = VECTORS[4][0]
    assert as_sent(text.encode()) == as_sent(framed(text)) == framed(text)


def test_the_crc_is_that_of_the_standard() -> None:
    assert crc16(b"123456789") == 0xBB3D


def test_a_crc_of_two_binary_bytes_is_read_even_where_they_look_like_line_ends() -> None:
    for number in range(10_000):
        frame = Frame("NULL", f"{number:04}", None, "0", "1234", "]", binary_crc=True)
        sent = encode(frame)
        if sent[1] in b"\r\n" or sent[2] in b"\r\n":
            assert [parse(piece) for piece in Framer().feed(sent)] == [frame]
            return
    pytest.fail("no such frame was found")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('9EC50027"ADM-CID"0001L0#1002[#1002|1602 00 001]', "a wrong CRC"),
        ('ZEC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]', "a wrong CRC"),
        ('9EC40028"ADM-CID"0001L0#1002[#1002|1602 00 001]', "a wrong length"),
        ('9EC40039"ADM-CID"0001L0#1002[#1002|1602 00 001]', "a wrong length"),
    ],
)
def test_a_wrong_crc_or_length_is_refused(text: str, why: str) -> None:
    [piece] = Framer().feed(framed(text))
    with pytest.raises(PeerError, match=why):
        parse(piece)


def test_a_length_in_decimal_digits_is_read_only_where_the_port_says_so() -> None:
    [piece] = Framer().feed(framed('9EC40039"ADM-CID"0001L0#1002[#1002|1602 00 001]'))
    assert parse(piece, decimal_length=True).account == "1002"


def test_a_frame_cut_off_by_the_next_one_is_junk_and_the_next_one_is_read() -> None:
    whole = framed(VECTORS[4][0])
    pieces = Framer().feed(whole[:20] + whole)
    assert [piece.text_at for piece in pieces] == [0, 9]
    assert parse(pieces[1]) == VECTORS[4][1]


def test_the_padding_ends_at_its_bar_or_at_the_data() -> None:
    assert without_padding("0000000000000000|Nri1/WA000]_16:04:02,07-09-2020") == (
        "Nri1/WA000]_16:04:02,07-09-2020"
    )
    assert without_padding("ppppppppppp]_18:24:52,07-05-2020") == "]_18:24:52,07-05-2020"
    # A bar inside the data is none of the padding's.
    assert without_padding("pppp|#1234|NPA1]") == "#1234|NPA1]"


def test_the_cipher_text_of_another_program_is_opened() -> None:
    # pysiaalarm's vector; key of 16 characters.
    sealed = (
        "C07DA1EB73C617857476EE5D79436CEE5E0084485E79EC56B0D5D1F3F6E648B2"
        "78050BBCCBC8FE5DCA7E3C80DBDD4945"
    )
    assert decrypted(sealed, b"AAAAAAAAAAAAAAAA") == (
        "0000000000000000|Nri1/WA000]_16:04:02,07-09-2020"
    )
    wrong = decrypted(sealed, b"BAAAAAAAAAAAAAAA")
    assert wrong is not None
    assert not is_body(wrong)


def test_a_frame_that_is_no_cipher_text_is_none() -> None:
    assert decrypted("XYZ", bytes(16)) is None
    assert decrypted("AABB", bytes(16)) is None
    assert decrypted("", bytes(16)) is None


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("hex:00112233445566778899AABBCCDDEEFF", 1),
        ("ascii:00112233445566778899AABBCCDDEEFF", 1),
        ("00112233445566778899AABBCCDDEEFF", 2),  # 128 bits in digits, or 256 bits of characters
        ("AAAAAAAAAAAAAAAA", 1),
        ("a key of 24 characters!!", 1),
        ("0" * 48, 1),
        ("0" * 64, 1),
    ],
)
def test_a_key_is_hexadecimal_digits_or_characters(written: str, keys: int) -> None:
    found = keys_of(written)
    assert len(found) == keys
    assert all(len(key) in (16, 24, 32) for key in found)


@pytest.mark.parametrize("written", ["", "short", "hex:AAAAAAAAAAAAAAAA", "ascii:" + "0" * 48])
def test_a_key_of_another_length_is_refused_without_telling_it(written: str) -> None:
    with pytest.raises(ConfigError, match="DC-09 key of") as caught:
        keys_of(written)
    assert "AAAA" not in str(caught.value)


@given(
    key=st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    plain=st.text(st.characters(max_codepoint=255), max_size=200),
)
@tries(50)
def test_what_is_encrypted_is_decrypted_to_the_same(key: bytes, plain: str) -> None:
    opened = decrypted(encrypted(plain, key), key)
    assert opened is not None
    assert opened.endswith(plain)
    padding = opened[: len(opened) - len(plain)]
    assert 16 <= len(padding) < 32
    assert not set(padding) & set("|[]")


def test_the_padding_differs_from_message_to_message() -> None:
    first, second = (
        encrypted("]_18:24:52,07-05-2020", bytes(16)),
        encrypted("]_18:24:53", bytes(16)),
    )
    assert first[:32] != second[:32]


def test_extended_data_and_time_stand_behind_the_data() -> None:
    assert content("#1|NPA1][IHall][X1]_18:24:52,07-05-2020") == Content(
        "#1|NPA1", (("I", "Hall"), ("X", "1")), datetime(2020, 7, 5, 18, 24, 52, tzinfo=UTC)
    )
    assert content("x]_99:24:52,07-05-2020").stamp is None
    with pytest.raises(PeerError):
        content("#1|NPA1")


frames = st.builds(
    Frame,
    st.sampled_from(["SIA-DCS", "ADM-CID", "NULL", "ACK"]),
    st.integers(0, 9999).map("{:04}".format),
    st.none() | st.from_regex("[0-9A-F]{1,6}", fullmatch=True),
    st.none() | st.from_regex("[0-9A-F]{0,6}", fullmatch=True),
    st.from_regex("[0-9A-F]{3,16}", fullmatch=True),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=100),
    st.booleans(),
    st.booleans(),
)


@given(frames)
@tries(50)
def test_what_is_written_is_read_as_the_same_frame(frame: Frame) -> None:
    assert [parse(piece) for piece in Framer().feed(encode(frame))] == [frame]


@given(st.lists(st.one_of(frames.map(encode), st.binary(max_size=40)), max_size=6), st.data())
@tries(50)
def test_any_split_of_the_bytes_gives_the_same_pieces(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    framer = Framer()
    pieces = [
        piece
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for piece in framer.feed(stream[start:end])
    ]
    assert pieces == Framer().feed(stream)


@given(st.binary(max_size=300))
@tries(50)
def test_junk_never_raises_anything_but_the_peers_error(junk: bytes) -> None:
    for piece in [*Framer().feed(junk), Piece(b"\n" + junk + b"\r", 9)]:
        if len(piece.raw) > 10:
            try:
                parse(piece)
            except PeerError:
                continue


def test_memory_is_bounded_however_long_a_peer_talks_without_an_end() -> None:
    framer = Framer()
    for _ in range(200):
        framer.feed(b'\n00000000"' + b"x" * 10_000)
        assert len(framer._buffer) <= FRAME_BYTES_MAX + 10


@pytest.mark.long
@pytest.mark.parametrize("unit", [b"\n", b"\r", b'\n00000000"', b'\n"', b"x", b'\n00000000"\r'])
def test_a_megabyte_of_junk_takes_linear_time(unit: bytes) -> None:
    began = time.process_time()
    Framer().feed(unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 5


def test_the_time_of_an_answer_is_utc_and_month_first() -> None:
    assert stamp(datetime(2019, 7, 5, 15, 39, 35, tzinfo=UTC)) == "_15:39:35,07-05-2019"


def framed(text: str) -> bytes:
    return b"\n" + text.encode() + b"\r"
