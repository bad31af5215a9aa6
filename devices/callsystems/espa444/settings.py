"""What a technician sets for one ESPA 4.4.4 line, and the named limits of the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from core.signals import AlarmKind, SignalType
from devices.callsystems.espa444.meanings import CALL_TYPES, PRIORITIES, Charset

PROTOCOL = "espa444"
"""`Reading.protocol`, and the first half of a wire identity: `espa444:0815`."""

CONTROL_STATION, PAGING_SIDE = "1", "2"
"""The addresses the specification recommends where two stations share a line."""

SILENT_AFTER = timedelta(seconds=120)
"""A line without one enquiry or call for so long is dead (digimat-espa)."""

ANSWER_WITHIN = timedelta(seconds=2.5)
"""We say "busy" before the sender's own time for the answer (3 s and more) is over."""

BLOCK_WITHIN = timedelta(seconds=3)
"""From one byte of a block to the next, and from our `<ACK>` to its SOH (digimat-espa)."""

TRANSACTION_WITHIN = timedelta(seconds=15)
"""What one transaction may take (digimat-espa); a repeat because of a lost ACK comes inside."""

POLL_EVERY = timedelta(milliseconds=500)
"""The control station's pace; 150 ms to 1 s are usual."""

POLL_SILENT_EVERY = timedelta(seconds=5)
"""A station that does not answer is asked at this pace, so that it delays no other."""

POLL_ANSWER_WITHIN = timedelta(seconds=1)
"""How long a polled station may take to answer."""


class WhoCalls(StrEnum):
    """What tells one caller from another on this line."""

    ADDRESS = "address"
    """The call address, record 1: where each room or group has a number of its own."""
    TEXT = "text"
    """The display message, record 2: where everything goes to one number and the text says who."""


@dataclass(frozen=True, slots=True)
class EspaLine:
    """One line as it is wired and as its sender was set up.

    `name` stands before every identity of the line when there is more than one line.
    `own` is our address. `control` is the other end's, where we are the paging side; `stations` are
    those we poll, where we are the control station. `direct_select`: this sender selects us at once
    (`<EOT>2<ENQ>`) without polling itself first; its enquiry is then no poll. `seven_bits`: the
    port hands over 8 bits and the eighth is parity. `tells_status`: after a kept call we report
    "in queue" when polled, for senders that insist. `settle` is waited between our EOT and our
    enquiry, for slow stations. `words` (lower case) found in a message give the alarm its kind.
    """

    name: str = ""
    own: str = PAGING_SIDE
    control: str = CONTROL_STATION
    stations: tuple[str, ...] = (PAGING_SIDE,)
    who_calls: WhoCalls = WhoCalls.ADDRESS
    charset: Charset = Charset.LATIN_1
    call_types: Mapping[str, SignalType] = field(default_factory=lambda: CALL_TYPES)
    priorities: Mapping[str, AlarmKind] = field(default_factory=lambda: PRIORITIES)
    words: tuple[tuple[str, AlarmKind], ...] = ()
    direct_select: bool = False
    seven_bits: bool = False
    tells_status: bool = False
    silent_after: timedelta = SILENT_AFTER
    poll_every: timedelta = POLL_EVERY
    settle: timedelta = timedelta(0)

    @property
    def identity(self) -> str:
        """What the line itself is called in readings about it."""
        return self.name or "line"

    def named(self, who: str) -> str:
        """The wire identity of a caller on this line."""
        return f"{self.name}/{who}" if self.name else who
