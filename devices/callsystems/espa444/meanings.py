"""What ESPA 4.4.4 blocks mean, as literal tables: a new value is a new row.

Sources: [S] the specification of November 1984, section 4 (annotated by G. Scott, 2003);
[K] general knowledge, to be confirmed on the first line that uses it; [A] Ascom Unite Connectivity
Manager, manual TD 92735EN, appendix J.1.
"""

from __future__ import annotations

from enum import StrEnum

from core.signals import AlarmKind, SignalType


class Header(StrEnum):
    """What kind of block it is [S 4.2]."""

    CALL = "1"
    STATUS = "2"
    STATUS_REQUEST = "3"
    SUBSCRIBER_CALL = "4"
    OTHER = "5"


class Record(StrEnum):
    """What one record of a block holds [S 4.3]."""

    ADDRESS = "1"
    MESSAGE = "2"
    BEEP = "3"
    CALL_TYPE = "4"
    TRANSMISSIONS = "5"
    PRIORITY = "6"
    CALL_STATUS = "7"
    SYSTEM_STATUS = "8"


CALL_TYPES: dict[str, SignalType] = {
    "1": SignalType.RESTORE,  # reset (cancel) call [S]
    "2": SignalType.ALARM,  # speech call [S]
    "3": SignalType.ALARM,  # standard call [S]
}
"""Record 4. What no row knows is a call of unknown meaning, never a reset."""

ASCOM_CALL_TYPES: dict[str, SignalType] = {
    **CALL_TYPES,
    "5": SignalType.UNKNOWN,  # remote acknowledgement of an old paging [A]
    "6": SignalType.RESTORE,  # erase of an old paging [A]
    "7": SignalType.ALARM,  # cordless phone, sent as a standard paging [A]
}
"""Record 4 in the dialect of Ascom and Ericsson; only where the site says the line speaks it."""

PRIORITIES: dict[str, AlarmKind] = {
    "1": AlarmKind.SOS,  # alarm (emergency) [S]
    "2": AlarmKind.CALL,  # high [S]
    "3": AlarmKind.CALL,  # normal [S]
}
"""Record 6. '01' is not '1' [S]: what no row knows is a call of unknown kind."""

EMERGENCY = "1"
"""The priority that makes a block of any unknown header a call for help."""

NORMAL = "3"
"""The priority of a call that names none."""

STANDARD_CALL = "3"
"""The call type of a call that names none."""

CALL_STATUS: dict[str, str] = {
    "1": "busy",  # [K]
    "2": "in_queue",  # [K]
    "3": "paged",  # [K]
    "4": "absent",  # [K]
    "5": "call_terminated",  # [K]
}
"""Record 7: how a page goes on. About the pager called, never a call for help."""

IN_QUEUE, CALL_TERMINATED = "2", "5"

SYSTEM_STATUS: dict[str, str] = {
    "1": "transmitter_failure",  # [K]
}
"""Record 8: trouble of the paging system itself, a technical matter."""


class Prefix(StrEnum):
    """What stands before a NAK."""

    TRANSMISSION_ERROR = "1"  # bad block check character [S, Avaya DECT Messenger]
    BUSY = "2"  # [K]
    INVALID = "3"  # [K]


class Charset(StrEnum):
    """How the display message is written; senders do not say, so the technician does."""

    LATIN_1 = "latin_1"
    UTF_8 = "utf_8"
    CP850 = "cp850"
    CP437 = "cp437"
    DANISH_7 = "danish_7"
    SWEDISH_7 = "swedish_7"
    GERMAN_7 = "german_7"


NATIONAL: dict[Charset, dict[int, int]] = {
    # ISO 646 national sets: DS 2089 / NS 4551, SEN 850200 B, DIN 66003.
    Charset.DANISH_7: str.maketrans("[\\]{|}", "ÆØÅæøå"),
    Charset.SWEDISH_7: str.maketrans("[\\]{|}", "ÄÖÅäöå"),
    Charset.GERMAN_7: str.maketrans("@[\\]{|}~", "§ÄÖÜäöüß"),
}
"""What 7-bit national sets show where ASCII has brackets; the rest is ASCII."""
