"""A line that has gone quiet: said once when it is silent too long, and once when it is back."""

from __future__ import annotations

from datetime import datetime, timedelta

LINE_SILENT, LINE_BACK = "line_silent", "line_back"
"""`Reading.code` of the two technical readings about a line."""


class Silence:
    """Counts from the first moment anybody calls it, so a line that never speaks is silent too."""

    def __init__(self, after: timedelta) -> None:
        self._after = after
        self._heard: datetime | None = None
        self.silent = False

    @property
    def wake_at(self) -> datetime | None:
        if self._heard is None or self.silent:
            return None
        return self._heard + self._after

    def began(self, now: datetime) -> None:
        if self._heard is None:
            self._heard = now

    def heard(self, now: datetime) -> bool:
        """Something that means something came; true when the line was silent before."""
        back, self.silent = self.silent, False
        self._heard = now
        return back

    def due(self, now: datetime) -> bool:
        """True once, when the line has been silent too long."""
        wake_at = self.wake_at
        if wake_at is None or now < wake_at:
            return False
        self.silent = True
        return True
