"""rtl_433: any transmitter at 433 or 868 MHz that this program decodes, as JSON over MQTT.

Subscribe to `rtl_433/+/events` (one object a reception); without retained messages. A payload
needs no line break; a pipe of JSON lines is read as well.

Identity on the wire: `model/number` (`X10-Security/a1b2`, `Visonic-Powercode/6f4770`), in the
spelling of today's releases. `seq` names the press (see `devices.receivers.copies`); a rolling code
names it for ever (`boot` `hop-…`, `seq` 0). `at` stays empty: the time in an event is that of the
receiver. It gives `age` where it names a zone and is more than 30 s old.

How events are read, in this order:

1. The rows of the model (`meanings`): the first that fits. Alarms stand first.
2. A word for a call in any text, or a field so named that says yes: an alarm of kind `unknown`.
3. A model with rows of which none fits is an alarm of kind `unknown` where one of its rows is an
   alarm, else `unknown`; one that measures is a sign of life; one that has a button or a command
   could call: an alarm of kind `unknown`. The rest is `unknown`.
4. An open housing and an empty battery in the same event are readings of their own.
5. Of what is no JSON the fields that stand whole in it are read by the same rules; without a model
   it is an alarm of kind `unknown` when it carries a word for a call.
6. A model that is one of the tables' but for a letter is that one.

Not covered: the topics of single fields (`devices/…`), which tear an event apart; flex decoders
beyond rule 2 and 3.

Sources: `src/devices/*.c` of rtl_433, named row by row; `docs/OPERATION.md`.
"""

from __future__ import annotations

from devices.family import Encoding, Family, nothing_to_set
from devices.receivers.rtl433.session import PROTOCOL, Rtl433Session

FAMILY = Family(
    PROTOCOL,
    "rtl_433 events",
    Encoding.TEXT,
    nothing_to_set(Rtl433Session),
    page="devices/rtl433.md",
    radio=True,
    answers=False,
)
