"""Composition root of the dispatcher: store, engine, channels and pages, joined.

What reaches devices comes in as `Lines`, so that the gateway may be in this process or another.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from prometheus_client import generate_latest

from core import log, metrics
from core.clock import Clock, ServiceClock, monotonic_s
from core.errors import ConfigError, StoreUnavailable
from core.settings import Settings
from core.signals import ReceiptState
from devices.registry import Device
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.alarms.model import Alarm
from dispatcher.channels.concerns import Concerns
from dispatcher.channels.console import ConsoleChannel
from dispatcher.channels.faults import Troubles
from dispatcher.channels.ports import Channel
from dispatcher.channels.sms import SmsChannel
from dispatcher.channels.twilio.carrier import Account, TwilioCarrier
from dispatcher.channels.twilio.hooks import TwilioHooks
from dispatcher.channels.wearable import WearableChannel
from dispatcher.channels.wearer import message
from dispatcher.engine.engine import Doors, Engine
from dispatcher.engine.pictures import DeviceEyes, SitePictures
from dispatcher.engine.work import Tell
from dispatcher.roster.model import Language
from dispatcher.site.register import append_device, with_device
from dispatcher.store.journal import EmergencyJournal
from dispatcher.store.ports import Store
from dispatcher.store.sqlite import SqliteStore, open_sqlite
from dispatcher.web.ports import LOOPBACK_HOSTS, DemoPress, Readiness, WebDeps, WebSettings
from dispatcher.web.public import public_app
from dispatcher.web.serving import WebServer, serve
from dispatcher.web.sign_in import OneTimeCodes
from dispatcher.web.staff import staff_app

NOTICE_PATH = "/n/"

_log = log.logger("dispatcher")


class Lines(DeviceEyes, Protocol):
    """The way to devices: telling them, what supervision knows of them, and who is unknown."""

    def tell(
        self, device: str, payload: bytes, on_ack: Callable[[], None] | None = None
    ) -> bool: ...

    def unregistered(self) -> Sequence[Unregistered]: ...

    def line_standings(self) -> Sequence[LineStanding]: ...

    def gateway_standings(self) -> Sequence[GatewayStanding]: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands before anything else: the store, its journal, and the clock carried over."""

    store: SqliteStore
    journal: EmergencyJournal
    clock: ServiceClock
    lock: IO[bytes]
    replayed: tuple[str, ...]


async def open_ground(settings: Settings) -> Ground:
    """Open (make, migrate) the store, replay the journal. Raises ConfigError, StoreUnavailable."""
    wall = ServiceClock().wall()
    make_private(settings.data_dir)
    lock = locked(settings.data_dir)
    store = open_sqlite(settings.database_path, clock_wall=wall)
    clock = ServiceClock(await store.clock_mark())
    journal = EmergencyJournal(settings.data_dir / "emergency.journal")
    replayed = () if journal.empty() else await _replayed(journal, store, wall)
    return Ground(store, journal, clock, lock, replayed)


async def _replayed(
    journal: EmergencyJournal, store: SqliteStore, wall: datetime
) -> tuple[str, ...]:
    """What a person must know of the journal's return; usually nothing."""
    try:
        replay = await journal.replay(store, wall)
    except StoreUnavailable as error:
        return (str(error),)
    _log.warning("the emergency journal was replayed", units=replay.stored, kept=str(replay.kept))
    overtaken = tuple(f"{alarm}: its stored state had gone on" for alarm in replay.superseded)
    return (*replay.unreadable, *overtaken)


def locked(folder: Path) -> IO[bytes]:
    """One service a data directory; the lock goes with the process. Raises ConfigError."""
    file = (folder / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(
            f"A service runs on {folder} already. Stop it, or set another TILKALD_DATA_DIR."
        ) from None
    return file


def make_private(folder: Path) -> None:
    """The data directory, readable by the service alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class EngineConcerns(Concerns):
    """What channels tell the house goes to the engine: counted, shown, or called about."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def listening(self, engine: Engine) -> None:
        self._engine = engine

    def noticed(self, what: str, detail: str) -> None:
        metrics.CHANNEL_NOTICED.labels(what).inc()
        _log.warning("a channel noticed", what=what, detail=detail)

    def technical(self, text: str) -> None:
        if self._engine is not None:
            message = "A message could not be sent. Check the number. ({why})"
            self._engine.technical(f"channel:{text}", message, why=text)

    def degraded(self, part: str, text: str | None) -> None:
        if self._engine is None:
            return
        if text is None:
            self._engine.health.clear(part)
        else:
            message = "Messages cannot be sent by {channel}. Check the account. ({why})"
            self._engine.health.report(part, message, channel=part, why=text)


class Dispatcher:
    """The whole half. Made by `build`, then `start`, `serve_pages`, `stop`."""

    def __init__(
        self,
        settings: Settings,
        ground: Ground,
        pictures: SitePictures,
        lines: Lines,
    ) -> None:
        self._settings = settings
        self._lines = lines
        self.store: Store = ground.store
        self._ground = ground
        self.pictures = pictures
        self.concerns = EngineConcerns()
        self.codes = OneTimeCodes(monotonic_s)
        self._watching: Callable[[str], bool] = lambda person: False
        self._registering = asyncio.Lock()
        self._public_port = settings.public_port or free_port(settings.bind)
        self._public_url = settings.public_url or f"http://{settings.bind}:{self._public_port}"
        self._account = _account(settings, self._public_url)
        self._troubles = Troubles("sms", self.concerns)
        self.engine = self._engine(lines)
        self.concerns.listening(self.engine)
        self.pictures.watch_over(self.engine.core.book)
        self.staff: WebServer | None = None
        self.public: WebServer | None = None

    async def start(self) -> None:
        await self.engine.start()
        if self._ground.replayed:
            message = "The emergency journal does not work: {why}"
            self.engine.health.report("journal", message, why="; ".join(self._ground.replayed))

    async def serve_pages(self, press: DemoPress | None) -> None:
        """Both listeners. Raises ConfigError when a port is taken."""
        public = public_app(self._web(press))
        await _warmed(public)
        self.public = await serve(
            public,
            port=self._public_port,
            host=self._settings.bind,
            setting="PUBLIC_PORT",
        )
        if self._account is not None and not self._reachable_from_outside:
            message = "SMS replies and links cannot reach us. Set TILKALD_PUBLIC_URL."
            self.engine.health.report("public_url", message)
        staff = staff_app(self._web(press))
        self._watching = staff.state.streams.is_watching
        self.pictures.look_at_consoles(staff.state.streams.watching)
        await _warmed(staff)
        self.staff = await serve(
            staff, port=self._settings.http_port, host=self._settings.bind, setting="HTTP_PORT"
        )

    async def stop(self) -> None:
        """Pages first, then what is under way, then the store."""
        for server in (self.staff, self.public):
            if server is not None:
                await server.stop()
        await self.engine.stop()
        for channel in self._channels.values():
            await channel.close()
        await self.store.close()
        self._ground.journal.close()
        self._ground.lock.close()

    def _engine(self, lines: Lines) -> Engine:
        clock = self._ground.clock
        self._channels = self._open_channels(lines, clock)
        doors = Doors(
            channels=self._channels,
            tell=lambda tell: _tell(lines, tell),
            ring_locally=self._nobody_has_accepted,
            link_url=self._link_url,
        )
        return Engine(self.store, clock, self.pictures, doors, self._ground.journal)

    def _open_channels(self, lines: Lines, clock: Clock) -> dict[str, Channel]:
        def delivered(notice: str, state: ReceiptState) -> None:
            self.engine.delivered(notice, state)

        channels: list[Channel] = [
            WearableChannel(lines.tell, delivered, clock),
            ConsoleChannel(lambda person: self._watching(person)),
        ]
        if self._account is not None:
            channels.append(
                SmsChannel(
                    TwilioCarrier(self._account),
                    TwilioCarrier(self._account),
                    self._troubles,
                    self.pictures.country,
                )
            )
        return {channel.name: channel for channel in channels}

    def _nobody_has_accepted(self, alarm: Alarm) -> None:
        """Local sounders come with the devices that sound; until then the board says it."""
        _log.error("nobody has accepted", alarm=alarm.id, site=alarm.site)

    def _link_url(self, token: str) -> str:
        return f"{self._public_url}{NOTICE_PATH}{token}"

    @property
    def _reachable_from_outside(self) -> bool:
        """Whether the provider can call us: by PUBLIC_URL, or from this very machine."""
        base = self._settings.twilio_base_url
        return bool(self._settings.public_url or (base and is_loopback_url(base)))

    def _web(self, press: DemoPress | None) -> WebDeps:
        hooks = None
        if self._account is not None:
            hooks = TwilioHooks(self.engine, self.concerns, self._troubles, self._account)
        return WebDeps(
            desk=self.engine,
            alarm_pages=self.store.alarms,
            staff_person=self.store.staff_token,
            link=self.store.link,
            codes=self.codes,
            readiness=self.readiness,
            metrics=lambda: generate_latest(metrics.REGISTRY),
            settings=WebSettings(
                public_url=self._public_url,
                hosts=self._settings.allowed_hosts,
                language=self._language(),
            ),
            press=press,
            twilio=hooks,
            unregistered=self._lines.unregistered,
            lines=self._lines.line_standings,
            gateways=self._lines.gateway_standings,
            register=self._register,
        )

    async def _register(self, device: Device, by: str) -> None:
        """A new version of the configuration with one device more. Raises DomainError."""
        async with self._registering:
            stored = await self.store.organisation()
            assert stored is not None, "a service runs on a configuration"
            wanted = with_device(stored, device)
            if self._settings.site_dir is not None:
                # The files are read again at the next start: what they do not hold would be gone.
                append_device(self._settings.site_dir, device, by, len(stored.sites) == 1)
            await self.store.write_organisation(wanted, by, self._ground.clock.now())

    def readiness(self) -> Readiness:
        """Ready while a press would be stored and somebody could be called."""
        stopping = tuple(p.text for p in self.engine.health.problems if p.part in STOPS_ALARMS)
        return Readiness(not stopping, tuple(p.text for p in self.engine.health.problems))

    def _language(self) -> Language:
        sites = self.pictures.organisation().sites
        return sites[0].language if sites else Language.DANISH


STOPS_ALARMS = ("store", "journal", "mqtt", "selfcheck")


async def _warmed(app: FastAPI) -> None:
    """Ask once before anybody does: the first answer builds what all others use."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get("/")


def _tell(lines: Lines, tell: Tell) -> bool:
    return lines.tell(tell.device, message(tell))


def free_port(host: str) -> int:
    """A port nobody holds now: replies and links must know it before anything listens."""
    with socket.create_server((host, 0)) as door:
        port: int = door.getsockname()[1]
    return port


def is_loopback_url(url: str) -> bool:
    """Whether an address is on this machine: a double of the provider, not the provider."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


def _account(settings: Settings, public_url: str) -> Account | None:
    if not settings.twilio:
        return None
    return Account(
        sid=settings.twilio_account_sid,
        token=settings.twilio_auth_token.get_secret_value(),
        sender=settings.twilio_from,
        public_url=public_url,
        base_url=settings.twilio_base_url,
    )
