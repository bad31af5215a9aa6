"""SIA DC-09: alarm panels and diallers over TCP or UDP; we are their receiver.

Read: SIA-DCS, ADM-CID, NULL and XNM, in the clear and with AES-128/192/256. Answered: ACK, NAK,
DUH, or silence, as `session` says. Not covered: RSP (a panel that asks for a key), the
authentication hash `A`, message types other than SIA-DCS and ADM-CID (raised, DUH), the
Osborne-Hoffman variant, TLS (the link's), DC-09 towards an ARC (a channel).

Sources: ANSI/SIA DC-09-2013, sections 5.4 and 5.5, as far as its public review draft can be read;
the packages siadc09 1.0.1 (the 2026 edition), pysiaalarm 3.2.2, dc09-spt 0.0.4 and my-dc09-spt
0.2.2 (what diallers send), the repository fioletoven/dc09, ioBroker.sia issues 3, 11 and 19 (what
panels send). The test vectors name theirs.

Wire identity: the account in the data, else in the frame, upper case. `zone` is `account/point`.
"""

from __future__ import annotations

from devices.callsystems.dc09.line import opened
from devices.callsystems.dc09.settings import PROTOCOL
from devices.callsystems.dc09.supervision import SILENT
from devices.family import Encoding, Family

FAMILY = Family(
    PROTOCOL,
    "SIA DC-09 (alarm panels over IP)",
    Encoding.TEXT,
    opened,
    page="devices/sia-dc-09.md",
    around=(b"\n", b"\r"),
    points=True,
    silent=SILENT,
)
