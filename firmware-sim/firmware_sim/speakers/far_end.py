"""One speaker on one cable: bytes and timers in, answers out, everything told as facts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from core.clock import Clock
from firmware_sim.speakers.cables import Cable
from firmware_sim.speakers.ports import Call, Speaker

_TIMER_S_LEAST = 0.001

Took = Callable[[Call], None]
"""Told of each call that has its protocol's acknowledgement."""


class FarEnd:
    """What stands at the other end of one line. `start`, then `call`, `unplug`, `plug_in`."""

    def __init__(self, speaker: Speaker, cable: Cable, clock: Clock, took: Took) -> None:
        self._speaker = speaker
        self._cable = cable
        self._clock = clock
        self._took = took
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        await self._cable.start(self)

    def call(self, call: Call) -> None:
        """Somebody presses."""
        self._speaker.calls.add(call)
        self._wake()

    def unplug(self) -> None:
        self._cable.unplug()

    def plug_in(self) -> None:
        self._cable.plug_in()

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._cable.close()

    # -- called by the cable ----------------------------------------------------------------

    def connected(self) -> None:
        self._speaker.connected(self._clock.now(), self._clock.wall())
        self._go_on()

    def lost(self) -> None:
        self._speaker.lost(self._clock.now())
        self._go_on()

    def heard(self, content: bytes) -> None:
        self._speaker.receive(content, self._clock.now(), self._clock.wall())
        self._go_on()

    # ---------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._speaker.wake(self._clock.now(), self._clock.wall())
        self._go_on()

    def _go_on(self) -> None:
        """After anything that moved the speaker."""
        if self._closed:
            return
        for piece in self._speaker.to_send():
            self._cable.write(piece)
        for call in self._speaker.calls.taken():
            self._took(call)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wake_at = self._speaker.wake_at
        if wake_at is not None:
            delay_s = max((wake_at - self._clock.now()).total_seconds(), _TIMER_S_LEAST)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._wake)
