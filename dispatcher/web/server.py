"""Runs one web app on one port inside the running event loop.

Signals belong to the process, not to a listener; access logs are off, because paths carry tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import ssl
from asyncio import Event, Task
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from core.admission import places
from core.errors import ConfigError
from dispatcher.web.admission import CONNECTIONS_MAX, FILES_PER_PORT, Door
from dispatcher.web.http_connection import HttpConnection, HttpLimits

STOP_WITHIN_S = 1
"""How long requests may finish at a stop; event streams end by themselves at once."""

BACKLOG = 1_024
"""New connections the kernel holds until we take them."""

ACCEPTS_PER_TURN = 64
"""New connections taken at once: a flood of them gives a press its turn."""

KEEP_ALIVE_S = 10
TLS_HANDSHAKE_S = 5.0
LOOPBACK = "127.0.0.1"

LIMITS = HttpLimits()

_SECRET_PATH = re.compile(r"(/(?:n|enter)/)[^\s\"'?]+")


class WithoutTokens(logging.Filter):
    """Takes the tokens of `/n/…` and `/enter/…` out of every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        clean = _SECRET_PATH.sub(r"\1…", text)
        if clean != text:
            record.msg, record.args = clean, ()
        return True


def log_config() -> dict[str, Any]:
    """For `logging.config.dictConfig`: faults of ours go the way of all lines.

    What strangers send wrong, and who asks for what, is no line: they could write without end.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_tokens": {"()": WithoutTokens}},
        "handlers": {"ours": {"class": "core.log.OfLibraries", "filters": ["without_tokens"]}},
        "loggers": {
            "uvicorn": {"handlers": ["ours"], "level": "ERROR", "propagate": False},
            "uvicorn.error": {"level": "ERROR"},
            "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }


class WebServer:
    """One listening app. Made by `serve`."""

    def __init__(self, app: Starlette, server: _Server, host: str, port: int) -> None:
        self._app = app
        self._server = server
        self.host = host
        self.port = port
        self._task: Task[None] | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self._server.config.is_ssl else "http"
        return f"{scheme}://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many stand at this port now."""
        return len(self._server.door)

    async def start(self, listener: socket.socket) -> None:
        self._task = asyncio.create_task(self._server.serve([listener]), name=f"web {self.port}")
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait((self._task, up), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """Stop accepting, end the streams, let requests finish; within two seconds."""
        closing = getattr(self._app.state, "closing", None)
        if isinstance(closing, Event):
            closing.set()
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def wait(self) -> None:
        """Until the listener has ended: for the supervisor."""
        if self._task is not None:
            await asyncio.shield(self._task)


async def serve(
    app: Starlette,
    *,
    port: int,
    host: str = LOOPBACK,
    setting: str = "HTTP_PORT",
    certificate: Path | None = None,
    key: Path | None = None,
    client_authority: Path | None = None,
    limits: HttpLimits = LIMITS,
    connections: int | None = None,
) -> WebServer:
    """Listen and serve; port 0 takes any free one. Raises ConfigError when it cannot listen.

    With `client_authority` a client may show a certificate; what it shows stands in
    `request.state.client_certificate` (as `ssl.SSLSocket.getpeercert` gives it).
    """
    listener = _listen(host, port, setting)
    config = uvicorn.Config(
        app,
        log_config=log_config(),
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_ca_certs=None if client_authority is None else str(client_authority),
        ssl_cert_reqs=ssl.CERT_NONE if client_authority is None else ssl.CERT_OPTIONAL,
        http=HttpConnection,
    )
    try:
        config.load()
    except OSError as error:  # of ssl too
        listener.close()
        raise ConfigError(
            f"The certificate or key for {setting} cannot be read: {error}."
        ) from None
    server = WebServer(
        app,
        _Server(config, Door(connections or places(CONNECTIONS_MAX, FILES_PER_PORT)), limits),
        host,
        listener.getsockname()[1],
    )
    await server.start(listener)
    return server


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, door: Door, limits: HttpLimits) -> None:
        super().__init__(config)
        self.door = door
        self._limits = limits
        self.up = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's own, with limits it has no setting for."""
        assert sockets is not None
        await self.lifespan.startup()
        loop, tls = asyncio.get_running_loop(), self.config.ssl
        self.servers = [
            await loop.create_server(
                self._connection,
                sock=listener,
                ssl=tls,
                ssl_handshake_timeout=TLS_HANDSHAKE_S if tls else None,
                backlog=ACCEPTS_PER_TURN,
            )
            for listener in sockets
        ]
        for listener in sockets:
            # One figure of asyncio is both its accepts per turn and the kernel's queue.
            listener.listen(BACKLOG)
        self.started = True
        self.up.set()

    def _connection(self) -> HttpConnection:
        return HttpConnection(
            self.door, self._limits, self.config, self.server_state, self.lifespan.state
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle off only where it is told that this is TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "no such port"
        raise ConfigError(
            f"{setting}={port}: cannot listen on {host} ({why}). "
            f"Choose another one, for example {setting}=0 for any free port."
        ) from error
    listener.setblocking(False)
    return listener
