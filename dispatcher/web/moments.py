"""Service time as people read it: the wall clock of the site, and how long ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.words import Words

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moments:
    """One page's view of time: `now` in service time, the wall clock beside it, the site's zone."""

    now: datetime
    wall: datetime
    zone: tzinfo

    def clock(self, moment: datetime) -> str:
        """`14:02:11`, with the date when it was another day."""
        local = self._local(moment)
        if local.date() == self.wall.astimezone(self.zone).date():
            return f"{local:%H:%M:%S}"
        return f"{local.day}.{local.month}. {local:%H:%M:%S}"

    def short(self, moment: datetime) -> str:
        return f"{self._local(moment):%H:%M}"

    def day(self, moment: datetime) -> str:
        local = self._local(moment)
        return f"{local.day}.{local.month}.{local.year}"

    def today(self) -> str:
        return self.day(self.now)

    def seconds_since(self, moment: datetime) -> int:
        return max(0, int((self.now - moment).total_seconds()))

    def iso(self, moment: datetime) -> str:
        """RFC 3339, UTC, wall clock: for `<time datetime>`."""
        return rfc3339(moment + (self.wall - self.now))

    def _local(self, moment: datetime) -> datetime:
        return (moment + (self.wall - self.now)).astimezone(self.zone)


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone_of(name: str) -> tzinfo:
    """The site's zone; a name this machine does not know must not take the board down."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def stopwatch(seconds: int) -> str:
    """`0:42`, `12:07`, `1:03:20`: the clock since the press, as the board counts it on."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(w: Words, span: timedelta) -> str:
    """`40 s ago`, `12 min ago`, `3 h ago`, `2 days ago`."""
    if span < 2 * MINUTE:
        return w("{seconds} s ago", seconds=max(0, int(span.total_seconds())))
    if span < 2 * HOUR:
        return w("{minutes} min ago", minutes=int(span / MINUTE))
    if span < 2 * DAY:
        return w("{hours} h ago", hours=int(span / HOUR))
    return w("{days} days ago", days=int(span / DAY))
