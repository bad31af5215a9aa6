"""Frames whose sums, ends or texts are wrong: what of them is heard, and what is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.codec import crc16, stamp
from devices.callsystems.dc09.crypt import encrypted
from devices.callsystems.dc09.session import STALE_AFTER, Dc09Session
from devices.callsystems.dc09.settings import Account, Settings
from devices.session import Heard

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
KEY = b"0123456789abcdef"
PANIC = '"ADM-CID"0227L0#1234[#1234|1120 01 057]'
SIA = '"SIA-DCS"0031L0#1234[#1234|Nri1/PA57]'


def test_a_press_whose_crc_never_fits_is_raised_with_all_it_says_at_its_third_copy() -> None:
    accounts = Accounts()
    heard = [copy(accounts, framed(PANIC, crc=0xAA1A), 20 * number) for number in range(4)]
    assert [len(alarms(one)) for one in heard] == [0, 0, 1, 1]
    (said,) = alarms(heard[2])
    assert (said.device, said.kind, said.point) == ("1234", AlarmKind.ATTACK, "1/57")
    assert "a wrong CRC" in said.odd[0]
    assert said.seq == alarms(heard[3])[0].seq


def test_a_panel_that_numbers_and_stamps_each_repeat_anew_is_heard_at_the_third() -> None:
    accounts, heard = Accounts(), []
    for number in range(3):
        text = f'"SIA-DCS"{number:04}L0#1234[#1234|NPA7]' + stamp(NOW + timedelta(minutes=number))
        heard.append(copy(accounts, framed(text, crc=0), 60 * number))
    assert [len(alarms(one)) for one in heard] == [0, 0, 1]


def test_what_was_taken_in_doubt_is_acknowledged_once_it_is_kept() -> None:
    session = Dc09Session()
    for _ in range(2):
        session.receive(framed(PANIC, crc=1), NOW, NOW)
        assert session.to_send() == b""
    (heard,) = session.receive(framed(PANIC, crc=1), NOW, NOW)
    assert session.to_send() == b""
    session.stored(heard.ticket, True, NOW)
    assert b'"ACK"0227L0#1234' in session.to_send()


def test_a_length_that_never_fits_is_heard_the_same_way() -> None:
    accounts = Accounts()
    frame = framed(PANIC).replace(b"0027", b"0072")
    assert frame != framed(PANIC)
    assert [len(alarms(copy(accounts, frame, n))) for n in range(3)] == [0, 0, 1]


def test_an_encrypted_press_whose_crc_never_fits_is_heard_though_each_copy_is_all_new() -> None:
    accounts, heard = Accounts(Settings((Account("1234", (KEY,)),))), []
    for number in range(3):
        now = NOW + timedelta(seconds=number)
        sealed = encrypted("|#1234|NPA7]" + stamp(now), KEY)
        heard.append(copy(accounts, framed(f'"*SIA-DCS"0031L0#1234[{sealed}', crc=7), number))
    assert [[one.kind for one in alarms(each)] for each in heard] == [[], [], [AlarmKind.ATTACK]]


def test_a_link_test_whose_crc_never_fits_calls_nobody() -> None:
    accounts, frame = Accounts(), framed('"NULL"0001L0#1234[]', crc=3)
    said = [one for number in range(5) for one in copy(accounts, frame, number)]
    types = {one.reading.type for one in said if one.reading is not None}
    assert types == {SignalType.HEARTBEAT}


def test_what_would_take_help_away_is_told_and_takes_nothing() -> None:
    accounts, frame = Accounts(), framed('"SIA-DCS"0031L0#1234[#1234|NPR57]', crc=3)
    said = [one.reading for number in range(3) for one in copy(accounts, frame, number)]
    assert [one.type for one in said if one is not None] == [SignalType.TECHNICAL]


def test_noise_that_is_never_the_same_raises_nothing() -> None:
    accounts = Accounts()
    for number in range(200):
        frame = bytearray(framed(PANIC))
        frame[30] = number
        assert alarms(copy(accounts, bytes(frame), 0)) == [] or frame == framed(PANIC)


@pytest.mark.parametrize(
    "frame",
    [
        b"%b\r" % b"".join((b"%04X%04X" % (crc16(SIA.encode()), len(SIA)), SIA.encode())),
        b"\n%04X%04X%b" % (crc16(SIA.encode()), len(SIA), SIA.encode()),
        b"\n%04X%04X%b\n" % (crc16(SIA.encode()), len(SIA), SIA.encode()),
        b"%04X%04X%b" % (crc16(SIA.encode()), len(SIA), SIA.encode()),
        b"%04X%04X%b\r\n" % (crc16(SIA.encode()), len(SIA), SIA.encode()),
        b"\n%04X%04X%b\0" % (crc16(SIA.encode()), len(SIA), SIA.encode()),
        b"\x02%04X%04X%b\x03"[:-1] % (crc16(SIA.encode()), len(SIA), SIA.encode()),
    ],
    ids=["no LF", "no CR", "LF for CR", "neither", "CRLF behind", "NUL for CR", "STX for LF"],
)
@pytest.mark.parametrize("way", ["ends", "pauses", "datagram", "goes on"])
def test_a_frame_without_its_ends_is_read_and_answered(frame: bytes, way: str) -> None:
    session = Dc09Session(datagrams=way == "datagram")
    heard = list(session.receive(frame, NOW, NOW))
    if way == "ends":
        heard += session.ended(NOW)
    if way == "pauses" and session.wake_at is not None:
        assert session.wake_at == NOW + STALE_AFTER
        heard += session.wake(NOW + STALE_AFTER)
    if way == "goes on":
        heard += session.receive(framed('"NULL"0001L0#1234[]'), NOW, NOW)
    (said,) = alarms(heard)
    assert (said.kind, said.point) == (AlarmKind.ATTACK, "1/57")
    session.stored(next(one.ticket for one in heard if one.ticket), True, NOW)
    assert b'"ACK"0031L0#1234' in session.to_send()


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\xff\xfb\x01", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_stands_before_a_frame_costs_nothing(before: bytes) -> None:
    session = Dc09Session()
    bare = framed(SIA).strip()
    assert len(alarms([*session.receive(before + bare, NOW, NOW), *session.ended(NOW)])) == 1


@pytest.mark.parametrize(
    ("text", "kind", "point"),
    [
        ('"SIA-DCS"0031L0#1234[#1234|Nri1/PA57]_12:0', AlarmKind.ATTACK, "1/57"),
        ('"SIA-DCS"0031L0#1234[#1234|Nri1/PA57', AlarmKind.ATTACK, "1/*"),
        ('"SIA-DCS"0031L0#1234[#1234|Nri1/PA', AlarmKind.ATTACK, "1/*"),
        ('"ADM-CID"0227L0#1234[#1234|1120 01 05', AlarmKind.ATTACK, ""),
    ],
)
def test_a_call_that_was_cut_off_is_raised_without_a_place_it_may_not_be(
    text: str, kind: AlarmKind, point: str
) -> None:
    session = Dc09Session()
    cut = framed(text, crc=0).rstrip(b"\r")
    assert session.receive(cut, NOW, NOW) == []
    (said,) = alarms(session.ended(NOW))
    assert (said.device, said.kind, said.point) == ("1234", kind, point)
    assert session.to_send() == b""


@pytest.mark.parametrize("rest", ["NULL", 'SIA-DCS"0031L0#12', 'SIA-DCS"0031L0#1234[#1234|NRP'])
def test_what_is_cut_off_before_it_calls_calls_nobody_and_is_not_answered(rest: str) -> None:
    session = Dc09Session()
    session.receive(f'\n12340027"{rest}'.encode(), NOW, NOW)
    assert alarms(session.ended(NOW)) == []
    assert session.to_send() == b""


def test_a_type_nobody_knows_is_read_as_what_its_data_look_like() -> None:
    (heard,) = Dc09Session().receive(framed(SIA.replace("SIA-DCS", "SIA-DC5")), NOW, NOW)
    assert heard.reading is not None
    assert (heard.reading.kind, heard.reading.point) == (AlarmKind.ATTACK, "1/57")
    assert heard.reading.odd == ("type: not read here (SIA-DC5)",)


@pytest.mark.parametrize("written", ["utf-8", "cp1252"])
def test_a_text_is_read_in_whichever_way_the_panel_writes_it(written: str) -> None:
    for text in ('"SIA-DCS"0003L0#1234[#1234|Nri1/PA1^Køkken^]', PANIC + "[IKøkken]"):
        raw = text.encode(written)
        frame = b"\n%04X%04X%b\r" % (crc16(raw), len(raw), raw)
        (heard,) = Dc09Session().receive(frame, NOW, NOW)
        assert heard.reading is not None
        assert heard.reading.text.startswith("Køkken")


def test_two_frames_in_one_datagram_get_an_answer_each_in_one_of_its_own() -> None:
    session = Dc09Session(datagrams=True)
    for heard in session.receive(framed(PANIC) + framed(SIA), NOW, NOW):
        session.stored(heard.ticket, True, NOW)
    said = [session.to_send() for _ in range(3)]
    assert [one.count(b"ACK") for one in said] == [1, 1, 0]


def framed(text: str, crc: int | None = None) -> bytes:
    raw = text.encode()
    return b"\n%04X%04X%b\r" % (crc16(raw) if crc is None else crc, len(raw), raw)


def copy(accounts: Accounts, frame: bytes, seconds: int) -> list[Heard]:
    """As a panel sends it again: over a connection of its own."""
    session = Dc09Session(accounts, supervises=False)
    now = NOW + timedelta(seconds=seconds)
    return [*session.receive(frame, now, now), *session.ended(now)]


def alarms(heard: object) -> list[Reading]:
    assert isinstance(heard, list | tuple)
    said = [one.reading for one in heard if one.reading is not None]
    return [one for one in said if one.type is SignalType.ALARM]
