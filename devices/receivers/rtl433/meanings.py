"""What rtl_433 events mean, by model, field and value: a new device is a new row.

Sources are files under `src/devices/` of rtl_433 [name.c], as of releases 20.11 to 25.02;
[?] marks what the file does not say and we concluded.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.signals import AlarmKind, SignalType

ID_FIELDS = ("id", "device", "serial", "house_id", "sid")
"""Where a model keeps its number; releases before 19 had other names [simplisafe.c, hcs200.c]."""

HOP_FIELD = "encrypted"
"""A code that changes with each press and is the same in its copies [hcs200.c, DS40138C]."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `value` is compared as text, in small letters; None: any value."""

    model: str
    field: str
    value: str | None
    type: SignalType
    kind: AlarmKind | None = None


_ALARM, _RESTORE = SignalType.ALARM, SignalType.RESTORE
_ALIVE, _KEPT = SignalType.HEARTBEAT, SignalType.UNKNOWN
_SOS, _ATTACK = AlarmKind.SOS, AlarmKind.ATTACK

RULES: tuple[Rule, ...] = (
    # chuango.c
    Rule("Chuango-Security", "cmd_id", "2", _ALARM, _SOS),
    Rule("Chuango-Security", "cmd_id", "0", SignalType.TEST),
    Rule("Chuango-Security", "cmd_id", "1", _KEPT),  # disarm
    Rule("Chuango-Security", "cmd_id", "3", SignalType.TAMPER),
    Rule("Chuango-Security", "cmd_id", "4", _KEPT),  # home mode
    Rule("Chuango-Security", "cmd_id", "5", _KEPT),  # on
    Rule("Chuango-Security", "cmd_id", "6", _KEPT),  # home mode zone
    Rule("Chuango-Security", "cmd_id", "7", _KEPT),  # normal zone: a door
    Rule("Chuango-Security", "cmd_id", "8", _KEPT),  # arm
    Rule("Chuango-Security", "cmd_id", "10", _KEPT),  # single delay zone
    Rule("Chuango-Security", "cmd_id", "11", _ALARM, AlarmKind.UNKNOWN),  # 24 h: smoke, water
    Rule("Chuango-Security", "cmd_id", "13", SignalType.LOW_BATTERY),
    Rule("Chuango-Security", "cmd_id", None, _ALARM, AlarmKind.UNKNOWN),  # its "?"
    # visonic_powercode.c
    Rule("Visonic-Powercode", "alarm", "1", _ALARM, _SOS),
    Rule("Visonic-Powercode", "restore", "1", _RESTORE),
    Rule("Visonic-Powercode", "supervised", "1", _ALIVE),
    Rule("Visonic-Powercode", "alarm", "0", _ALIVE),
    # x10_sec.c: the code of today, of releases before 21.12 the remarks
    Rule("X10-Security", "code", "88", _ALARM, _ATTACK),  # KR15 PANIC
    Rule("X10-Security", "code", "89", _ALARM, _ATTACK),  # and its battery is low
    Rule("X10-Security", "code", "98", _ALARM, _ATTACK),  # KR15 PANIC-3SECOND
    Rule("X10-Security", "code", "99", _ALARM, _ATTACK),
    Rule("X10-Security", "code", "26", _ALARM, _ATTACK),  # KR18 PANIC
    Rule("X10-Security", "code", "27", _ALARM, _ATTACK),
    Rule("X10-Security", "event", "door/window open", _ALIVE),
    Rule("X10-Security", "event", "door/window closed", _ALIVE),
    Rule("X10-Security", "event", "motion tripped", SignalType.PRESENCE),
    Rule("X10-Security", "event", "motion ready", SignalType.PRESENCE),
    Rule("X10-Security", "event", "key-fob arm", _KEPT),
    Rule("X10-Security", "event", "key-fob disarm", _KEPT),
    Rule("X10-Security", "event", "sh624 sec-remote disarm", _KEPT),
    Rule("X10-Security", "event", "key-fob lights a on", _KEPT),
    Rule("X10-Security", "event", "key-fob lights b on", _KEPT),
    Rule("X10-Security", "event", "key-fob lights a off", _KEPT),
    Rule("X10-Security", "event", "key-fob lights b off", _KEPT),
    Rule("X10-Security", "code", "06", _KEPT),  # arm
    Rule("X10-Security", "code", "86", _KEPT),  # disarm
    Rule("X10-Security", "code", "82", _KEPT),
    Rule("X10-Security", "code", "04", _ALIVE),  # door open
    Rule("X10-Security", "code", "84", _ALIVE),  # door closed
    Rule("X10-Security", "code", "0c", SignalType.PRESENCE),
    Rule("X10-Security", "code", "8c", SignalType.PRESENCE),
    Rule("X10-Security", "code", None, _ALARM, AlarmKind.UNKNOWN),
    # simplisafe.c
    Rule("SimpliSafe-Keypad", "extradata", "keypad panic button", _ALARM, _ATTACK),
    Rule("SimpliSafe-Keyfob", "extradata", "panic", _ALARM, _ATTACK),  # [?]
    Rule("SimpliSafe-Keypad", "extradata", None, _KEPT),
    Rule("SimpliSafe-Sensor", "extradata", None, _ALIVE),
    # akhan_100F14.c
    Rule("Akhan-100F14", "data", "0x8 (alarm)", _ALARM, _SOS),
    Rule("Akhan-100F14", "data", "0x1 (lock)", _ALARM, _SOS),  # a one-button HS1527 [issue 2228]
    Rule("Akhan-100F14", "data", "0x2 (unlock)", _ALARM, _SOS),
    Rule("Akhan-100F14", "data", "0x4 (mute)", _ALARM, _SOS),
    # hcs200.c: any button of a rolling-code fob
    Rule("Microchip-HCS200", "learn", "1", _KEPT),
    Rule("Microchip-HCS200", "encrypted", None, _ALARM, _SOS),
    # generic_remote.c: a remote says nothing but that it was pressed
    Rule("Generic-Remote", "cmd", None, _ALARM, _SOS),
    # honeywell_wdb.c, quhwa.c, elro_db286a.c: doorbells used as buttons
    Rule("Honeywell-ActivLink", "subtype", "pir-motion", SignalType.PRESENCE),
    Rule("Honeywell-ActivLink", "alert", None, _ALARM, _SOS),
    Rule("Quhwa-Doorbell", "id", None, _ALARM, _SOS),
    Rule("Elro-DB286A", "id", None, _ALARM, _SOS),
    # nexa.c, proove.c, newkaku.c: learning-code remotes
    Rule("Nexa-Security", "state", "on", _ALARM, _SOS),
    Rule("Nexa-Security", "state", "off", _RESTORE),
    Rule("Proove-Security", "state", "on", _ALARM, _SOS),
    Rule("Proove-Security", "state", "off", _RESTORE),
    Rule("KlikAanKlikUit-Switch", "state", "on", _ALARM, _SOS),
    Rule("KlikAanKlikUit-Switch", "state", "off", _RESTORE),
    # kerui.c
    Rule("Kerui-Security", "state", "motion", SignalType.PRESENCE),
    Rule("Kerui-Security", "state", "open", _ALIVE),
    Rule("Kerui-Security", "state", "close", _ALIVE),
    Rule("Kerui-Security", "state", "tamper", SignalType.TAMPER),
    Rule("Kerui-Security", "state", "battery", SignalType.LOW_BATTERY),
    Rule("Kerui-Security", "state", "water", SignalType.TECHNICAL, AlarmKind.TECHNICAL),
    # honeywell.c: a door that opens is no call; the alarm bit is one
    Rule("Honeywell-Security", "alarm", "1", _ALARM, AlarmKind.UNKNOWN),
    Rule("Honeywell-Security", "heartbeat", "1", _ALIVE),
    Rule("Honeywell-Security", "alarm", "0", _ALIVE),
    # dsc.c: an event of a contact; the file does not say of which
    Rule("DSC-Security", "event", "1", _ALARM, AlarmKind.UNKNOWN),  # [?]
    Rule("DSC-Security", "event", "0", _ALIVE),
    # interlogix.c: a key-fob's buttons stand in the switches, of which CLOSED is pressed
    Rule("Interlogix-Security", "subtype", "contact", _ALIVE),
    Rule("Interlogix-Security", "subtype", "motion", SignalType.PRESENCE),
    Rule("Interlogix-Security", "subtype", "keyfob", _ALARM, _SOS),
    Rule("Interlogix-Security", "subtype", None, _ALARM, AlarmKind.UNKNOWN),
)
"""Of each model the first row that fits; alarms stand first."""

CALL_WORDS = ("panic", "sos", "emergency", "help", "alarm", "duress", "medical")
"""In a text value of a model without rows: a call for help. In a field's name, where it says 1."""

SAYS_WHAT = (
    "event",
    "cmd",
    "cmd_id",
    "command",
    "button",
    "state",
    "data",
    "code",
    "alert",
    "extradata",
)
"""Fields in which a transmitter says what was done; their values are the `code` of a reading."""

BUTTON_FIELDS = ("event", "cmd", "cmd_id", "command", "button", "alert")
"""A model without rows that has one of these, and measures nothing, was pressed: it could call."""

PRESS_FIELDS = (*BUTTON_FIELDS, "code", "alarm", "extradata")
"""What makes half an event, its model lost, a press in doubt."""

MEASURE_ENDINGS = ("_C", "_F", "_hPa", "_kPa", "_PSI", "_mm", "_km_h", "_W", "_kWh", "_lux", "_V")
MEASURE_FIELDS = ("humidity", "moisture", "uv", "uvi", "flags", "pressure", "consumption_data")
"""A model without rows that measures is a neighbour's thermometer or tyre: a sign of life."""
