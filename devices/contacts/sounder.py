"""The sirens and lamps on a line's outputs: which of them must be written next, and to what.

The law kept here: *what should sound is said again and again, and so is that it should not*. An
output that sounds is written every `AGAIN_SOUNDING`, so that a board that restarted sounds too; one
at rest every `AGAIN_AT_REST`, so that a siren nobody can reach is found before it is needed. When
the line opens each is written anew: nobody knows what it does, a board sounds on when we are gone.

It outlives the line's sessions: what should sound sounds on when the line is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.contacts.board import Board, Output, Write

SOUND_LEAST, SOUND_MOST = timedelta(seconds=1), timedelta(seconds=120)
"""How long a site may let one call sound. The rounds of an alarm renew it."""

AGAIN_SOUNDING = timedelta(seconds=3)
AGAIN_AT_REST = timedelta(seconds=30)
AGAIN_UNDONE = timedelta(seconds=1)
"""After a write nobody has confirmed."""

AGAIN_LOST = timedelta(seconds=5)
"""The pace of an output that is lost, as of a lost read: each attempt keeps the line waiting."""

SOUNDER_SILENT = "sounder_silent"
"""`Reading.code` of an output that does not do what it is told, and of its return."""


@dataclass(slots=True)
class Sounding:
    """One output. `asked`: what it was last told; `missed_since`: it has not confirmed since then.

    `lost`: for too long. `refused`: the exception its board answered last. `away`: the board is
    silent, and said to be.
    """

    output: Output
    due: datetime | None = None
    asked: bool | None = None
    is_on: bool | None = None
    missed_since: datetime | None = None
    lost: bool = False
    refused: int | None = None
    away: bool = False


class Sounder:
    """The outputs of one line. Without any it never wants a turn."""

    def __init__(self, board: Board) -> None:
        self._longest = board.sound_most
        self._all = {output: Sounding(output) for output in board.sounders}
        self._until: datetime | None = None

    @property
    def has_outputs(self) -> bool:
        return bool(self._all)

    @property
    def is_sounding(self) -> bool:
        """Whether an output was told to sound, and not yet to stop."""
        return any(one.asked for one in self._all.values())

    @property
    def wake_at(self) -> datetime | None:
        """When an output must be written next."""
        moments = [one.due for one in self._all.values() if one.due is not None]
        if self._until is not None and self.is_sounding:
            moments.append(self._until)
        return min(moments, default=None)

    def sound(self, now: datetime, for_: timedelta) -> int:
        """Sound for so long, at most as long as the site allows; how many there are that answer."""
        until = now + min(for_, self._longest)
        if self._until is None or until > self._until:
            self._until = until
        self._at_once(True, now)
        return sum(not one.lost and not one.away for one in self._all.values())

    def stop(self, now: datetime) -> None:
        """Be quiet, whatever was said before."""
        self._until = None
        self._at_once(False, now)

    def begin_anew(self, now: datetime) -> None:
        """The line is open, maybe again: nobody knows what the outputs do."""
        for one in self._all.values():
            one.asked = one.is_on = None
            self._miss_anew(one, now)

    def unit_is_silent(self, unit: int) -> None:
        """Its board does not answer at all: that is said, and nothing more of its outputs."""
        for one in self._of_unit(unit):
            one.away = True

    def unit_is_back(self, unit: int, now: datetime) -> None:
        """Its board answers again; it may have been without power."""
        for one in self._of_unit(unit):
            self._miss_anew(one, now)

    def next(self, now: datetime) -> Write | None:
        """The write that is to leave now, if one is due: whichever has waited longest."""
        wanted = self._until is not None and now < self._until
        due = [one for one in self._all.values() if self._is_due(one, wanted, now)]
        if not due:
            return None
        one = min(due, key=lambda one: one.due or now)
        one.asked = wanted
        one.missed_since = one.missed_since or now
        one.due = now + (AGAIN_LOST if one.lost else AGAIN_UNDONE)
        return Write(one.output, wanted)

    def written(self, write: Write, now: datetime) -> Sounding | None:
        """A board says that it is done; the output, where it was lost before."""
        one = self._all[write.output]
        one.is_on = write.on
        if write.on is not one.asked:
            return None  # late: it was told otherwise since
        was_lost, one.lost = one.lost, False
        one.missed_since = one.refused = None
        one.due = now + (AGAIN_SOUNDING if write.on else AGAIN_AT_REST)
        return one if was_lost else None

    def refused(self, write: Write, exception: int) -> None:
        self._all[write.output].refused = exception

    def newly_lost(self, since: datetime) -> list[Sounding]:
        """Those not confirmed since then; each is told once."""
        lost = [
            one
            for one in self._all.values()
            if not (one.lost or one.away)
            if one.missed_since is not None and one.missed_since <= since
        ]
        for one in lost:
            one.lost = True
        return lost

    def _is_due(self, one: Sounding, wanted: bool, now: datetime) -> bool:
        changes = one.asked is not None and one.asked is not wanted
        return changes or (one.due is not None and one.due <= now)

    def _of_unit(self, unit: int) -> list[Sounding]:
        return [one for one in self._all.values() if one.output.unit == unit]

    def _miss_anew(self, one: Sounding, now: datetime) -> None:
        one.due, one.missed_since, one.refused, one.away = now, None, None, False

    def _at_once(self, wanted: bool, now: datetime) -> None:
        """Those that were told already are told again in their turn."""
        for one in self._all.values():
            if one.asked is not wanted:
                one.due = now
