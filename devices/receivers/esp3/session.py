"""One EnOcean receiver on a serial line: bytes in, readings out; it owes nobody an answer.

**Its law: a press is one reading, whatever repeaters make of it.** A rocker says everything three
times within 40 ms and repeaters say it again within about 100 ms; `devices.receivers.copies` holds
the rule, over sender, kind and payload. How often it was repeated, how strong and to whom stand
outside, so a copy by another way is a copy.

EnOcean counts nothing and signs nothing here: every reading is unauthenticated, letting a button
go is a sign of life and never a restore (it comes right behind each press), and a telegram sent
again by somebody later is one more press of its device. A release whose press was never heard says
that a press was lost: a person is told, as a technical reading.

The caller's round: `receive(bytes, now, wall)`; `wake(now)` at `wake_at`, at once after opening;
then write `to_send`. The receiver is asked for its version every now and then (`keep_alive`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.doubts import Doubts
from devices.receivers.copies import Copies
from devices.receivers.esp3.codec import (
    HEAD_BYTES,
    RAW_BYTES_MAX,
    Packet,
    PacketType,
    Reader,
    Telegram,
    as_it_stands,
    encode,
    telegram,
)
from devices.receivers.esp3.meanings import (
    BUTTONS,
    CONTACT_BIT,
    CONTACT_OPEN,
    EVENTS,
    FOUR_BYTES,
    HANDLE,
    HANDLE_BITS,
    LEARN_BIT,
    NORMAL_MESSAGE,
    PRESSED,
    RELEASED,
    RORGS,
    SECOND_ACTION,
    TEACH_IN,
    CallsWhen,
    Meaning,
)
from devices.receivers.keep_alive import Check
from devices.receivers.receiver import RECEIVER, Junk, Receiver
from devices.session import Heard

PROTOCOL = "esp3"

COPIES_WITHIN = timedelta(milliseconds=300)
"""Copies of one telegram: 40 ms by the sender, 100 ms by repeaters, the rest for USB bundling."""

SENDERS_MAX = 2_048
"""Senders whose button or contact is remembered; past this the one met first is forgotten."""

ASK_VERSION = encode(Packet(PacketType.COMMON_COMMAND, b"\x03"))
"""CO_RD_VERSION: answered by every receiver, and it changes nothing."""


class Esp3Session:
    """One line. `call_points`: senders whose contact is a call point, and when it calls."""

    def __init__(
        self,
        call_points: Mapping[str, CallsWhen] | None = None,
        *,
        receiver: str = RECEIVER,
        doubts: Doubts | None = None,
    ) -> None:
        self._reader = Reader()
        self._copies = Copies(COPIES_WITHIN)
        self._call_points = dict(call_points or {})
        self._receiver = Receiver(PROTOCOL, HEAD_BYTES, receiver, doubts)
        self._down: dict[str, bool] = {}
        self._calling: dict[str, bool] = {}
        self._out = b""

    @property
    def wake_at(self) -> datetime | None:
        asks, half = self._receiver.keep_alive.wake_at, self._reader.wake_at
        return asks if half is None else min(half, asks)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        heard = self._heard(self._reader.feed(data, now), now)
        return [*self._receiver.heard(now), *heard] if data else heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        heard = self._heard(self._reader.stale(now), now)
        check = self._receiver.keep_alive.look(now)
        if check is not Check.NOTHING:
            self._out = ASK_VERSION
        if check is Check.SILENT:
            heard.append(self._receiver.silent())
        return heard

    def ended(self, now: datetime) -> Sequence[Heard]:
        return self._heard(self._reader.ended(), now)

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """Radio is not acknowledged: no ticket is ever given."""

    def to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    # One packet

    def _heard(self, found: Sequence[Packet | Junk], now: datetime) -> list[Heard]:
        heard: list[Heard] = []
        for one in found:
            if isinstance(one, Junk):
                heard += self._receiver.damaged(one, now, lambda raw: self._as_it_stands(raw, now))
            else:
                heard += self._packet(one, now)
        return heard

    def _as_it_stands(self, raw: bytes, now: datetime) -> list[Heard] | None:
        packet = as_it_stands(raw)
        return None if packet is None else self._packet(packet, now)

    def _packet(self, packet: Packet, now: datetime) -> list[Heard]:
        raw = encode(packet)[:RAW_BYTES_MAX]
        match packet.type:
            case PacketType.RADIO_ERP1 | PacketType.RADIO_SUB_TEL:
                said = telegram(packet)
                if said is None:
                    return [Heard(error="a radio telegram without a sender", raw=raw)]
                reading = self._telegram(said, now, raw)
            case PacketType.RESPONSE:
                code = f"answer {packet.data[:1].hex()}"
                reading = self._receiver.said(SignalType.HEARTBEAT, code, "", raw)
            case PacketType.EVENT:
                reading = self._event(packet, raw)
            case PacketType.COMMON_COMMAND:
                return []  # our own side of the line, as a listener in the middle hears it
            case _:
                text = f"unknown packet type {packet.type:#04x} from {self._receiver.name}"
                code = f"packet {packet.type:#04x}"
                reading = self._receiver.said(SignalType.UNKNOWN, code, text, raw)
        return [] if reading is None else [Heard(reading, raw=raw)]

    def _event(self, packet: Packet, raw: bytes) -> Reading:
        code = packet.data[0] if packet.data else 0
        known = EVENTS.get(code)
        if known is None:
            text = f"unknown event {code:#04x} from {self._receiver.name}"
            return self._receiver.said(SignalType.UNKNOWN, f"event {code:#04x}", text, raw)
        return self._receiver.said(known.type, f"event {code:#04x}", known.text, raw)

    # One telegram

    def _telegram(self, said: Telegram, now: datetime, raw: bytes) -> Reading | None:
        if self._copies.is_one((said.sender, said.rorg, said.payload, said.status & 0xF0), now):
            return None
        odd: tuple[str, ...] = ()
        match said.rorg:
            case 0xF6 if said.payload:
                meaning, code = self._rps(said)
                if len(said.payload) > 1:
                    odd = (f"message: {len(said.payload)} bytes, not 1",)
            case 0xD5 | 0xA5 if said.payload:
                meaning, code = self._contact(said)
            case _:
                meaning, code = _other(said)
        return Reading(
            protocol=PROTOCOL,
            device=said.sender,
            type=meaning.type,
            kind=meaning.kind,
            seq=self._copies.seq(now),
            text=meaning.text,
            code=code,
            odd=odd,
            raw=raw,
        )

    def _rps(self, said: Telegram) -> tuple[Meaning, str]:
        byte = said.payload[0]
        normal = bool(said.status & NORMAL_MESSAGE)
        if not normal and byte & HANDLE_BITS == HANDLE_BITS:
            return Meaning(SignalType.HEARTBEAT, HANDLE), f"{HANDLE} {byte:#04x}"
        if not byte & PRESSED:
            return self._released(said.sender)
        _remember(self._down, said.sender, True)
        if not normal:
            how = "no button, the bow itself" if byte >> 5 == 0 else "three or four buttons"
            return Meaning(SignalType.ALARM, f"pressed: {how}", AlarmKind.SOS), f"{byte:#04x}"
        first = BUTTONS.get(byte >> 5)
        second = BUTTONS.get(byte >> 1 & 0x07) if byte & SECOND_ACTION else ""
        if first is None or second is None:
            return _unknown(f"{byte:#04x}", said.sender)
        code = f"{first}+{second}" if second else first
        return Meaning(SignalType.ALARM, f"pressed: {code}", AlarmKind.SOS), code

    def _released(self, sender: str) -> tuple[Meaning, str]:
        if self._down.pop(sender, False):
            return Meaning(SignalType.HEARTBEAT, RELEASED), RELEASED
        text = (
            f"{sender} was let go, but its press was not heard. Somebody may have pressed: "
            "look there, then look at the radio's range."
        )
        return Meaning(SignalType.TECHNICAL, text, AlarmKind.TECHNICAL), "press not heard"

    def _contact(self, said: Telegram) -> tuple[Meaning, str]:
        """A contact repeats its state for years; only its change to calling is a call."""
        calls_when = self._call_points.get(said.sender)
        byte = said.payload[-1]
        if not byte & LEARN_BIT:
            return Meaning(SignalType.HEARTBEAT, TEACH_IN), TEACH_IN
        if said.rorg == FOUR_BYTES and calls_when is None:
            return Meaning(SignalType.HEARTBEAT, "a sensor"), f"a5 {said.payload.hex()}"
        state = (
            CallsWhen.OPEN if byte & CONTACT_BIT == CONTACT_OPEN[said.rorg] else CallsWhen.CLOSED
        )
        code = f"contact {state}"
        calling = state is calls_when
        was_calling = self._calling.get(said.sender, False)
        _remember(self._calling, said.sender, calling)
        if calling and not was_calling:
            return Meaning(SignalType.ALARM, code, AlarmKind.SOS), code
        if was_calling and not calling:
            return Meaning(SignalType.RESTORE, code), code
        return Meaning(SignalType.HEARTBEAT, code), code


def _other(said: Telegram) -> tuple[Meaning, str]:
    known = RORGS.get(said.rorg)
    code = f"rorg {said.rorg:#04x}"
    if known is not None and known.type is not SignalType.ALARM:
        return known, code
    calls, _ = _unknown(f"{said.rorg:#04x}", said.sender)
    return (calls if known is None else replace(calls, text=f"{calls.text}: {known.text}")), code


def _unknown(code: str, sender: str) -> tuple[Meaning, str]:
    """What could be a call for help is one."""
    text = f"unknown code {code} from {sender}"
    return Meaning(SignalType.ALARM, text, AlarmKind.UNKNOWN), code


def _remember(of: dict[str, bool], sender: str, state: bool) -> None:
    if sender not in of and len(of) >= SENDERS_MAX:
        del of[next(iter(of))]
    of[sender] = state
