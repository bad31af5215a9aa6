"""One RFXtrx433 on a serial line: bytes in, readings out; it owes nobody an answer.

**Its law: a press is one reading, however often the transmitter says it.** The receiver hands every
repetition on, each with a new number of its own, so the number cannot tell copies from presses;
`devices.receivers.copies` does, over sender, command, and the count of the press where the remote
has one. Nothing on this air is signed: every reading is unauthenticated, and "off" or "end of
panic" is a restore that closes nothing. The receiver's lines carry no checksum either; `codec` says
how the reading stays in step.

The caller's round: `receive(bytes, now, wall)`; `wake(now)` at `wake_at`, at once after opening;
then write `to_send`. Opening is: reset, half a second, get status, start receiving. Then the
status is asked for every now and then (`keep_alive`); a receiver that fell silent is started anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.doubts import Doubts
from devices.receivers.copies import Copies
from devices.receivers.keep_alive import Check
from devices.receivers.receiver import RECEIVER, Junk, Receiver
from devices.receivers.rfxtrx.codec import (
    LENGTH_MIN,
    Packet,
    Reader,
    as_it_stands,
    command,
    encode,
)
from devices.receivers.rfxtrx.layouts import Spoken, name, spoken
from devices.receivers.rfxtrx.meanings import (
    COMMANDS,
    GROUP_OFF_SUBTYPES,
    INTERFACE,
    LENGTHS,
    LIGHTING5,
    MEASURES,
    SECURITY1,
    SECURITY_NAMES,
    SECURITY_STATUS,
    SMOKE,
    TRANSMITTER,
    UNDECODED,
    Meaning,
)
from devices.session import Heard

PROTOCOL = "rfxtrx"

COPIES_WITHIN = timedelta(seconds=2)
"""Remotes repeat for up to a second, key-fobs that want a long press for a little more."""

SETTLES_FOR = timedelta(milliseconds=500)
"""Between the reset and the next command (user guide: at least 50 ms)."""

RESET, GET_STATUS, START_RECEIVING = 0, 2, 7
"""Commands to the receiver [pyRFXtrx]."""


class RfxtrxSession:
    """One line."""

    def __init__(self, *, receiver: str = RECEIVER, doubts: Doubts | None = None) -> None:
        self._reader = Reader()
        self._copies = Copies(COPIES_WITHIN)
        self._receiver = Receiver(PROTOCOL, LENGTH_MIN, receiver, doubts)
        self._settled_at: datetime | None = None
        self._started = False
        self._sequence = 0
        self._out = b""

    @property
    def wake_at(self) -> datetime | None:
        times = (self._receiver.keep_alive.wake_at, self._settled_at, self._reader.wake_at)
        return min(at for at in times if at is not None)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        heard = self._heard(self._reader.feed(data, now), now)
        return [*self._receiver.heard(now), *heard] if data else heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        heard = self._heard(self._reader.stale(now), now)
        if self._settled_at is not None and now >= self._settled_at:
            self._settled_at = None
            self._tell(GET_STATUS, START_RECEIVING)
        check = self._receiver.keep_alive.look(now)
        if check is not Check.NOTHING:
            self._ask(now)
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

    def _ask(self, now: datetime) -> None:
        if self._started and not self._receiver.keep_alive.silent:
            self._tell(GET_STATUS)
            return
        self._started = True
        self._tell(RESET)
        self._settled_at = now + SETTLES_FOR

    def _tell(self, *numbers: int) -> None:
        for number in numbers:
            self._out += command(self._sequence, number)
            self._sequence = (self._sequence + 1) % 256

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
        raw = encode(packet)
        if packet.type == INTERFACE:
            return [Heard(self._receiver.said(SignalType.HEARTBEAT, "status", "", raw), raw=raw)]
        if packet.type == TRANSMITTER:
            return []
        if packet.type == UNDECODED:
            return [Heard(error="radio the receiver could not decode", raw=raw)]
        said = spoken(packet)
        if said is None:
            said = Spoken(f"{name(packet.type)}/{packet.data[:3].hex()}", None)
            meaning, code = _without_layout(packet, said.device)
        else:
            meaning, code = _meaning(packet, said)
        content = (said.device, packet.subtype, code, said.press)
        if self._copies.is_one(content, now):
            return []
        reading = Reading(
            protocol=PROTOCOL,
            device=said.device,
            type=meaning.type,
            kind=meaning.kind,
            seq=self._copies.seq(now),
            battery=None if packet.subtype in SMOKE else said.battery,
            text=meaning.text,
            code=code,
            odd=_odd(packet),
            raw=raw,
        )
        heard = [Heard(reading, raw=raw)]
        if meaning.tamper:
            also = replace(reading, type=SignalType.TAMPER, kind=None, battery=None)
            heard.append(Heard(also, raw=raw))
        return heard


def _meaning(packet: Packet, said: Spoken) -> tuple[Meaning, str]:
    if said.code is None:
        return Meaning("pressed", SignalType.ALARM, AlarmKind.SOS), "press"
    code = f"{said.code:#04x}"
    if packet.type == SECURITY1:
        return _security(packet.subtype, said, code), code
    known = COMMANDS[packet.type].get(said.code)
    if packet.type == LIGHTING5 and said.code == 0x02 and packet.subtype in GROUP_OFF_SUBTYPES:
        known = Meaning("group off", SignalType.RESTORE)
    return (known or _unknown(code, said.device)), code


def _security(subtype: int, said: Spoken, code: str) -> Meaning:
    assert said.code is not None
    known = SECURITY_STATUS.get(said.code)
    if known is None:
        return _unknown(code, said.device)
    what = SECURITY_NAMES.get(subtype, f"Security1 subtype {subtype:#04x}")
    kind = known.kind
    if kind is not None and subtype in SMOKE:
        kind = AlarmKind.FIRE
    return Meaning(f"{what}: {known.text}", known.type, kind, known.tamper)


def _without_layout(packet: Packet, device: str) -> tuple[Meaning, str]:
    code = f"type {packet.type:#04x}"
    if packet.type in MEASURES:
        return Meaning("a sensor", SignalType.HEARTBEAT), code
    return _unknown(f"{packet.type:#04x}", device), code


def _unknown(code: str, device: str) -> Meaning:
    """What could be a call for help is one."""
    text = f"unknown code {code} from {device}"
    return Meaning(text, SignalType.ALARM, AlarmKind.UNKNOWN)


def _odd(packet: Packet) -> tuple[str, ...]:
    right = LENGTHS.get(packet.type)
    length = 3 + len(packet.data)
    if right is None or length in right:
        return ()
    return (f"message: length {length}, not {right[0]}",)
