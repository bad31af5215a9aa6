"""Five hundred DC-09 accounts that say every ten seconds that they are there, each supervised.

One of them falls silent, and must be the only one that is missed: supervision that looks at nobody
would cost nothing.
"""

from __future__ import annotations

import asyncio
import re

from core.clock import monotonic_s, sleep
from core.errors import TilkaldError
from core.values import replace
from devices.callsystems.dc09.codec import Frame, encode
from devices.registry import Device, Line
from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row
from firmware_sim.bench.service_process import serving, share_of_core
from firmware_sim.bench.versions import Code
from firmware_sim.drill.staff_api import StaffApi
from firmware_sim.service import PrivateService, free_ports

ACCOUNTS, ACCOUNTS_QUICK = 500, 50
EVERY_S = 10.0
SILENT_AFTER_S = 15.0

WATCHED_S, WATCHED_QUICK_S = 30.0, 5.0
MISSED_WITHIN_S = 30.0
LOOKS_APART_S = 0.5

_NAMED = re.compile(r"\(([0-9A-F]{4})\)")
"""An account as the alarm names it: `panels (0001)`."""

REACHES = (Reach("core", 10.0, "%"), Reach("wrongly_missed", 0, "accounts"))


async def measure(code: Code, *, quick: bool) -> list[Row]:
    count = ACCOUNTS_QUICK if quick else ACCOUNTS
    accounts = [f"{number:04X}" for number in range(1, count + 1)]
    (port,) = free_ports(1)
    async with serving(_with_panels(accounts, port), code) as service:
        idle = await share_of_core(service.pid, WATCHED_QUICK_S)
        panels = [Panel(account) for account in accounts]
        for number, panel in enumerate(panels):
            await panel.connect(port, EVERY_S * number / count)
        await sleep(EVERY_S)
        answered_before = sum(panel.answered for panel in panels)
        watched_s = WATCHED_QUICK_S if quick else WATCHED_S
        share = await share_of_core(service.pid, watched_s)
        answered = sum(panel.answered for panel in panels) - answered_before
        panels[0].close()
        missed = dict.fromkeys(_NAMED.findall(" ".join(await _missed(service))))
        for panel in panels[1:]:
            panel.close()
    figures = {
        "core": round(share * 100, 1),
        "wrongly_missed": float(sum(account != accounts[0] for account in missed)),
    }
    note = (
        f"{answered:,} link tests acknowledged in {watched_s:g} s, each over its own connection; "
        f"the one that fell silent was missed within {MISSED_WITHIN_S:g} s"
    )
    title = f"{count} DC-09 accounts, a link test every {EVERY_S:g} s each"
    beside = {"core_idle": round(idle * 100, 1), "answered": float(answered)}
    return [Row("devices_panels", title, figures, REACHES, note, beside, ("core",))]


class Panel(asyncio.Protocol):
    """One account that tests its link. `answered`: how many tests were acknowledged."""

    def __init__(self, account: str) -> None:
        self.answered = 0
        self._account = account
        self._number = 0
        self._transport: asyncio.Transport | None = None
        self._next: asyncio.TimerHandle | None = None

    async def connect(self, port: int, first_after_s: float) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", port)
        self._next = loop.call_later(first_after_s, self._test)

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.answered += data.count(b'"ACK"')

    def _test(self) -> None:
        assert self._transport is not None
        self._number += 1
        frame = Frame("NULL", f"{self._number:04d}", "0", "0", self._account, "]")
        self._transport.write(encode(frame))
        self._next = asyncio.get_running_loop().call_later(EVERY_S, self._test)


def _with_panels(accounts: list[str], port: int) -> Organisation:
    """A small house with every account registered, and watched."""
    made = sized_site.organisation(sized_site.Size(people=20, on_duty=10, places=20, buttons=0))
    silent = tuple((f"silent_s.{account}", f"{SILENT_AFTER_S:g}") for account in accounts)
    line = Line("panels", "s0", "dc09", f"tcp://127.0.0.1:{port}", settings=silent)
    panels = tuple(
        Device(
            f"panel-{account.lower()}",
            "fixed_button",
            "s0",
            zone="s0-z1",
            wire=(f"dc09:{account}",),
        )
        for account in accounts
    )
    return replace(made, lines=(line,), devices=(*made.devices, *panels))


async def _missed(service: PrivateService) -> list[str]:
    """What open technical alarms say of the line, once there is one. Raises TilkaldError."""
    api = StaffApi(lambda: (service.ready.http, service.ready.token))
    until_s = monotonic_s() + MISSED_WITHIN_S
    try:
        while monotonic_s() < until_s:
            alarms = [alarm for alarm in await api.alarms() if alarm.open]
            found = [alarm.text for alarm in alarms if "panels" in alarm.text]
            if found:
                return found
            await sleep(LOOKS_APART_S)
    finally:
        await api.close()
    raise TilkaldError("nobody missed the account that fell silent")
