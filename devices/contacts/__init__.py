"""Dry contacts through Modbus input boards, on a serial line (RTU) or over TCP: we ask.

An overfaldsknap at a desk, an old call point, a pull cord: each is two wires to an input. A point
speaks as a device of its own, `modbus:desk/1/3`: the line's name, the board's number, the input as
the site wrote it. `asking` takes turns on the line, `frames` reads and writes, `watching` sees what
an answer shows of each point, `contact` tells presses from bounces and cuts, `key_switch` is the
test key, `wording` reads the site's settings.

How things are read, and why:

1. *Pressed* is an alarm at the first sample that shows it. A point found pressed, at the start or
   when its board was silent, is an alarm too: somebody may have pressed meanwhile.
2. *Let go* is a sign of life where the button springs back: it follows every press, and as a
   restore it would tell each colleague who runs that it is over. A point the site calls
   `latching` stays in until somebody resets it there; its release is a restore.
3. *Cut, short, opened* is a tamper, never less, and its healing a restore of kind `tamper`. A cut
   of wires without end-of-line supervision cannot be seen where the contact closes, and is a press
   where it opens. Only a supervised point gives signs of life (`heartbeat`).
4. *A board* that is silent or refuses is a technical reading (`unit_silent`) about that board.
5. Nothing is authenticated, numbered or acknowledged: every press is a new one (`seq` stays empty).

The bytes are read by our own hundred lines. pymodbus 3.16 was tried: its RTU framer drops a good
answer with the noise before it, or waits for as many bytes as the noise seems to announce; its TCP
framer stands still for ever behind one bad head; both log by themselves and bring asyncio into a
pure package. Its server is the board in our tests.

Sources: Modbus application protocol specification V1.1b3; Modbus over serial line V1.02; Modbus
messaging on TCP/IP implementation guide V1.0b.
"""

from __future__ import annotations

from core.values import replace
from devices.contacts.board import PROTOCOL, Framing
from devices.contacts.line import board_of, line_name, opens, sounders
from devices.contacts.meanings import TEST_KEY
from devices.contacts.session import UNIT_SILENT
from devices.contacts.sounder import SOUNDER_SILENT
from devices.family import Boards, Encoding, Family

FAMILY = Family(
    PROTOCOL,
    "Modbus RTU input boards (dry contacts)",
    Encoding.HEX,
    opens(Framing.RTU),
    page="devices/dry-contacts.md",
    answers=False,
    silent=UNIT_SILENT,
    boards=Boards(line_name, board_of, sounders, own_codes=(SOUNDER_SILENT, TEST_KEY)),
)
OVER_TCP = replace(
    FAMILY,
    title="Modbus TCP input boards (dry contacts)",
    opens=opens(Framing.TCP),
    role="tcp",
)
FAMILIES = (FAMILY, OVER_TCP)
