"""Bytes of every family as its devices send them: what the fuzzer and the laws walk over.

A family that is not in both tables fails its tests from its first day.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.callsystems.dc09.codec import crc16

SIP = (
    b"MESSAGE sip:us@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:us@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n"
    b"Content-Type: application/scaip+xml\r\nContent-Length: 92\r\n\r\n"
)
MRQ = (
    b"<mrq><ref>00001883</ref><mty>ME</mty><cid>26317</cid><dty>02</dty><did>00</did>"
    b"<stc>010</stc></mrq>"
)
ESPA = (
    bytes.fromhex("0431053205"),
    bytes.fromhex(
        "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
    ),
    bytes.fromhex("013202311f303831350311"),
    bytes.fromhex("01310231" + "1f41035f"),
)


def espa_x(number: int, request: str, encoding: str = "utf-8") -> bytes:
    """One frame of a client."""
    root = '<ESPA-X version="1.00" xmlns="http://ns.espa-x.org/espa-x">'
    content = f"{root}{request}</ESPA-X>".encode(encoding)
    return b"EX" + (len(content) + 10).to_bytes(4) + number.to_bytes(4) + content


SAMPLES: dict[str, tuple[bytes, ...]] = {
    "espa444": ESPA,
    "espa444-listen": ESPA,
    # A station that was polled selects the control station, whose own address is 1.
    "espa444-control": (bytes.fromhex("0432053105"), *ESPA[1:], b"\x06", b"\x04", b"2\x15"),
    "espax": (
        espa_x(1, '<REQ.HEARTBEAT invokeID="1"/>'),
        espa_x(
            2,
            '<REQ.P-START invokeID="2"><CP-PR-REF>7</CP-PR-REF><CP-CALLINGNO>1900</CP-CALLINGNO>'
            "<CP-TEXTMSG>help</CP-TEXTMSG></REQ.P-START>",
        ),
    ),
    "dc09": (
        b'\nBB86002C"NULL"0001L#7303658550[]_15:39:38,06-07-2019\r',
        b'\n9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]\r',
        b'\nA6CC003B"SIA-DCS"1662L0#0000[#0000|Nri0/RP0000]_12:40:52,12-22-2021\r',
        b'\n05BB0076"*SIA-DCS"7654L0#1111[C07DA1EB73C617857476EE5D79436CEE5E0084485E79EC56B0D5D1F3'
        b"F6E648B278050BBCCBC8FE5DCA7E3C80DBDD4945\r",
    ),
    "surgard": (
        b"5011 181234E12101001\x14",
        b"1011           @    \x14",
        b"S011[#1234|Nri1/BA01]\x14",
        b"1011      0012 C1128\x14",
    ),
    "ademco685": (b"\n11 7777 18 E110 00 C001\r", b"\n11 7777 5155 5555 5\r", b"\n11 OKAY @\r"),
    "scaip": (SIP + MRQ, MRQ, b"\r\n\r\n", b"SIP/2.0 200 OK\r\nCSeq: 1 MESSAGE\r\n\r\n"),
    "esp3": tuple(
        bytes.fromhex(frame)
        for frame in (
            "55000707017af650002989793001ffffffff37009d",
            "55000707017af600002989792002ffffffff4a0003",
            "5500050002ce00ff800000da",
            "5500010005700838",
        )
    ),
    "rfxtrx": tuple(
        bytes.fromhex(frame)
        for frame in ("0820004dd3dc540689", "0710002a45050170", "0a20000000000000000000")
    ),
    "rtl433": (
        b'{"time":"2026-11-21T12:00:00+0000","model":"X10-Security","id":"a1","code":"88"}\n',
        b'{"model":"Visonic-Powercode","id":"6f4770","alarm":1,"tamper":0,"battery_ok":1}',
    ),
    "modbus": tuple(
        bytes.fromhex(frame)
        for frame in ("0102010160" + "48", "010201a16030", "018202c161", "01020000000879cc")
    ),
    "modbus-tcp": tuple(
        bytes.fromhex(frame)
        for frame in ("00010000000401020101", "0002000000040102" + "01a1", "000300000003018202")
    ),
    "native": (
        b'badge-anna/up {"type":"alarm","kind":"attack","seq":7}\n',
        b'badge-anna/beat {"type":"heartbeat","battery":0.5}\n',
    ),
}


@dataclass(frozen=True, slots=True)
class Presses:
    """Messages of one family that call for help, each whole.

    `acknowledges`: what we say, as a pattern, when the sender may forget its message; empty: its
    link acknowledges whatever comes (a PUBACK); None: nobody on this wire is ever acknowledged.
    `left`: as a pattern, what makes bytes a message of this family at all. Without it they are
    noise. `ways`: the links it is spoken over. `sums`: a sum tells when its bytes are damaged.
    `names`: the parts of these messages that say who calls; damage there may cost the sender.
    """

    messages: tuple[bytes, ...]
    acknowledges: bytes | None
    left: bytes
    ways: tuple[str, ...] = ("ends", "pauses")
    sums: bool = False
    names: tuple[bytes, ...] = ()


def dc09(text: str, encoding: str = "utf-8") -> bytes:
    raw = text.encode(encoding)
    return b"\n%04X%04X%b\r" % (crc16(raw), len(raw), raw)


def sip(body: bytes) -> bytes:
    return SIP.replace(b"Content-Length: 92", b"Content-Length: %d" % len(body)) + body


_SCAIP_PRESS = (
    "<mrq><ref>00001883</ref><cid>26317</cid><did>0004</did><dty>0003</dty><stc>0010</stc>"
    "<lte>Køkken</lte></mrq>"
)
_ESPA_PRESS = ESPA[1]
_ESPA = Presses(
    (_ESPA_PRESS,), rb"\x06", rb"\x02.*\x1f|\x01.{8}", sums=True, names=(b"1\x1f0815\x1e",)
)

PRESSES: dict[str, Presses] = {
    "espa444": _ESPA,
    "espa444-listen": Presses((_ESPA_PRESS,), None, _ESPA.left, sums=True, names=_ESPA.names),
    "espa444-control": _ESPA,
    "espax": Presses(
        (
            espa_x(
                2,
                '<REQ.P-START invokeID="2"><CP-PR-REF>7</CP-PR-REF><CP-CALLINGNO>1900'
                "</CP-CALLINGNO><CP-TEXTMSG>Hjælp</CP-TEXTMSG></REQ.P-START>",
            ),
        ),
        rb"<RSP-CODE>(?:200|450)<",
        rb"REQ\.P|CP-",
        names=(b"<CP-CALLINGNO>1900</CP-CALLINGNO>",),
    ),
    "dc09": Presses(
        (
            dc09("\"SIA-DCS\"0031L0#1234[#1234|Nri1/PA57*'Køkken'NM]_12:00:00,11-21-2026"),
            dc09('"ADM-CID"0227L0#1234[#1234|1120 01 057]', "cp1252"),
        ),
        rb'"\*?ACK"',
        rb"#?[0-9A-Za-z]{3,16}\[.{3}|#[0-9A-Za-z]{3,16}\|.{3}",
        ("ends", "pauses", "datagrams"),
        sums=True,
        names=(b"#1234",),
    ),
    "surgard": Presses(
        (b"5011 181234E12101001\x14", b"S011[#1234|Nri1/PA01]\x14"),
        rb"\x06",
        rb".{14}",
        # Its first letter, damaged, makes a message of the receiver's own, and nothing tells.
        names=(b"5011 181234", b"S011[#1234|"),
    ),
    "ademco685": Presses(
        (b"\n11 7777 18 E120 00 C001\r",), rb"\x06", rb".{14}", names=(b" 7777 18",)
    ),
    "scaip": Presses(
        (sip(_SCAIP_PRESS.encode()), sip(_SCAIP_PRESS.encode("cp1252"))),
        rb"<snu>0</snu>",
        rb"<(?:cid|did|dty|stc)>[0-9]+<",
        ("ends", "pauses", "datagrams"),
        names=(b"<cid>26317</cid>",),
    ),
    "esp3": Presses(
        (bytes.fromhex("55000707017af650002989793001ffffffff37009d"),),
        None,
        rb".{15}",
        sums=True,
    ),
    "rfxtrx": Presses((bytes.fromhex("0820004dd3dc540689"),), None, rb".{6}"),
    "rtl433": Presses(
        (
            b'{"time":"2026-11-21T12:00:00+0000","model":"X10-Security","id":"a1","code":"88"}\n',
            b'{"model":"Visonic-Powercode","id":"6f4770","alarm":1,"tamper":0,"battery_ok":1}',
        ),
        b"",
        rb'"(?:code|alarm)"\s*:\s*("88"|1[,}])',
        names=(b'"id":"a1"', b'"id":"6f4770"'),
    ),
    "modbus": Presses((bytes.fromhex("010201016048"),), None, rb".{3}", sums=True),
    "modbus-tcp": Presses((bytes.fromhex("00010000000401020101"),), None, rb".{9}"),
    "native": Presses(
        (b'badge-anna/up {"type":"alarm","kind":"attack","seq":7}\n',),
        b"",
        rb"^[^/ ]+/up [^\n]",
        ("ends",),
    ),
}
