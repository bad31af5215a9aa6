"""Composition root of what people open: both apps, joined with the engine and the store.

Apart from `dispatcher.app` because loading it takes most of a start, and devices need none of it:
a press is taken, and escalations go on, before the first page can be opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from prometheus_client import generate_latest

from core import metrics
from core.beside import Beside
from core.clock import Clock, monotonic_s
from core.errors import StoreUnavailable
from core.settings import Settings
from devices.registry import Device
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.channels.concerns import Concerns
from dispatcher.channels.faults import Troubles
from dispatcher.channels.twilio.carrier import Account
from dispatcher.channels.twilio.hooks import TwilioHooks
from dispatcher.engine.engine import Engine
from dispatcher.roster.model import Language
from dispatcher.site.register import append_device, with_device
from dispatcher.store.ports import Store
from dispatcher.web.ports import LOOPBACK_HOSTS, DemoPress, Readiness, WebDeps, WebSettings
from dispatcher.web.public import public_app
from dispatcher.web.server import WebServer, serve
from dispatcher.web.sign_in.sessions import OneTimeCodes
from dispatcher.web.staff import staff_app

WRITE_WITHIN_S = 5.0
"""How long a new device may take to be written, in the site's files and in the store."""

STOPS_ALARMS = ("store", "journal", "mqtt", "selfcheck")
"""Parts without which a press is not stored, or nobody can be called."""


class LinesSeen(Protocol):
    """What pages show of the way to devices."""

    def unregistered(self) -> Sequence[Unregistered]: ...

    def line_standings(self) -> Sequence[LineStanding]: ...

    def gateway_standings(self) -> Sequence[GatewayStanding]: ...


@dataclass(frozen=True, slots=True)
class PageDeps:
    """What both web apps are built of."""

    settings: Settings
    clock: Clock
    store: Store
    engine: Engine
    lines: LinesSeen
    concerns: Concerns
    troubles: Troubles
    account: Account | None
    public_port: int
    public_url: str
    look_at_consoles: Callable[[Callable[[], tuple[str, ...]]], None]


class Pages:
    """Both listeners. `open`, then `stop`."""

    def __init__(self, deps: PageDeps) -> None:
        self._deps = deps
        self.codes = OneTimeCodes(monotonic_s)
        self.is_watching: Callable[[str], bool] = lambda person: False
        self.staff: WebServer | None = None
        self.public: WebServer | None = None
        self._registering = asyncio.Lock()
        self._known: dict[str, str] = {}
        self._files = Beside("site-files")

    async def open(self, press: DemoPress | None) -> None:
        """Raises ConfigError when a port is taken."""
        deps, settings = self._deps, self._deps.settings
        await self._know_tokens()
        public = public_app(self._web(press))
        await _warmed(public)
        self.public = await serve(
            public, port=deps.public_port, host=settings.bind, setting="PUBLIC_PORT"
        )
        if deps.account is not None and not self._reachable_from_outside:
            message = "SMS replies and links cannot reach us. Set TILKALD_PUBLIC_URL."
            deps.engine.health.report("public_url", message)
        staff = staff_app(self._web(press))
        self.is_watching = staff.state.streams.is_watching
        deps.look_at_consoles(staff.state.streams.watching)
        await _warmed(staff)
        self.staff = await serve(
            staff, port=settings.http_port, host=settings.bind, setting="HTTP_PORT"
        )

    async def stop(self) -> None:
        for server in (self.staff, self.public):
            if server is not None:
                await server.stop()

    async def _know_tokens(self) -> None:
        """Who may sign in is known to memory, for when the store does not answer."""
        with suppress(StoreUnavailable):
            self._known = dict(await self._deps.store.staff_tokens())

    def readiness(self) -> Readiness:
        """Ready while a press would be stored and somebody could be called."""
        problems = self._deps.engine.health.problems
        stopping = tuple(p.text for p in problems if p.part in STOPS_ALARMS)
        return Readiness(not stopping, tuple(p.text for p in problems))

    @property
    def _reachable_from_outside(self) -> bool:
        """Whether the provider can call us: by PUBLIC_URL, or from this very machine."""
        settings = self._deps.settings
        base = settings.twilio_base_url
        return bool(settings.public_url or (base and is_loopback_url(base)))

    def _web(self, press: DemoPress | None) -> WebDeps:
        deps, hooks = self._deps, None
        if deps.account is not None:
            hooks = TwilioHooks(deps.engine, deps.concerns, deps.troubles, deps.account)
        return WebDeps(
            desk=deps.engine,
            alarm_pages=deps.engine.archive.pages,
            staff_person=deps.store.staff_token,
            link=deps.engine.archive.link,
            known=self._known,
            codes=self.codes,
            readiness=self.readiness,
            metrics=lambda: generate_latest(metrics.REGISTRY),
            settings=WebSettings(
                public_url=deps.public_url,
                hosts=deps.settings.allowed_hosts,
                language=self._language(),
            ),
            press=press,
            twilio=hooks,
            unregistered=deps.lines.unregistered,
            lines=deps.lines.line_standings,
            gateways=deps.lines.gateway_standings,
            register=self._register,
        )

    async def _register(self, device: Device, by: str) -> None:
        """A new version of the configuration with one device more. Raises DomainError."""
        deps = self._deps
        async with self._registering:
            stored = await deps.store.organisation()
            assert stored is not None, "a service runs on a configuration"
            wanted = with_device(stored, device)
            if deps.settings.site_dir is not None:
                # The files are read again at the next start: what they do not hold would be gone.
                await self._append(device, by, only_site=len(stored.sites) == 1)
            try:
                async with asyncio.timeout(WRITE_WITHIN_S):
                    await deps.store.write_organisation(wanted, by, deps.clock.now())
            except TimeoutError:
                raise StoreUnavailable("The store did not take the device in time.") from None

    async def _append(self, device: Device, by: str, *, only_site: bool) -> None:
        """Beside the loop: the disk of the site's files may hang."""
        folder = self._deps.settings.site_dir
        assert folder is not None, "asked just before"
        try:
            await self._files.ask(
                append_device, folder, device, by, only_site, within_s=WRITE_WITHIN_S
            )
        except TimeoutError:
            raise StoreUnavailable(f"The disk of {folder} does not answer.") from None

    def _language(self) -> Language:
        sites = self._deps.engine.organisation().sites
        return sites[0].language if sites else Language.DANISH


def is_loopback_url(url: str) -> bool:
    """Whether an address is on this machine: a double of the provider, not the provider."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


async def _warmed(app: FastAPI) -> None:
    """Ask once before anybody does: the first answer builds what all others use."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get("/")
