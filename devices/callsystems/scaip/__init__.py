"""SCAIP, the Social Care Alarm Internet Protocol (SS 91100:2014, CLC/TS 50134-9): alarm units in
homes, and the call systems of newer care homes, over SIP MESSAGE.

Transport: SIP over TCP, TLS or UDP, usually port 5060 or 5061. Each message carries one `mrq` in
XML; our receipt, the `mrs`, goes back in a MESSAGE of its own, or in the 200 OK for units set so.

Identity on the wire: the controller's number without spaces and plus (`26317`), and as its point
the device's number where it is not zero, so that it is registered as `26317/4`; a message without a
controller is its SIP sender's. `boot` is `ref-…` and `seq` the five minutes in which the message
came (see `session`); `at` stays empty: a unit says no time but that of its place.

How messages are read:

1. A known status (`stc`) decides; an alarm is of the kind of its device (`dty`), so a fall detector
   is `fall` and a panic button `attack`.
2. A message of type ME without a status is an alarm; with one nobody knows, one of kind `unknown`.
3. Type RE is a restore whatever it resets. Type PI is a heartbeat, unless its status is a fault or
   the end of one. Type IN is read by its status, and kept as `unknown` without one.
4. What is no XML is mended and read again, else its tags are picked out: the same rules hold for
   them, but a restore or cancel is only kept. What has none of them is an alarm of kind `unknown`,
   unless it is no SCAIP at all.
5. A missing tag is answered as the standard says (7), and the press is raised all the same.

Not covered: the voice call afterwards (`cha`, `crd`), REGISTER and digest authentication (set the
unit to send without), setting the heartbeat interval (`hbi`), sending to units besides receipts.

Sources: caruhome/scaip-gateway (tags, patterns, codes); messages of Essence, Possum, Telealarm and
Doro units in the comments of a public transaction server; RFC 3261, 3428, 5626.
"""

from __future__ import annotations

from devices.callsystems.scaip.readings import PROTOCOL
from devices.callsystems.scaip.session import Receipts, ScaipSession
from devices.family import Encoding, Family, Port
from devices.line_settings import LineSettings


def _opened(settings: LineSettings) -> Port:
    receipts, datagrams = settings.choice("receipts", Receipts.AS_MESSAGE), settings.datagrams
    return Port(lambda: ScaipSession(datagrams=datagrams, receipts=receipts))


FAMILY = Family(
    PROTOCOL,
    "SCAIP alarm units over SIP",
    Encoding.TEXT,
    _opened,
    page="devices/scaip.md",
    points=True,
)
