"""Composition root of the dispatcher: store, engine, channels and pages, joined.

What reaches devices comes in as `Lines`, so that the gateway may be in this process or another.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from alarms.model import Alarm
from alarms.plan import ROUND_LONGEST
from core import log, metrics
from core.clock import Clock, ServiceClock
from core.errors import StoreUnavailable
from core.settings import Settings
from core.signals import ReceiptState
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.channels.concerns import Concerns
from dispatcher.channels.console import ConsoleChannel
from dispatcher.channels.faults import Troubles
from dispatcher.channels.ports import ImmediateChannel, WaitingChannel
from dispatcher.channels.rows import SMS
from dispatcher.channels.sms import SmsChannel
from dispatcher.channels.twilio.carrier import Account, TwilioCarrier
from dispatcher.channels.wearable import WearableChannel
from dispatcher.channels.wearer import Tell, message
from dispatcher.engine.engine import Doors, Engine
from dispatcher.engine.kinds import KINDS
from dispatcher.engine.pictures import DeviceStates, SitePictures
from dispatcher.store.journal.journal import EmergencyJournal
from dispatcher.store.journal.places import places_beside
from dispatcher.store.ports import Store
from dispatcher.store.sqlite.locks import hold_database, hold_folder
from dispatcher.store.sqlite.store import SqliteStore, open_sqlite

if TYPE_CHECKING:
    from dispatcher.pages import Pages
    from dispatcher.web.ports import DemoPress

NOTICE_PATH = "/n/"
JOURNAL = "emergency.journal"

_log = log.logger("dispatcher")


class Lines(DeviceStates, Protocol):
    """The way to devices: telling them, what supervision knows of them, and who is unknown."""

    def tell(
        self,
        device: str,
        payload: bytes,
        on_ack: Callable[[], None] | None = None,
        urgent: bool = True,
    ) -> bool:
        """True when it is connected. What is not `urgent` waits behind what is."""
        ...

    def sound(self, site: str, for_: timedelta) -> int:
        """Start every siren of a site; how many there are that answer."""
        ...

    def unregistered(self) -> Sequence[Unregistered]: ...

    def line_standings(self) -> Sequence[LineStanding]: ...

    def gateway_standings(self) -> Sequence[GatewayStanding]: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands before anything else: the store, its journal, and the clock carried over.

    `replayed`: what a person must know of the journal's return, or why it could not be read back.
    """

    store: SqliteStore
    journal: EmergencyJournal
    clock: ServiceClock
    held: ExitStack
    replayed: tuple[str, ...] | StoreUnavailable


async def open_ground(settings: Settings) -> Ground:
    """Open (make, migrate) the store, replay the journal. Raises ConfigError, StoreUnavailable."""
    wall = ServiceClock().wall()
    make_private(settings.data_dir)
    held = ExitStack()
    hold_folder(settings.data_dir, held)
    hold_file = hold_database(settings.database_path, held)
    store = open_sqlite(settings.database_path, clock_wall=wall)
    hold_file()
    clock = ServiceClock(await store.clock_mark())
    beside = places_beside(settings.data_dir, settings.database_path, os.environ)
    journal = EmergencyJournal(settings.data_dir / JOURNAL, beside=beside)
    replayed = await _replayed(journal, store, wall)
    return Ground(store, journal, clock, held, replayed)


async def _replayed(
    journal: EmergencyJournal, store: SqliteStore, wall: datetime
) -> tuple[str, ...] | StoreUnavailable:
    """What a person must know of the journal's return; usually nothing."""
    try:
        replay = await journal.replay(store, wall)
    except StoreUnavailable as error:
        return error
    if replay.kept is not None:
        kept = str(replay.kept)
        _log.warning("the emergency journal was replayed", units=replay.stored, kept=kept)
    overtaken = tuple(f"{alarm}: its stored state had gone on" for alarm in replay.superseded)
    return (*replay.unreadable, *overtaken)


def make_private(folder: Path) -> None:
    """The data directory, readable by the service alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class EngineConcerns(Concerns):
    """Passes what channels report to the engine: counted, shown, or called about."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def listening(self, engine: Engine) -> None:
        self._engine = engine

    def noticed(self, what: str, detail: str) -> None:
        metrics.CHANNEL_NOTICED.labels(what).inc()
        _log.warning("a channel noticed", lane=what, what=what, detail=detail)

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
    """The whole half: `start`, then `engine.go_on` and `serve_pages`, at the end `stop`."""

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
        self._public_port = settings.public_port or free_port(settings.bind)
        self._public_url = settings.public_url or f"http://{settings.bind}:{self._public_port}"
        self._account = _account(settings, self._public_url)
        self._troubles = Troubles(SMS, self.concerns)
        self.engine = self._engine(lines)
        self.concerns.listening(self.engine)
        self.pictures.watch_over(self.engine.core.open_alarms)
        self._pages: Pages | None = None

    async def start(self) -> None:
        """From here on presses may come in; `engine.go_on` works off what the stop left."""
        await self.engine.load()
        match self._ground.replayed:
            case StoreUnavailable() as error:
                self.engine.replay_later(error)
            case (_, *_) as lines:
                message = "Not all of the last hours could be read back. Ask who pressed. ({why})"
                self.engine.health.report("journal_lines", message, why="; ".join(lines))
                self.engine.technical("journal_lines", message, why="; ".join(lines))
            case _:
                pass

    async def serve_pages(self, press: DemoPress | None) -> Pages:
        """Both listeners. Raises ConfigError when a port is taken."""
        # Only now: a press needs none of it, and it takes longer to load than all the rest.
        from dispatcher.pages import PageDeps, Pages

        deps = PageDeps(
            settings=self._settings,
            clock=self._ground.clock,
            store=self.store,
            engine=self.engine,
            lines=self._lines,
            concerns=self.concerns,
            troubles=self._troubles,
            account=self._account,
            public_port=self._public_port,
            public_url=self._public_url,
            look_at_consoles=self.pictures.look_at_consoles,
        )
        self._pages = Pages(deps)
        await self._pages.open(press)
        return self._pages

    async def stop(self) -> None:
        """Pages first, then what is under way, then the store."""
        if self._pages is not None:
            await self._pages.stop()
        await self.engine.stop()
        for channel in (*self._immediate.values(), *self._waiting.values()):
            await channel.close()
        await self.store.close()
        await self._ground.journal.close()
        self._ground.held.close()

    def _engine(self, lines: Lines) -> Engine:
        clock = self._ground.clock
        self._open_channels(lines, clock)
        doors = Doors(
            immediate=self._immediate,
            waiting=self._waiting,
            tell=lambda tell: _tell(lines, tell),
            ring_locally=self._nobody_has_accepted,
            link_url=self._link_url,
        )
        return Engine(self.store, clock, self.pictures, doors, self._ground.journal, KINDS)

    def _open_channels(self, lines: Lines, clock: Clock) -> None:
        def delivered(notice: str, state: ReceiptState) -> None:
            self.engine.delivered(notice, state)

        immediate: tuple[ImmediateChannel, ...] = (
            WearableChannel(lines.tell, delivered, clock),
            ConsoleChannel(self._is_watching),
        )
        waiting: tuple[WaitingChannel, ...] = ()
        if (account := self._account) is not None:
            carriers = TwilioCarrier(account), TwilioCarrier(account)
            waiting = (SmsChannel(*carriers, self._troubles, self.pictures.country),)
        self._immediate = {channel.name: channel for channel in immediate}
        self._waiting = {channel.name: channel for channel in waiting}

    def _is_watching(self, person: str) -> bool:
        """Whether somebody has the console open; nobody has before it is there."""
        return self._pages is not None and self._pages.is_watching(person)

    def _nobody_has_accepted(self, alarm: Alarm) -> int:
        """The sirens of its site, where its plan asks for them, until the next round."""
        count = self._lines.sound(alarm.site, ROUND_LONGEST) if alarm.rings_locally else 0
        about = {"alarm": alarm.id, "site": alarm.site, "sounders": count}
        _log.error("nobody has accepted", lane=alarm.id, **about)
        return count

    def _link_url(self, token: str) -> str:
        return f"{self._public_url}{NOTICE_PATH}{token}"


def _tell(lines: Lines, tell: Tell) -> bool:
    return lines.tell(tell.device, message(tell))


def free_port(host: str) -> int:
    """A port nobody holds now: replies and links must know it before anything listens."""
    with socket.create_server((host, 0)) as door:
        port: int = door.getsockname()[1]
    return port


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
