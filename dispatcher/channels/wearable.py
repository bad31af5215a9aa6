"""The wearable and pager channel: a page to the responder's own device over our MQTT listener."""

from __future__ import annotations

from collections.abc import Callable

from alarms.channel import Capabilities
from alarms.model import Notice, Purpose
from core.clock import Clock
from core.errors import ChannelError
from core.signals import ReceiptState
from devices.buttons.native.messages import Head, Page, StandDownReason, page, stand_down
from dispatcher.channels.ports import Addressee, Sending
from dispatcher.channels.rows import CHANNELS, WEARABLE
from dispatcher.channels.wording import compose

Tell = Callable[[str, bytes, Callable[[], None], bool], bool]
"""Publish bytes to a device's `down`; True when a session of it is connected. Then what is called
at its PUBACK, and whether it is urgent: a technical page waits behind every call for help (law 12).
"""

Receipts = Callable[[str, ReceiptState], None]
"""What became of a notice, by our own id."""


class WearableChannel:
    """Pages over MQTT: handed to the listener at once, delivered when the device has its PUBACK."""

    def __init__(self, tell: Tell, receipts: Receipts, clock: Clock) -> None:
        self._tell = tell
        self._receipts = receipts
        self._clock = clock

    @property
    def name(self) -> str:
        return WEARABLE

    @property
    def capabilities(self) -> Capabilities:
        return CHANNELS[WEARABLE]

    def hand_over(self, notice: Notice, to: Addressee) -> Sending:
        """Raises ChannelError, temporary, when no session of the device is connected."""

        def acknowledged() -> None:
            self._receipts(notice.id, ReceiptState.DELIVERED)

        content, urgent = self._message(notice, to), not notice.technical
        if not self._tell(notice.address, content, acknowledged, urgent):
            raise ChannelError(
                f"{notice.address} has no connection: the next route is taken.",
                temporary=True,
                code="not_connected",
            )
        return Sending(ReceiptState.SENT)

    async def close(self) -> None:
        """Nothing is held open: the listener is somebody else's."""

    def _message(self, notice: Notice, to: Addressee) -> bytes:
        # Service time stays in the service; what a device is told is the time on the wall.
        ahead = self._clock.wall() - self._clock.now()
        head = Head(notice.id, notice.created + ahead, notice.alarm, notice.rev)
        if notice.purpose is Purpose.STAND_DOWN:
            assert notice.about is not None, "a stand-down names what it takes back"
            return stand_down(head, notice.about, StandDownReason(notice.reason))
        return page(
            head,
            Page(
                notice=notice.id,
                text="\n".join(line.text for line in compose(notice, to)),
                level=notice.level,
                zone=notice.place.zone,
                quiet=notice.level.quiet,
                expires=notice.expires + ahead,
            ),
        )
