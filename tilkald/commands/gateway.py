"""`tilkald gateway`: the lines of one house, handed over to a dispatcher on another machine."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from urllib.parse import urlsplit

import msgspec
from rich.console import Console

from core import ids, log
from core.clock import ServiceClock, sleep
from core.errors import ConfigError
from core.settings import Settings
from gateway.links.mqtt_sockets import is_loopback
from gateway.outpost.app import Outpost
from gateway.outpost.state_files import StateFiles, Status, read_status
from gateway.outpost.uplink import Way
from tilkald import steadiness, systemd, vitals

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

FED_EVERY_S = 10.0

_out = Console(highlight=False, soft_wrap=True)


class Ready(msgspec.Struct, frozen=True):
    """What `gateway --json` prints once it listens."""

    ready: bool
    gateway: str
    mqtt: str


async def run(settings: Settings, *, as_json: bool) -> int:
    """Until SIGTERM."""
    steadiness.prepare()
    log.take_over()
    way = _way(settings)
    kept = StateFiles(settings.data_dir)
    try:
        await _run(settings, way, kept, as_json=as_json)
    finally:
        kept.close()
    return 0


async def _run(settings: Settings, way: Way, kept: StateFiles, *, as_json: bool) -> None:
    stop = _asked_to_stop()
    gateway = Outpost(settings, way, kept, ServiceClock(kept.clock_mark()))
    await gateway.start()
    _say_ready(settings, gateway, as_json=as_json)
    running = asyncio.create_task(gateway.run())
    beside = [asyncio.create_task(watch) for watch in (_feed_the_watchdog(), _watch_log(gateway))]
    await _until_stopped(running, stop)
    for watch in beside:
        watch.cancel()
    systemd.notify("STOPPING=1")
    await gateway.stop()


def new_token() -> None:
    """A token for the gateway's machine, and its digest for the site's files."""
    token = ids.secret()
    _out.print(f"On the gateway's machine:  TILKALD_GATEWAY_TOKEN={token}")
    _out.print(f'In lines.toml, [[gateway]]: token = "{ids.hashed(token)}"', markup=False)


def show_status(settings: Settings, *, as_json: bool) -> int:
    """How the gateway of this data directory stands; 1 when it is cut off or something is wrong."""
    status = read_status(settings.data_dir)
    if status is None:
        raise ConfigError(f"No gateway has run on {settings.data_dir}. Set TILKALD_DATA_DIR.")
    if as_json:
        sys.stdout.write(msgspec.json.encode(status).decode() + "\n")
    else:
        for line in _told(status):
            _out.print(line, markup=False)
    well = status.unreachable is None and not status.problems and all(status.lines.values())
    return 0 if well else 1


def _told(status: Status) -> list[str]:
    reached = "reached" if status.unreachable is None else f"NOT reached: {status.unreachable}"
    return [
        f"gateway {status.gateway}, configuration {status.configuration}",
        f"dispatcher: {reached}",
        f"spool: {status.backlog} not handed over, the oldest {status.oldest_s:.0f} s old",
        *(f"line {line}: {'open' if well else 'DOWN'}" for line, well in status.lines.items()),
        *([f"ringing here for {status.ringing} presses"] if status.ringing else []),
        *status.problems.values(),
    ]


def _way(settings: Settings) -> Way:
    """Raises ConfigError: what is missing."""
    if not settings.dispatcher_url or not settings.gateway:
        raise ConfigError(
            "Name the dispatcher and this gateway, for example "
            "TILKALD_DISPATCHER_URL=https://tilkald.example.org:8443 TILKALD_GATEWAY=house-b"
        )
    if not _ID.fullmatch(settings.gateway):
        raise ConfigError(
            f"TILKALD_GATEWAY={settings.gateway!r} is no name of a gateway: small letters, digits, "
            "- and _, for example house-b. It is the id in lines.toml."
        )
    token = settings.gateway_token.get_secret_value()
    if not token and settings.gateway_cert is None:
        raise ConfigError("Set TILKALD_GATEWAY_TOKEN (tilkald gateway --new-token) or _CERT.")
    if settings.dispatcher_url.startswith("http://") and not is_loopback(_host(settings)):
        raise ConfigError("TILKALD_DISPATCHER_URL must begin with https:// beyond this machine.")
    return Way(
        settings.dispatcher_url,
        settings.gateway,
        token,
        settings.gateway_ca,
        settings.gateway_cert,
        settings.gateway_key,
    )


def _host(settings: Settings) -> str:
    try:
        return urlsplit(settings.dispatcher_url).hostname or ""
    except ValueError:
        return ""


def _say_ready(settings: Settings, gateway: Outpost, *, as_json: bool) -> None:
    mqtt = f"{settings.mqtt_bind or settings.bind}:{gateway.listener.port}"
    systemd.notify("READY=1")
    if as_json:
        ready = Ready(ready=True, gateway=settings.gateway, mqtt=mqtt)
        log.ready(msgspec.json.encode(ready).decode())
        return
    _out.print(f"[bold]Tilkald[/] gateway {settings.gateway} listens. Devices: mqtt://{mqtt}")


async def _feed_the_watchdog() -> None:
    """Its loop turns: a gateway that hangs is started anew, and its spool taken up."""
    while True:
        systemd.notify("WATCHDOG=1")
        await sleep(FED_EVERY_S)


async def _watch_log(gateway: Outpost) -> None:
    def report(part: str, message: str, **fields: object) -> None:
        gateway.problem(part, message.format(**fields))

    def clear(part: str) -> None:
        gateway.problem(part, None)

    async def watch() -> None:
        await vitals.watch_log(log.standing, report, clear)

    await vitals.supervised("log", watch, report, lambda: None)


def _asked_to_stop() -> asyncio.Event:
    """Set by SIGTERM or SIGINT; one that comes during the start counts."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until_stopped(running: asyncio.Task[None], stop: asyncio.Event) -> None:
    """A mistake of ours that ends the gateway ends the process: systemd starts it again."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if running.done():
        running.result()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
