"""The synthetic press (law 12): device → store → back to a device, every 60 s, the whole way.

A device of our own logs in at our own listener like any other, publishes a test, and waits for the
`test_ok` that only leaves after the commit. Only its success feeds the dead-man's switch outside
and the process watchdog, so a service that runs but cannot take a press is seen as dead. Where it
is the store alone that fails, the watchdog is fed all the same: a new process mends no disk, could
not start without it, and would take along whom memory is calling. The dead man outside is told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiomqtt
import httpx

from core import clock, ids, log
from tilkald import systemd
from tilkald.own_device import DEVICE, Door

EVERY_S = 60.0
ANSWER_WITHIN_S = 5.0
AGAIN_AFTER_S = 5.0
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


async def press_for_ever(door: Door, deadman_url: str, outcome: Outcome) -> None:
    """One press a minute; a failed one is tried again after five seconds."""
    async with _way_out(deadman_url) as way_out:
        await _press_on(door, deadman_url, outcome, way_out)


async def _press_on(
    door: Door, deadman_url: str, outcome: Outcome, way_out: httpx.AsyncClient | None
) -> None:
    seq = 0
    while True:
        seq += 1
        began = clock.monotonic_s()
        why = await _press(door, seq)
        if why:
            outcome.failed(why)
            if outcome.only_the_store():
                systemd.notify("WATCHDOG=1")
            await clock.sleep(AGAIN_AFTER_S)
            continue
        outcome.worked(clock.monotonic_s() - began)
        systemd.notify("WATCHDOG=1")
        if way_out is not None:
            await _feed(deadman_url, way_out)
        await clock.sleep(EVERY_S)


async def _press(door: Door, seq: int) -> str:
    """Empty when the press came back confirmed, else why it did not."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await _there_and_back(door, seq)
    except TimeoutError:
        return f"no answer to the test press within {ANSWER_WITHIN_S:g} s"
    except aiomqtt.MqttError as error:
        return f"the listener did not take the test press: {error}"
    return ""


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
