"""What a channel reports about itself: one port, so that no channel knows who listens."""

from __future__ import annotations

from typing import Protocol


class Concerns(Protocol):
    """Told on the event loop; must not block and not raise."""

    def noticed(self, what: str, detail: str) -> None:
        """Count `what` (a token) in the metrics and write one line; `detail` carries no number,

        no name and no token.
        """
        ...

    def technical(self, text: str) -> None:
        """Raise a technical alarm: something a person must put right."""
        ...

    def degraded(self, part: str, text: str | None) -> None:
        """Show `part` as degraded on every page with this text; None: it works again."""
        ...
