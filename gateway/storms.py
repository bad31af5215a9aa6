"""A device that repeats a thousand times a second: its first press goes straight through.

Past a burst, what one device says with one meaning is folded: the newest message stands for those
before it, is handed over once in a while, and its commit acknowledges them all. Nothing that means
something else, and no other device, waits for it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from core.signals import Reading, SignalType
from core.token_buckets import TokenBuckets

BURST, PER_SECOND = 20, 1.0
"""Messages of one device with one meaning that go straight through: 20, then one a second."""

DEVICE_BURST, DEVICE_PER_SECOND = 1_000, 100.0
"""Messages of one device with any meaning; only then all but alarms are folded by their type."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a message would do. Alarms of one point, kind and level mean the same for a moment."""

    device: str
    type: SignalType
    more: tuple[Hashable, ...] = ()


class Storms:
    """Which messages go straight through, and which are folded."""

    def __init__(self) -> None:
        self._by_meaning = TokenBuckets(BURST, PER_SECOND)
        self._by_device = TokenBuckets(DEVICE_BURST, DEVICE_PER_SECOND)

    def folds(self, reading: Reading, now: datetime) -> Meaning | None:
        """None: straight through. Else the meaning under which it is folded."""
        meaning = _meaning(reading)
        calm = self._by_device.allows(reading.device, now)
        if not calm and reading.type is not SignalType.ALARM:
            meaning = Meaning(reading.device, reading.type)
        return None if self._by_meaning.allows(meaning, now) else meaning


def _meaning(reading: Reading) -> Meaning:
    match reading.type:
        case SignalType.ALARM:
            more: tuple[Hashable, ...] = (reading.kind, reading.level, reading.point)
        case SignalType.ANSWER:
            more = (reading.notice, reading.answer)
        case SignalType.CANCEL:
            more = (reading.cancels,)
        case _:
            more = ()
    return Meaning(reading.device, reading.type, more)
