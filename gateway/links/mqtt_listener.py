"""The MQTT listener: devices connect to it, and no PUBACK leaves before the commit behind it.

`NativeMqttListener` joins three things that know nothing of each other: sockets
(`mqtt_connection`), the protocol (`devices.mqtt`) and the application (`ports.Behind`). It serves
MQTT 3.1.1 and 3.1, plain and with TLS.

*Memory.* Sessions, subscriptions and retained messages live in memory and a restart loses them:
devices subscribe again, and the application sends the present state on every subscription. A
signal is never kept here: until `Behind.published` has said True its sender is not answered, and
sends it again.

*Rights.* A message on a topic its sender has no right to is acknowledged, dropped and noticed: the
standard leaves only that or closing [MQTT-3.3.5-2], and closing would keep back, for ever, the
press that waits behind it. A subscription without right is answered 0x80. A will without right is
dropped when it falls due.

*Observers.* A message is handed to other subscribers when it arrives, in order, without waiting
for the store: observers are promised nothing.

Tasks: one per message, for 3 µs each; a shorter path would have to run `Behind.published` outside
a task, where time-outs and locks of asyncio do not work.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from core.clock import Clock, sleep
from core.errors import ConfigError
from devices.mqtt.encode import Outgoing
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
from devices.mqtt.exchange import QOS_GRANTED_MAX, Exchange, Retained
from devices.mqtt.mailbox import Mailbox, Offered
from devices.mqtt.packets import REFUSED_FILTER, ConnectCode, Publish, Will
from devices.mqtt.rate import Rate
from devices.mqtt.session import MqttSession
from gateway.links.mqtt_connection import READ_BYTES_MAX, MqttConnection
from gateway.links.mqtt_sockets import ListenerSettings, bound_socket, is_loopback, tls_context
from gateway.links.ports import Behind, Login, Published

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


class Oddity(StrEnum):
    """What `Behind.noticed` is told, beside each `Fault`."""

    REFUSED_LOGIN = "refused_login"
    CLIENT_ID_TAKEN = "client_id_taken"
    TWO_CLAIM = "two_claim"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    OVERSIZE = "oversize"
    TOPIC_WITHOUT_RIGHT = "topic_without_right"
    FILTER_WITHOUT_RIGHT = "filter_without_right"
    TOO_MANY_FILTERS = "too_many_filters"
    WILL_WITHOUT_RIGHT = "will_without_right"
    RETAINED_FULL = "retained_full"
    DROPPED_MESSAGE = "dropped_message"
    DROPPED_SESSION = "dropped_session"


class NativeMqttListener:
    """The listener of `ports.MqttListener`. Call `start`, later `close`, on the same loop."""

    def __init__(self, behind: Behind, clock: Clock, settings: ListenerSettings) -> None:
        self.now: Callable[[], datetime] = clock.now
        self.read_buffer = memoryview(bytearray(READ_BYTES_MAX))
        self._behind = behind
        self._settings = settings
        self._exchange = Exchange(settings.limits)
        self._connections: dict[MqttSession, MqttConnection] = {}
        self._per_peer: dict[str, int] = {}
        self._faults = Rate(timedelta(minutes=1))
        self._claims = Rate(timedelta(minutes=1))
        self._under_way: set[asyncio.Task[None]] = set()
        self._servers: dict[str, asyncio.Server] = {}
        self._all_closed = asyncio.Event()

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

        What is not committed by then is left to `Behind`; its sender was not answered. No will is
        published: it is we who go, not the devices.
        """
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
            await _wait(self._all_closed, CLOSE_SOCKETS_S)
        for connection in list(self._connections.values()):
            connection.abort()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        on_ack: Callable[[], None] | None = None,
    ) -> int:
        """Send to every matching session; see `ports.MqttListener.publish`."""
        if retain and self._retain(topic, payload, 1, owner="") is Retained.FULL:
            self._notice(Oddity.RETAINED_FULL, "", f"our own message on {topic} is not retained")
        return self._hand_out(Outgoing(topic, payload, on_ack=on_ack))

    def disconnect(self, username: str, why: str) -> int:
        """Close every connection of one user; how many."""
        sessions = self._exchange.connections(username)
        for session in sessions:
            self._connections[session].end(why)
        return len(sessions)

    # -- called by the connections ----------------------------------------------------------

    def opened(self, connection: MqttConnection) -> bool:
        peers = self._per_peer.get(connection.peer, 0) + 1
        if len(self._connections) >= self._settings.connections_max:
            limit = f"{self._settings.connections_max} connections in all"
        elif peers > self._settings.connections_per_peer_max:
            limit = f"{self._settings.connections_per_peer_max} connections from one address"
        else:
            self._per_peer[connection.peer] = peers
            self._connections[connection.session] = connection
            return True
        self._notice(
            Oddity.TOO_MANY_CONNECTIONS, "", f"{connection.peer} is refused: {limit} are the limit"
        )
        return False

    def left(self, connection: MqttConnection) -> None:
        if self._connections.pop(connection.session, None) is None:
            return
        self._per_peer[connection.peer] -= 1
        if not self._per_peer[connection.peer]:
            del self._per_peer[connection.peer]
        if not self._connections:
            self._all_closed.set()

    def happened(self, connection: MqttConnection, event: Event) -> None:
        match event:
            case PublishCame(packet):
                self._publish_came(connection, packet)
            case Delivered(message):
                _acknowledged(message)
            case SubscribeAsked():
                self._subscribe_asked(connection, event)
            case UnsubscribeAsked(packet):
                assert connection.mailbox is not None
                for topic_filter in packet.filters:
                    self._exchange.unsubscribe(connection.mailbox, topic_filter)
            case ConnectAsked():
                self._connect_asked(connection, event)
            case Ended():
                self._ended(connection, event)
            case _:
                assert_never(event)

    # -- coming and going -------------------------------------------------------------------

    def _connect_asked(self, connection: MqttConnection, event: ConnectAsked) -> None:
        asked = event.packet
        username = asked.username or ""
        connection.username = username
        login = self._behind.login(username, asked.password, asked.client_id, connection.peer)
        if login is not Login.ALLOWED:
            self._refuse(connection, _REFUSALS[login], Oddity.REFUSED_LOGIN, login.value)
        elif self._exchange.is_held_by_another(username, asked.client_id):
            why = f"client id {asked.client_id!r} belongs to another user who is connected"
            self._refuse(connection, ConnectCode.BAD_CLIENT_ID, Oddity.CLIENT_ID_TAKEN, why)
        else:
            client_id = asked.client_id or self._exchange.new_client_id()
            self._take_over(username, client_id, connection.peer)
            self._let_in(connection, client_id, clean=asked.clean)

    def _refuse(
        self, connection: MqttConnection, code: ConnectCode, oddity: Oddity, why: str
    ) -> None:
        detail = f"{connection.peer} is refused: {why}"
        self._notice(oddity, connection.username, detail)
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
            self._notice(Oddity.TWO_CLAIM, username, detail)

    def _let_in(self, connection: MqttConnection, client_id: str, *, clean: bool) -> None:
        username = connection.username
        attached = self._exchange.attach(connection.session, username, client_id, clean=clean)
        connection.mailbox = attached.mailbox
        if attached.dropped is not None:
            detail = f"forgot the session of {attached.dropped.client_id!r}: too many are away"
            self._notice(Oddity.DROPPED_SESSION, username, detail)
        connection.session.accept(attached.mailbox, present=attached.present)
        self._behind.connected(username, client_id)

    def _ended(self, connection: MqttConnection, ended: Ended) -> None:
        mailbox, connection.mailbox = connection.mailbox, None
        if ended.fault is not None:
            detail = f"{connection.peer} {ended.why}; the connection is closed"
            self._notice(ended.fault, connection.username, detail)
        if mailbox is not None:
            self._exchange.detach(mailbox)
            if ended.will is not None:
                self._publish_will(mailbox, ended.will)
            self._behind.disconnected(mailbox.username, mailbox.client_id, ended.why)
        faulty = ended.fault in (Fault.BAD_PACKET, Fault.REFUSED_VERSION)
        connection.close(hold_s=self._hold_s(connection.peer) if faulty else 0.0)

    def _hold_s(self, peer: str) -> float:
        return FAULT_HOLD_S if self._faults.hit(peer, self.now()) > FAULTS_PER_PEER_MAX else 0.0

    # -- messages ---------------------------------------------------------------------------

    def _publish_came(self, connection: MqttConnection, packet: Publish) -> None:
        username, mailbox = connection.username, connection.mailbox
        client_id = "" if mailbox is None else mailbox.client_id
        if packet.cut:
            detail = f"{len(packet.payload) + packet.cut} bytes on {packet.topic} cut to our limit"
            self._notice(Oddity.OVERSIZE, username, detail)
        if not self._behind.may_publish(username, packet.topic):
            detail = f"no right to publish on {packet.topic}; acknowledged and dropped"
            self._notice(Oddity.TOPIC_WITHOUT_RIGHT, username, detail)
            connection.session.acknowledge(packet)
            return
        self._pass_on(username, packet)
        message = Published(
            username,
            client_id,
            packet.topic,
            packet.payload,
            packet.qos,
            packet.retain,
            packet.dup,
        )
        self._start(self._keep(connection, packet, message))

    async def _keep(self, connection: MqttConnection, packet: Publish, message: Published) -> None:
        kept = False
        try:
            kept = await self._behind.published(message)
        finally:
            connection.settle(packet, kept=kept)

    def _publish_will(self, mailbox: Mailbox, will: Will) -> None:
        if not self._behind.may_publish(mailbox.username, will.topic):
            detail = f"no right to its will on {will.topic}; dropped"
            self._notice(Oddity.WILL_WITHOUT_RIGHT, mailbox.username, detail)
            return
        packet = Publish(will.topic, will.payload, will.qos, retain=will.retain)
        self._pass_on(mailbox.username, packet)
        self._start(self._keep_will(mailbox, packet))

    async def _keep_will(self, mailbox: Mailbox, packet: Publish) -> None:
        await self._behind.published(
            Published(
                mailbox.username,
                mailbox.client_id,
                packet.topic,
                packet.payload,
                packet.qos,
                packet.retain,
                dup=False,
            )
        )

    def _pass_on(self, username: str, packet: Publish) -> None:
        """To whoever else has subscribed, and to those who will."""
        qos = min(packet.qos, QOS_GRANTED_MAX)
        if packet.retain and not packet.cut:
            kept = self._retain(packet.topic, packet.payload, qos, owner=username)
            if kept is Retained.FULL:
                self._notice(Oddity.RETAINED_FULL, username, f"{packet.topic} is not retained")
        self._hand_out(Outgoing(packet.topic, packet.payload, qos))

    def _retain(self, topic: str, payload: bytes, qos: int, *, owner: str) -> Retained:
        return self._exchange.retain(Outgoing(topic, payload, qos, retain=True), owner)

    def _hand_out(self, message: Outgoing) -> int:
        handed = self._exchange.hand_out(message)
        for session in handed.reached:
            session.pump()
            self._connections[session].go_on()
        for mailbox in handed.ousted:
            self._notice_dropped(mailbox)
        for session in handed.stuck:
            self._unstick(session, message)
        return len(handed.reached)

    def _unstick(self, session: MqttSession, message: Outgoing) -> None:
        connection = self._connections[session]
        mailbox = connection.mailbox
        assert mailbox is not None
        queued = self._settings.limits.queue_max
        connection.end(f"does not acknowledge; {queued} messages wait for it", Fault.SLOW_READER)
        if self._exchange.offer_again(mailbox, message) is Offered.OUSTED:
            self._notice_dropped(mailbox)

    def _subscribe_asked(self, connection: MqttConnection, event: SubscribeAsked) -> None:
        mailbox, packet = connection.mailbox, event.packet
        assert mailbox is not None
        codes = tuple(self._subscribe(mailbox, name, qos) for name, qos in packet.filters)
        connection.session.grant(packet, codes)
        pairs = zip(packet.filters, codes, strict=True)
        granted = [name for (name, _), code in pairs if code != REFUSED_FILTER]
        for topic_filter in granted:
            self._exchange.owe_retained(mailbox, topic_filter)
        connection.session.pump()
        connection.go_on()
        for topic_filter in granted:
            self._behind.subscribed(mailbox.username, topic_filter)

    def _subscribe(self, mailbox: Mailbox, topic_filter: str, qos: int) -> int:
        if not self._behind.may_subscribe(mailbox.username, topic_filter):
            detail = f"no right to subscribe to {topic_filter}; answered 0x80"
            self._notice(Oddity.FILTER_WITHOUT_RIGHT, mailbox.username, detail)
            return REFUSED_FILTER
        code = self._exchange.subscribe(mailbox, topic_filter, qos)
        if code == REFUSED_FILTER:
            detail = f"has {len(mailbox.subscriptions)} filters, the limit; answered 0x80"
            self._notice(Oddity.TOO_MANY_FILTERS, mailbox.username, detail)
        return code

    def _notice_dropped(self, mailbox: Mailbox) -> None:
        queued = self._settings.limits.queue_max
        detail = f"{queued} messages wait for {mailbox.client_id!r}; the oldest was dropped"
        self._notice(Oddity.DROPPED_MESSAGE, mailbox.username, detail)

    def _notice(self, what: Oddity | Fault, username: str, detail: str) -> None:
        self._behind.noticed(what.value, username, detail)

    # -- tasks and sockets ------------------------------------------------------------------

    def _start(self, keeping: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(keeping)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A fault of the application's own: it did not commit, so nothing was acknowledged.
            context = {"message": "a published message was not kept", "exception": error}
            task.get_loop().call_exception_handler(context)

    async def _finish_commits(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_COMMITS_S):
                while self._under_way or any(c.session.held for c in self._connections.values()):
                    if self._under_way:
                        await asyncio.wait(self._under_way)
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
}


def _acknowledged(message: Outgoing) -> None:
    on_ack, message.on_ack = message.on_ack, None
    if on_ack is not None:
        on_ack()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _port(server: asyncio.Server | None) -> int | None:
    return int(server.sockets[0].getsockname()[1]) if server and server.sockets else None
