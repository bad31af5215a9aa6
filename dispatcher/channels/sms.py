"""The SMS channel: the words, the emergency guard and the two lanes; a carrier does the sending.

A call is never throttled. Life-safety and everything else have lanes of their own, each with its
own connections, so that a slow technical message never stands before a call (law 12).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from alarms.channel import Capabilities
from alarms.model import Notice
from core.errors import ChannelError
from core.signals import ReceiptState
from dispatcher.channels.emergency import refuse_emergency
from dispatcher.channels.faults import Refused, Troubles
from dispatcher.channels.gsm import Line, fitted
from dispatcher.channels.ports import Addressee, Sending
from dispatcher.channels.rows import CHANNELS, SMS
from dispatcher.channels.wording import answer_keys, compose

SEND_TIMEOUT_S = 5.0
"""Waiting for the carrier's answer, and for a place in the lane: then the next route is due."""

LIFE_SAFETY_AT_ONCE = 64
TECHNICAL_AT_ONCE = 4
"""Requests under way in a lane. A full lane is a slow carrier: each waits SEND_TIMEOUT_S at most,
so even then a lane of 64 starts at least a dozen calls a second."""

VALID_LEAST = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for a carrier. `notice` is our id: receipts come back by it."""

    notice: str
    number: str
    body: str
    valid: timedelta


class Carrier(Protocol):
    """Whoever takes a message: a provider, later a modem."""

    async def send(self, message: Outgoing) -> str:
        """Hand over; returns the carrier's reference. Raises Refused, or ChannelError."""
        ...

    async def close(self) -> None: ...


class SmsChannel:
    """`country` maps a site to its country: it decides which numbers are emergency numbers."""

    def __init__(
        self,
        life_safety: Carrier,
        technical: Carrier,
        troubles: Troubles,
        country: Callable[[str], str],
    ) -> None:
        self._life_safety = _Lane(life_safety, LIFE_SAFETY_AT_ONCE)
        self._technical = _Lane(technical, TECHNICAL_AT_ONCE)
        self._troubles = troubles
        self._country = country

    @property
    def name(self) -> str:
        return SMS

    @property
    def capabilities(self) -> Capabilities:
        return CHANNELS[SMS]

    async def send(self, notice: Notice, to: Addressee, link: str) -> Sending:
        """Raises ChannelError; a timeout is temporary, though the carrier may have taken it."""
        refuse_emergency(notice.address, self._country(notice.site))
        message = Outgoing(
            notice.id,
            notice.address,
            sms_text(notice, to, link),
            max(notice.expires - notice.created, VALID_LEAST),
        )
        lane = self._technical if notice.technical else self._life_safety
        try:
            reference = await lane.send(message)
        except Refused as refusal:
            self._troubles.refused(notice.address, notice.person, refusal.meaning)
            raise
        self._troubles.worked(notice.address)
        return Sending(ReceiptState.SENT, reference)

    async def close(self) -> None:
        await self._life_safety.carrier.close()
        await self._technical.carrier.close()


def sms_text(notice: Notice, to: Addressee, link: str) -> str:
    """The whole message: place first, how to answer, the link last; two segments at most."""
    keys = answer_keys(notice, to)
    return fitted([*compose(notice, to), Line(keys), Line(link)])


class _Lane:
    """A carrier of its own and so many requests at once."""

    def __init__(self, carrier: Carrier, at_once: int) -> None:
        self.carrier = carrier
        self._places = asyncio.Semaphore(at_once)

    async def send(self, message: Outgoing) -> str:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S), self._places:
                return await self.carrier.send(message)
        except TimeoutError:
            raise ChannelError(
                f"SMS: no answer in {SEND_TIMEOUT_S:.0f} s; the next route is taken.",
                temporary=True,
                code="timeout",
            ) from None
