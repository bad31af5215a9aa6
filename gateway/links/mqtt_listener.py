"""The MQTT listener: devices connect to it, and no PUBACK leaves before the commit behind it.

`NativeMqttListener` joins three things that know nothing of each other: sockets
(`mqtt_connection`), the protocol (`devices.mqtt`) and the application (`ports.Application`). It
serves MQTT 3.1.1 and 3.1, plain and with TLS.

*Memory.* Sessions, subscriptions and retained messages live in memory and a restart loses them:
devices subscribe again, and the application sends the present state on every subscription. A
signal is never kept here: until `Application.published` has said True its sender is not answered,
and sends it again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from core.admission import Crowds
from core.clock import Clock, sleep
from core.errors import ConfigError
from devices.mqtt.events import (
    ConnectAsked,
    Delivered,
    Ended,
    Event,
    Fault,
    PublishCame,
    SubscribeAsked,
    UnsubscribeAsked,
)
from devices.mqtt.exchange import Exchange
from devices.mqtt.packets import Connect, ConnectCode
from devices.mqtt.rate import Rate
from devices.mqtt.session import MqttSession, Phase
from gateway.links.mqtt_connection import READ_BYTES_MAX, MqttConnection
from gateway.links.mqtt_sockets import ListenerSettings, bound_socket, is_loopback, tls_context
from gateway.links.mqtt_traffic import MqttTraffic, Oddity
from gateway.links.ports import Application, Login

ACCEPTS_PER_TURN = 64
"""New connections taken at once: when 20,000 devices come back together, a press gets its turn."""

BACKLOG = 4_096
"""New connections the kernel holds meanwhile."""

TAKE_OVERS_NOTICED = 3
"""Take-overs of one username within a minute that mean two devices claim one name."""

FAULTS_PER_PEER_MAX = 20
"""Faulty connections of one address within a minute; further ones are held, unread, for

`FAULT_HOLD_S` before they are closed. Held, not refused: behind the same address there may be a
device with a press."""

FAULT_HOLD_S = 2.0

TLS_HANDSHAKE_S = 5.0
TLS_SHUTDOWN_S = 1.0

CLOSE_COMMITS_S = 0.7
"""How long `close` waits for commits under way, so that their PUBACKs leave."""

CLOSE_SOCKETS_S = 0.2
"""And then for the last bytes to go out."""


class NativeMqttListener:
    """The listener of `ports.MqttListener`. Call `start`, later `close`, on the same loop."""

    def __init__(self, application: Application, clock: Clock, settings: ListenerSettings) -> None:
        self.now: Callable[[], datetime] = clock.now
        self.read_buffer = memoryview(bytearray(READ_BYTES_MAX))
        self._application = application
        self._settings = settings
        self._exchange = Exchange(settings.limits)
        self._connections: dict[MqttSession, MqttConnection] = {}
        self._traffic = MqttTraffic(application, self._exchange, self._connections, settings.limits)
        self._logging_in: dict[MqttConnection, asyncio.Future[Login]] = {}
        self._per_peer: dict[str, int] = {}
        self._nameless: Crowds[MqttConnection] = Crowds()
        self._faults = Rate(timedelta(minutes=1))
        self._claims = Rate(timedelta(minutes=1))
        self._servers: dict[str, asyncio.Server] = {}
        self._all_closed = asyncio.Event()
        self._stopping = False

    @property
    def port(self) -> int | None:
        """The real port of the plain listener, or None."""
        return _port(self._servers.get("plain"))

    @property
    def tls_port(self) -> int | None:
        """The real port of the TLS listener, or None."""
        return _port(self._servers.get("tls"))

    @property
    def is_plain_beyond_loopback(self) -> bool:
        """Whether devices may send passwords in the clear over a network: shown as degraded."""
        return self._settings.port is not None and not is_loopback(self._settings.host)

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def start(self) -> None:
        """Open the ports. Raises ConfigError with the setting, the problem and an example."""
        settings = self._settings
        if self.is_plain_beyond_loopback and not settings.allow_plain:
            raise ConfigError(
                f"MQTT_ALLOW_PLAIN: the plain port would listen on {settings.host}, where others "
                "can read passwords; use MQTT_TLS_PORT=8883 instead, or set MQTT_ALLOW_PLAIN=true"
            )
        tls = tls_context(settings) if settings.tls_port is not None else None
        try:
            if settings.port is not None:
                self._servers["plain"] = await self._serve("MQTT_PORT", settings.port, None)
            if settings.tls_port is not None:
                self._servers["tls"] = await self._serve("MQTT_TLS_PORT", settings.tls_port, tls)
        except ConfigError:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop, within a second: first accepting, then reading; then answer what is committed.

        What is not committed by then is left to `Application`; its sender was not answered. No will
        is published: it is we who go, not the devices.
        """
        self._stopping = True
        for server in self._servers.values():
            server.close()
        for connection in self._connections.values():
            connection.stop_reading()
        await self._finish_commits()
        for connection in list(self._connections.values()):
            if ended := connection.session.end("the service stops"):
                self._ended(connection, Ended(ended.why))
            else:
                connection.close()
        if self._connections:
            self._all_closed.clear()
            await _wait(self._all_closed, CLOSE_SOCKETS_S)
        for connection in list(self._connections.values()):
            connection.abort()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        urgent: bool = True,
        on_ack: Callable[[], None] | None = None,
    ) -> int:
        """Send to every matching session; see `ports.MqttListener.publish`."""
        return self._traffic.publish(topic, payload, retain=retain, urgent=urgent, on_ack=on_ack)

    def disconnect(self, username: str, why: str) -> int:
        """Close every connection of one user; how many."""
        sessions = self._exchange.connections(username)
        for session in sessions:
            self._connections[session].end(why)
        return len(sessions)

    # -- called by the connections ----------------------------------------------------------

    def opened(self, connection: MqttConnection) -> bool:
        """Past a limit the oldest that has not logged in makes room, so that strangers who take
        every place keep no device out; where all have logged in, the new one is refused."""
        if self._stopping:
            return False
        peer = connection.peer
        if (limit := self._limit_reached(peer)) is not None:
            detail = f"{peer} is refused: {limit} are the limit"
            self._traffic.notice(Oddity.TOO_MANY_CONNECTIONS, "", detail)
            return False
        self._per_peer[peer] = self._per_peer.get(peer, 0) + 1
        self._connections[connection.session] = connection
        self._nameless.add(connection, peer)
        return True

    def left(self, connection: MqttConnection) -> None:
        if self._connections.pop(connection.session, None) is None:
            return
        self._nameless.remove(connection, connection.peer)
        self._per_peer[connection.peer] -= 1
        if not self._per_peer[connection.peer]:
            del self._per_peer[connection.peer]
        if not self._connections:
            self._all_closed.set()

    def happened(self, connection: MqttConnection, event: Event) -> None:
        match event:
            case PublishCame(packet):
                self._traffic.publish_came(connection, packet)
            case Delivered(message):
                self._traffic.delivered(message)
            case SubscribeAsked(packet):
                self._traffic.subscribe_asked(connection, packet)
            case UnsubscribeAsked(packet):
                self._traffic.unsubscribe_asked(connection, packet)
            case ConnectAsked():
                self._connect_asked(connection, event)
            case Ended():
                self._ended(connection, event)
            case _:
                assert_never(event)

    # -- coming and going -------------------------------------------------------------------

    def _limit_reached(self, peer: str) -> str | None:
        """The limit that is reached, in words; None where there is room, or was made."""
        settings = self._settings
        if self._per_peer.get(peer, 0) >= settings.connections_per_peer_max:
            if not self._make_room(peer):
                return f"{settings.connections_per_peer_max} connections from one address"
        if len(self._connections) >= settings.connections_max and not self._make_room():
            return f"{settings.connections_max} connections in all"
        return None

    def _make_room(self, peer: str | None = None) -> bool:
        nameless = self._nameless.next_out(peer)
        if nameless is None:
            return False
        self.left(nameless)
        nameless.abort()
        return True

    def _connect_asked(self, connection: MqttConnection, event: ConnectAsked) -> None:
        asked = event.packet
        username = asked.username or ""
        connection.username = username
        login = self._application.login(username, asked.password, asked.client_id, connection.peer)
        if isinstance(login, Login):
            self._login_known(connection, asked, login)
        else:
            coming = asyncio.ensure_future(login)
            self._logging_in[connection] = coming
            coming.add_done_callback(partial(self._login_worked_out, connection, asked))

    def _login_worked_out(
        self, connection: MqttConnection, asked: Connect, coming: asyncio.Future[Login]
    ) -> None:
        """Log a client in whose password was worked out, unless it has hung up meanwhile."""
        self._logging_in.pop(connection, None)
        if coming.cancelled() or connection.session.phase is not Phase.ASKED:
            return
        if connection.session not in self._connections:
            # It had to make room meanwhile; what it sent behind its password may be a press.
            self._per_peer[connection.peer] = self._per_peer.get(connection.peer, 0) + 1
            self._connections[connection.session] = connection
        # A mistake of ours lets nobody in; the client comes again.
        broken = coming.exception()
        if broken is not None:
            context = {"message": "a password could not be worked out", "exception": broken}
            asyncio.get_running_loop().call_exception_handler(context)
        login = Login.TRY_AGAIN if broken is not None else coming.result()
        self._login_known(connection, asked, login)
        connection.go_on()

    def _login_known(self, connection: MqttConnection, asked: Connect, login: Login) -> None:
        username = connection.username
        if login is not Login.ALLOWED:
            self._refuse(connection, _REFUSALS[login], Oddity.REFUSED_LOGIN, login.value)
        else:
            client_id = asked.client_id or self._exchange.new_client_id(username)
            self._take_over(username, client_id, connection.peer)
            self._let_in(connection, client_id, clean=asked.clean)

    def _refuse(
        self, connection: MqttConnection, code: ConnectCode, oddity: Oddity, why: str
    ) -> None:
        detail = f"{connection.peer} is refused: {why}"
        self._traffic.notice(oddity, connection.username, detail)
        connection.session.refuse(code, why)
        connection.close(hold_s=self._hold_s(connection.peer))

    def _take_over(self, username: str, client_id: str, peer: str) -> None:
        older = self._exchange.connection(username, client_id)
        if older is None:
            return
        self._connections[older].end(f"taken over by a new connection from {peer}")
        now = self.now()
        times = self._exchange.take_over(username, now)
        if times >= TAKE_OVERS_NOTICED and not self._claims.count(username, now):
            self._claims.hit(username, now)
            detail = f"{times} take-overs within a minute: two devices claim {username}"
            self._traffic.notice(Oddity.TWO_CLAIM, username, detail)

    def _let_in(self, connection: MqttConnection, client_id: str, *, clean: bool) -> None:
        username = connection.username
        attached = self._exchange.attach(connection.session, username, client_id, clean=clean)
        self._nameless.remove(connection, connection.peer)
        connection.mailbox = attached.mailbox
        connection.client_id = client_id
        if attached.dropped is not None:
            detail = f"forgot the session of {attached.dropped.client_id!r}: too many are away"
            self._traffic.notice(Oddity.DROPPED_SESSION, username, detail)
        connection.session.accept(attached.mailbox, present=attached.present)
        self._application.connected(username, client_id)

    def _ended(self, connection: MqttConnection, ended: Ended) -> None:
        if (coming := self._logging_in.pop(connection, None)) is not None:
            coming.cancel()
        mailbox, connection.mailbox = connection.mailbox, None
        self._traffic.gone(connection)
        if ended.fault is not None:
            detail = f"{connection.peer} {ended.why}; the connection is closed"
            self._traffic.notice(ended.fault, connection.username, detail)
        if mailbox is not None:
            self._exchange.detach(mailbox)
            if ended.will is not None:
                self._traffic.will_due(mailbox, ended.will)
            self._application.disconnected(mailbox.username, mailbox.client_id, ended.why)
        faulty = ended.fault in (Fault.BAD_PACKET, Fault.REFUSED_VERSION)
        connection.close(hold_s=self._hold_s(connection.peer) if faulty else 0.0)

    def _hold_s(self, peer: str) -> float:
        return FAULT_HOLD_S if self._faults.hit(peer, self.now()) > FAULTS_PER_PEER_MAX else 0.0

    # -- sockets ------------------------------------------------------------------

    async def _finish_commits(self) -> None:
        traffic = self._traffic
        try:
            async with asyncio.timeout(CLOSE_COMMITS_S):
                while traffic.under_way or any(
                    each.session.held for each in self._connections.values()
                ):
                    traffic.settled.clear()
                    if traffic.under_way:
                        await traffic.settled.wait()
                    await sleep(0)
        except TimeoutError:
            return

    async def _serve(self, setting: str, port: int, tls: ssl.SSLContext | None) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        listening = bound_socket(setting, self._settings.host, port)
        server = await loop.create_server(
            lambda: MqttConnection(self, self._settings.limits, loop),
            sock=listening,
            backlog=ACCEPTS_PER_TURN,
            ssl=tls,
            ssl_handshake_timeout=TLS_HANDSHAKE_S if tls else None,
            ssl_shutdown_timeout=TLS_SHUTDOWN_S if tls else None,
        )
        # One figure of asyncio is both its accepts per turn and the kernel's queue; we want two.
        listening.listen(BACKLOG)
        return server


_REFUSALS = {
    Login.BAD_CREDENTIALS: ConnectCode.BAD_CREDENTIALS,
    Login.NOT_ALLOWED: ConnectCode.NOT_AUTHORISED,
    Login.TRY_AGAIN: ConnectCode.UNAVAILABLE,
}


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _port(server: asyncio.Server | None) -> int | None:
    return int(server.sockets[0].getsockname()[1]) if server and server.sockets else None
