"""The computer at an Ademco 685 receiver: ACK (06) for what is kept, else silence.

The law and its table stand in `codes.conversation`; here stand the times of this family. A 685 has
no heartbeat, so its silence means nothing; what emulates one may send `OKAY @`, and from the first
of these on a silence is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from devices.callsystems.ademco685.codec import Ademco685
from devices.callsystems.codes.conversation import ReceiverSession
from devices.callsystems.codes.meaning import Meaning
from devices.doubts import Doubts

SILENT_AFTER_BEAT = timedelta(seconds=90)
"""Three heartbeats of 30 s."""


class Ademco685Session(ReceiverSession):
    """One line from a receiver. `silent_after`: how often it is agreed to speak at least."""

    def __init__(
        self,
        *,
        own: Mapping[str, Meaning] | None = None,
        silent_after: timedelta | None = None,
        now: datetime | None = None,
        doubts: Doubts | None = None,
    ) -> None:
        super().__init__(
            Ademco685(own or {}),
            silent_after=silent_after,
            silent_after_beat=SILENT_AFTER_BEAT,
            now=now,
            doubts=doubts,
        )
