"""How often a device that listens again is shown what stands.

The law kept here: *showing is never lost and never piles up*. A device that subscribes without
pause (to every page it gets, say) costs its own picture a moment, and no press of others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.token_buckets import TokenBuckets

SHOWN_BURST, SHOWN_PER_SECOND = 4, 1.0
"""A badge that comes back on a bad line is shown all at once, each time; what subscribes on and on
is shown once a second, for all its subscriptions since."""


class Showing:
    """`later` calls a function after so many seconds."""

    def __init__(
        self,
        show: Callable[[str], None],
        now: Callable[[], datetime],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._show = show
        self._now = now
        self._later = later
        self._pace = TokenBuckets(SHOWN_BURST, SHOWN_PER_SECOND)
        self._owed: dict[str, None] = {}

    def asked(self, device: str) -> None:
        """A device subscribes: it is shown what stands, now or for several such at once."""
        if device in self._owed:
            return
        if self._pace.allows(device, self._now()):
            self._show(device)
        else:
            self._owed[device] = None
            self._later(1 / SHOWN_PER_SECOND, lambda: self._pay(device))

    def _pay(self, device: str) -> None:
        del self._owed[device]
        self._show(device)
