"""EnOcean over a USB or serial receiver (USB 300, TCM 310, TCM 515): EnOcean Serial Protocol 3.

Line: 57,600 baud, 8N1, no handshake. What is read: rocker buttons without a battery (PTM 200, 210,
215, 33x, 535; EEP F6-01-01, F6-02-xx, F6-04-xx), and contacts of EEP D5-00-01 and A5-14-01 where
the site says that the contact of that sender is a call point.

Identity on the wire: the sender's eight hex digits in small letters, as printed on the module
(`00298979`); the receiver itself speaks as `receiver`. `seq` names the press (see
`devices.receivers.copies`), `boot` and `at` stay empty: the radio counts nothing and has no clock.

How telegrams are read:

1. A rocker going down is an alarm of kind `sos`; `code` names the button (`BI`, `AI+B0`). Buttons
   nobody has, and kinds of telegrams nobody knows, are alarms of kind `unknown`.
2. Letting go is a heartbeat, never a restore. A release without its press is `technical`.
3. A contact without a word from the site is a heartbeat; a call point calls when it changes.
4. A secured telegram (RORG 30, 31) cannot be opened here and could be a button: an alarm of kind
   `unknown`. Teach panic buttons in without security, or leave them out.
5. What the tables know as no call (teach-in, remote management, actuators) is `unknown`.

Not covered: secured teach-in and decryption, ERP2 at 902 and 928 MHz, EEP D2 buttons, sending.

Sources: Serial Protocol 3 specification v1.37; EnOcean Equipment Profiles 2.6; EnOcean knowledge
base (RPS telegram); PTM 33x manual 2.7; kipe/enocean, openHAB's enocean binding.
"""

from __future__ import annotations

from devices.doubts import Doubts
from devices.family import Encoding, Family, Port
from devices.line_settings import LineSettings
from devices.receivers.esp3.meanings import CallsWhen
from devices.receivers.esp3.session import PROTOCOL, Esp3Session
from devices.receivers.keep_alive import SILENT


def _opened(settings: LineSettings) -> Port:
    """`call_points.0181A3F2 = "closed"`: a contact that calls when it closes, or opens."""
    said = settings.tokens("call_points", "SENDER", CallsWhen)
    call_points = {sender.lower(): when for sender, when in said.items()}
    doubts = Doubts()
    return Port(lambda: Esp3Session(call_points, doubts=doubts))


FAMILY = Family(
    PROTOCOL,
    "EnOcean receiver (ESP3)",
    Encoding.HEX,
    _opened,
    page="devices/enocean.md",
    radio=True,
    answers=False,
    silent=SILENT,
)
