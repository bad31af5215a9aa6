"""May this device log in? Its password is worked out once, not at every reconnect.

A house full of devices that lost their line comes back at once, and a press among them must not
wait behind thousands of digests on the event loop. So what was right once is remembered (as a
fast digest, in memory only), and an address that keeps being wrong is soon not tried any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.clock import Clock
from core.pace import Pace
from devices.passwords import matches
from devices.registry import Device, Registry
from gateway.links.ports import Login

REMEMBERED_MAX = 50_000
"""Right passwords remembered; past this the oldest is worked out again."""

WRONG_BURST, WRONG_PER_SECOND = 5, 0.2
"""Wrong passwords worked out for one device from one address: five, then one in 5 s."""

WRONG_BURST_OF_ADDRESS, WRONG_PER_SECOND_OF_ADDRESS = 200, 20.0
"""Wrong passwords worked out for one address in all: at 1 ms each, 2 % of a core."""


class Logins:
    """The passwords of the registry's devices."""

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        work_out: Callable[[str, bytes], bool] = matches,
    ) -> None:
        """`work_out(stored, given)` is the slow comparison."""
        self._registry = registry
        self._work_out = work_out
        self._clock = clock
        self._right: dict[bytes, None] = {}
        self._wrong = Pace(WRONG_BURST, WRONG_PER_SECOND)
        self._wrong_of_address = Pace(WRONG_BURST_OF_ADDRESS, WRONG_PER_SECOND_OF_ADDRESS)

    def login(self, username: str, password: bytes | None, peer: str) -> Login:
        """`peer` is the address the connection comes from, with or without its port."""
        device = self._registry.device(username)
        if device is None:
            return Login.BAD_CREDENTIALS
        if device.revoked:
            return Login.NOT_ALLOWED
        if password is None or not self._is_right(device, password, _host(peer)):
            return Login.BAD_CREDENTIALS
        return Login.ALLOWED

    def _is_right(self, device: Device, given: bytes, host: str) -> bool:
        # The stored form is part of the key: a changed password is worked out anew.
        remembered = hashlib.sha256(
            b"\0".join((device.id.encode(), device.password.encode(), given))
        ).digest()
        if remembered in self._right:
            return True
        now = self._clock.now()
        one = (host, device.id)
        if self._wrong.exhausted(one, now) or self._wrong_of_address.exhausted(host, now):
            return False
        if not self._work_out(device.password, given):
            self._wrong.allows(one, now)
            self._wrong_of_address.allows(host, now)
            return False
        if len(self._right) >= REMEMBERED_MAX:
            del self._right[next(iter(self._right))]
        self._right[remembered] = None
        return True


def _host(peer: str) -> str:
    """The address without its port: `192.0.2.7:51234`, `[2001:db8::1]:51234`."""
    if peer.startswith("["):
        return peer[1:].partition("]")[0]
    return peer.rpartition(":")[0] if peer.count(":") == 1 else peer
