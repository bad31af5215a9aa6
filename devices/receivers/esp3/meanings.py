"""What EnOcean telegrams mean, as literal tables: a new telegram is a new row.

Sources: [RPS] EnOcean knowledge base, "RPS Telegram" and "ERP1 Switch Telegram Format"; [PTM] PTM
33x user manual 2.7 (N- and U-messages); [EEP] EnOcean Equipment Profiles 2.6; [kipe] kipe/enocean
`test_eep.py`; [ESP3] Serial Protocol 3 specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.signals import AlarmKind, SignalType

RPS, ONE_BYTE, FOUR_BYTES = 0xF6, 0xD5, 0xA5

BUTTONS: dict[int, str] = {
    0: "AI",  # [RPS]
    1: "A0",  # [RPS]
    2: "BI",  # [RPS]
    3: "B0",  # [RPS]
}
"""First and second action of a rocker; 4 to 7 are not used by any PTM."""

RELEASED = "released"
HANDLE = "window handle"
TEACH_IN = "teach-in"

NORMAL_MESSAGE = 0x10
"""Status bit NU: one or two buttons; else none of them, or more than two [RPS, PTM]."""

PRESSED = 0x10
"""Payload bit: the energy bow goes down [RPS]."""

SECOND_ACTION = 0x01

HANDLE_BITS = 0xC0
"""Both set in a message that is not normal: a window handle, F6-10-00 [EEP]; a PTM cannot [PTM]."""

LEARN_BIT = 0x08
"""In the last byte of 1BS and 4BS: zero says the learn button was pressed [EEP]."""

CONTACT_BIT = 0x01


class CallsWhen(StrEnum):
    """When a contact is a call point, as the site says for its sender."""

    CLOSED = "closed"
    OPEN = "open"


CONTACT_OPEN: dict[int, int] = {
    ONE_BYTE: 0,  # D5-00-01: 0 open, 1 closed [kipe]
    FOUR_BYTES: 1,  # A5-14-01: 1 open, 0 closed [EEP; openHAB A5_14_01]
}
"""The value of `CONTACT_BIT` that says "open"."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a telegram is read, and what a person is told of it."""

    type: SignalType
    text: str
    kind: AlarmKind | None = None


RORGS: dict[int, Meaning] = {
    0x30: Meaning(SignalType.ALARM, "a secured telegram we cannot open", AlarmKind.UNKNOWN),
    0x31: Meaning(SignalType.ALARM, "a secured telegram we cannot open", AlarmKind.UNKNOWN),
    0x32: Meaning(SignalType.UNKNOWN, "a decrypted secured telegram"),
    0x35: Meaning(SignalType.UNKNOWN, "teach-in of a secured device"),
    0x40: Meaning(SignalType.UNKNOWN, "a chained telegram"),
    0xA6: Meaning(SignalType.UNKNOWN, "an addressed telegram"),
    0xC5: Meaning(SignalType.UNKNOWN, "remote management"),
    0xC6: Meaning(SignalType.UNKNOWN, "smart acknowledge, learn request"),
    0xC7: Meaning(SignalType.UNKNOWN, "smart acknowledge, learn answer"),
    0xA7: Meaning(SignalType.UNKNOWN, "smart acknowledge, reclaim"),
    0xD0: Meaning(SignalType.UNKNOWN, "signal telegram"),
    0xD1: Meaning(SignalType.UNKNOWN, "manufacturer's telegram"),
    0xD2: Meaning(SignalType.UNKNOWN, "variable length telegram"),
    0xD4: Meaning(SignalType.UNKNOWN, "universal teach-in"),
}
"""Telegrams whose content we do not read [ESP3, EEP]. A secured one may be a button: it calls.

A kind of telegram that is not even here could be a button too: it calls as well.
"""

EVENTS: dict[int, Meaning] = {
    0x04: Meaning(SignalType.HEARTBEAT, "the receiver has started"),  # CO_READY [ESP3]
    0x05: Meaning(SignalType.TECHNICAL, "a secured device was refused", AlarmKind.TECHNICAL),
    0x06: Meaning(SignalType.TECHNICAL, "the radio is over its duty cycle", AlarmKind.TECHNICAL),
    0x07: Meaning(SignalType.TECHNICAL, "the receiver could not send", AlarmKind.TECHNICAL),
}
"""Events of the receiver itself [ESP3 1.10]."""
