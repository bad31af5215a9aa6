"""May this device log in? Its password is worked out once, not at every reconnect.

Working a password out costs a millisecond or more of a core, so strangers could make us do nothing
else. They may not, and may keep no device out either, also where they come from its own address (a
house behind one router, a container bridge):

- What was right once is right at once again, whatever others try meanwhile, and so is a plain
  password; what was wrong once is wrong at once.
- Everything else is worked out on a thread beside the loop, in turns: one attempt of each lane, a
  lane being one device tried from one address. Nobody's attempts make another lane wait for more
  than its turn, and in its own lane an attempt waits behind at most `LANE_MAX`.
- After a wrong one the thread rests `REST` times as long as it took: guessing costs a quarter of a
  core, some 250 attempts a second in all. A house that comes back after a start is right, and waits
  for no rest.

So a right password is tried within `LANE_MAX` turns, or asked at once to come again because its
lane is full. That takes more wrong ones each second, for that one device from that one address,
than are worked out; then each attempt of the device has its share.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from core.clock import monotonic_s, sleep
from devices.passwords import is_plain, matches
from devices.registry import Device, Registry
from gateway.links.ports import Login

REMEMBERED_MAX = 50_000
"""Right passwords remembered; past this the oldest is worked out again."""

WRONG_MAX = 10_000
"""Wrong ones remembered."""

LANE_MAX = 100
"""Attempts for one device from one address that wait; one more is refused."""

WAITING_MAX = 25_000
"""And in all: every device of a great house comes back at once."""

REST = 3.0
"""After a wrong password the thread rests so many times as long as it took."""

WITHIN_S = 20.0
"""No attempt waits for longer than this: it is asked to come again."""


class Logins:
    """The passwords of the registry's devices."""

    def __init__(
        self, registry: Registry, work_out: Callable[[str, bytes], bool] = matches
    ) -> None:
        """`work_out(stored, given)` is the slow comparison. It is called on a thread."""
        self._registry = registry
        self._right: dict[bytes, None] = {}
        self._wrong: dict[bytes, None] = {}
        self._turns = _Turns(work_out)

    def login(self, username: str, password: bytes | None, peer: str) -> Login | Awaitable[Login]:
        """At once where that costs nothing. `peer` is the address, with or without its port."""
        device = self._registry.device(username)
        if device is None:
            return Login.BAD_CREDENTIALS
        if device.revoked:
            return Login.NOT_ALLOWED
        if password is None:
            return Login.BAD_CREDENTIALS
        if is_plain(device.password):
            return _outcome(matches(device.password, password))
        # The stored form is part of the key: a changed password is worked out anew.
        key = hashlib.sha256(
            b"\0".join((device.id.encode(), device.password.encode(), password))
        ).digest()
        if key in self._right or key in self._wrong:
            return _outcome(key in self._right)
        return self._worked_out(device, password, key, _host(peer))

    async def close(self) -> None:
        await self._turns.close()

    async def _worked_out(self, device: Device, given: bytes, key: bytes, host: str) -> Login:
        right = await self._turns.tried((device.id, host), device.password, given)
        if right is None:
            return Login.TRY_AGAIN
        remembered, most = (self._right, REMEMBERED_MAX) if right else (self._wrong, WRONG_MAX)
        if len(remembered) >= most:
            del remembered[next(iter(remembered))]
        remembered[key] = None
        return _outcome(right)


@dataclass(slots=True)
class _Attempt:
    stored: str
    given: bytes
    right: asyncio.Future[bool]


_Lane = tuple[str, str]


class _Turns:
    """One thread, and who waits for it, in lanes."""

    def __init__(self, work_out: Callable[[str, bytes], bool]) -> None:
        self._work_out = work_out
        # Its own: no slow disk or name server may take its thread.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="logins")
        self._lanes: dict[_Lane, deque[_Attempt]] = {}
        self._waiting = 0
        self._working: asyncio.Task[None] | None = None

    async def tried(self, lane: _Lane, stored: str, given: bytes) -> bool | None:
        """Whether it is right; None: there was no turn for it."""
        attempts = self._lanes.get(lane, deque())
        if len(attempts) >= LANE_MAX or self._waiting >= WAITING_MAX:
            return None
        self._lanes[lane] = attempts
        attempt = _Attempt(stored, given, asyncio.get_running_loop().create_future())
        attempts.append(attempt)
        self._waiting += 1
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())
        try:
            async with asyncio.timeout(WITHIN_S):
                return await attempt.right
        except TimeoutError:
            return None

    async def close(self) -> None:
        """Who still waits is let in nowhere: the service stops."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        try:
            while (attempt := self._next()) is not None:
                # Whoever has hung up or waited too long costs nothing.
                if not attempt.right.done():
                    await self._take(attempt)
        finally:
            self._working = None

    async def _take(self, attempt: _Attempt) -> None:
        began_s = monotonic_s()
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(
            self._thread, self._work_out, attempt.stored, attempt.given
        )
        if not attempt.right.done():
            attempt.right.set_result(right)
        if not right:
            await sleep((monotonic_s() - began_s) * REST)

    def _next(self) -> _Attempt | None:
        """The oldest of the lane whose turn it is; the lane goes to the end."""
        lane = next(iter(self._lanes), None)
        if lane is None:
            return None
        attempts = self._lanes.pop(lane)
        attempt = attempts.popleft()
        self._waiting -= 1
        if attempts:
            self._lanes[lane] = attempts
        return attempt


def _outcome(right: bool) -> Login:
    return Login.ALLOWED if right else Login.BAD_CREDENTIALS


def _host(peer: str) -> str:
    """The address without its port: `192.0.2.7:51234`, `[2001:db8::1]:51234`."""
    if peer.startswith("["):
        return peer[1:].partition("]")[0]
    return peer.rpartition(":")[0] if peer.count(":") == 1 else peer
