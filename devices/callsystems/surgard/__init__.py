"""Sur-Gard receivers (MLR2, MLR2000, System II and III) and their emulations, computer port.

Read: Contact ID (5, and `a` of the Radionics 6500 emulation), SIA (S, 0, N and level 1: 3), the
basic formats (1), BFSK (6), Ademco High Speed (8), Telenot (T), heartbeats, caller id (kept).
The receiver's own status (0) is technical. A format that is not read is raised as an alarm of kind
unknown. Not covered: B32 headers, commands
to the receiver, Westec, FBI, VONK, ITI, Scantronic and the other American panel formats.

Line: MLR2-E 19200 7E1, MLR2000 9600 8N1, MLR2-DV 1200 7E1; all can be programmed. A line with even
parity read as 8N1 is understood. System II and III also speak over TCP (port 1025).

Sources: installation manuals MLR2-DG (p. 17, 37 to 40), MLR2-DV (9.1), MLR2-E (p. 17, 38) and
MLR2000 (12), the operating manuals of System III (options 10 to 14) and System 5 (5.4.6),
VisorAlarm Plus 2U (appendix IV), as published. Not authenticated: whoever holds the cable is
believed to raise, never to close anything above yellow.

Wire identity: the account; a heartbeat's is `R` and the receiver number.
"""

from __future__ import annotations

from devices.callsystems.codes.conversation import SILENT
from devices.callsystems.codes.own_codes import own_codes
from devices.callsystems.surgard.codec import PROTOCOL
from devices.callsystems.surgard.session import SILENT_AFTER, SurGardSession
from devices.doubts import Doubts
from devices.family import Encoding, Family, Port
from devices.line_settings import LineSettings


def _opened(settings: LineSettings) -> Port:
    """`silent_s` 0: the receiver's heartbeat is switched off."""
    digits = int(settings.one_of("line_digits", "1", ("1", "2", "3")))
    silent = settings.seconds("silent_s", SILENT_AFTER) or None
    own, doubts = own_codes(settings), Doubts()
    return Port(
        lambda: SurGardSession(line_digits=digits, own=own, silent_after=silent, doubts=doubts)
    )


FAMILY = Family(
    PROTOCOL,
    "Sur-Gard alarm receiver",
    Encoding.TEXT,
    _opened,
    page="devices/sur-gard.md",
    around=(b"", b"\x14"),
    points=True,
    silent=SILENT,
)
