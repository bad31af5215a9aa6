"""RFXtrx433 by RFXCOM on USB: security transmitters and radio buttons at 433 MHz.

Line: 38,400 baud, 8N1, no handshake. What is read: Security1 (X10, Visonic, Meiantech, smoke
detectors) and the buttons of Lighting1, 2, 4, 5, 6 and Chime.

Identity on the wire: `security1/d3dc54`, `lighting1/E5`, `lighting2/1234567.5` (unit after the
dot), `lighting4/123456`, `lighting5/f394ab.1`, `lighting6/1234.A5`, `chime/0123`; the receiver
itself speaks as `receiver`. `seq` names the press (see `devices.receivers.copies`); the sequence
byte of the packet is the receiver's own count and is not used; `boot` and `at` stay empty.

How packets are read:

1. Security1 "panic" is an alarm of kind `attack`, "alarm" one of kind `sos`, both are `fire` from a
   smoke detector; a status nobody knows is an alarm of kind `unknown`.
2. Any button but "off" is an alarm of kind `sos`. "Off", "group off" and "end of panic" are
   restores. A transmitter that says on and off in turn, with one button, is unfit: every second
   press would be a restore.
3. "Normal" is a sign of life: supervised detectors say it every hour, and again when they close.
4. Types without a layout: 40 to 7F measure something and are signs of life; any other could be a
   button and is an alarm of kind `unknown`.

Not covered: rolling codes (Security2, KeeLoq) beyond rule 4, sending to devices, choosing the
protocols the receiver listens for (use RFXmngr once; it keeps them).

Sources: pyRFXtrx `lowlevel.py` and `test_base.py`; RFXtrx user guide.
"""

from __future__ import annotations

from devices.doubts import Doubts
from devices.family import Encoding, Family, Port
from devices.line_settings import LineSettings
from devices.receivers.keep_alive import SILENT
from devices.receivers.rfxtrx.session import PROTOCOL, RfxtrxSession


def _opened(settings: LineSettings) -> Port:
    doubts = Doubts()
    return Port(lambda: RfxtrxSession(doubts=doubts))


FAMILY = Family(
    PROTOCOL,
    "RFXtrx433 radio receiver",
    Encoding.HEX,
    _opened,
    page="devices/rfxtrx.md",
    radio=True,
    answers=False,
    silent=SILENT,
)
