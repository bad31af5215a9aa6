"""A network between a page and the service that can forget its connections without a word."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter, Task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ForgetfulNetwork:
    """Passes bytes both ways; after `forget` every connection that stands is deaf and dumb.

    As a NAT that dropped its table, or Wi-Fi after a walk: nobody is told, new ones work.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._running: set[Task[None]] = set()
        self._forgotten: list[StreamWriter] = []
        self._standing: set[Task[None]] = set()
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://localhost:{self._server.sockets[0].getsockname()[1]}"

    @property
    def streams(self) -> int:
        """How often a stream was asked for."""
        return sum("/api/v1/events" in line for line in self.asked)

    def forget(self) -> None:
        for copying in self._standing:
            copying.cancel()
        self._standing.clear()

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", self._port)
        self._forgotten += [writer, to_there]
        for copying in (self._copy(reader, to_there, True), self._copy(there, writer, False)):
            task = asyncio.create_task(copying)
            self._running.add(task)
            self._standing.add(task)

    async def _copy(self, source: StreamReader, sink: StreamWriter, noted: bool) -> None:
        try:
            while some := await source.read(65_536):
                if noted:
                    self.asked.append(some.split(b"\r\n", 1)[0].decode("latin-1"))
                sink.write(some)
                await sink.drain()
        except OSError:
            pass  # the other side is gone, as happens
        sink.close()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for writer in self._forgotten:
            writer.transport.abort()


@asynccontextmanager
async def forgetful_network(port: int) -> AsyncIterator[ForgetfulNetwork]:
    network = ForgetfulNetwork(port)
    await network.open()
    try:
        yield network
    finally:
        await network.close()
