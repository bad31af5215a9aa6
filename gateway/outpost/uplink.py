"""The way up: hands over what waits, listens to what comes down, tries again every second.

The only HTTP client of the gateway half. One request up is under way at a time, so records arrive
in their order; the stream down is held open beside it. Whether the way is open is known from what
comes back, never from a connection that merely stands.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import msgspec

from core.clock import monotonic_s, sleep
from core.errors import ConfigError
from core.log import logger
from gateway.handover import (
    ALIVE_EVERY_S,
    DOWN_PATH,
    SILENT_AFTER_S,
    UP_PATH,
    Down,
    Thanks,
    Up,
)

AGAIN_S = 1.0
"""Law 1: what could not be handed over is tried again every second."""

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 2.0
"""A press may wait behind a request that is lost; it must be there before the house rings. What is
handed over twice is known by its identity."""

UP_WITHIN_S = 30.0
"""All of one request, over a line however slow."""

LINE_BYTES_MAX = 64 * 1024 * 1024
"""One line of the stream down; a configuration of 10,000 people is some 5 MB."""

_THANKS = msgspec.json.Decoder(Thanks)
_DOWN = msgspec.json.Decoder(Down)
_FAILURES = (httpx.HTTPError, msgspec.MsgspecError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Way:
    """Where the dispatcher is, and who we are to it."""

    url: str
    gateway: str
    token: str = ""
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class LocalSide(Protocol):
    """What there is to say, and who is told what comes down."""

    async def up(self) -> Up:
        """The request that carries all there is to say now."""
        ...

    def waits(self) -> bool:
        """Whether something should not wait for the next sign of life."""
        ...

    def thanked(self, thanks: Thanks) -> None: ...

    def failed(self, why: str) -> None:
        """What `up` gave did not arrive, or nobody knows whether it did."""
        ...

    def came(self, down: Down) -> None: ...

    def unreadable(self, why: str) -> None:
        """Report a line that came down and that this version cannot read."""
        ...

    def opened(self) -> None:
        """The stream down is open, perhaps again: what was told meanwhile is lost."""
        ...


class Uplink:
    """Runs until cancelled. Raises ConfigError for an address or a certificate that is none."""

    def __init__(self, way: Way, local: LocalSide) -> None:
        self._way = way
        self._local = local
        self._wanted = asyncio.Event()
        self._up, self._down = _addresses(way)
        self._stream_ended = ""
        self._http = httpx.AsyncClient(
            verify=_trusted(way),
            trust_env=False,
            headers={"Authorization": f"Bearer {way.token}"} if way.token else {},
            timeout=httpx.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
        )
        self._log = logger("gateway.uplink")

    def wake(self) -> None:
        """Send soon: there is something to say."""
        self._wanted.set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._hand_over())
                both.create_task(self._listen())
        finally:
            await self._http.aclose()

    async def _hand_over(self) -> None:
        while True:
            self._wanted.clear()
            up, began_s = await self._local.up(), monotonic_s()
            try:
                thanks = await self._said(up)
            except _FAILURES as error:
                self._local.failed(_why(error))
                await sleep(max(began_s + AGAIN_S - monotonic_s(), 0.0))
                continue
            self._local.thanked(thanks)
            if up.handed and not thanks.kept:
                await sleep(AGAIN_S)  # it is there, and cannot store: it says so itself
            elif not self._local.waits():
                await self._until_wanted()

    async def _said(self, up: Up) -> Thanks:
        async with asyncio.timeout(UP_WITHIN_S):
            answer = await self._http.post(self._up, content=msgspec.json.encode(up))
        answer.raise_for_status()
        return _THANKS.decode(answer.content)

    async def _until_wanted(self) -> None:
        try:
            async with asyncio.timeout(ALIVE_EVERY_S):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _listen(self) -> None:
        while True:
            try:
                await self._stream()
            except _FAILURES as error:
                self._noted_end(_why(error))
            await sleep(AGAIN_S)

    def _noted_end(self, why: str) -> None:
        """One line for each cause: a day's cut is no day's log."""
        if why != self._stream_ended:
            self._log.info("the stream down ended", why=why, done="tried each second")
        self._stream_ended = why

    async def _stream(self) -> None:
        patience = httpx.Timeout(SILENT_AFTER_S, connect=CONNECT_WITHIN_S)
        async with self._http.stream("GET", self._down, timeout=patience) as answer:
            answer.raise_for_status()
            self._stream_ended = ""
            self._local.opened()
            begun = bytearray()
            async for part in answer.aiter_bytes():
                begun += part
                if len(begun) > LINE_BYTES_MAX:
                    raise httpx.DecodingError("a line of the stream down is too long")
                if b"\n" in part:
                    *lines, begun = begun.split(b"\n")
                    for line in lines:
                        self._came(bytes(line))

    def _came(self, line: bytes) -> None:
        if not line:
            return
        try:
            down = _DOWN.decode(line)
        except msgspec.MsgspecError as wrong:
            self._local.unreadable(str(wrong))
            return
        self._local.came(down)


def _addresses(way: Way) -> tuple[str, str]:
    paths = (UP_PATH.format(gateway=way.gateway), DOWN_PATH.format(gateway=way.gateway))
    try:
        up, down = (httpx.URL(f"{way.url}{path}") for path in paths)
        wrong = "" if up.host and "%" not in up.host else "it names no machine"
    except httpx.InvalidURL as invalid:
        wrong = str(invalid)
    if wrong:
        raise ConfigError(
            f"TILKALD_DISPATCHER_URL={way.url} is no address: {wrong}. "
            "For example https://tilkald.example.org:8443"
        )
    return str(up), str(down)


def _trusted(way: Way) -> ssl.SSLContext:
    """Whom we believe to be the dispatcher, and what we show it."""
    try:
        context = ssl.create_default_context(cafile=way.authority)
        if way.certificate is not None:
            context.load_cert_chain(way.certificate, way.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"TILKALD_GATEWAY_CA, _CERT or _KEY cannot be read: {error}. Name PEM files."
        ) from None
    return context


def _why(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return f"the dispatcher answered {status}" + (_REFUSED if status == 401 else "")
    return str(error) or _UNSAID.get(type(error), type(error).__name__)


_REFUSED = ": it knows no such gateway, or not this token or certificate"
_UNSAID: dict[type[Exception], str] = {
    TimeoutError: "it takes too long to hand over",
    httpx.ReadTimeout: "no answer within 2 s",
    httpx.ConnectTimeout: "no connection within 3 s",
    httpx.WriteTimeout: "it takes nothing in",
}
"""What httpx does not put into words."""
