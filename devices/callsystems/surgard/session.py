"""The computer at a Sur-Gard receiver: ACK (06) within 4 s for what is kept, else silence.

The law and its table stand in `codes.conversation`; here stand the times of this family. A receiver
that hears no ACK sends three times more, keeps its messages, and begins again with the first
heartbeat that is acknowledged (MLR2-E manual, 9.2). So silence loses nothing, and a heartbeat is
always answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from devices.callsystems.codes.conversation import ReceiverSession
from devices.callsystems.codes.meaning import Meaning
from devices.callsystems.surgard.codec import SurGard
from devices.doubts import Doubts

SILENT_AFTER = timedelta(seconds=90)
"""Three heartbeats of 30 s, the receiver's default; it can be programmed from 1 to 99 s."""


class SurGardSession(ReceiverSession):
    """One line from a receiver. `silent_after` None: its heartbeat is switched off."""

    def __init__(
        self,
        *,
        line_digits: int = 1,
        own: Mapping[str, Meaning] | None = None,
        silent_after: timedelta | None = SILENT_AFTER,
        now: datetime | None = None,
        doubts: Doubts | None = None,
    ) -> None:
        super().__init__(
            SurGard(line_digits, own or {}),
            silent_after=silent_after,
            silent_after_beat=SILENT_AFTER,
            now=now,
            doubts=doubts,
        )
