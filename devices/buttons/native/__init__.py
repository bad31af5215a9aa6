"""Native devices over MQTT: our own contract (docs/contract.md), written down once.

Topics are `{prefix}/{device}/` and a leaf: `up` (what must not be lost), `beat` (heartbeats and
positions), `status` (`online`/`offline`, a hint), `down` (to the device). Bodies are JSON objects;
only `type` is required and unknown fields are ignored.

    {"seq":412,"boot":7,"type":"alarm","kind":"attack","level":"red","at":"2026-11-21T19:00:00Z",
     "age_ms":0,"battery":0.87,"zone":"beacon-17","position":{"lat":56.15,"lon":10.2}}

How odd messages are read, in the order the rules are tried (each has a named test):

1. An object whose `type` is `alarm` is an alarm, whatever else stands in it and wherever it came.
2. A wrong field is named in `Reading.odd` and left out; the rest of the message stands.
3. A `type` that is really a kind (`"fall"`), an alias (`"sos"`), or written in another way
   (`"ALARM"`, `["alarm"]`, `"alrm"`) is an alarm, and so is one nobody knows beside a `level` or
   `kind` of ours. What is known to be harmless (`meanings.HARMLESS_WORDS`, `"heartbeat2"`) and any
   other unknown type is kept as `unknown`; one that is no word (`17`, `""`) counts as missing.
4. What cannot be read but carries a complete `"type":"heartbeat"` or the like is certainly no call
   for help: PeerError.
5. What cannot be read and carries a word for an alarm, in any case and from any class of device,
   is an alarm of kind `unknown`. "no alarm" carries one too: in doubt it is a call.
6. From a device that is there to be pressed (badge, fixed button) anything else unreadable, the
   empty message included, is a press as well, but on `beat` and `status`. Only an empty *retained*
   message is not: that is how MQTT clears a topic. A lone harmless word is a sign of life.
7. Everything else unreadable is PeerError: counted, kept as bytes, acknowledged.
8. Of several objects in one message the first call for help counts, wherever it stands.

`boot` may be a number or a text; a text that looks like a number keeps its quotes inside, so that
`received` gives back exactly what the device said.
"""

from __future__ import annotations

from devices.buttons.native.session import NativeSession
from devices.family import Encoding, Family, nothing_to_set
from devices.registry import NATIVE

FAMILY = Family(
    NATIVE,
    "Tilkald's own devices (MQTT)",
    Encoding.TEXT,
    nothing_to_set(NativeSession),
    page="contract.md",
    around=(b"", b"\n"),
    logs_in=True,
)
