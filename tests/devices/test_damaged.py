"""What is damaged, cut or written otherwise, family by family: what of it is heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.ademco685.session import Ademco685Session
from devices.callsystems.codes.conversation import ACK, NAK, ReceiverSession
from devices.callsystems.codes.conversation import STALE_AFTER as MESSAGE_STALE
from devices.callsystems.espa444.codec import check_character
from devices.callsystems.espa444.listening import ListeningSession
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espax.session import STALE_AFTER as FRAME_STALE
from devices.callsystems.espax.session import EspaXSession
from devices.callsystems.surgard.session import SurGardSession
from devices.doubts import Doubts
from devices.receivers.esp3.session import Esp3Session
from devices.receivers.rfxtrx.session import RfxtrxSession
from devices.receivers.rtl433.session import Rtl433Session
from devices.session import DeviceSession, Heard
from tests.support.samples import espa_x

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PAGE = (
    '<REQ.P-START invokeID="2"><CP-PR-REF>7</CP-PR-REF><CP-CALLINGNO>1900</CP-CALLINGNO>'
    "<CP-TEXTMSG>Hjælp</CP-TEXTMSG></REQ.P-START>"
)


# Sur-Gard, Ademco 685


@pytest.mark.parametrize("session", [SurGardSession, Ademco685Session])
def test_a_message_without_its_end_is_read_and_acknowledged_after_a_pause(
    session: type[SurGardSession | Ademco685Session],
) -> None:
    whole = {
        SurGardSession: b"5011 181234E12101001",
        Ademco685Session: b"\n11 7777 18 E121 01 C001",
    }
    line = session()
    assert line.receive(whole[session], NOW, NOW) == []
    assert line.wake_at is not None
    assert line.wake_at <= NOW + MESSAGE_STALE
    (heard,) = [one for one in line.wake(NOW + MESSAGE_STALE) if one.ticket]
    assert heard.reading is not None
    assert heard.reading.kind is AlarmKind.DURESS
    line.stored(heard.ticket, True, NOW)
    assert line.to_send() == ACK


def test_a_message_that_was_cut_is_asked_for_again_and_taken_the_third_time() -> None:
    doubts, said = Doubts(), []
    for _ in range(3):
        line = SurGardSession(doubts=doubts)
        heard = [*line.receive(b"5011 181234E1", NOW, NOW), *line.ended(NOW)]
        said.append(([one.type for one in readings(heard)], line.to_send()))
    assert said == [([], NAK), ([], NAK), ([SignalType.ALARM], b"")]


def test_two_messages_whose_end_between_them_was_lost_are_both_heard() -> None:
    one, other = b"5011 181234E12101001", b"5011 185678E12001002"
    said = readings(SurGardSession().receive(one + other + b"\x14", NOW, NOW))
    assert [each.device for each in said] == ["1234", "5678"]
    lines = b"\n11 7777 18 E121 01 C001\n11 8888 18 E120 01 C002\r"
    assert [one.device for one in readings(Ademco685Session().receive(lines, NOW, NOW))] == [
        "7777",
        "8888",
    ]


@pytest.mark.parametrize(
    ("message", "device", "kind", "point"),
    [
        (b"5011 181234\xf812101001", "1234", AlarmKind.DURESS, "1/user1"),
        (b"5011\xf8181234E12101001", "1234", AlarmKind.DURESS, "1/user1"),
        (b"5011 181234E12\xf801001", "1234", AlarmKind.UNKNOWN, "1/1"),
        (b"5011 181234E121010\xf81", "1234", AlarmKind.DURESS, "1/*"),
        (b"5011 1812\xf84E12101001", "receiver", AlarmKind.UNKNOWN, ""),
        (b"S011[\xf81234|Nri1/PA01]", "1234", AlarmKind.ATTACK, "1/1"),
    ],
)
def test_one_bad_byte_of_a_receivers_message_costs_that_byte(
    message: bytes, device: str, kind: AlarmKind, point: str
) -> None:
    (said,) = third(SurGardSession(), message + b"\x14")
    assert (said.device, said.kind, said.point) == (device, kind, point)


def test_a_damaged_restore_takes_nothing_back() -> None:
    (said,) = third(SurGardSession(), b"5011\xf8181234R12001001\x14")
    assert said.type is SignalType.UNKNOWN


# ESPA 4.4.4


@pytest.mark.parametrize("session", [PagingSession, ListeningSession])
def test_a_block_whose_check_never_fits_is_a_call_at_its_third_copy(
    session: type[PagingSession | ListeningSession],
) -> None:
    line, said = session(), []
    for number in range(3):
        now = NOW + timedelta(seconds=number)
        said.append(len(readings(line.receive(block(b"0815", wrong=1), now, now))))
    assert said == [0, 0, 1]


def test_a_block_without_its_soh_is_read() -> None:
    (said,) = readings(ListeningSession().receive(block(b"0815")[1:], NOW, NOW))
    assert (said.device, said.kind) == ("0815", AlarmKind.SOS)


def test_a_line_that_is_gone_in_the_middle_of_a_block_has_called() -> None:
    line = PagingSession()
    line.receive(block(b"0815")[:-8], NOW, NOW)
    said = readings(line.ended(NOW))
    assert [(one.type, one.device) for one in said] == [(SignalType.ALARM, "0815")]


def test_a_reset_that_never_comes_right_takes_nothing_back() -> None:
    (said,) = third(PagingSession(), block(b"0815", kind=b"1", wrong=1))
    assert said.type is SignalType.UNKNOWN


@pytest.mark.parametrize("written", ["utf-8", "cp1252"])
def test_a_display_message_is_read_in_whichever_way_it_was_written(written: str) -> None:
    frame = block(b"0815", text="Køkken".encode(written))
    (said,) = readings(ListeningSession().receive(frame, NOW, NOW))
    assert said.text == "Køkken"


# ESPA-X


@pytest.mark.parametrize(
    "frame",
    [
        espa_x(2, PAGE, "cp1252"),
        espa_x(2, PAGE)[10:],
        espa_x(2, PAGE) + b"\0\0",
        b"EX\0\0\0\x40" + espa_x(2, PAGE)[6:],
        b"EX\0\0\x40\0" + espa_x(2, PAGE)[6:],
        espa_x(2, PAGE.replace("</REQ.P-START>", "")),
        espa_x(2, PAGE).replace(b"<ESPA-X", b"<ESPX-X"),
        espa_x(2, PAGE)[:-30],
    ],
    ids=["cp1252", "no header", "NULs", "short", "long", "not closed", "root", "cut"],
)
@pytest.mark.parametrize("way", ["ends", "pauses"])
def test_a_page_that_is_damaged_is_raised_with_its_caller(frame: bytes, way: str) -> None:
    session = EspaXSession()
    heard = list(session.receive(frame, NOW, NOW))
    heard += session.ended(NOW) if way == "ends" else session.wake(NOW + FRAME_STALE)
    said = [one for one in readings(heard) if one.type is SignalType.ALARM]
    assert [(one.device, "Hjælp" in one.text) for one in said] == [("1900", True)]


def test_a_page_behind_one_of_a_wrong_length_is_not_swallowed() -> None:
    other = espa_x(3, PAGE.replace("1900", "1901").replace(">7<", ">8<"))
    for wrong in (b"EX\0\0\x02\0", b"EX\0\0\0\x30"):
        session = EspaXSession()
        heard = session.receive(wrong + espa_x(2, PAGE)[6:] + other, NOW, NOW)
        assert [one.device for one in readings(heard)] == ["1900", "1901"]


# Radio


def test_the_same_damaged_telegram_a_third_time_is_a_press() -> None:
    rocker = bytearray.fromhex("55000707017af650002989793001ffffffff37009d")
    rocker[-1] ^= 1
    (said,) = third(Esp3Session(), bytes(rocker))
    assert (said.type, said.device) == (SignalType.ALARM, "00298979")
    rocker[10] ^= 1
    rocker[4] ^= 8
    (told,) = third(Esp3Session(), bytes(rocker))
    assert (told.type, told.code) == (SignalType.TECHNICAL, "garbled")


def test_noise_on_a_radio_line_calls_nobody() -> None:
    for session in (Esp3Session(), RfxtrxSession()):
        for _ in range(5):
            assert readings(session.receive(b"\0\0\0\0\0\0\0\0", NOW, NOW)) == []


def test_the_same_packet_of_a_wrong_length_a_third_time_is_told() -> None:
    said = third(RfxtrxSession(), bytes.fromhex("0620004dd3dc5406"))
    assert [one.type for one in said] in ([SignalType.ALARM], [SignalType.TECHNICAL])


PANIC = '{"time":"x","model":"X10-Security","id":"a1b2","code":"88","event":"KR15 PANIC"}'


@pytest.mark.parametrize(
    "payload",
    [
        PANIC[:-20],
        PANIC.replace(":", ":\n  ").replace(",", ",\n"),
        PANIC.replace('"x"', '"x'),
        PANIC.replace('"model"', '"mXdel"'),
        PANIC.replace("X10-Security", "X10-Secur?ty"),
        PANIC.replace('"x"', '"Kø\udcff\x01kken"'),
        "\ufeff" + PANIC,
        PANIC[:20] + PANIC,
    ],
)
def test_an_event_that_is_damaged_is_the_press_it_was(payload: str) -> None:
    session = Rtl433Session()
    content = payload.encode("utf-8", "surrogateescape")
    said = readings([*session.receive(content, NOW, NOW), *session.ended(NOW)])
    assert (said[-1].device, said[-1].kind) == ("X10-Security/a1b2", AlarmKind.ATTACK)


def test_a_neighbours_damaged_thermometer_calls_nobody() -> None:
    session = Rtl433Session()
    content = b'{"model":"Nexus-TH","id":3,"temperature_C":21.5,"humi'
    said = readings([*session.receive(content, NOW, NOW), *session.ended(NOW)])
    assert [one.type for one in said] in ([], [SignalType.HEARTBEAT])


def test_a_text_in_an_event_is_read_in_whichever_way_it_was_written() -> None:
    for written in ("utf-8", "cp1252"):
        event = '{"model":"Custom","id":1,"button":"Hjælp på Køkken"}'.encode(written)
        (said,) = readings(Rtl433Session().receive(event + b"\n", NOW, NOW))
        assert said.code == "Hjælp på Køkken"


def block(who: bytes, *, text: bytes = b"Feuer", kind: bytes = b"3", wrong: int = 0) -> bytes:
    """A call block with an emergency's priority; `wrong` bends its check character."""
    records = b"1\x1f" + who + b"\x1e2\x1f" + text + b"\x1e4\x1f" + kind + b"\x1e6\x1f1"
    body = b"1\x02" + records + b"\x03"
    return b"\x01" + body + bytes((check_character(body) ^ wrong,))


def third(session: DeviceSession | ReceiverSession, content: bytes) -> list[Reading]:
    """What is heard of the third copy, and nothing of the two before it."""
    heard: list[list[Reading]] = []
    for number in range(3):
        now = NOW + timedelta(seconds=20 * number)
        found = [*session.receive(content, now, now), *session.ended(now)]
        heard.append(readings(found))
    assert heard[:2] == [[], []]
    return heard[2]


def readings(heard: Sequence[Heard]) -> list[Reading]:
    return [one.reading for one in heard if one.reading is not None]
