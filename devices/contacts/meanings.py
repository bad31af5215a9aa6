"""What input boards say, as literal tables, each with what a person is told.

Sources: [AP] Modbus application protocol specification V1.1b3, section 7; [OWN] this package.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.signals import AlarmKind, SignalType
from devices.contacts.contact import Trouble
from devices.contacts.key_switch import Turn

PRESSED_KINDS: tuple[AlarmKind, ...] = (
    *(AlarmKind.ATTACK, AlarmKind.ASSIST, AlarmKind.WEAPON, AlarmKind.MEDICAL, AlarmKind.FIRE),
    *(AlarmKind.FALL, AlarmKind.DURESS, AlarmKind.CALL, AlarmKind.SOS),
)
"""What a button, a cord or a mat may call for; a site says which [OWN]."""

EXCEPTIONS: dict[int, str] = {
    1: "it does not know this function",  # [AP] illegal function
    2: "it has no such inputs",  # [AP] illegal data address
    3: "it does not give so many at once",  # [AP] illegal data value
    4: "it has failed",  # [AP] server device failure
    5: "it is busy with something long",  # [AP] acknowledge
    6: "it is busy",  # [AP] server device busy
    8: "its memory has failed",  # [AP] memory parity error
    10: "the gateway has no path to it",  # [AP] gateway path unavailable
    11: "the gateway hears nothing from it",  # [AP] gateway target device failed to respond
}

WRITE_EXCEPTIONS: dict[int, str] = {
    2: "it has no such output",  # [AP] 6.5
    3: "it does not take this value",  # [AP] 6.5
}
"""What differs when an output was to be written."""

TROUBLES: dict[Trouble, str] = {  # [OWN]
    Trouble.CUT: "its wires are cut",
    Trouble.SHORT: "its wires touch each other",
    Trouble.FAULT: "its loop measures what no well loop can",
    Trouble.TAMPER: "its housing or its wires were opened",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a turn of the test key is read."""

    type: SignalType
    text: str


TEST_KEY = "test_key"
"""`Reading.code` of a key that is on, and of its end."""


TURNS: dict[Turn, Meaning] = {  # [OWN]
    Turn.BEGUN: Meaning(SignalType.TECHNICAL, "The test key is on. First presses are tests."),
    Turn.LEFT_ON: Meaning(
        SignalType.TECHNICAL, "The test key was left on. All presses call. Turn it off."
    ),
    Turn.OFF: Meaning(SignalType.RESTORE, "the test key is off"),
}
