"""The all-in-one service: gateway, dispatcher and pages in one process, watched by itself.

Order of the start: the ground (store, journal, clock), the configuration, the engine with what was
open, and the devices' listener as soon as a press can be taken. What fell due in the down time and
what was being sent is worked off behind it, and the pages are loaded beside it. The stop goes the
other way. Every task that may die has a supervisor that says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import msgspec

from core import ids, log, metrics
from core.beside import Beside
from core.clock import sleep
from core.errors import ConfigError, StoreUnavailable
from core.settings import Settings
from core.values import replace
from devices.passwords import is_plain
from devices.registry import Device
from dispatcher.app import Dispatcher, Ground, open_ground
from dispatcher.engine.outcome import Moment
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import read_directory
from dispatcher.store.ports import Transaction
from dispatcher.store.sqlite.audit import Auditor
from gateway.app import Gateway
from gateway.links.mqtt_sockets import is_loopback
from tilkald import steadiness, systemd, vitals
from tilkald.joined import EngineDesk, GatewayLines
from tilkald.outpost_parts import parts, places
from tilkald.own_device import DEVICE, Door

ROSTER_EVERY_S = 5.0
"""How soon a change of shift reaches supervision. Decisions look at the roster themselves."""

CONFIGURATION_EVERY_S = 2.0
RUN_FILE = "run.json"

_LOADED_BESIDE = (
    "dispatcher.pages",
    "tilkald.selfcheck",
    "tilkald.demo_press",
    "tilkald.outposts_port",
)

_log = log.logger("tilkald.service")


@dataclass(frozen=True, slots=True)
class Ready:
    """What `serve --json` prints once it serves, and `run.json` holds (0600) while it does."""

    ready: bool
    http: str
    public: str
    mqtt: str
    token: str
    journals: tuple[str, ...] = ()


class Service:
    """One running service. `start`, then `wait_for_signal`, then `stop`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []
        self._selfcheck_password = ids.secret()
        self._stop = asyncio.Event()
        self._followed = 0

    async def start(self) -> Ready:
        self._listen_for_signals()
        settings = self._settings
        self._ground: Ground = await open_ground(settings)
        clock = self._ground.clock
        await self._refuse_unconfirmed_copy()
        organisation = await self._configured()
        _refuse_published_passwords(settings, organisation)
        self._followed = organisation.version
        presence = await self._ground.store.presence()
        lines, desk = GatewayLines(clock), EngineDesk(clock)
        self._desk = desk
        self.pictures = SitePictures(organisation, presence, lines)
        self.dispatcher = Dispatcher(settings, self._ground, self.pictures, lines)
        self.gateway = Gateway(settings, clock, desk, self._ground.store.has_signal)
        lines.listening(self.gateway)
        desk.listening(self.dispatcher.engine, self.pictures)
        self._configure_devices(organisation)
        await self.dispatcher.start()
        steadiness.spare()
        await self.gateway.start(await self._ground.store.last_heard())
        self._run("backlog", self._go_on)
        self._token = await self._staff_token()
        await self._open_pages()
        self._watch()
        steadiness.settle()
        return await self._ready()

    async def _go_on(self) -> None:
        await self.dispatcher.engine.go_on()
        await self._stop.wait()  # worked off: nothing to begin again

    async def _open_pages(self) -> None:
        """Whatever is not needed for a press is loaded beside the loop, so that presses go on."""
        for module in _LOADED_BESIDE:
            await asyncio.to_thread(import_module, module)
        from tilkald.demo_press import MqttPress
        from tilkald.outposts_port import open_door

        demo = self._settings.demo
        press = MqttPress(self._door, self.pictures.organisation) if demo else None
        self.pages = await self.dispatcher.serve_pages(press)
        self.gateways_door = await open_door(self._settings, self.gateway.remote)

    async def wait_for_signal(self) -> None:
        """Until SIGTERM or SIGINT; one that came during the start counts."""
        await self._stop.wait()

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def stop(self) -> None:
        """Stop accepting, commit, close."""
        systemd.notify("STOPPING=1")
        for task in self._tasks:
            task.cancel()
        if self.gateways_door is not None:
            await self.gateways_door.stop()
        await self.gateway.stop()
        with contextlib.suppress(TimeoutError):
            mark = Transaction(clock=self._ground.clock.mark())
            await asyncio.wait_for(self._ground.store.submit(mark), vitals.LAG_EVERY_S)
        await self.dispatcher.stop()
        with contextlib.suppress(TimeoutError):
            gone = Beside("run-file")
            await gone.ask(_remove, run_file(self._settings), within_s=vitals.LAG_EVERY_S)

    def sign_in_link(self, token: str) -> str:
        """The one-time link of the console."""
        assert self.pages.staff is not None
        return f"{self.pages.staff.url}/enter/{self.pages.codes.issue(token)}"

    async def _refuse_unconfirmed_copy(self) -> None:
        """Alarms that were open in a restored copy may be long over: a person says so first."""
        store = self._ground.store
        if await store.restored_at() is None:
            return
        alarms = await store.open_alarms()
        if alarms:
            raise ConfigError(
                f"The restored copy holds {len(alarms)} open alarms. Ask the people, then "
                "`tilkald confirm` to call for them again, or `tilkald confirm --close`."
            )
        await store.confirm_restored("nothing was open", self._ground.clock.now())

    # Configuration

    async def _configured(self) -> Organisation:
        """The newest stored version; the files of SITE_DIR become a new one if they differ."""
        store, folder = self._ground.store, self._settings.site_dir
        stored = await store.organisation()
        if folder is not None:
            read = read_directory(folder)
            if stored is None or replace(read, version=stored.version) != stored:
                version = await store.write_organisation(read, "SITE_DIR", self._ground.clock.now())
                _log.info("configuration applied", version=version, folder=folder)
                return replace(read, version=version)
        if stored is None:
            raise ConfigError(
                "No site is configured. Set TILKALD_SITE_DIR=config/example, or: tilkald apply DIR"
            )
        return stored

    def _configure_devices(self, organisation: Organisation) -> None:
        own = Device(DEVICE, "badge", "", password=self._selfcheck_password)
        self.gateway.configure(
            organisation.devices,
            organisation.assignments,
            places(organisation),
            (own,),
            organisation.lines,
            parts(organisation),
        )
        self.gateway.expect(self.pictures.expected_devices(self._at()))

    # Watching

    def _watch(self) -> None:
        engine, clock = self.dispatcher.engine, self._ground.clock
        health = engine.health
        auditor = Auditor(self._settings.database_path)

        async def look() -> list[str]:
            return [finding.text for finding in await auditor.look(clock.now())]

        def audited(found: list[str]) -> None:
            if not found:
                engine.recovered("auditor")
                health.clear("auditor")
                return
            message = "The check of open alarms found: {what}. Call your colleagues yourself."
            health.report("auditor", message, what="; ".join(found))
            engine.technical("auditor", message, what="; ".join(found))

        def jumped(moved: timedelta) -> None:
            message = "The clock was set by {seconds} s. Check that the roster is right."
            engine.technical("wall_clock", message, seconds=f"{moved.total_seconds():+.0f}")

        from tilkald import selfcheck

        outcome = selfcheck.Outcome(self._press_worked, self._press_failed, self._store_fails)
        lag = metrics.LOOP_LAG.observe
        self._run("supervision", self.gateway.supervise)
        self._run("loop", lambda: vitals.watch_loop_lag(health.report, health.clear, lag))
        self._run("log", lambda: vitals.watch_log(log.standing, health.report, health.clear))
        self._run("clock", lambda: vitals.watch_wall_clock(clock, jumped))
        self._run("mark", lambda: vitals.keep_clock_mark(self._mark))
        self._run("audit", lambda: vitals.audit(look, audited))
        self._run("roster", self._follow_roster)
        self._run("configuration", self._follow_configuration)
        door = self._door()
        self._run(
            "selfcheck",
            lambda: selfcheck.press_for_ever(engine, door, self._settings.deadman_url, outcome),
        )
        if self.gateway.listener.is_plain_beyond_loopback:
            health.report("mqtt_plain", "Devices speak without encryption. Set MQTT_TLS_CERT.")

    def _run(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        health = self.dispatcher.engine.health
        supervised = vitals.supervised(name, task, health.report, lambda: None)
        self._tasks.append(asyncio.create_task(supervised, name=name))

    async def _follow_roster(self) -> None:
        """Who is on duty decides whose device must be heard, and who is still coming."""
        supervised = self._desk.supervised
        supervised.look_at_roster(self._at())
        while True:
            await sleep(ROSTER_EVERY_S)
            self.gateway.expect(supervised.look_at_roster(self._at()))

    async def _follow_configuration(self) -> None:
        """`tilkald apply` writes a new version beside us: take it over. Running plans stay."""
        store = self._ground.store
        while True:
            await sleep(CONFIGURATION_EVERY_S)
            try:
                newest = (await store.organisation_versions())[-1][0]
                if newest == self._followed:
                    continue
                organisation = await store.organisation(newest)
            except StoreUnavailable:
                continue  # its own watch tells; what was applied is taken over later
            if organisation is not None:
                self.pictures.configure(organisation)
                self._configure_devices(organisation)
                self.dispatcher.engine.reconfigured()
                # Only now: whatever failed on the way is tried again whole.
                self._followed = newest
                self.dispatcher.engine.health.clear("watcher:configuration")
                _log.info("configuration taken over", version=newest)

    def _press_worked(self, seconds: float) -> None:
        metrics.SELFCHECK.observe(seconds)
        self.dispatcher.engine.health.clear("selfcheck")

    def _press_failed(self, why: str) -> None:
        message = "The service's own test press failed. Use the manual routine. ({why})"
        self.dispatcher.engine.health.report("selfcheck", message, why=why)

    def _store_fails(self) -> bool:
        problems = self.dispatcher.engine.health.problems
        return any(problem.part == "store" for problem in problems)

    def _mark(self) -> None:
        self.dispatcher.engine.mark(self._ground.clock.mark())

    def _at(self) -> Moment:
        return Moment(self._ground.clock.now(), self._ground.clock.wall())

    def _door(self) -> Door:
        host = self._settings.mqtt_bind or self._settings.bind
        reachable = host if is_loopback(host) else "127.0.0.1"
        port = self.gateway.listener.port
        assert port is not None
        return Door(reachable, port, self._settings.mqtt_prefix, self._selfcheck_password)

    # Being found

    async def _ready(self) -> Ready:
        assert self.pages.staff is not None
        assert self.pages.public is not None
        door = self._door()
        ready = Ready(
            ready=True,
            http=self.pages.staff.url,
            public=self.pages.public.url,
            mqtt=f"{door.host}:{door.port}",
            token=self._token,
            journals=tuple(map(str, self._ground.journal.paths)),
        )
        write_private(run_file(self._settings), msgspec.json.encode(ready).decode())
        systemd.notify("READY=1")
        return ready

    async def _staff_token(self) -> str:
        """Made at the first start for the first duty leader; kept in the data directory, 0600.

        Once they have left, another is made for whoever leads now: else the console stays shut.
        """
        file = self._settings.data_dir / "staff-token"
        store, organisation = self._ground.store, self.pictures.organisation()
        token = file.read_text().strip() if file.exists() else ""
        holder = await store.staff_token(ids.hashed(token)) if token else None
        if any(person.id == holder for person in organisation.people):
            return token
        token = ids.secret()
        person = _first_leader(organisation)
        await store.write_staff_token(ids.hashed(token), person, self._ground.clock.now())
        write_private(file, token)
        return token


def run_file(settings: Settings) -> Path:
    """Where a running service says how to reach it: for `tilkald press` and `drill --against`."""
    return settings.data_dir / RUN_FILE


def write_private(path: Path, text: str) -> None:
    """Readable by this user alone, from the first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _first_leader(organisation: Organisation) -> str:
    named = [person for site in organisation.sites for person in site.leaders]
    everyone = [person.id for person in organisation.people]
    if not named and not everyone:
        raise ConfigError("The site has no people. Add people.toml, then start again.")
    return (named or everyone)[0]


def _refuse_published_passwords(settings: Settings, organisation: Organisation) -> None:
    """Passwords that stand readable in files are for trying out on this machine alone."""
    hosts = (settings.bind, settings.mqtt_bind or settings.bind)
    if all(is_loopback(host) for host in hosts):
        return
    plain = [d.id for d in organisation.devices if d.password and is_plain(d.password)]
    if plain:
        raise ConfigError(
            f"{plain[0]} and {len(plain) - 1} more devices have readable passwords, so the service "
            "listens on this machine only. Store digests (`tilkald password`), or set "
            "TILKALD_BIND=127.0.0.1."
        )
