"""The real service as a process of its own, in a data folder of its own, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import TilkaldError
from firmware_sim.device.link import Broker, broker_at

SERVE = (sys.executable, "-c", "from tilkald.cli import main; main()", "serve", "--json")
RUN_FILE = "run.json"
READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 10.0
LOG_LINES_MAX = 5_000
LINE_BYTES_MAX = 1_000_000

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class ServiceFailed(TilkaldError):
    """The service did not start; the text holds what it said last."""


class Ready(msgspec.Struct, frozen=True):
    """The one line `serve --json` says when it serves."""

    http: str
    public: str
    mqtt: str
    token: str
    journals: tuple[str, ...] = ()
    ready: bool = True

    @property
    def broker(self) -> Broker:
        return broker_at(self.mqtt)


def read_run_file(folder: Path) -> Ready | None:
    """The `run.json` of a service running on this data folder, or None when none is."""
    try:
        return msgspec.json.decode((folder / RUN_FILE).read_bytes(), type=Ready)
    except (OSError, msgspec.MsgspecError):
        return None


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one private service: the same after a restart, so devices find it again."""

    http: int
    public: int
    mqtt: int

    @classmethod
    def free(cls) -> Ports:
        """Three that are free now. A restart and the notice links rely on them."""
        return cls(*free_ports(3))

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.public}"


class PrivateService:
    """`async with PrivateService(site, folder) as service:` … `service.ready`.

    `folder` is the data folder (kept: whoever made it removes it), `settings` are further
    values of its environment. `site` None: what the store in `folder` holds already.
    """

    def __init__(
        self, site: Path | None, folder: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.ports = Ports.free()
        self.lines: deque[str] = deque(maxlen=LOG_LINES_MAX)
        self._environment = _environment(site, folder, self.ports, settings or {})
        self._running: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready: Ready | None = None

    async def __aenter__(self) -> PrivateService:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def configure(self, **settings: str) -> None:
        """Further settings, before the start."""
        self._environment.update(settings)

    @property
    def ready(self) -> Ready:
        assert self._ready is not None, "started first"
        return self._ready

    @property
    def pid(self) -> int:
        assert self._running is not None, "started first"
        return self._running.pid

    async def start(self) -> Ready:
        """Start and wait until it serves. Raises ServiceFailed with its last words."""
        self._running = await asyncio.create_subprocess_exec(
            *SERVE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            limit=LINE_BYTES_MAX,
            preexec_fn=_die_with_parent,
        )
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                self._ready = await self._wait_until_ready()
        except TimeoutError:
            await self.kill()
            raise ServiceFailed(self._last_words("was not ready in time")) from None
        self._reader = asyncio.create_task(self._read_on())
        return self._ready

    async def stop(self) -> int | None:
        """End it as an operator does; kill it when it does not listen. The exit status."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """As a power cut: kill -9."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """A power cut, and back on the same data and the same ports."""
        await self.kill()
        await self.start()

    async def _wait_until_ready(self) -> Ready:
        assert self._running is not None
        assert self._running.stdout is not None
        while line := await self._running.stdout.readline():
            text = line.decode(errors="replace").rstrip()
            self.lines.append(text)
            if '"ready"' in text:
                return msgspec.json.decode(text, type=Ready)
        await self._running.wait()
        raise ServiceFailed(self._last_words(f"ended with {self._running.returncode}"))

    async def _read_on(self) -> None:
        assert self._running is not None
        assert self._running.stdout is not None
        while line := await self._running.stdout.readline():
            self.lines.append(line.decode(errors="replace").rstrip())

    async def _end(self, how: signal.Signals) -> int | None:
        running = self._running
        if running is None:
            return None
        if running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                running.send_signal(how)
        try:
            async with asyncio.timeout(STOPPED_WITHIN_S):
                await running.wait()
        except TimeoutError:
            running.kill()
            await running.wait()
        if self._reader is not None:
            await self._reader
        self._running = self._reader = None
        return running.returncode

    def _last_words(self, what: str) -> str:
        said = "\n".join(list(self.lines)[-20:])
        return f"the service {what}. It said last:\n{said or '(nothing)'}"


def free_ports(count: int) -> list[int]:
    """So many ports of loopback that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _environment(
    site: Path | None, folder: Path, ports: Ports, settings: Mapping[str, str]
) -> dict[str, str]:
    """The caller's environment without its own TILKALD settings, and ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILKALD_")}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        **({} if site is None else {"TILKALD_SITE_DIR": str(site)}),
        "TILKALD_DATA_DIR": str(folder),
        "TILKALD_HTTP_PORT": str(ports.http),
        "TILKALD_PUBLIC_PORT": str(ports.public),
        "TILKALD_PUBLIC_URL": ports.public_url,
        "TILKALD_MQTT_PORT": str(ports.mqtt),
        **settings,
    }


def _die_with_parent() -> None:
    """Linux: a drill that is killed takes its service with it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
