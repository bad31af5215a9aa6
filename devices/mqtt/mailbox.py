"""What one client has with us that outlives its connection [3.1.2.4].

Its law: a QoS 1 message put in stays until the client has acknowledged it, is sent again first
thing on the next connection, and leaves otherwise only by a named limit, which is reported.

A client that acknowledges slowly, or nothing, is sent no more than its window holds and is not cut
off for it: what it has to say is worth more than what it leaves unread. What is urgent goes before
what is not, so our topics are unordered ones in the standard's sense [MQTT-4.6.0-6]; messages of
one kind keep their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import StrEnum

from devices.mqtt.encode import Outgoing
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import PACKET_ID_MAX

FRAMES_PER_TURN = 64
BYTES_PER_TURN = 65_536
"""Messages, and about how many bytes, handed to one socket before others get their turn."""


class Offered(StrEnum):
    """What became of a message put into a mailbox."""

    TAKEN = "taken"
    SKIPPED = "skipped"
    """QoS 0 for a client that is away."""
    OUSTED = "ousted"
    """Taken, and the oldest one that could go was dropped for it."""


class Mailbox:
    """The session state of one client id of one username."""

    def __init__(self, username: str, client_id: str, limits: MqttLimits, *, clean: bool) -> None:
        self.username = username
        self.client_id = client_id
        self.clean = clean
        self.subscriptions: dict[str, int] = {}
        self.unreleased: dict[int, bytes] = {}
        """QoS 2 messages of the client that are committed and wait for PUBREL: id and digest."""
        self._limits = limits
        self._urgent: deque[tuple[Outgoing, int]] = deque()
        self._spare: deque[tuple[Outgoing, int]] = deque()
        self._spare_in_flight = 0
        self._owed: dict[str, tuple[Iterator[Outgoing | None], int]] = {}
        self._in_flight: dict[int, Outgoing] = {}
        self._last_id = 0

    def offer(self, message: Outgoing, granted: int, *, connected: bool) -> Offered:
        """Put a message in. `granted` is the QoS of the subscription it matched."""
        qos = min(message.qos, granted)
        if not qos and not connected:
            return Offered.SKIPPED
        offered = Offered.TAKEN
        lane = self._urgent if message.urgent else self._spare
        if len(lane) >= self._limits.queue_max:
            _drop_oldest(lane)
            offered = Offered.OUSTED
        lane.append((message, qos))
        return offered

    def owe(self, topic_filter: str, retained: Iterator[Outgoing | None], granted: int) -> None:
        """Retained messages for a subscription, found while they are sent; None is a pause.

        They stand beside the queue: a client that asks for many is not slow. Newer messages go
        first, and what is found is what is retained at that moment, so nothing old follows a newer
        one. Asking for the same filter again begins it again.
        """
        self._owed.pop(topic_filter, None)
        self._owed[topic_filter] = (retained, granted)

    def owe_no_more(self, topic_filter: str) -> None:
        """The filter was taken back."""
        self._owed.pop(topic_filter, None)

    def redeliveries(self) -> list[bytes]:
        """What was sent and not acknowledged, in its first order [MQTT-4.4.0-1, 4.6.0-1]."""
        return [message.numbered(number, again=True) for number, message in self._in_flight.items()]

    def next_frames(self) -> list[bytes]:
        """What may be sent now, within the window and one turn."""
        frames: list[bytes] = []
        left = BYTES_PER_TURN
        while left > 0 and len(frames) < FRAMES_PER_TURN and self.can_send():
            message, qos = self._next()
            if message is None:
                break
            frames.append(self._numbered(message) if qos else message.plain())
            left -= len(frames[-1])
        return frames

    def can_send(self) -> bool:
        """Whether another `next_frames` would get any further."""
        if self._urgent:
            return self._fits(self._urgent[0][1])
        if self._spare and self._spare_fits():
            return True
        return bool(self._owed) and self._fits(next(iter(self._owed.values()))[1])

    def acknowledged(self, packet_id: int) -> Outgoing | None:
        """The client has this one; None when no such message is under way."""
        message = self._in_flight.pop(packet_id, None)
        if message is not None and not message.urgent:
            self._spare_in_flight -= 1
        return message

    def remember_unreleased(self, packet_id: int, digest: bytes) -> None:
        """A QoS 2 message was committed: its repeats are known until it is released."""
        self.unreleased[packet_id] = digest
        if len(self.unreleased) > self._limits.unreleased_max:
            del self.unreleased[next(iter(self.unreleased))]

    def _fits(self, qos: int) -> bool:
        return not qos or len(self._in_flight) < self._limits.outgoing_window

    def _spare_fits(self) -> bool:
        qos = self._spare[0][1]
        return self._fits(qos) and (not qos or self._spare_in_flight < self._limits.spare_window)

    def _next(self) -> tuple[Outgoing | None, int]:
        if self._urgent:
            return self._urgent.popleft()
        if self._spare and self._spare_fits():
            return self._spare.popleft()
        return self._next_owed()

    def _next_owed(self) -> tuple[Outgoing | None, int]:
        topic_filter, (retained, granted) = next(iter(self._owed.items()))
        for message in retained:
            return message, 0 if message is None else min(message.qos, granted)
        del self._owed[topic_filter]
        return None, 0

    def _numbered(self, message: Outgoing) -> bytes:
        # The window is far smaller than the number of ids, so a free one is always near.
        number = self._last_id % PACKET_ID_MAX + 1
        while number in self._in_flight:
            number = number % PACKET_ID_MAX + 1
        self._last_id = number
        self._in_flight[number] = message
        self._spare_in_flight += not message.urgent
        return message.numbered(number)


def _drop_oldest(lane: deque[tuple[Outgoing, int]]) -> None:
    """One that was promised nothing, if there is one."""
    place = next((place for place, (_, qos) in enumerate(lane) if not qos), 0)
    del lane[place]
