"""Of senders we know: what nobody could read and was only counted, shown until it ends.

Unreadable bytes are acknowledged, so that no press waits behind them; past a limit they are not
even kept. Whoever sends them may be in need all the same, so people see who it is and how many.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway.ports import Desk


class Unread:
    """Of one intake. Bounded by the devices and lines of its configuration."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counted: dict[str, int] = {}

    def counts(self, sender: str) -> bool:
        """Count one more; true for the first: await `until_quiet`. Each doubling is told."""
        count = self._counted[sender] = self._counted.get(sender, 0) + 1
        if count.bit_count() == 1:
            text = (
                f"{sender} says what nobody can read, again and again. Its first messages are "
                f"kept; {count} more are only counted. Look at it."
            )
            self._desk.problem(f"unread:{sender}", text)
        return count == 1

    async def until_quiet(self, sender: str, pause: Callable[[], Awaitable[None]]) -> None:
        """Wait until nothing more came for a whole pause, then take the problem back."""
        count = 0
        while count != self._counted[sender]:
            count = self._counted[sender]
            await pause()
        del self._counted[sender]
        self._desk.problem(f"unread:{sender}", None)
