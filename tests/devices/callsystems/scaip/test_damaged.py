"""Messages of alarm units that are no XML, cut, doubled or in another encoding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.scaip.session import Receipts, ScaipSession
from devices.callsystems.scaip.sip import CLOSED_AFTER, STALE_AFTER
from devices.session import Heard
from tests.support.samples import sip

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PRESS = (
    "<mrq><ref>a</ref><cid>26317</cid><did>0004</did><dty>0007</dty><stc>0010</stc>"
    "<lte>Køkken</lte></mrq>"
)
HEARTBEAT = "<mrq><ref>b</ref><cid>26317</cid><dty>2</dty><mty>PI</mty><stc>0009</stc></mrq>"


@pytest.mark.parametrize(
    "body",
    [
        PRESS.encode("cp1252"),
        PRESS.encode() + b"\0",
        PRESS.encode() + b"\0\r\n ",
        PRESS.encode("utf-16-le"),
        b"\xef\xbb\xbf" + PRESS.encode(),
        b'<?xml version="1.0" encoding="US-ASCII"?>' + PRESS.encode(),
        b'<?xml version="1.0" encoding="utf-16"?>' + PRESS.encode(),
        PRESS.replace("mrq>", "MRQ>").replace("did>", "DID>").encode("cp1252"),
        PRESS.replace("<mrq>", '<s:mrq xmlns:s="urn:x">').replace("</mrq>", "</s:mrq>").encode(),
    ],
)
def test_one_bad_byte_costs_neither_pendant_nor_kind_nor_place(body: bytes) -> None:
    session = ScaipSession()
    (said,), receipt = pressed(session, body)
    assert (said.device, said.point, said.kind) == ("26317", "0004", AlarmKind.ATTACK)
    assert "Køkken" in said.text
    assert "<snu>0</snu>" in receipt


@pytest.mark.parametrize(
    "body",
    [
        PRESS.replace("Køkken", "bad < bad & Køkken"),
        PRESS.removesuffix("</mrq>"),
        PRESS.replace("</dty>", ""),
        PRESS.replace("</did>", "<did>"),
        PRESS.replace("<stc>", "<stX>"),
        PRESS.replace("<mrq>", "<mrX>"),
        '<!DOCTYPE m [<!ENTITY a "x">]>' + PRESS,
    ],
)
def test_of_what_is_no_xml_the_tags_are_picked_out_and_the_unit_is_told(body: str) -> None:
    (said,), receipt = pressed(ScaipSession(), body.encode())
    assert (said.type, said.device, said.point) == (SignalType.ALARM, "26317", "0004")
    assert said.odd
    assert "<snu>2</snu>" in receipt


def test_a_heartbeat_is_one_whatever_its_status_and_however_broken() -> None:
    for body in (HEARTBEAT, HEARTBEAT.removesuffix("</mrq>"), HEARTBEAT + "\0"):
        (said,), _ = pressed(ScaipSession(), body.encode())
        assert said.type is SignalType.HEARTBEAT


def test_a_reset_or_cancel_in_broken_xml_takes_nothing_back() -> None:
    reset = PRESS.replace("<stc>", "<mty>RE</mty><stc>")
    for body in (reset, PRESS.replace("0010", "0019")):
        (said,), _ = pressed(ScaipSession(), body.removesuffix("</mrq>").encode())
        assert said.type is SignalType.UNKNOWN


@pytest.mark.parametrize("receipts", list(Receipts))
def test_two_messages_in_one_body_are_both_heard(receipts: Receipts) -> None:
    other = PRESS.replace("0004", "0005").replace("<ref>a", "<ref>c")
    said, receipt = pressed(ScaipSession(receipts=receipts), (PRESS + other).encode())
    assert [one.point for one in said] == ["0004", "0005"]
    assert "<ref>c</ref>" in receipt


@pytest.mark.parametrize("off", [-30, -1, 1, 30])
@pytest.mark.parametrize("way", ["ends", "pauses", "datagram"])
def test_a_wrong_content_length_costs_nothing(off: int, way: str) -> None:
    body, session = PRESS.encode(), ScaipSession(datagrams=way == "datagram")
    length = b"Content-Length: %d"
    stream = sip(body).replace(length % len(body), length % (len(body) + off))
    heard = list(session.receive(stream, NOW, NOW))
    if way == "ends":
        heard += session.ended(NOW)
    heard += session.wake(NOW + CLOSED_AFTER)
    (said,) = readings(heard)
    assert (said.device, said.point, said.kind) == ("26317", "0004", AlarmKind.ATTACK)


def test_a_message_that_is_cut_off_is_heard_as_far_as_it_came() -> None:
    for session, later in ((ScaipSession(), True), (ScaipSession(), False)):
        assert session.receive(sip(PRESS.encode())[:-40], NOW, NOW) == []
        heard = session.wake(NOW + STALE_AFTER) if later else session.ended(NOW)
        (said,) = readings(heard)
        assert (said.device, said.point, said.type) == ("26317", "0004", SignalType.ALARM)


def test_a_damaged_head_costs_only_the_head() -> None:
    session = ScaipSession()
    stream = sip(PRESS.encode()).replace(b"Via: ", b"Via\0 ")
    (said,) = readings([*session.receive(stream, NOW, NOW), *session.ended(NOW)])
    assert (said.device, said.point) == ("26317", "0004")


def test_a_press_that_was_sent_as_another_request_is_raised() -> None:
    session = ScaipSession()
    (said,) = readings(session.receive(b"NOTIFY" + sip(PRESS.encode())[7:], NOW, NOW))
    assert said.device == "26317"
    assert b"405" in session.to_send()


def test_a_receipt_that_comes_back_calls_nobody() -> None:
    session = ScaipSession()
    assert readings(session.receive(sip(b"<mrs><ref>1</ref><snu>0</snu></mrs>"), NOW, NOW)) == []


def pressed(session: ScaipSession, body: bytes) -> tuple[list[Reading], str]:
    """What is heard of one message over a connection that pauses, and its last receipt."""
    heard = [*session.receive(sip(body), NOW, NOW), *session.wake(NOW + CLOSED_AFTER)]
    for one in heard:
        if one.ticket:
            session.stored(one.ticket, True, NOW)
    out = session.to_send().decode()
    return readings(heard), out[out.rfind("<mrs>") :]


def readings(heard: Sequence[Heard]) -> list[Reading]:
    return [one.reading for one in heard if one.reading is not None]
