"""What ESPA-X 1.00 messages mean, as literal tables: a new value is a new row.

Sources: [X] the schema "modelled after ESPA-X Version 1.00" in icingaweb2-module-espax; [T] the
client of tetronik, which wrote the protocol, for Node-RED; [C] Callisto's ESPA-X server interface.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from core.signals import AlarmKind


class Request(StrEnum):
    """What a client asks; everything else is answered "not implemented"."""

    LOGIN = "REQ.LOGIN"
    LOGOUT = "REQ.LOGOUT"
    HEARTBEAT = "REQ.HEARTBEAT"
    CONDITION = "REQ.S-CONDITION"
    START = "REQ.P-START"
    STOP = "REQ.P-STOP"
    GETSTAT = "REQ.P-GETSTAT"


class Code(IntEnum):
    """RSP-CODE [X]; the ones we answer with."""

    OK = 200
    UNAUTHORIZED = 401
    AUTHENTICATION_REQUIRED = 407
    GONE = 410
    DUPLICATE = 450
    NOT_IMPLEMENTED = 501
    SERVICE_UNAVAILABLE = 503
    INVALID_HEADER = 600
    NOT_WELLFORMED = 601
    INVALID_MESSAGE = 602


REASONS: dict[Code, str] = {
    Code.OK: "OK",
    Code.UNAUTHORIZED: "Unauthorized",
    Code.AUTHENTICATION_REQUIRED: "Authentication Required",
    Code.GONE: "Gone",
    Code.DUPLICATE: "Duplicate",
    Code.NOT_IMPLEMENTED: "Not Implemented",
    Code.SERVICE_UNAVAILABLE: "Service Unavailable",
    Code.INVALID_HEADER: "Invalid header",
    Code.NOT_WELLFORMED: "Not wellformed",
    Code.INVALID_MESSAGE: "Invalid message",
}
"""RSP-REASON [X]: a closed list, so these very words."""

PRIORITIES: dict[str, AlarmKind] = {
    "Emergency": AlarmKind.SOS,  # [X]
    "High": AlarmKind.CALL,  # [X]
    "Medium": AlarmKind.CALL,  # [X]
    "Standard": AlarmKind.CALL,  # [X]
    "Low": AlarmKind.CALL,  # [X]
}
"""CP-PRIO."""

SIGNALS: dict[str, AlarmKind] = {
    "Emergency": AlarmKind.SOS,  # [X]
    "Urgent": AlarmKind.CALL,  # [X]
    "Standard": AlarmKind.CALL,  # [X]
    "Special": AlarmKind.CALL,  # [X]
}
"""CP-SIGNAL: how it is to ring."""

NO_CALL = (b"P-STOP", b"P-GETSTAT")
"""What starts no page, however little is left of it."""

CALL_WORDS = (b"P-START",)
"""What makes a message nobody can read a call for help in doubt, at its first copy."""
