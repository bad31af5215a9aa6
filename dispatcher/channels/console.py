"""The console channel: a notice to a screen somebody has open. The board itself shows the rest."""

from __future__ import annotations

from collections.abc import Callable

from alarms.channel import Capabilities
from alarms.model import Notice
from core.errors import ChannelError
from core.signals import ReceiptState
from dispatcher.channels.ports import Addressee, Sending
from dispatcher.channels.rows import CHANNELS, CONSOLE


class ConsoleChannel:
    """`is_open` says whether a page signed in as this person is following the live stream."""

    def __init__(self, is_open: Callable[[str], bool]) -> None:
        self._is_open = is_open

    @property
    def name(self) -> str:
        return CONSOLE

    @property
    def capabilities(self) -> Capabilities:
        return CHANNELS[CONSOLE]

    def hand_over(self, notice: Notice, to: Addressee) -> Sending:
        """The stream carries the alarm itself; raises ChannelError when nobody is looking."""
        if not self._is_open(notice.person):
            raise ChannelError(
                f"{notice.person} has no console open: the next route is taken.",
                temporary=True,
                code="not_open",
            )
        return Sending(ReceiptState.SENT)

    async def close(self) -> None:
        """Do nothing: no connection is held open."""
