"""ESPA 4.4.4: the serial line between a call system and a paging system, since 1984.

Sources: "Proposal for serial data interface for paging equipment", ESPA, November 1984, in the
annotated copy of G. Scott (gscott.me.uk/ESPA.4.4.4); Avaya DECT Messenger and Ascom Unite manuals;
digimat-espa on PyPI; the samples of northplane and wiki.zenitel.com. Its timers come from
implementations: the specification has none on the poll.

Three roles, one row each below: `session` (the paging side: polled and selected, takes calls),
`listening` (a third party that never sends a byte) and `control` (the control station that polls).
`codec` reads and writes blocks, `reading` and `meanings` say what they mean, `reception` answers
them, `copies` tells copies from presses, `transfer` sends.

How things are read, and why:

1. *The caller.* The protocol names who is called, not who calls: the wire identity is the call
   address (record 1), or the display message where a site's sender puts everything on one number
   (`EspaLine.who_calls`), with the line's name in front where there are several lines.
2. *Copies.* Blocks carry no number. `seq` is made here and `boot` is the line's name: a copy within
   one transaction is the same press, anything else a new one (`copies`). A restart of ours
   forgets, so a call under way then comes as a new press of a caller whose alarm is open.
3. *Reset* (call type 1) is a restore and opens nothing. It is not authenticated: it closes nothing.
4. *Level* is never read from the wire: what a caller means to a site stands in its registration.
   The priority gives the kind: 1 is `sos`, 2 and 3 are `call`.
5. What no table knows is a call in doubt when it came as a call (header 1), names priority 1, or
   has a header nobody knows and a message; else it is kept as `unknown`.
6. A refused block that is not repeated is raised in doubt, unless it says it is a reset.
"""

from __future__ import annotations

from core.values import replace
from devices.callsystems.espa444.control import ControlSession
from devices.callsystems.espa444.line import opens
from devices.callsystems.espa444.listening import ListeningSession
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.settings import CONTROL_STATION, PAGING_SIDE, PROTOCOL
from devices.callsystems.espa444.silence import LINE_BACK, LINE_SILENT
from devices.family import Encoding, Family

FAMILY = Family(
    PROTOCOL,
    "ESPA 4.4.4, paging side",
    Encoding.HEX,
    opens(PagingSession, PAGING_SIDE),
    page="devices/espa-444.md",
    silent=LINE_SILENT,
    back=LINE_BACK,
)
LISTENING = replace(
    FAMILY,
    title="ESPA 4.4.4, listening",
    opens=opens(ListeningSession, PAGING_SIDE),
    role="listen",
    answers=False,
)
CONTROL = replace(
    FAMILY,
    title="ESPA 4.4.4, control station",
    opens=opens(ControlSession, CONTROL_STATION),
    role="control",
)
FAMILIES = (FAMILY, LISTENING, CONTROL)
