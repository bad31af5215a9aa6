"""Which radio frames are copies of one press, and what that press is called.

The law kept here: *one press is one reading, and a second press is never swallowed for longer than
the window*. A transmitter says everything several times and repeaters say it again; nothing on
these wires counts presses. So the first frame of a content opens a window, its copies inside the
window are silent, and the first frame after it is a new press. Copies never lengthen the window: a
button held down is a press again each window, and a frame that somebody recorded and sends later
is believed as a press, as anyone may raise (law 6). It joins the alarm its device still has open,
and it closes nothing.

What a press is called (`Reading.seq`; `boot` and `at` stay empty): the number of the window, in
service time, in which its first frame came. Service time goes on over a restart, so a copy heard
after one, or by a second receiver of the same house, mostly has the same name and is known to
intake as a repeat; where the two fall on both sides of a boundary it counts as one more press of
the same device. Two presses further apart than a window never share a name.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime, timedelta

CONTENTS_MAX = 4_096
"""Contents remembered by one session; past this the oldest is forgotten, and heard as new."""

_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


class Copies:
    """The contents one receiver heard lately."""

    __slots__ = ("_first", "_window")

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._first: dict[Hashable, datetime] = {}

    def is_one(self, content: Hashable, now: datetime) -> bool:
        """True for a copy of what was heard within the window; else it is remembered as first.

        A `now` before the first frame proves nothing, so it is a new press.
        """
        first = self._first.get(content)
        if first is not None and timedelta() <= now - first < self._window:
            return True
        self._first.pop(content, None)  # so that the order of the dictionary stays that of time
        if len(self._first) >= CONTENTS_MAX:
            del self._first[next(iter(self._first))]
        self._first[content] = now
        return False

    def seq(self, now: datetime) -> int:
        """The name of a press whose first frame comes `now`."""
        return (now - _SINCE) // self._window
