"""Whoever nobody registered and may be calling for help: the duty leader hears all that is known.

Each family from its bytes to the notice, through intake and the deciding of a whole process.
"""

from __future__ import annotations

import json

import pytest

from core.signals import AlarmKind
from devices.callsystems.ademco685.codec import contact_id_message as ademco_message
from devices.callsystems.dc09.codec import crc16
from devices.callsystems.espa444.codec import EOT, encode, enquiry
from devices.callsystems.espax.codec import Message
from devices.callsystems.espax.codec import encode as espax_frame
from devices.callsystems.surgard.codec import contact_id_message as surgard_message
from devices.receivers.esp3.codec import Packet
from devices.receivers.esp3.codec import encode as esp3_packet
from dispatcher.channels.ports import Addressee
from dispatcher.channels.wording import compose
from dispatcher.roster.model import Language
from tests.support.old_line import OldLine


def _dc09(text: str) -> bytes:
    return f"\n{crc16(text.encode()):04X}{len(text):04X}{text}\r".encode()


def _espa(station: str) -> bytes:
    """A call of a type no table knows, to any of the roles."""
    records = (("1", b"0815"), ("2", b"Zimmer 12"), ("4", b"7"))
    return EOT + enquiry("1") + enquiry(station) + encode("1", records)


def _espax() -> bytes:
    login = Message("REQ.LOGIN", {"invokeID": "1"}, {"LI-CLIENT": "ward", "LI-USER": "ward"})
    called = {"CP-CALLINGNO": "1900", "CP-TEXTMSG": "Zimmer 12"}
    return espax_frame(login) + espax_frame(Message("REQ.P-SHOUT", {"invokeID": "2"}, called))


def _scaip() -> bytes:
    body = b"<mrq><ref>1</ref><cid>26317</cid><dty>3</dty><did>4</did><stc>999</stc></mrq>"
    head = (
        "MESSAGE sip:arc@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKa\r\n"
        "From: <sip:unit@127.0.0.1>;tag=1\r\nTo: <sip:arc@127.0.0.1>\r\nCall-ID: a@b\r\n"
        "CSeq: 1 MESSAGE\r\nContent-Type: application/scaip+xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _rocker() -> bytes:
    """Button "4" of a rocker: none has it."""
    data = bytes((0xF6, 0x90)) + bytes.fromhex("00298979") + b"\x30"
    return esp3_packet(Packet(1, data, bytes.fromhex("01ffffffff3700")))


SAID: list[tuple[str, bytes, str, str]] = [
    ("espa444", _espa("2"), "espa444:0815", "unknown code 0x37 from 0815: Zimmer 12"),
    ("espa444-listen", _espa("2"), "espa444:0815", "unknown code 0x37 from 0815: Zimmer 12"),
    ("espa444-control", _espa("1"), "espa444:0815", "unknown code 0x37 from 0815: Zimmer 12"),
    ("espax", _espax(), "espax:1900", "unknown code REQ.P-SHOUT from 1900: Zimmer 12"),
    ("scaip", _scaip(), "scaip:26317/4", "unknown code 999 from 26317/4, personal trigger"),
    (
        "dc09",
        _dc09('"SIA-DCS"0001L0#1234[#1234|Nri1/ZQ501]'),
        "dc09:1234/1/501",
        "unknown code ZQ from 1234, area 1, point 501",
    ),
    (
        "dc09",
        _dc09('"ADM-CID"0001L0#1234[#1234|1777 02 007]'),
        "dc09:1234/2/7",
        "unknown code 777 from 1234, area 2, point 7",
    ),
    (
        "surgard",
        surgard_message("1234", "E77702007"),
        "surgard:1234/2/7",
        "unknown code 777 from 1234, area 2, point 7",
    ),
    (
        "ademco685",
        ademco_message("7777", "E777 00 C001"),
        "ademco685:7777/1",
        "unknown code 777 from 7777, point 1",
    ),
    ("esp3", _rocker(), "esp3:00298979", "unknown code 0x90 from 00298979"),
    (
        "rfxtrx",
        bytes.fromhex("0820004dd3dc543789"),
        "rfxtrx:security1/d3dc54",
        "unknown code 0x37 from security1/d3dc54",
    ),
    (
        "rtl433",
        json.dumps({"model": "Nobody-Knows", "id": 7, "button": 3}).encode() + b"\n",
        "rtl433:Nobody-Knows/7",
        "unknown code 3 from Nobody-Knows/7",
    ),
]


@pytest.mark.parametrize(
    ("protocol", "sent", "device", "text"), SAID, ids=[f"{said[0]}-{said[2]}" for said in SAID]
)
async def test_an_unknown_code_of_an_unknown_sender_reaches_the_duty_leader_with_all_that_is_known(
    protocol: str, sent: bytes, device: str, text: str
) -> None:
    house = OldLine(protocol)
    await house.hears_to_the_end(sent)
    (alarm,) = house.running.process.core.open_alarms.alarms.values()
    assert (alarm.orphan, alarm.kind) == (True, AlarmKind.UNKNOWN)
    first = house.running.out.handed[0]
    process = house.running.process
    assert process.pictures.leads(first.person, first.site, process.at)
    assert first.text == f"{text} (old-line)"
    assert first.presser_names == (device,)
    words = " / ".join(line.text for line in compose(first, _addressee()))
    assert text in words
    assert "old-line" in words
    assert [one.wire for one in house.lines.scan.newest_first()][:1] == [device]


def _addressee() -> Addressee:
    return Addressee("leader", Language.DANISH)
