"""A line whose far end logs in at our own MQTT listener, e.g. rtl_433 with `-F mqtt://`.

Each message it publishes is a frame of the line's protocol. The PUBACK leaves once everything the
message held is kept (law 1), however long that takes: MQTT has no word for "send it again". The
line is open while its far end is connected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from devices.session import DeviceSession, Heard
from gateway.links.pump import LineOwner, Pump

Called = Callable[[], None]


class PatientOwner(LineOwner, Protocol):
    """What a line belongs to whose peer waits to be answered."""

    async def kept(self, message: Heard, called: Called | None) -> bool:
        """As `heard`; but where help is called and nothing is stored, `called` is called and the

        answer follows when it is known.
        """
        ...


class MqttLine:
    """`run` until cancelled, then `close`."""

    def __init__(
        self, device: str, open_session: Callable[[], DeviceSession], owner: PatientOwner
    ) -> None:
        self.device = device
        self._open_session = open_session
        self._owner = owner
        self._pump: Pump | None = None
        self._remembering = _Remembering(owner)
        self._closed = False

    @property
    def is_connected(self) -> bool:
        return self._pump is not None

    async def run(self) -> None:
        """Report the line as down until its far end logs in."""
        if self._pump is None:
            self._owner.down(f"{self.device} is not connected")
        await asyncio.get_running_loop().create_future()

    def connected(self) -> None:
        """Begin a fresh session: the far end has logged in, perhaps anew."""
        if self._closed:
            return
        self._drop()
        self._pump = Pump(self._open_session(), self._remembering, _Nobody())
        self._owner.up()
        self._pump.start()

    def disconnected(self) -> None:
        self._drop()
        self._owner.down(f"{self.device} is not connected")

    async def published(self, payload: bytes, called: Called) -> bool:
        """True once every message of the payload is kept; a closed line acknowledges none."""
        if self._closed or self._pump is None:
            return False
        lost = self._remembering.lost
        pump = self._pump
        with self._remembering.waiting(called):
            pump.receive(payload)
            pump.ended()
            await pump.drained()
        return self._remembering.lost == lost

    def stop_reading(self) -> None:
        self._closed = True

    async def close(self) -> None:
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        if self._pump is not None:
            self._pump.close()
            self._pump = None


class _Remembering:
    """The line's owner, how many messages it could not keep, and who waits for those it has."""

    def __init__(self, owner: PatientOwner) -> None:
        self._owner = owner
        self._waiting: dict[int, Called] = {}
        self._numbers = 0
        self.lost = 0

    @contextmanager
    def waiting(self, called: Called) -> Iterator[None]:
        """Somebody waits: `called` once, when help is called and nothing stored.

        One message may hold several, and the end of the one before: whoever waits is told.
        """
        self._numbers += 1
        number = self._numbers
        self._waiting[number] = called
        try:
            yield
        finally:
            self._waiting.pop(number, None)

    def _called(self) -> None:
        while self._waiting:
            self._waiting.popitem()[1]()

    def now(self) -> datetime:
        return self._owner.now()

    def wall(self) -> datetime:
        return self._owner.wall()

    def spoke(self) -> None:
        self._owner.spoke()

    async def heard(self, message: Heard) -> bool:
        kept = False
        try:
            kept = await self._owner.kept(message, self._called)
        finally:
            self.lost += not kept
        return kept

    def up(self) -> None:
        self._owner.up()

    def down(self, why: str) -> None:
        self._owner.down(why)

    def noticed(self, what: str, detail: str) -> None:
        self._owner.noticed(what, detail)


class _Nobody:
    """Nothing is said to the far end, and the listener has limits of its own."""

    def write(self, content: bytes) -> None:
        """Drop the bytes: these protocols only speak to us."""

    def pause_reading(self) -> None:
        """A message is read once it is kept: the listener's own window holds the next ones."""

    def resume_reading(self) -> None:
        """Do nothing: reading was not paused."""
