"""What an alarm's timeline says of the sirens of its site: that they rang, or that none did."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from alarms.model import Alarm
from alarms.vocabulary import Timeline
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.store.ports import TimelineEntry, Transaction

ALARMS_MOST = 1_000
"""Alarms kept in mind; of one that was forgotten the same is said again."""


class Sounders:
    """Writes each change once: a line every few seconds would bury the alarm's timeline."""

    def __init__(self) -> None:
        self._rang: dict[str, bool] = {}

    def sounded(self, alarm: Alarm, count: int, at: Moment) -> Outcome:
        """Write to the timeline that `count` sirens sound about this alarm, or that none does."""
        rang = count > 0
        if self._rang.get(alarm.id) is rang:
            return Outcome()
        while len(self._rang) >= ALARMS_MOST:
            del self._rang[next(iter(self._rang))]
        self._rang[alarm.id] = rang
        if rang:
            entry = _entry(alarm.id, Timeline.RANG_LOCALLY, {"count": str(count)}, at)
        else:
            entry = _entry(alarm.id, Timeline.NO_SOUNDER, {}, at)
        return Outcome(Transaction(timeline=(entry,)), changed=(alarm.id,))


def _entry(alarm: str, what: Timeline, body: Mapping[str, str], at: Moment) -> TimelineEntry:
    return TimelineEntry(alarm, at.now, at.wall, what, msgspec.json.encode(body).decode())
