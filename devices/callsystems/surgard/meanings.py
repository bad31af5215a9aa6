"""What Sur-Gard itself says: event letters of the basic format, Telenot letters, channel digits.

Contact ID and SIA codes inside its messages are those of `devices.callsystems.codes`. Digits of the
basic format are what the site programmed, unless it uses the 4/3 table; a site that programmed them
otherwise gives its own meanings.
"""

from __future__ import annotations

from core.signals import AlarmKind as K
from devices.callsystems.codes.meaning import (
    About,
    Meaning,
    alarm,
    cancel,
    note,
    proof,
    restored,
    technical,
)

U = About.USER

BASIC_SOURCE = "Sur-Gard automation output 7-3005, 4.3, event codes"
DG = "MLR2-DG manual, p. 39"

BASIC: dict[str, Meaning] = {
    "0": proof("automatic test", BASIC_SOURCE),
    "1": alarm(K.FIRE, "fire alarm", BASIC_SOURCE),
    "2": alarm(K.ATTACK, "panic alarm", BASIC_SOURCE),
    "3": alarm(K.UNKNOWN, "burglary alarm", BASIC_SOURCE),
    "4": note("armed by user", BASIC_SOURCE, U),
    "5": note("disarmed by user", BASIC_SOURCE, U),
    "6": technical("service", BASIC_SOURCE),
    "7": alarm(K.MEDICAL, "medical emergency", BASIC_SOURCE),
    "8": alarm(K.UNKNOWN, "message", BASIC_SOURCE),
    "9": restored(K.UNKNOWN, "restore", BASIC_SOURCE),
    "A": alarm(K.UNKNOWN, "alarm", BASIC_SOURCE),
    "B": technical("bypass", BASIC_SOURCE),
    "C": note("armed by user", DG, U),
    "F": cancel("cancel", BASIC_SOURCE, U),
    "H": restored(K.TECHNICAL, "unbypass", BASIC_SOURCE, cause="B"),
    "O": note("disarmed by user", DG, U),
    "P": note("two-way audio", DG),
    "R": restored(K.UNKNOWN, "restore", BASIC_SOURCE),
    "T": technical("trouble", BASIC_SOURCE),
}

TELENOT_SOURCE = "MLR2-DG manual, p. 38, Telenot/Telim"

TELENOT: dict[str, Meaning] = {
    "A": alarm(K.UNKNOWN, "alarm", TELENOT_SOURCE),
    "F": technical("fault", TELENOT_SOURCE),
    "H": restored(K.TECHNICAL, "maintenance restoral", TELENOT_SOURCE, cause="L"),
    "K": restored(K.UNKNOWN, "restore", TELENOT_SOURCE),
    "L": technical("maintenance alarm", TELENOT_SOURCE),
    "N": alarm(K.SOS, "emergency alarm", TELENOT_SOURCE),
    "O": alarm(K.CALL, "call", TELENOT_SOURCE),
    "Q": note("remote programming", TELENOT_SOURCE),
    "R": proof("test transmission", TELENOT_SOURCE),
    "T": note("armed", TELENOT_SOURCE),
    "U": note("disarmed", TELENOT_SOURCE),
}
