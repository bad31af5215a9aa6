"""Errors by whose fault they are. Anything else that escapes is ours, and the supervisor's.

A fact that can happen (a lost device, a declined call) is an event, never an exception.
"""

from __future__ import annotations


class TilkaldError(Exception):
    """The root of what we raise on purpose; its text is one clear line for a person."""


class PeerError(TilkaldError):
    """The other side broke the protocol: answer as the protocol says, count, keep the bytes."""


class ChannelError(TilkaldError):
    """A channel could not do its work. Try the next route now; retry only if `temporary`."""

    def __init__(self, text: str, *, temporary: bool, code: str = "") -> None:
        super().__init__(text)
        self.temporary = temporary
        self.code = code


class StoreUnavailable(TilkaldError):
    """The store cannot commit (full, read-only, locked, gone). Help goes on from memory."""


class Unstorable(StoreUnavailable):
    """The store works, but cannot hold this: trying again does not help."""


class Conflict(TilkaldError):
    """Compare-and-set on a case's `rev` failed: somebody else wrote it. Load again and decide."""


class DomainError(TilkaldError):
    """A request that is understood and refused. The web edge maps `code` to a status.

    Codes: `not_found`, `stale` (the alarm moved on), `not_allowed`, `invalid`, `gone`.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ConfigError(TilkaldError):
    """A setting or a site file is wrong: names the place, the problem, and an example."""
