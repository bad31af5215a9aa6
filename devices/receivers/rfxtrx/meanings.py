"""What RFXtrx packets mean, as literal tables: a new packet is a new row.

Sources: [py] pyRFXtrx `lowlevel.py` (types, layouts, statuses, commands) and `test_base.py`; [UG]
RFXtrx user guide; [HA] the rfxtrx integration of Home Assistant (battery).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.signals import AlarmKind, SignalType

LENGTHS: dict[int, tuple[int, ...]] = {
    0x01: (0x0D, 0x14),  # interface response [py, UG: longer since firmware 1.0x]
    0x02: (0x04,),  # transmitter response [UG]
    0x10: (0x07,),  # Lighting1 [py]
    0x11: (0x0B,),  # Lighting2 [py]
    0x13: (0x09,),  # Lighting4 [py]
    0x14: (0x0A,),  # Lighting5 [py]
    0x15: (0x0B,),  # Lighting6 [py]
    0x16: (0x07, 0x0A),  # Chime [UG, py]
    0x20: (0x08,),  # Security1 [py]
    0x52: (0x0A,),  # temperature and humidity [py], the usual neighbour
}
"""Lengths of the types we read. In step a longer one is odd and read; a shorter one is none."""

RECEIVED = range(0x01, 0x80)
"""Types a receiver may write; 00 goes the other way, and from 80 on there are none [UG]."""

INTERFACE, TRANSMITTER = 0x01, 0x02
LIGHTING1, LIGHTING2, LIGHTING4 = 0x10, 0x11, 0x13
LIGHTING5, LIGHTING6, CHIME = 0x14, 0x15, 0x16
SECURITY1 = 0x20


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a status or a command is read; `tamper`: its housing is open as well."""

    text: str
    type: SignalType
    kind: AlarmKind | None = None
    tamper: bool = False


_ALARM, _RESTORE = SignalType.ALARM, SignalType.RESTORE
_ALIVE, _HERE = SignalType.HEARTBEAT, SignalType.PRESENCE
_KEPT = SignalType.UNKNOWN

SECURITY_STATUS: dict[int, Meaning] = {  # [py] STATUS
    0x00: Meaning("normal", _ALIVE),
    0x01: Meaning("normal, delayed", _ALIVE),
    0x02: Meaning("alarm", _ALARM, AlarmKind.SOS),
    0x03: Meaning("alarm, delayed", _ALARM, AlarmKind.SOS),
    0x04: Meaning("motion", _HERE),
    0x05: Meaning("no motion", _HERE),
    0x06: Meaning("panic", _ALARM, AlarmKind.ATTACK),
    0x07: Meaning("end of panic", _RESTORE),
    0x08: Meaning("infrared", _KEPT),
    0x09: Meaning("arm away", _KEPT),
    0x0A: Meaning("arm away, delayed", _KEPT),
    0x0B: Meaning("arm home", _KEPT),
    0x0C: Meaning("arm home, delayed", _KEPT),
    0x0D: Meaning("disarm", _KEPT),
    0x10: Meaning("light 1 off", _KEPT),
    0x11: Meaning("light 1 on", _KEPT),
    0x12: Meaning("light 2 off", _KEPT),
    0x13: Meaning("light 2 on", _KEPT),
    0x14: Meaning("dark", _KEPT),
    0x15: Meaning("light", _KEPT),
    0x16: Meaning("battery low", SignalType.LOW_BATTERY),
    0x17: Meaning("pairing", _KEPT),
    0x80: Meaning("normal, tamper", SignalType.TAMPER),
    0x81: Meaning("normal, delayed, tamper", SignalType.TAMPER),
    0x82: Meaning("alarm, tamper", _ALARM, AlarmKind.SOS, tamper=True),
    0x83: Meaning("alarm, delayed, tamper", _ALARM, AlarmKind.SOS, tamper=True),
    0x84: Meaning("motion, tamper", SignalType.TAMPER),
    0x85: Meaning("no motion, tamper", SignalType.TAMPER),
}
"""A status that is not here is an alarm of kind `unknown`."""

SECURITY_NAMES: dict[int, str] = {  # [py] TYPES
    0x00: "X10 Security",
    0x01: "X10 motion detector",
    0x02: "X10 remote",
    0x03: "KD101 smoke detector",
    0x04: "Visonic PowerCode, primary contact",
    0x05: "Visonic PowerCode motion detector",
    0x06: "Visonic CodeSecure",
    0x07: "Visonic PowerCode, auxiliary contact",
    0x08: "Meiantech",
    0x09: "Alecto SA30 smoke detector",
    0x0A: "RM174RF smoke detector",
}

SMOKE = (0x03, 0x09, 0x0A)
"""Subtypes that say "panic" or "alarm" for smoke, and nothing about a battery [py names, UG]."""

_PRESS = (_ALARM, AlarmKind.SOS)

COMMANDS: dict[int, dict[int, Meaning]] = {
    LIGHTING1: {  # [py]
        0x00: Meaning("off", _RESTORE),
        0x01: Meaning("on", *_PRESS),
        0x02: Meaning("dim", *_PRESS),
        0x03: Meaning("bright", *_PRESS),
        0x05: Meaning("all off", _RESTORE),
        0x06: Meaning("all on", *_PRESS),
        0x07: Meaning("chime", *_PRESS),
    },
    LIGHTING2: {  # [py]
        0x00: Meaning("off", _RESTORE),
        0x01: Meaning("on", *_PRESS),
        0x02: Meaning("set level", *_PRESS),
        0x03: Meaning("group off", _RESTORE),
        0x04: Meaning("group on", *_PRESS),
        0x05: Meaning("set group level", *_PRESS),
    },
    LIGHTING5: {  # [py] what all its subtypes share; group off only where GROUP_OFF says so
        0x00: Meaning("off", _RESTORE),
        0x01: Meaning("on", *_PRESS),
    },
    LIGHTING6: {  # [py]
        0x00: Meaning("on", *_PRESS),
        0x01: Meaning("off", _RESTORE),
        0x02: Meaning("group on", *_PRESS),
        0x03: Meaning("group off", _RESTORE),
    },
}
"""Any button but "off" is a press. A command that is not here is an alarm of kind `unknown`."""

GROUP_OFF_SUBTYPES = (0x00, 0x02, 0x04, 0x0F)
"""Lighting5 subtypes in which command 2 is "group off" [py]; elsewhere it is a button."""

MEASURES = range(0x40, 0x80)
"""Thermostats, weather, energy, raw sensors [py, UG]: signs of life, never a call."""

UNDECODED = 0x03
"""Radio the receiver itself could not decode [UG]; it comes only when that was switched on."""
