"""What a channel is. The engine performs the outbox through this and knows no provider."""

from __future__ import annotations

from typing import Protocol

from alarms.channel import Capabilities
from alarms.model import Notice
from core.signals import ReceiptState
from core.values import value
from dispatcher.roster.model import Language


@value(frozen=True)
class Addressee:
    """What a channel needs to know of the person to choose words. `words` are the site's own.

    `more`: what else stands for them and is not shown, in their words. `timezone`: of their site,
    for what is told by the clock.
    """

    person: str
    language: Language
    words: tuple[tuple[str, str], ...] = ()
    site_name: str = ""
    more: str = ""
    timezone: str = "UTC"


@value(frozen=True)
class Sending:
    """What became of a hand-over: `sent`, or `delivered` where the channel knows at once."""

    state: ReceiptState
    provider_ref: str = ""


class Channel(Protocol):
    """One channel: an `ImmediateChannel`, where `Capabilities.immediate` says so, or a
    `WaitingChannel`.

    A stand-down is a notice like any other (`Purpose.STAND_DOWN`, `about` names what it takes
    back). ChannelError, temporary or permanent, is not retried inside.
    """

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def close(self) -> None: ...


class ImmediateChannel(Channel, Protocol):
    """Hands over within this process, and never waits."""

    def hand_over(self, notice: Notice, to: Addressee) -> Sending:
        """Raises ChannelError."""
        ...


class WaitingChannel(Channel, Protocol):
    """Somebody else takes its time: a provider, a modem."""

    async def send(self, notice: Notice, to: Addressee, link: str) -> Sending:
        """`link`: the URL of the notice page where `Capabilities.links` is set, else "".

        Raises ChannelError.
        """
        ...
