"""What SCAIP codes mean, as literal tables: a new code is a new row.

Source of every number and name: caruhome/scaip-gateway `scaip_gateway/spec.py`, which follows SS
91100:2014. What each is for *us* (alarm, restore, technical …) is our reading. That source gives
both "inactive" and "initiated" the number 50; the list is alphabetical, so we read inactive as 49.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from core.signals import AlarmKind, SignalType


class StatusNumber(IntEnum):
    """`snu` of an mrs."""

    OK = 0
    TOO_LONG = 1
    INVALID_FORMAT = 2
    WRONG_CONTENT = 3
    HOLD = 4
    NOT_TREATED = 5
    BUSY = 6
    TAG_MISSING = 7


@dataclass(frozen=True, slots=True)
class Device:
    """One type of device (`dty`), and what an alarm of it is about."""

    name: str
    kind: AlarmKind = AlarmKind.CALL


@dataclass(frozen=True, slots=True)
class Status:
    """One status (`stc`). `kind` None of an alarm: as its device says.

    `ends`: the trouble a restore ends, or that is one with another. A restore without it ends what
    its device is for.
    """

    name: str
    type: SignalType
    kind: AlarmKind | None = None
    ends: int = 0


_SOS, _TECH = AlarmKind.SOS, AlarmKind.TECHNICAL

DEVICES: dict[int, Device] = {
    0: Device("unknown device"),
    1: Device("undefined device"),
    2: Device("local unit and controller", _SOS),
    3: Device("personal trigger", _SOS),
    4: Device("fixed trigger", _SOS),
    5: Device("fall detector", AlarmKind.FALL),
    6: Device("personal attack trigger", AlarmKind.ATTACK),
    7: Device("panic button", AlarmKind.ATTACK),
    8: Device("remote duty switch"),
    9: Device("local duty switch"),
    10: Device("activity detector", AlarmKind.NO_MOTION),
    11: Device("pill dispenser"),
    12: Device("bed monitor"),
    13: Device("mat sensor"),
    14: Device("door sensor"),
    15: Device("wandering sensor"),
    16: Device("enuresis detector"),
    17: Device("epilepsy detector", AlarmKind.MEDICAL),
    18: Device("occupancy detector"),
    19: Device("heart rate monitor", AlarmKind.MEDICAL),
    20: Device("environment monitor"),
    21: Device("gas detector", AlarmKind.UNKNOWN),
    22: Device("lighting circuit monitor"),
    23: Device("smoke detector", AlarmKind.FIRE),
    24: Device("heating monitor"),
    25: Device("heat detector", AlarmKind.FIRE),
    26: Device("carbon monoxide detector", AlarmKind.UNKNOWN),
    27: Device("bogus caller switch", AlarmKind.ASSIST),
    28: Device("intruder detector", AlarmKind.UNKNOWN),
    29: Device("boundary detector"),
    30: Device("automatic man-down detector", AlarmKind.MAN_DOWN),
    31: Device("system monitor", _TECH),
    32: Device("communication link monitor", _TECH),
    33: Device("flood detector", _TECH),
    34: Device("bath sensor"),
    35: Device("latch key"),
    36: Device("perimeter"),
    37: Device("sprinkler", AlarmKind.FIRE),
    38: Device("tamper", AlarmKind.TAMPER),
    39: Device("printer", _TECH),
    40: Device("router", _TECH),
    41: Device("power supply", _TECH),
    43: Device("access controller"),
    44: Device("chair monitor"),
    45: Device("controller", _SOS),
    46: Device("lift alarm unit", _SOS),
    47: Device("fire alarm system", AlarmKind.FIRE),
    48: Device("local unit", _SOS),
    49: Device("monitoring device"),
    50: Device("radio unit", _TECH),
    51: Device("tracking device", _SOS),
}

_ALARM, _RESTORE = SignalType.ALARM, SignalType.RESTORE
_TECHNICAL, _KEPT = SignalType.TECHNICAL, SignalType.UNKNOWN

STATUS: dict[int, Status] = {
    0: Status("unknown", _ALARM, AlarmKind.UNKNOWN),
    1: Status("undefined", _ALARM, AlarmKind.UNKNOWN),
    2: Status("abort", SignalType.CANCEL),
    3: Status("absent", SignalType.PRESENCE),
    4: Status("accepted", _KEPT),
    5: Status("acknowledge", _KEPT),
    6: Status("activated", _ALARM),
    7: Status("active", _ALARM),
    8: Status("added", _KEPT),
    9: Status("automatic alarm", _ALARM),
    10: Status("manual alarm", _ALARM),
    11: Status("alert", _ALARM),
    12: Status("armed", _KEPT),
    13: Status("assigned", _KEPT),
    14: Status("battery failure", SignalType.LOW_BATTERY, ends=16),
    15: Status("battery ok", _RESTORE, _TECH, ends=16),
    16: Status("battery low", SignalType.LOW_BATTERY),
    17: Status("busy", _KEPT),
    18: Status("bypass", _KEPT),
    19: Status("cancel", SignalType.CANCEL),
    20: Status("charged", _KEPT),
    21: Status("closed", _KEPT),
    22: Status("closed too long", _KEPT),
    23: Status("IP connection failed", _TECHNICAL),
    24: Status("mobile network failed", _TECHNICAL),
    25: Status("telephone line failed", _TECHNICAL),
    26: Status("primary link failed", _TECHNICAL),
    27: Status("redundant link failed", _TECHNICAL),
    28: Status("deleted", _KEPT),
    29: Status("denied", _KEPT),
    30: Status("disarmed", _KEPT),
    31: Status("disconnected", _TECHNICAL),
    32: Status("error 1", _TECHNICAL),
    33: Status("error 2", _TECHNICAL),
    34: Status("error 3", _TECHNICAL),
    35: Status("error 4", _TECHNICAL),
    36: Status("error 5", _TECHNICAL),
    37: Status("error 6", _TECHNICAL),
    38: Status("error 7", _TECHNICAL),
    39: Status("error 8", _TECHNICAL),
    40: Status("error 9", _TECHNICAL),
    41: Status("executed", _KEPT),
    42: Status("failure", _TECHNICAL),
    43: Status("frequency drifted", _TECHNICAL),
    44: Status("frequency drifted down", _TECHNICAL),
    45: Status("frequency drifted up", _TECHNICAL),
    46: Status("high level", _KEPT),
    47: Status("in progress", _KEPT),
    48: Status("in service", _KEPT),
    49: Status("inactive", _KEPT),
    50: Status("initiated", _KEPT),
    51: Status("interrupted", _TECHNICAL),
    52: Status("jammed", _TECHNICAL),
    53: Status("level 1", _KEPT),
    54: Status("level 2", _KEPT),
    55: Status("level 3", _KEPT),
    56: Status("level 4", _KEPT),
    57: Status("level 5", _KEPT),
    58: Status("level 6", _KEPT),
    59: Status("level 7", _KEPT),
    60: Status("level 8", _KEPT),
    61: Status("level 9", _KEPT),
    62: Status("log", _KEPT),
    63: Status("loss", _TECHNICAL),
    64: Status("low level", _KEPT),
    65: Status("maintenance needed", _TECHNICAL),
    66: Status("urgent maintenance needed", _TECHNICAL),
    67: Status("malfunction", _TECHNICAL),
    68: Status("memory full", _TECHNICAL),
    69: Status("non active", _KEPT),
    70: Status("normal", _RESTORE),
    71: Status("occupied", _KEPT),
    72: Status("off", _RESTORE),
    73: Status("offline", _TECHNICAL),
    74: Status("on", _ALARM),
    75: Status("online", _RESTORE, _TECH, ends=73),
    76: Status("open", _KEPT),
    77: Status("open too long", _KEPT),
    78: Status("out of service", _TECHNICAL),
    79: Status("overflow", _TECHNICAL),
    80: Status("pending", _KEPT),
    81: Status("pill not taken", _KEPT),
    82: Status("pill reminder", _KEPT),
    83: Status("pill taken", _KEPT),
    84: Status("planned", _KEPT),
    85: Status("power failed", _TECHNICAL),
    86: Status("power restored", _RESTORE, _TECH, ends=85),
    87: Status("planned presence", SignalType.PRESENCE),
    88: Status("presence after alarm", SignalType.PRESENCE),
    89: Status("privacy switch", _KEPT),
    90: Status("pulse", _KEPT),
    91: Status("re-established", _RESTORE, _TECH, ends=31),
    92: Status("automatic reset", _RESTORE),
    93: Status("manual reset", _RESTORE),
    94: Status("restoral", _RESTORE),
    95: Status("radio interference", _TECHNICAL),
    96: Status("started", _KEPT),
    97: Status("ended", _RESTORE),
    98: Status("substituted", _KEPT),
    99: Status("succeeded", _KEPT),
    100: Status("temperature high", _TECHNICAL),
    101: Status("temperature low", _TECHNICAL),
    102: Status("test over the primary channel", SignalType.TEST),
    103: Status("test over the redundant channel", SignalType.TEST),
    104: Status("time-out", _TECHNICAL),
    105: Status("trouble", _TECHNICAL),
    106: Status("trespass", _ALARM, AlarmKind.UNKNOWN),
    107: Status("unauthorised access", _ALARM, AlarmKind.UNKNOWN),
    108: Status("unbypass", _KEPT),
    109: Status("verified", _KEPT),
    110: Status("assistance", _ALARM, AlarmKind.ASSIST),
    111: Status("intervention complete", _RESTORE),
    112: Status("IP connection re-established", _RESTORE, _TECH, ends=23),
    113: Status("mobile network re-established", _RESTORE, _TECH, ends=24),
    114: Status("telephone line re-established", _RESTORE, _TECH, ends=25),
    115: Status("primary link re-established", _RESTORE, _TECH, ends=26),
    116: Status("redundant link re-established", _RESTORE, _TECH, ends=27),
    117: Status("lying in bed", SignalType.PRESENCE),
    118: Status("locked", _KEPT),
    119: Status("movement", SignalType.PRESENCE),
    120: Status("occupancy", SignalType.PRESENCE),
    121: Status("present", SignalType.PRESENCE),
    122: Status("radio interference", _TECHNICAL),
    123: Status("radio test missing", _TECHNICAL),
    124: Status("radio test is back", _RESTORE, _TECH, ends=123),
    125: Status("tamper", SignalType.TAMPER),
    126: Status("temperature rises fast", _ALARM, AlarmKind.FIRE),
    127: Status("unlocked", _KEPT),
}
"""A status that is not here, in a message of type ME, is an alarm of kind `unknown`."""

LOCATIONS: dict[int, str] = {
    2: "home",
    3: "away",
    4: "indoors",
    5: "outdoors",
    6: "inside",
    7: "outside",
    8: "area",
    9: "zone",
    10: "basement",
    11: "bathroom",
    12: "bedroom",
    13: "dining room",
    14: "floor",
    15: "garage",
    16: "garden",
    17: "back garden",
    18: "front garden",
    19: "geo-fence",
    20: "gym",
    21: "kitchen",
    22: "laundry",
    23: "relax room",
    24: "sauna",
    25: "stairs",
    26: "study",
    27: "workshop",
    28: "loft",
    29: "shed",
    30: "temporary address",
    31: "summer house",
    32: "winter cottage",
    33: "mobile",
    34: "place attached",
    35: "GPS place attached",
    36: "property",
    37: "bathroom for wheelchairs",
    38: "door",
    39: "front door",
    40: "back door",
    41: "fire door",
    42: "hallway",
    43: "living room",
    44: "flat",
    45: "bungalow",
    46: "lounge",
    47: "communal area",
    48: "office",
    49: "room",
    50: "site",
    51: "ward",
    52: "wing",
}
