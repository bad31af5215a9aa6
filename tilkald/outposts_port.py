"""The port remote gateways come to (`GATEWAYS_PORT`): two requests, both begun by the gateway.

A gateway is known by its token, or, where its configuration names none, by a certificate of the
site's own authority whose common name is its id. Beyond loopback it is TLS or nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core import ids
from core.errors import ConfigError
from core.log import logger
from core.settings import Settings
from dispatcher.web.server import WebServer, serve
from gateway.handover import DOWN_PATH, UP_BYTES_MAX, UP_PATH, read_up
from gateway.links.mqtt_sockets import is_loopback
from gateway.outposts.receiving import RemoteGateways

BODY_WITHIN_S = 10.0

DOWN_STREAMS_MAX = 8
"""Streams of one gateway that stand at once: the newest is its own, those before it end as soon as
they are taken, or the port's limit in time ends them. Each may hold a whole configuration, so a
token in the wrong hands must not open as many as the port has places."""


class GatewaysDoor:
    """The two routes over `RemoteGateways`."""

    def __init__(self, gateways: RemoteGateways) -> None:
        self._gateways = gateways
        self._closing = asyncio.Event()
        self._ending: dict[asyncio.Future[None], None] = {}
        self._streams: Counter[str] = Counter()
        self._log = logger("tilkald.gateways")

    def app(self) -> Starlette:
        app = Starlette(
            routes=[
                Route(UP_PATH, self._up, methods=["POST"]),
                Route(DOWN_PATH, self._down, methods=["GET"]),
            ]
        )
        app.state.closing = self._closing
        return app

    async def _up(self, request: Request) -> Response:
        gateway = self._known(request)
        if gateway is None:
            return self._refused(request)
        try:
            up, odd = read_up(await _body(request))
        except msgspec.MsgspecError as wrong:
            self._log.error("a gateway sent what nobody can read", lane=gateway, gateway=gateway)
            return Response(str(wrong), 400)
        except _TooLarge:
            most = UP_BYTES_MAX
            self._log.error("a gateway sent too much", lane=gateway, gateway=gateway, most=most)
            return Response(f"more than {UP_BYTES_MAX} bytes", 413)
        except (ClientDisconnect, TimeoutError):
            return Response("the request came too slowly", 408)
        if self._known(request) is None:
            return self._refused(request)  # taken out of the configuration meanwhile
        self._gateways.noted_odd(gateway, odd)
        thanks = await self._gateways.up(gateway, up)
        return Response(msgspec.json.encode(thanks), media_type="application/json")

    async def _down(self, request: Request) -> Response:
        gateway = self._known(request)
        if gateway is None:
            return self._refused(request)
        if self._streams[gateway] >= DOWN_STREAMS_MAX:
            self._log.warning("too many streams of a gateway", lane=gateway, gateway=gateway)
            return Response(f"{DOWN_STREAMS_MAX} streams stand already", 429)
        self._streams[gateway] += 1
        lines = self._until_closing(self._gateways.down(gateway))
        return _Stream(lines, partial(self._stream_ended, gateway))

    def _stream_ended(self, gateway: str) -> None:
        self._streams[gateway] -= 1
        if not self._streams[gateway]:
            del self._streams[gateway]

    async def _until_closing(self, lines: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
        """A stop of the service ends the stream at once, and so does a gateway that hangs up."""
        closing = asyncio.ensure_future(self._closing.wait())
        line: asyncio.Future[bytes] | None = None
        try:
            while True:
                line = asyncio.ensure_future(anext(lines))
                await asyncio.wait((line, closing), return_when=asyncio.FIRST_COMPLETED)
                if not line.done():
                    return
                try:
                    yield line.result()
                except StopAsyncIteration:
                    return
        finally:
            closing.cancel()
            # Whoever hangs up cancels us: nothing may be waited for any more.
            if line is not None and not line.done():
                line.cancel()
            else:
                ending = asyncio.ensure_future(lines.aclose())
                self._ending[ending] = None
                ending.add_done_callback(lambda done: self._ending.pop(done, None))

    def _known(self, request: Request) -> str | None:
        """The gateway that speaks, once it has shown that it is that one."""
        settings = self._gateways.settings(request.path_params["gateway"])
        if settings is None:
            return None
        if not settings.token:
            shown: dict[str, Any] | None = request.state.client_certificate
            return settings.id if _common_name(shown) == settings.id else None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        right = scheme.lower() == "bearer" and ids.same(ids.hashed(token), settings.token)
        return settings.id if right else None

    def _refused(self, request: Request) -> Response:
        named, peer = request.path_params["gateway"], request.client
        name = named if self._gateways.settings(named) is not None else "unknown"
        self._log.warning("a gateway was refused", gateway=name, peer=peer.host if peer else "")
        return Response("unknown gateway, or not its token or certificate", 401)


async def open_door(settings: Settings, gateways: RemoteGateways) -> WebServer | None:
    """Listen where GATEWAYS_PORT says. Raises ConfigError."""
    if settings.gateways_port is None:
        return None
    host = settings.gateways_bind or settings.bind
    if settings.gateways_tls_cert is None and not is_loopback(host):
        raise ConfigError(
            f"TILKALD_GATEWAYS_PORT on {host} needs TLS: set TILKALD_GATEWAYS_TLS_CERT and _KEY."
        )
    return await serve(
        GatewaysDoor(gateways).app(),
        port=settings.gateways_port,
        host=host,
        setting="GATEWAYS_PORT",
        certificate=settings.gateways_tls_cert,
        key=settings.gateways_tls_key,
        client_authority=settings.gateways_client_ca,
    )


async def _body(request: Request) -> bytes:
    """Within a size and a time. Raises _TooLarge, TimeoutError, ClientDisconnect."""
    parts = bytearray()
    async with asyncio.timeout(BODY_WITHIN_S):
        async for part in request.stream():
            parts += part
            if len(parts) > UP_BYTES_MAX:
                raise _TooLarge
    return bytes(parts)


class _Stream(StreamingResponse):
    """Says when it has ended, however it did."""

    def __init__(self, lines: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        super().__init__(lines, media_type="application/x-ndjson")
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


class _TooLarge(Exception):
    """More than any gateway has to say."""


def _common_name(certificate: dict[str, Any] | None) -> str:
    """Of a certificate the authority vouches for; empty where none was shown."""
    if certificate is None:
        return ""
    fields = [pair for group in certificate.get("subject", ()) for pair in group]
    return str(dict(fields).get("commonName", ""))
