"""Messages between the connections, the memory between them, and the application behind.

Its law: a message is settled as kept only when the application has said that it is STORED.

*Rights.* A message on a topic its sender has no right to, or that breaks the standard's rules, goes
to no subscriber and is retained nowhere, but to the application it goes like any other: it may be a
press, and it is its sender's own word whatever its topic says. So too a will. A subscription
without right is answered 0x80.

*Observers.* A message is handed to other subscribers when it arrives, in order, without waiting
for the store: observers are promised nothing.

*A store that fails.* A message that has called help waits for its commit beside the window, until
it is settled or its connection is over (`gone`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum

from core.signals import Owed, Taken
from core.values import replace
from devices.mqtt.decode import NO_FILTER
from devices.mqtt.encode import Outgoing
from devices.mqtt.events import Fault
from devices.mqtt.exchange import QOS_GRANTED_MAX, Exchange, Retained
from devices.mqtt.limits import MqttLimits
from devices.mqtt.mailbox import Mailbox
from devices.mqtt.packets import REFUSED_FILTER, Publish, Subscribe, Unsubscribe, Will
from devices.mqtt.session import MqttSession
from gateway.links.mqtt_connection import MqttConnection
from gateway.links.ports import Application, Published


class Oddity(StrEnum):
    """What `Application.noticed` is told, beside each `Fault`."""

    REFUSED_LOGIN = "refused_login"
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


class MqttTraffic:
    """Carries messages. `connections` is the listener's own table of who is here."""

    def __init__(
        self,
        application: Application,
        exchange: Exchange,
        connections: dict[MqttSession, MqttConnection],
        limits: MqttLimits,
    ) -> None:
        self.under_way: dict[object, None] = {}
        self.settled = asyncio.Event()
        self._postponed: dict[MqttConnection, dict[_Owed, None]] = {}
        self._application = application
        self._exchange = exchange
        self._connections = connections
        self._limits = limits

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool,
        urgent: bool,
        on_ack: Callable[[], None] | None,
    ) -> int:
        """Publish a message of ours; how many connected sessions it went to."""
        if retain and self._retain(topic, payload, 1, owner="") is Retained.FULL:
            self.notice(Oddity.RETAINED_FULL, "", f"our own message on {topic} is not retained")
        return self._hand_out(Outgoing(topic, payload, urgent=urgent, on_ack=on_ack))

    def publish_came(self, connection: MqttConnection, packet: Publish) -> None:
        """Pass a client's message on, and owe it an answer until it is committed."""
        username = connection.username
        if packet.cut:
            detail = f"{len(packet.payload) + packet.cut} bytes on {packet.topic} cut to our limit"
            self.notice(Oddity.OVERSIZE, username, detail)
        if packet.topic_fault or not self._application.may_publish(username, packet.topic):
            detail = "published on a topic that is not its own; read as its own word all the same"
            self.notice(Oddity.TOPIC_WITHOUT_RIGHT, username, detail)
        else:
            self._pass_on(username, packet)
        owed = _Owed(self, connection, packet)
        self.under_way[owed] = None
        message = _published(username, connection.client_id, packet)
        self._ask(message, owed.answered)

    def will_due(self, mailbox: Mailbox, will: Will) -> None:
        """Publish what a lost client left for that case."""
        username = mailbox.username
        packet = Publish(will.topic, will.payload, will.qos, retain=will.retain)
        if self._application.may_publish(username, will.topic):
            self._pass_on(username, packet)
        else:
            detail = "has a will on a topic that is not its own; read as its own word all the same"
            self.notice(Oddity.WILL_WITHOUT_RIGHT, username, detail)
        message = replace(_published(username, mailbox.client_id, packet), is_will=True)
        will_owed = object()
        self.under_way[will_owed] = None
        self._ask(message, lambda _: self.done(will_owed))

    def subscribe_asked(self, connection: MqttConnection, packet: Subscribe) -> None:
        """Answer a subscription, send what is retained, then tell the application."""
        mailbox = connection.mailbox
        if mailbox is None:
            return
        codes = tuple(self._subscribe(mailbox, name, qos) for name, qos in packet.filters)
        connection.session.grant(packet, codes)
        pairs = zip(packet.filters, codes, strict=True)
        granted = [name for (name, _), code in pairs if code != REFUSED_FILTER]
        for topic_filter in granted:
            self._exchange.owe_retained(mailbox, topic_filter)
        connection.session.pump()
        connection.go_on()
        for topic_filter in granted:
            self._application.subscribed(mailbox.username, topic_filter)

    def unsubscribe_asked(self, connection: MqttConnection, packet: Unsubscribe) -> None:
        if connection.mailbox is not None:
            for topic_filter in packet.filters:
                self._exchange.unsubscribe(connection.mailbox, topic_filter)

    def delivered(self, message: Outgoing) -> None:
        """Tell whoever asked that a client has acknowledged a message of ours, once."""
        on_ack, message.on_ack = message.on_ack, None
        if on_ack is not None:
            on_ack()

    def notice(self, what: Oddity | Fault, username: str, detail: str) -> None:
        self._application.noticed(what.value, username, detail)

    def gone(self, connection: MqttConnection) -> None:
        """Let the messages of a lost connection go that wait for the store: they are sent again."""
        for owed in self._postponed.pop(connection, {}):
            owed.answered(Taken.NEVER)

    def postpone(self, connection: MqttConnection, owed: _Owed) -> None:
        """Move a message that has called help beside the window, where it waits for the store."""
        self._postponed.setdefault(connection, {})[owed] = None
        self.done(owed)

    def settle(self, connection: MqttConnection, owed: _Owed) -> None:
        """Forget a message that has its answer."""
        waiting = self._postponed.get(connection)
        if waiting is not None and waiting.pop(owed, owed) is None and not waiting:
            del self._postponed[connection]
        self.done(owed)

    def done(self, owed: object) -> None:
        """Let a stop go on that waited for this message."""
        self.under_way.pop(owed, None)
        self.settled.set()

    def _ask(self, message: Published, owed: Owed) -> None:
        try:
            self._application.published(message, owed)
        except Exception as error:
            # A fault of the application's own: it did not commit, so nothing is acknowledged.
            context = {"message": "a published message was not kept", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            owed(Taken.NEVER)

    def _pass_on(self, username: str, packet: Publish) -> None:
        """Hand a message to whoever has subscribed, and retain it for those who will."""
        qos = min(packet.qos, QOS_GRANTED_MAX)
        if packet.retain and not packet.cut:
            kept = self._retain(packet.topic, packet.payload, qos, owner=username)
            if kept is Retained.FULL:
                self.notice(Oddity.RETAINED_FULL, username, f"{packet.topic} is not retained")
        self._hand_out(Outgoing(packet.topic, packet.payload, qos))

    def _retain(self, topic: str, payload: bytes, qos: int, *, owner: str) -> Retained:
        return self._exchange.retain(Outgoing(topic, payload, qos, retain=True), owner)

    def _hand_out(self, message: Outgoing) -> int:
        handed = self._exchange.hand_out(message)
        for session in handed.reached:
            # One may have ended while another was served.
            if (connection := self._connections.get(session)) is not None:
                session.pump()
                connection.go_on()
        for mailbox in handed.ousted:
            self._notice_dropped(mailbox)
        return len(handed.reached)

    def _subscribe(self, mailbox: Mailbox, topic_filter: str, qos: int) -> int:
        wrong = topic_filter == NO_FILTER
        if wrong or not self._application.may_subscribe(mailbox.username, topic_filter):
            detail = f"no right to subscribe to {topic_filter}; answered 0x80"
            self.notice(Oddity.FILTER_WITHOUT_RIGHT, mailbox.username, detail)
            return REFUSED_FILTER
        code = self._exchange.subscribe(mailbox, topic_filter, qos)
        if code == REFUSED_FILTER:
            detail = f"has {len(mailbox.subscriptions)} filters, the limit; answered 0x80"
            self.notice(Oddity.TOO_MANY_FILTERS, mailbox.username, detail)
        return code

    def _notice_dropped(self, mailbox: Mailbox) -> None:
        queued = self._limits.queue_max
        detail = f"{queued} messages wait for {mailbox.client_id!r}; the oldest was dropped"
        self.notice(Oddity.DROPPED_MESSAGE, mailbox.username, detail)


class _Owed:
    """The acknowledgement that one message of one connection waits for."""

    def __init__(self, traffic: MqttTraffic, connection: MqttConnection, packet: Publish) -> None:
        self._traffic = traffic
        self._connection = connection
        self._packet = packet
        self._postponed = False
        self._settled = False

    def answered(self, taken: Taken) -> None:
        """Settle the message as stored or not; nobody is answered whose connection is over."""
        waits = taken is Taken.UNSTORED and self._connection.mailbox is not None
        if self._settled or (waits and self._postponed):
            return
        if waits:
            self._postponed = True
            self._traffic.postpone(self._connection, self)
            self._connection.postpone(self._packet)
            return
        self._settled = True
        self._traffic.settle(self._connection, self)
        self._connection.settle(self._packet, kept=taken is Taken.STORED)


def _published(username: str, client_id: str, packet: Publish) -> Published:
    return Published(
        username=username,
        client_id=client_id,
        topic=packet.topic,
        payload=packet.payload,
        qos=packet.qos,
        retain=packet.retain,
        dup=packet.dup,
    )
