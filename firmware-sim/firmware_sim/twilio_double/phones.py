"""The phones at the far end: they keep what came, and complain about what nobody expected."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from firmware_sim.twilio_double.faults import Refusal
from firmware_sim.twilio_double.shape import Message

WAIT_S = 5.0
MESSAGES_MOST = 10_000

_LINK = re.compile(r"https?://\S+")

Reply = Callable[["Phone", str], Awaitable[list[str]]]
Fetch = Callable[[str], Awaitable[httpx.Response]]


class Unexpected(AssertionError):
    """A message nobody expected, or one that was expected and did not come."""


@dataclass(slots=True)
class Phone:
    """One simulated phone. `final` and `error_code`: what the carrier says of messages to it.

    `refuse`: Twilio takes nothing for this number (a landline: 400, 21614). `on_message`: a
    simulated person looks at the phone.
    """

    number: str
    _send: Reply
    _fetch: Fetch
    final: str = "delivered"
    error_code: int | None = None
    refuse: Refusal | None = None
    opted_out: bool = False
    on_message: Callable[[Message], None] | None = None
    messages: list[Message] = field(default_factory=list)
    _seen: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def expect(self, *parts: str, within_s: float = WAIT_S) -> Message:
        """The next message, which must contain every part; raises Unexpected otherwise."""
        message = await self._next(within_s, parts)
        missing = [part for part in parts if part not in message.body]
        if missing:
            raise Unexpected(f"{self.number} got {message.body!r}, without {missing}")
        return message

    async def reply(self, text: str) -> list[str]:
        """Send a message to the service; what it sends straight back (seen already)."""
        return await self._send(self, text)

    async def open_link(self, message: Message) -> httpx.Response:
        """Open the one link of a message, as a tap on it does."""
        found = links(message)
        if len(found) != 1:
            raise Unexpected(f"{self.number}: one link expected in {message.body!r}")
        return await self._fetch(found[0])

    def expect_nothing(self) -> None:
        """Raise Unexpected when something came that no `expect` has taken."""
        left = self.messages[self._seen :]
        if left:
            raise Unexpected(f"{self.number} got what nobody expected: {[m.body for m in left]}")

    def received(self, message: Message, *, seen: bool = False) -> None:
        """The network brings a message. `seen`: the caller has it in hand already."""
        assert len(self.messages) < MESSAGES_MOST, "a simulated phone is full"
        if seen:
            self.messages.insert(self._seen, message)
            self._seen += 1
        else:
            self.messages.append(message)
            self._came.set()
        if self.on_message is not None:
            self.on_message(message)

    async def _next(self, within_s: float, parts: tuple[str, ...]) -> Message:
        try:
            async with asyncio.timeout(within_s):
                while self._seen >= len(self.messages):
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise Unexpected(f"{self.number} got nothing in {within_s} s, not {parts}") from None
        message = self.messages[self._seen]
        self._seen += 1
        return message


def links(message: Message) -> list[str]:
    """The links in a message, as a phone would make them tappable."""
    return _LINK.findall(message.body)
