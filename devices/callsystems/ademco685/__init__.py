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

from datetime import timedelta

from devices.callsystems.ademco685.codec import PROTOCOL
from devices.callsystems.ademco685.session import Ademco685Session
from devices.callsystems.codes.conversation import SILENT
from devices.callsystems.codes.own_codes import own_codes
from devices.doubts import Doubts
from devices.family import Encoding, Family, Port
from devices.line_settings import LineSettings


def _opened(settings: LineSettings) -> Port:
    silent = settings.seconds("silent_s", timedelta()) or None
    own, doubts = own_codes(settings), Doubts()
    return Port(lambda: Ademco685Session(own=own, silent_after=silent, doubts=doubts))


FAMILY = Family(
    PROTOCOL,
    "Ademco 685 alarm receiver",
    Encoding.TEXT,
    _opened,
    page="devices/ademco-685.md",
    around=(b"\n", b"\r"),
    points=True,
    silent=SILENT,
)
