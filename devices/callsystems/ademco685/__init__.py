"""Ademco 685 receivers, and MX8000 and VisorAlarm in their 685 mode, at the computer port.

Read: Contact ID, High Speed, low speed (3+1, 4+1, 4+2), the `OKAY @` heartbeat of emulations. What
is written otherwise (the receiver's own system messages among it) is raised as an alarm of kind
unknown with its text. Not covered: commands to the receiver, among them the link test, which is the
computer's `<CR>` and not the receiver's.

Sources: MX8000 installation guide 8.5 (figures 8-1 to 8-4) and 8.4.7.6; VisorAlarm Plus 2U manual,
appendix IV; MS-5UD manual, appendix A.2 (a printout). Not authenticated.

Wire identity: the account; a heartbeat's is `R` and receiver and line group.
"""

from __future__ import annotations

from devices.callsystems.ademco685.codec import PROTOCOL
from devices.callsystems.ademco685.session import Ademco685Session
from devices.session import Encoding, Family

FAMILY = Family(
    PROTOCOL,
    "Ademco 685 alarm receiver",
    Encoding.TEXT,
    Ademco685Session,
    around=(b"\n", b"\r"),
    points=True,
)
