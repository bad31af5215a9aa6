"""What the MQTT tests share: a small application behind the listener, and a bare client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType

from core.clock import ServiceClock
from core.signals import Owed, Taken
from core.values import replace
from devices.mqtt.decode import Decoder
from devices.mqtt.encode import encode
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import Connack, Connect, Packet
from gateway.links.mqtt_listener import NativeMqttListener
from gateway.links.mqtt_sockets import ListenerSettings
from gateway.links.ports import Login, Published

PREFIX = "tilkald/v1"
PATIENCE_S = 5.0
"""How long a test waits for something that must happen."""

OBSERVER = "observer"
"""May read everything and publish nothing."""


class SmallSite:
    """An application behind the listener: everybody's password is `secret-` and their name.

    A device may publish below its own topic and read its own `down`. While `commits` is cleared,
    nothing is committed; when `store_works` is False, nothing ever is. While `store_fails`, help is
    called and the commit follows `commits`.
    """

    def __init__(self) -> None:
        self.messages: list[Published] = []
        self.committed: list[Published] = []
        self.subscriptions: list[tuple[str, str]] = []
        self.comings: list[tuple[str, str]] = []
        self.goings: list[tuple[str, str, str]] = []
        self.notices: list[tuple[str, str, str]] = []
        self.commits = asyncio.Event()
        self.commits.set()
        self.held_topics: frozenset[str] = frozenset()
        self.store_works = True
        self.store_fails = False
        self._changed = asyncio.Event()

    def login(
        self, username: str, password: bytes | None, client_id: str, peer: str
    ) -> Login | Awaitable[Login]:
        if username == "stolen":
            return Login.NOT_ALLOWED
        right = password == f"secret-{username}".encode()
        return Login.ALLOWED if right else Login.BAD_CREDENTIALS

    def may_publish(self, username: str, topic: str) -> bool:
        return topic.startswith(f"{PREFIX}/{username}/")

    def may_subscribe(self, username: str, topic_filter: str) -> bool:
        return username == OBSERVER or topic_filter == f"{PREFIX}/{username}/down"

    def published(self, message: Published, owed: Owed) -> None:
        answer_when_known(self._published(message, partial(owed, Taken.UNSTORED)), owed)

    async def _published(self, message: Published, called: Callable[[], None]) -> bool:
        self.messages.append(message)
        self._changed.set()
        if self.store_fails:
            called()
        if not self.held_topics or message.topic in self.held_topics:
            await self.commits.wait()
        if self.store_works:
            self.committed.append(message)
            self._changed.set()
        return self.store_works

    def subscribed(self, username: str, topic_filter: str) -> None:
        self.subscriptions.append((username, topic_filter))
        self._changed.set()

    def connected(self, username: str, client_id: str) -> None:
        self.comings.append((username, client_id))
        self._changed.set()

    def disconnected(self, username: str, client_id: str, why: str) -> None:
        self.goings.append((username, client_id, why))
        self._changed.set()

    def noticed(self, what: str, username: str, detail: str) -> None:
        self.notices.append((what, username, detail))
        self._changed.set()

    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]

    def noticed_kinds(self) -> list[str]:
        return [what for what, _, _ in self.notices]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something is so; TimeoutError after `PATIENCE_S`."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


def answer_when_known(kept: Coroutine[None, None, bool], owed: Owed) -> None:
    """STORED or NEVER, once it is known whether it is kept."""

    def known(task: asyncio.Task[bool]) -> None:
        del _ANSWERING[task]
        owed(Taken.STORED if not task.cancelled() and task.result() else Taken.NEVER)

    task = asyncio.get_running_loop().create_task(kept)
    _ANSWERING[task] = None
    task.add_done_callback(known)


_ANSWERING: dict[asyncio.Task[bool], None] = {}


@asynccontextmanager
async def listening(
    site: SmallSite, settings: ListenerSettings | None = None, limits: MqttLimits | None = None
) -> AsyncIterator[NativeMqttListener]:
    """A listener on a free port of loopback."""
    settings = settings or ListenerSettings(port=0)
    if limits is not None:
        settings = replace(settings, limits=limits)
    listener = NativeMqttListener(site, ServiceClock(), settings)
    await listener.start()
    try:
        yield listener
    finally:
        site.commits.set()
        await listener.close()


class BareClient:
    """A client that sends exactly the packets it is told, and shows what came."""

    def __init__(self, port: int | None, tls: ssl.SSLContext | None = None) -> None:
        assert port is not None
        self._port = port
        self._tls = tls
        self._decoder = Decoder(MqttLimits(), bytes_max=1_000_000, cut_publish=False)
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> BareClient:
        host = "localhost" if self._tls else None
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._tls, server_hostname=host
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.hang_up()

    async def log_in(
        self, username: str, client_id: str | None = None, **fields: object
    ) -> Connack:
        """CONNECT and the answer to it."""
        asked = Connect(
            username if client_id is None else client_id,
            username=username,
            password=f"secret-{username}".encode(),
        )
        await self.send(replace(asked, **fields))  # type: ignore[arg-type]
        answer = await self.receive()
        assert isinstance(answer, Connack), answer
        return answer

    async def send(self, *packets: Packet) -> None:
        await self.send_bytes(b"".join(map(encode, packets)))

    async def send_bytes(self, sending: bytes) -> None:
        self._writer.write(sending)
        await self._writer.drain()

    async def receive(self) -> Packet:
        """The next packet; EOFError when the listener has closed."""
        async with asyncio.timeout(PATIENCE_S):
            while (packet := self._decoder.next_packet()) is None:
                received = await self._reader.read(65_536)
                if not received:
                    raise EOFError
                self._decoder.feed(received)
            return packet

    async def is_closed(self) -> bool:
        """Wait until the listener closes; False if it says anything before."""
        try:
            await self.receive()
        except (EOFError, ConnectionError):
            return True
        return False

    async def hang_up(self) -> None:
        """Close without a word."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return

    def cut_the_line(self) -> None:
        """Reset, as a device does that falls into water."""
        self._writer.transport.abort()
