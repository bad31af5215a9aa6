"""What Sur-Gard itself says: event codes of the basic format, Telenot letters, channel digits.

Contact ID and SIA codes inside its messages are those of `devices.callsystems.codes`. The event
code of the basic format is what the receiver was programmed to send for a digit of the panel. Its
factory letters are here; digits are the panel's own, and only those whose factory word is a call
have a meaning: a 0 is a test report by default, and somebody's button in another house. A site
gives its own codes their meaning; what stands nowhere is raised.
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

LETTERS = "MLR2-DG installation manual 1.8, p. 17, printer library of event codes"
DIGITS = "MLR2-E installation and operation manual 1.4, p. 17, options 60 to 6F, factory words"

BASIC: dict[str, Meaning] = {
    "1": alarm(K.FIRE, "fire alarm", DIGITS),
    "2": alarm(K.ATTACK, "panic alarm", DIGITS),
    "3": alarm(K.UNKNOWN, "burglary", DIGITS),
    "7": alarm(K.MEDICAL, "medical", DIGITS),
    "8": alarm(K.UNKNOWN, "message", DIGITS),
    "A": alarm(K.UNKNOWN, "alarm", LETTERS),
    "B": technical("bypass", LETTERS),
    "C": note("armed by user", LETTERS, U),
    "D": cancel("cancel", LETTERS, U),
    "O": note("disarmed by user", LETTERS, U),
    "R": restored(K.UNKNOWN, "restore", LETTERS),
    "T": technical("trouble", LETTERS),
    "\\": cancel("cancel", LETTERS, U),
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
