"""What DC-09 itself says: its message types and the extended data we read.

Rows from ANSI/SIA DC-09 5.5 and annex H, read in the list of siadc09 1.0.1 (follows the 2026
edition), the extended data also in pysiaalarm 3.2.2 (utils/xdata.py).
"""

from __future__ import annotations

from enum import StrEnum


class Speaks(StrEnum):
    """What a message type carries."""

    SIA = "sia"
    CONTACT_ID = "contact_id"
    HEARTBEAT = "heartbeat"
    ANSWER = "answer"


TOKENS: dict[str, Speaks] = {
    "SIA-DCS": Speaks.SIA,  # DC-03 blocks
    "ADM-CID": Speaks.CONTACT_ID,  # DC-05 messages
    "NULL": Speaks.HEARTBEAT,  # 5.5.2.1 link test
    "XNM": Speaks.HEARTBEAT,  # extended null message, 2026
    "ACK": Speaks.ANSWER,  # 5.5.3.1; these four are a receiver's to say
    "NAK": Speaks.ANSWER,  # 5.5.3.2
    "DUH": Speaks.ANSWER,  # 5.5.3.3
    "RSP": Speaks.ANSWER,  # 5.5.4
}
"""Every other type (ADM-HS, SIA-PUL, SCN-S8 …) is not read here: raised, answered with DUH."""

TEXTS: tuple[str, ...] = (
    "I",  # alarm text
    "L",  # location
    "R",  # room
    "O",  # building
    "S",  # site
)
"""Extended data that says where or what, in the order people read it."""

OCCURRED = "H"
"""Time of occurrence: when the thing happened, not when it was sent."""

LONGITUDE, LATITUDE = "X", "Y"
"""`093W23.456` is 93° 23.456' west; diallers also send plain degrees."""
