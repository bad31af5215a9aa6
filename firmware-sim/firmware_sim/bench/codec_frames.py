"""What each device protocol is measured with: what a real sender writes, every time another press.

One turn is what a sender says to bring one frame over, the enquiries before it included; no two
frames of a run are alike, or the rule for copies would be measured and not the reading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devices.buttons.native import codec as native
from devices.callsystems.ademco685 import codec as ademco685
from devices.callsystems.dc09 import codec as dc09
from devices.callsystems.dc09.crypt import decrypted, encrypted
from devices.callsystems.espa444 import codec as espa444
from devices.callsystems.espa444.meanings import Header, Record
from devices.callsystems.espax import codec as espax
from devices.callsystems.scaip import codec as scaip
from devices.callsystems.scaip import sip
from devices.callsystems.scaip.session import CONTENT_TYPE
from devices.callsystems.surgard import codec as surgard
from devices.contacts import frames as modbus
from devices.contacts.board import Framing, Read, Table
from devices.receivers.esp3 import codec as esp3
from devices.receivers.rfxtrx import codec as rfxtrx
from devices.receivers.rfxtrx.meanings import SECURITY1
from devices.receivers.rtl433 import codec as rtl433

WHEN = datetime(2026, 11, 21, 19, tzinfo=UTC)

KEY = bytes.fromhex("850cba22f7dd4f033405da83e4c5bae9")

Decode = Callable[[bytes], int]
"""Bytes of one frame in; how many frames they were."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One protocol to measure. `write` gives the frame of press `number`, `turn` what brings it.

    `what` says what counts as one frame. `decoder` is the codec alone: bytes to the protocol's own
    values, without what they mean, whose they are, and whether they came before. `first` is said
    once by a sender that has just connected.
    """

    family: str
    what: str
    write: Callable[[int], bytes]
    decoder: Callable[[], Decode]
    turn: Callable[[bytes], bytes] = bytes
    first: bytes = b""
    settings: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""

    @property
    def name(self) -> str:
        return f"{self.family} {self.suffix}".rstrip()


# -- ESPA 4.4.4 -----------------------------------------------------------------------------


def _espa444_call(number: int) -> bytes:
    """As a DAKS sends it."""
    records = (
        (Record.ADDRESS, b"%04d" % number),
        (Record.CALL_TYPE, b"3"),
        (Record.BEEP, b"2"),
        (Record.TRANSMISSIONS, b"1"),
        (Record.PRIORITY, b"1"),
        (Record.MESSAGE, b"Feuer Zimmer %04d" % number),
    )
    return espa444.encode(Header.CALL, records)


def _espa444_decoder() -> Decode:
    scanner = espa444.Scanner()
    return lambda said: sum(
        isinstance(token, espa444.Block) and not token.fault for token in scanner.feed(said)
    )


# -- the other call systems -----------------------------------------------------------------


def _espax_page(number: int) -> bytes:
    fields = {
        "CP-PR-REF": f"call-{number}",
        "CP-GROUPID": "1",
        "CP-CALLINGNO": f"{number}",
        "CP-CALLINGNAME": "Anna",
        "CP-TEXTMSG": f"Kald stue {number}",
        "CP-PRIO": "Emergency",
    }
    attributes = {"invokeID": f"{number}", "sessionID": "1"}
    return espax.encode(espax.Message("REQ.P-START", attributes, fields), number)


def _espax_decoder() -> Decode:
    framer = espax.Framer()
    return lambda said: sum(bool(espax.parse(frame.xml).fields) for frame in framer.feed(said))


_ESPAX_LOGIN = espax.encode(
    espax.Message(
        "REQ.LOGIN", {"invokeID": "1"}, {"LI-CLIENT": "x", "LI-USER": "user", "LI-PASSWORD": "word"}
    )
)


def _dc09_event(number: int) -> bytes:
    body = f"#{number:04X}|Nri1/PA{number % 1_000:03d}]{dc09.stamp(WHEN)}"
    return dc09.encode(dc09.Frame("SIA-DCS", _sequence(number), "0", "0", f"{number:04X}", body))


def _dc09_sealed(number: int) -> bytes:
    body = f"|#{number:04X}|Nri1/PA{number % 1_000:03d}]{dc09.stamp(WHEN)}"
    frame = dc09.Frame("SIA-DCS", _sequence(number), "0", "0", f"{number:04X}", "", encrypted=True)
    return dc09.encode(
        dc09.Frame(
            frame.token,
            frame.seq,
            frame.receiver,
            frame.line,
            frame.account,
            encrypted(body, KEY),
            encrypted=True,
        )
    )


def _sequence(number: int) -> str:
    return f"{number % 9_999 + 1:04d}"


def _dc09_decoder() -> Decode:
    framer = dc09.Framer()

    def decode(said: bytes) -> int:
        frames = [dc09.parse(piece) for piece in framer.feed(said)]
        return sum(bool(dc09.content(_opened(frame)).data) for frame in frames)

    return decode


def _opened(frame: dc09.Frame) -> str:
    if not frame.encrypted:
        return frame.body
    plain = decrypted(frame.body, KEY)
    assert plain is not None
    return dc09.without_padding(plain)


def _surgard_decoder() -> Decode:
    """Its codec reads a message straight to what it means: one grammar, no values between."""
    grammar = surgard.SurGard()
    return lambda said: len(grammar.read(said[:-1].decode("latin-1"), said))


def _ademco685_decoder() -> Decode:
    grammar = ademco685.Ademco685()
    return lambda said: len(grammar.read(grammar.trim(said[:-1]).decode("latin-1"), said))


def _scaip_call(number: int) -> bytes:
    mrq = scaip.Mrq({"ref": f"{number}", "cid": f"{number}", "dty": "0003", "stc": "0010"})
    unit = f"sip:{number}@127.0.0.1:5060"
    headers = (
        ("via", f"SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK{number}"),
        ("from", f"<{unit}>;tag={number}"),
        ("to", "<sip:arc@127.0.0.1>"),
        ("call-id", f"{number}@127.0.0.1"),
        ("cseq", "1 MESSAGE"),
        ("contact", f"<{unit}>"),
        ("max-forwards", "70"),
        ("content-type", CONTENT_TYPE),
    )
    return sip.encode(sip.Request("MESSAGE", "sip:arc@127.0.0.1", headers, scaip.encode_mrq(mrq)))


def _scaip_decoder() -> Decode:
    reader = sip.Reader()

    def decode(said: bytes) -> int:
        found = [one for one in reader.feed(said, WHEN) if isinstance(one, sip.Request)]
        return sum(bool(scaip.read_mrq(one.body).tags) for one in found)

    return decode


# -- radio receivers ------------------------------------------------------------------------


def _esp3_press(number: int) -> bytes:
    said = esp3.radio(esp3.Telegram(0xF6, b"\x50", f"{number:08x}", 0x30))
    return esp3.encode(esp3.Packet(said.type, said.data, bytes.fromhex("03ffffffff4a00")))


def _esp3_decoder() -> Decode:
    reader = esp3.Reader()

    def decode(said: bytes) -> int:
        found = [one for one in reader.feed(said, WHEN) if isinstance(one, esp3.Packet)]
        return sum(esp3.telegram(one) is not None for one in found)

    return decode


def _rfxtrx_press(number: int) -> bytes:
    """Security1, X10 remote, panic."""
    sender = number.to_bytes(3, "big")
    return rfxtrx.encode(rfxtrx.Packet(SECURITY1, 2, number & 0xFF, sender + b"\x06\x89"))


def _rfxtrx_decoder() -> Decode:
    reader = rfxtrx.Reader()
    return lambda said: sum(isinstance(one, rfxtrx.Packet) for one in reader.feed(said, WHEN))


def _rtl433_press(number: int) -> bytes:
    said: rtl433.Fields = {
        "time": "2026-11-21T20:00:00+0100",
        "model": "X10-Security",
        "id": f"{number:06x}",
        "code": "88",
        "event": "PANIC",
        "battery_ok": 1,
    }
    return rtl433.encode(said)


def _rtl433_decoder() -> Decode:
    reader = rtl433.Reader()
    return lambda said: sum(isinstance(one, rtl433.Event) for one in reader.feed(said, WHEN))


# -- input boards, and our own devices ------------------------------------------------------

_INPUTS = 16
_READ = Read(1, Table.DISCRETE, 0, _INPUTS)
_POINTS = {f"point.1/{number}": "closes" for number in range(_INPUTS)}


def _modbus_answer(framing: Framing) -> Callable[[int], bytes]:
    """One of sixteen buttons is pressed, each time another."""

    def answer(number: int) -> bytes:
        inputs = 1 << number % _INPUTS
        body = bytes((_READ.unit, _READ.table, 2)) + inputs.to_bytes(2, "little")
        return modbus.framed(framing, body, number + 1)

    return answer


def _modbus_decoder(framing: Framing) -> Callable[[], Decode]:
    def decoder() -> Decode:
        reader = modbus.Reader(framing, (_READ,))
        return lambda said: sum(isinstance(one, modbus.Answer) for one in reader.feed(said))

    return decoder


def _native_press(number: int) -> bytes:
    body = {
        "seq": number,
        "boot": 7,
        "type": "alarm",
        "kind": "attack",
        "level": "red",
        "at": "2026-11-21T19:00:00Z",
        "battery": 0.87,
        "zone": "beacon-17",
    }
    return json.dumps(body).encode()


def _native_decoder() -> Decode:
    def decode(said: bytes) -> int:
        """A press in doubt is one too, but no whole frame."""
        read = native.read("up", said, "badge-anna", wall=WHEN, presses_in_doubt=True)
        return not read.odd

    return decode


# -------------------------------------------------------------------------------------------

SUBJECTS: tuple[Subject, ...] = (
    Subject(
        "espa444",
        "a block with six records; the session has its poll and its select besides",
        _espa444_call,
        _espa444_decoder,
        turn=lambda block: b"\x041\x052\x05" + block,
    ),
    Subject(
        "espa444-listen",
        "the same block; the session hears both sides of the line",
        _espa444_call,
        _espa444_decoder,
        turn=lambda block: b"\x041\x052\x05\x06" + block + b"\x06\x04",
    ),
    Subject(
        "espa444-control",
        "the same block; the session is selected, and takes the line back",
        _espa444_call,
        _espa444_decoder,
        turn=lambda block: b"1\x05" + block + b"\x04",
    ),
    Subject("espax", "a page of six fields", _espax_page, _espax_decoder, first=_ESPAX_LOGIN),
    Subject("dc09", "an event with its time", _dc09_event, _dc09_decoder),
    Subject(
        "dc09",
        "the same, sealed with AES-128",
        _dc09_sealed,
        _dc09_decoder,
        settings={"key": KEY.hex()},
        suffix="sealed",
    ),
    Subject(
        "surgard",
        "a Contact ID message, read to what it means",
        lambda number: surgard.contact_id_message(f"{number:04X}", "E12001007"),
        _surgard_decoder,
    ),
    Subject(
        "ademco685",
        "a Contact ID message, read to what it means",
        lambda number: ademco685.contact_id_message(f"{number:04X}", "E120 01 C007"),
        _ademco685_decoder,
    ),
    Subject("scaip", "a SIP MESSAGE with its mrq", _scaip_call, _scaip_decoder),
    Subject("esp3", "a radio telegram of a rocker", _esp3_press, _esp3_decoder),
    Subject("rfxtrx", "a packet of a pendant", _rfxtrx_press, _rfxtrx_decoder),
    Subject("rtl433", "a reception as JSON", _rtl433_press, _rtl433_decoder),
    Subject(
        "modbus",
        "an answer that shows sixteen inputs",
        _modbus_answer(Framing.RTU),
        _modbus_decoder(Framing.RTU),
        settings=_POINTS,
    ),
    Subject(
        "modbus-tcp",
        "an answer that shows sixteen inputs",
        _modbus_answer(Framing.TCP),
        _modbus_decoder(Framing.TCP),
        settings=_POINTS,
    ),
    Subject(
        "native",
        "an alarm as JSON, read to what it means",
        _native_press,
        _native_decoder,
        turn=lambda body: b"badge-anna/up " + body + b"\n",
    ),
)
