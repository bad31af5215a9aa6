"""Who is connected, who subscribed to what, what is retained: everything between connections.

All of it lives in memory. A restart loses subscriptions, retained messages and what waited for
clients that were away: devices subscribe again, and the application sends the present state on
every subscription. What must not be lost, the signal, is never kept here.

Its law: a client id is a name within its username. Nobody takes over, reads, disturbs or keeps out
the session of another username: badges of one make may all come with the client id of their
firmware. [MQTT-3.1.4-2] binds us within one username.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from devices.mqtt.encode import Outgoing
from devices.mqtt.limits import MqttLimits
from devices.mqtt.mailbox import Mailbox, Offered
from devices.mqtt.packets import REFUSED_FILTER, Will
from devices.mqtt.rate import Rate
from devices.mqtt.session import MqttSession
from devices.mqtt.topics import SubscriptionIndex, has_wildcard, matcher

QOS_GRANTED_MAX = 1
"""A subscription at QoS 2 is granted 1 [3.8.4]."""

SCANNED_PER_TURN = 1_000
"""Retained topics compared with one filter before others get their turn."""

TAKE_OVER_WINDOW = timedelta(minutes=1)


class Retained(StrEnum):
    """What became of a message that asked to be retained."""

    KEPT = "kept"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Attached:
    """A mailbox for a connection. `dropped`: an away one of the same user that had to go."""

    mailbox: Mailbox
    present: bool
    dropped: Mailbox | None


@dataclass(frozen=True, slots=True)
class Handed:
    """Where one message went: sessions that have bytes to send, and what did not go well."""

    reached: tuple[MqttSession, ...]
    ousted: tuple[Mailbox, ...] = ()


class Exchange:
    """The memory between connections. Pure: sessions and messages go in, sessions come out."""

    def __init__(self, limits: MqttLimits) -> None:
        self._limits = limits
        self._mailboxes: dict[str, dict[str, Mailbox]] = {}
        self._connected: dict[Mailbox, MqttSession] = {}
        self._index: SubscriptionIndex[Mailbox] = SubscriptionIndex()
        self._retained = _RetainedMessages(limits)
        self._take_overs = Rate(TAKE_OVER_WINDOW)
        self._named = 0

    def new_client_id(self, username: str) -> str:
        """A client id for a client that brought none [MQTT-3.1.3-6]."""
        self._named += 1
        while f"unnamed-{self._named}" in self._mailboxes.get(username, {}):
            self._named += 1
        return f"unnamed-{self._named}"

    def connection(self, username: str, client_id: str) -> MqttSession | None:
        """The session that a new connection of the same user and client id displaces."""
        mailbox = self._mailboxes.get(username, {}).get(client_id)
        return None if mailbox is None else self._connected.get(mailbox)

    def connections(self, username: str) -> list[MqttSession]:
        """Every connected session of one user."""
        mailboxes = self._mailboxes.get(username, {}).values()
        return [self._connected[mailbox] for mailbox in mailboxes if mailbox in self._connected]

    def take_over(self, username: str, now: datetime) -> int:
        """Count a take-over; how many there were within `TAKE_OVER_WINDOW`."""
        return self._take_overs.hit(username, now)

    def attach(
        self, session: MqttSession, username: str, client_id: str, *, clean: bool
    ) -> Attached:
        """Give the connection its mailbox: the kept one, or a new one [MQTT-3.1.2-4, 3.1.2-6]."""
        assert self.connection(username, client_id) is None, "displace the old connection first"
        own = self._mailboxes.setdefault(username, {})
        mailbox = own.get(client_id)
        if mailbox is not None and clean:
            self._discard(mailbox)
            mailbox = None
        present = mailbox is not None
        if mailbox is None:
            mailbox = Mailbox(username, client_id, self._limits, clean=clean)
            self._mailboxes.setdefault(username, {})[client_id] = mailbox
        self._connected[mailbox] = session
        return Attached(mailbox, present, self._drop_beyond_limit(username))

    def detach(self, mailbox: Mailbox) -> None:
        """Its connection is over: keep the mailbox, or forget it if it was a clean one."""
        del self._connected[mailbox]
        if mailbox.clean:
            self._discard(mailbox)

    def subscribe(self, mailbox: Mailbox, topic_filter: str, asked: int) -> int:
        """The code for the SUBACK: the granted QoS, or a refusal beyond the limit of filters."""
        new = topic_filter not in mailbox.subscriptions
        if new and len(mailbox.subscriptions) >= self._limits.filters_per_session_max:
            return REFUSED_FILTER
        granted = min(asked, QOS_GRANTED_MAX)
        mailbox.subscriptions[topic_filter] = granted
        self._index.add(topic_filter, mailbox, granted)
        return granted

    def owe_retained(self, mailbox: Mailbox, topic_filter: str) -> None:
        """Put what is retained under this filter into the mailbox [MQTT-3.3.1-6]."""
        granted = mailbox.subscriptions[topic_filter]
        mailbox.owe(topic_filter, self._retained.matching(topic_filter), granted)

    def unsubscribe(self, mailbox: Mailbox, topic_filter: str) -> None:
        if mailbox.subscriptions.pop(topic_filter, None) is not None:
            self._index.remove(topic_filter, mailbox)
            mailbox.owe_no_more(topic_filter)

    def hand_out(self, message: Outgoing) -> Handed:
        """Put a message into every mailbox that wants it."""
        wanted = self._index.match(message.topic)
        if not wanted:
            return _NOWHERE
        reached: list[MqttSession] = []
        ousted: list[Mailbox] = []
        for mailbox, granted in wanted.items():
            session = self._connected.get(mailbox)
            offered = mailbox.offer(message, granted, connected=session is not None)
            if offered is Offered.OUSTED:
                ousted.append(mailbox)
            if session is not None:
                reached.append(session)
        return Handed(tuple(reached), tuple(ousted))

    def retain(self, message: Outgoing, owner: str) -> Retained:
        """Keep the newest message of its topic; an empty one clears it [MQTT-3.3.1-5, 3.3.1-10].

        `owner` is the username whose share of retained topics it counts against; "" is ourselves.
        """
        return self._retained.keep(message, owner)

    def _drop_beyond_limit(self, username: str) -> Mailbox | None:
        away = [box for box in self._mailboxes[username].values() if box not in self._connected]
        if len(away) <= self._limits.kept_per_user_max:
            return None
        self._discard(away[0])
        return away[0]

    def _discard(self, mailbox: Mailbox) -> None:
        for topic_filter in list(mailbox.subscriptions):
            self.unsubscribe(mailbox, topic_filter)
        own = self._mailboxes[mailbox.username]
        del own[mailbox.client_id]
        if not own:
            del self._mailboxes[mailbox.username]


def will_message(will: Will) -> Outgoing:
    """A will as the message it becomes."""
    return Outgoing(will.topic, will.payload, min(will.qos, QOS_GRANTED_MAX))


class _RetainedMessages:
    """The newest retained message of each topic, within three limits."""

    def __init__(self, limits: MqttLimits) -> None:
        self._limits = limits
        self._messages: dict[str, tuple[Outgoing, str]] = {}
        self._bytes = 0
        self._owned: dict[str, int] = {}

    def keep(self, message: Outgoing, owner: str) -> Retained:
        before = self._take_out(message.topic)
        if not message.payload:
            return Retained.KEPT
        if self._has_room(message, owner):
            self._put_in(message, owner)
            return Retained.KEPT
        if before is not None:
            self._put_in(*before)
        return Retained.FULL

    def matching(self, topic_filter: str) -> Iterator[Outgoing | None]:
        """What is retained under this filter, looked for step by step; None after each share."""
        if not has_wildcard(topic_filter):
            if found := self._messages.get(topic_filter):
                yield found[0]
            return
        test = matcher(topic_filter)
        for place, topic in enumerate(list(self._messages)):
            # It may have been cleared since the list was made.
            if test(topic) and (found := self._messages.get(topic)):
                yield found[0]
            if place % SCANNED_PER_TURN == SCANNED_PER_TURN - 1:
                yield None

    def _has_room(self, message: Outgoing, owner: str) -> bool:
        limits = self._limits
        if owner and self._owned.get(owner, 0) >= limits.retained_per_user_max:
            return False
        fits = self._bytes + _size(message) <= limits.retained_bytes_max
        return fits and len(self._messages) < limits.retained_max

    def _put_in(self, message: Outgoing, owner: str) -> None:
        self._messages[message.topic] = (message, owner)
        self._bytes += _size(message)
        self._owned[owner] = self._owned.get(owner, 0) + 1

    def _take_out(self, topic: str) -> tuple[Outgoing, str] | None:
        found = self._messages.pop(topic, None)
        if found is not None:
            message, owner = found
            self._bytes -= _size(message)
            self._owned[owner] -= 1
            if not self._owned[owner]:
                del self._owned[owner]
        return found


def _size(message: Outgoing) -> int:
    return len(message.topic) + len(message.payload)


_NOWHERE = Handed(())
