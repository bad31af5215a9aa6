"""The doors of the web: which hosts and origins are answered, how much is read, which headers.

Plain ASGI around each app, so that no route can forget any of it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatcher.web.api.problems import problem

BODY_MAX = 64 * 1024
BODY_WITHIN_S = 10.0
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
ADDRESSES_MAX = 10_000
MISSES_PER_WINDOW = 30
WINDOW_S = 60.0

NEVER_STORED = {
    "Cache-Control": "no-store",
    # A browser would ask on a kept connection that the network has forgotten, and wait.
    "Connection": "close",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class HttpOnly:
    """Refuses every scope that is not HTTP: there are no web sockets here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)


class SafeHeaders:
    """Puts headers on every answer; a route that sets one itself keeps its own."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class SmallBodies:
    """Reads the whole body first, within a size and a time, so that nobody can hold us open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await _read(receive)
        except TimeoutError:
            await problem(408, "The request came too slowly.")(scope, receive, send)
            return
        except ClientDisconnect:
            return  # gone before the request was whole: nobody asked for anything
        if body is None:
            text = f"The request is longer than {BODY_MAX} bytes."
            await problem(413, text)(scope, receive, send)
            return
        await self._app(scope, replayed(body, receive), send)


class KnownHosts:
    """Answers only to its own names (DNS rebinding), and to pages of its own origin."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(Headers(scope=scope))):
            status, text = refusal
            await problem(status, text)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return 421, "This service does not answer to that host name. Add it to HOSTS."
        origin = headers.get("origin")
        if origin is not None and not same_host(origin, host):
            return 403, "The request comes from another site's page."
        return None


class MissLimit:
    """Counts requests for links that do not exist, per address. A valid link is never counted."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._missed: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def missed(self, address: str) -> bool:
        """Count one more miss; True when this address has had too many in this window."""
        now = self._clock_s()
        since, count = self._missed.pop(address, (now, 0))
        if now - since >= WINDOW_S:
            since, count = now, 0
        self._missed[address] = (since, count + 1)
        if len(self._missed) > ADDRESSES_MAX:
            self._missed.popitem(last=False)
        return count >= MISSES_PER_WINDOW


def from_own_page(request: Request) -> bool:
    """Whether a browser says a page of our own sent this: Fetch metadata, else Origin or Referer.

    An opaque origin ("null") says nothing: a page with `no-referrer` sends it for its own forms.
    """
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if origin is not None and origin != "null":
        return same_host(origin, host)
    referer = request.headers.get("referer")
    return referer is not None and same_host(referer, host)


def same_host(url: str, host: str) -> bool:
    """Whether `url` (an Origin or Referer) names exactly this Host header, port included."""
    try:
        return bool(host) and urlsplit(url).netloc.lower() == host.lower()
    except ValueError:
        return False


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body read before, then whatever the client does next."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _read(receive: Receive) -> bytes | None:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_MAX:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or "no host given"
    except ValueError:
        return "no host given"
