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
from gateway.remote.contract import (
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

LINE_BYTES_MAX = 64 * 1024 * 1024
"""One line of the stream down; a configuration of 10,000 people is some 5 MB."""

_THANKS = msgspec.json.Decoder(Thanks)
_DOWN = msgspec.json.Decoder(Down)


@dataclass(frozen=True, slots=True)
class Way:
    """Where the dispatcher is, and who we are to it."""

    url: str
    gateway: str
    token: str = ""
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class House(Protocol):
    """What there is to say, and who is told what comes down."""

    def up(self) -> Up:
        """All there is to say now."""
        ...

    def waits(self) -> bool:
        """Whether something should not wait for the next sign of life."""
        ...

    def thanked(self, thanks: Thanks) -> None: ...

    def failed(self, why: str) -> None:
        """What `up` gave did not arrive, or nobody knows whether it did."""
        ...

    def came(self, down: Down) -> None: ...

    def opened(self) -> None:
        """The stream down is open, perhaps again: what was told meanwhile is lost."""
        ...


class Uplink:
    """Runs until cancelled. Raises ConfigError for a certificate that is none."""

    def __init__(self, way: Way, house: House) -> None:
        self._way = way
        self._house = house
        self._wanted = asyncio.Event()
        self._up, self._down = (f"{way.url}{path}" for path in _paths(way.gateway))
        self._http = httpx.AsyncClient(
            verify=_trusted(way),
            trust_env=False,
            headers={"Authorization": f"Bearer {way.token}"} if way.token else {},
            timeout=httpx.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
        )
        self._log = logger("gateway.uplink")

    def wake(self) -> None:
        """There is something to say."""
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
            up, began_s = self._house.up(), monotonic_s()
            try:
                thanks = await self._said(up)
            except (httpx.HTTPError, msgspec.MsgspecError) as error:
                self._house.failed(_why(error))
                await sleep(max(began_s + AGAIN_S - monotonic_s(), 0.0))
                continue
            self._house.thanked(thanks)
            if up.handed and not thanks.kept:
                await sleep(AGAIN_S)  # it is there, and cannot store: it says so itself
            elif not self._house.waits():
                await self._until_wanted()

    async def _said(self, up: Up) -> Thanks:
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
            except (httpx.HTTPError, msgspec.MsgspecError) as error:
                self._log.info("the stream down ended", why=_why(error), done="opened again")
            await sleep(AGAIN_S)

    async def _stream(self) -> None:
        patience = httpx.Timeout(SILENT_AFTER_S, connect=CONNECT_WITHIN_S)
        async with self._http.stream("GET", self._down, timeout=patience) as answer:
            answer.raise_for_status()
            self._house.opened()
            begun = bytearray()
            async for part in answer.aiter_raw():
                begun += part
                *lines, rest = begun.split(b"\n")
                begun = rest
                if len(begun) > LINE_BYTES_MAX:
                    raise httpx.DecodingError("a line of the stream down is too long")
                for line in lines:
                    if line:
                        self._house.came(_DOWN.decode(line))


def _paths(gateway: str) -> tuple[str, str]:
    return UP_PATH.format(gateway=gateway), DOWN_PATH.format(gateway=gateway)


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
        return f"the dispatcher answered {error.response.status_code}"
    return str(error) or type(error).__name__
