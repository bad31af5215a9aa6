"""Carries out the service's own press (law 12): device → store → back to a device, the whole way.

When it presses, and what counts as an answer, is a timed case (`dispatcher.safety.self_check`): it
hangs on what every alarm hangs on. Here a device of our own logs in at our own listener like any
other, publishes a test, and waits for the `test_ok` that only leaves after the commit. Only its
success feeds the dead-man's switch outside and the process watchdog, so a service that runs but
cannot take a press is seen as dead. Where it is the store alone that fails, the watchdog is fed all
the same: a new process mends no disk, could not start without it, and would take along whom memory
is calling. The dead man outside is told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import aiomqtt
import httpx

from core import ids, log
from dispatcher.safety.self_check import (
    SELF_CHECK,
    THE_SERVICE,
    CameBack,
    Failed,
    NotTaken,
    Press,
    Ready,
    Worked,
)
from tilkald import systemd
from tilkald.own_device import DEVICE, Door

DEADMAN_TIMEOUT_S = 10.0

_log = log.logger("tilkald.selfcheck")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows a press that came through, and one that did not.

    `only_the_store`: whether help goes on from memory, because it is the store that fails.
    """

    worked: Callable[[float], None]
    failed: Callable[[str], None]
    only_the_store: Callable[[], bool] = lambda: False


class Checked(Protocol):
    """The engine, as far as its own press asks it."""

    def perform(self, kind: str, do: Callable[[object], None]) -> None: ...

    def happened(self, kind: str, case: str, event: object) -> None: ...


async def press_for_ever(engine: Checked, door: Door, deadman_url: str, outcome: Outcome) -> None:
    """Press whenever the case asks for it, and tell what comes of it."""
    effects: asyncio.Queue[object] = asyncio.Queue()
    engine.perform(SELF_CHECK, effects.put_nowait)
    engine.happened(SELF_CHECK, THE_SERVICE, Ready())
    under_way: dict[str, asyncio.Task[None]] = {}

    def begin(what: str, work: Coroutine[None, None, None]) -> None:
        if (before := under_way.get(what)) is not None:
            before.cancel()  # given up: it has had its time
        under_way[what] = asyncio.create_task(work)

    async with _way_out(deadman_url) as way_out:
        try:
            while True:
                match await effects.get():
                    case Press(seq=seq):
                        begin("press", _press(engine, door, seq))
                    case Worked(seconds=seconds):
                        outcome.worked(seconds)
                        systemd.notify("WATCHDOG=1")
                        if way_out is not None:
                            begin("feed", _feed(deadman_url, way_out))
                    case Failed(why=why):
                        outcome.failed(why)
                        if outcome.only_the_store():
                            systemd.notify("WATCHDOG=1")
        finally:
            for task in under_way.values():
                task.cancel()


async def _press(engine: Checked, door: Door, seq: int) -> None:
    try:
        await _there_and_back(door, seq)
    except aiomqtt.MqttError as error:
        why = f"the listener did not take the test press: {error}"
        engine.happened(SELF_CHECK, THE_SERVICE, NotTaken(seq, why))
    else:
        engine.happened(SELF_CHECK, THE_SERVICE, CameBack(seq))


async def _there_and_back(door: Door, seq: int) -> None:
    boot = ids.secret()[:8]
    async with aiomqtt.Client(
        door.host, door.port, username=DEVICE, password=door.password, identifier=DEVICE
    ) as client:
        await client.subscribe(f"{door.prefix}/{DEVICE}/down", qos=1)
        press = json.dumps({"type": "test", "seq": seq, "boot": boot})
        await client.publish(f"{door.prefix}/{DEVICE}/up", press, qos=1)
        async for message in client.messages:
            told = json.loads(bytes(message.payload))
            if told.get("type") == "test_ok" and told.get("seq") == seq:
                return


@asynccontextmanager
async def _way_out(deadman_url: str) -> AsyncIterator[httpx.AsyncClient | None]:
    """Made once and beside the loop: reading the certificates of the world takes 40 ms."""
    if not deadman_url:
        yield None
        return
    client = await asyncio.to_thread(httpx.AsyncClient, timeout=DEADMAN_TIMEOUT_S)
    async with client:
        yield client


async def _feed(deadman_url: str, way_out: httpx.AsyncClient) -> None:
    """The dead-man's switch outside. Its own failure is a line in the log: it will alarm itself."""
    try:
        (await way_out.get(deadman_url)).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _log.warning("the dead-man's switch was not fed", error=error)
