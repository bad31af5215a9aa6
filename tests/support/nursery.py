"""Starts the real service two hundred times without importing it two hundred times.

`python -m tests.support.nursery` imports the service's code once and forks for every line on its
stdin: the child runs `tilkald serve --json` like any other process, in a process group and a data
directory of its own, and ends only by a signal. Its stdout is a socket of whoever asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware_sim.service import Ready, ServiceFailed

PATIENCE_S = 30.0
COMMAND = "NURSERY_COMMAND"
"""In a child's environment: what it runs, where that is not `serve`."""

_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Born:
    """One running service. `lines` grows as it speaks, and ends when it is dead."""

    pid: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ready(self) -> Ready | None:
        """Where it serves, or None when it was killed before. Raises ServiceFailed."""
        line = await self.ready_line()
        return None if line is None else json_ready(line)

    async def ready_line(self) -> bytes | None:
        """What it prints once it serves, or None when it was killed before."""
        said = []
        while line := await self.reader.readline():
            said.append(line.decode(errors="replace"))
            if b'"ready"' in line:
                self._drain = asyncio.create_task(self._read_on())
                return line
        if said and "Traceback" in "".join(said):
            raise ServiceFailed("".join(said))
        return None

    async def end(self, how: signal.Signals) -> None:
        """Send a signal and return when nothing of the process is left."""
        waiting = os.pidfd_open(self.pid)
        try:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(waiting, how)
            await _readable(waiting)
        finally:
            os.close(waiting)
            self.writer.close()
            with contextlib.suppress(ConnectionError):
                await self.writer.wait_closed()

    _drain: asyncio.Task[None] | None = None

    async def _read_on(self) -> None:
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass


class Nursery:
    """`async with Nursery(folder) as nursery:` … `await nursery.bear(environment)`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "nursery"
        self._came: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.Queue()
        )
        self._asking = asyncio.Lock()

    async def __aenter__(self) -> Nursery:
        self._server = await asyncio.start_unix_server(
            lambda reader, writer: self._came.put_nowait((reader, writer)), self._path
        )
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.nursery",
            str(self._path),
            stdin=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        self._server.close()

    async def bear(self, environment: Mapping[str, str]) -> Born:
        assert self._process.stdin is not None
        async with self._asking:
            self._process.stdin.write(json.dumps(dict(environment)).encode() + b"\n")
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await self._came.get()
                pid = int(await reader.readline())
        return Born(pid, reader, writer)


def json_ready(line: bytes) -> Ready:
    said = json.loads(line)
    return Ready(said["http"], said["public"], said["mqtt"], said["token"])


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await gone.wait()
    finally:
        loop.remove_reader(descriptor)


# The process that forks


def nurse(path: str) -> None:
    """One child a line, until stdin ends; children that are left die with it."""
    first = True
    while line := sys.stdin.readline():
        environment = json.loads(line)
        if first:
            first = False
            asyncio.run(_once_without_alarms(environment["TILKALD_SITE_DIR"]))
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if os.fork() == 0:
            _live(path, environment)


async def _once_without_alarms(site: str) -> None:
    """What Python and its libraries do only at the first start; the children inherit it."""
    from core import log, settings
    from tilkald.service import Service

    log.set_up(as_json=True, level="critical")
    with TemporaryDirectory() as folder:
        loaded = settings.load(
            data_dir=Path(folder), site_dir=Path(site), http_port=0, public_port=0, mqtt_port=0
        )
        service = Service(loaded)
        await service.start()
        await service.stop()


def _live(path: str, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    out = socket.socket(socket.AF_UNIX)
    out.connect(path)
    out.sendall(f"{os.getpid()}\n".encode())
    null = os.open(os.devnull, os.O_RDONLY)
    for descriptor, source in ((0, null), (1, out.fileno()), (2, out.fileno())):
        os.dup2(source, descriptor)
    out.close()
    os.environ.update(environment)
    sys.argv = ["tilkald", environment.get(COMMAND, "serve"), "--json"]
    from core import log
    from tilkald.cli import main

    status = 1
    try:
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        log.close()
        os._exit(status)


if __name__ == "__main__":
    nurse(sys.argv[1])
