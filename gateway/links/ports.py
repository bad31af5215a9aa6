"""What the MQTT listener asks of the application behind it, and what it offers in return.

The listener knows MQTT and nothing of alarms. Whoever implements `Application` decides who may log
in, what a topic means, and when a PUBACK may leave (law 1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.signals import Owed


class Login(StrEnum):
    """What becomes of a CONNECT."""

    ALLOWED = "allowed"
    BAD_CREDENTIALS = "bad_credentials"
    NOT_ALLOWED = "not_allowed"
    TRY_AGAIN = "try_again"
    """Nobody knows: too many are waiting to be known."""


@dataclass(frozen=True, slots=True)
class Published:
    """One PUBLISH that came in, before anybody has said what it means.

    `is_will`: its client was lost, and had left it for that case.
    """

    username: str
    client_id: str
    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    is_will: bool = False


class Application(Protocol):
    """The application behind the listener. Called on the event loop; must not block."""

    def login(
        self, username: str, password: bytes | None, client_id: str, peer: str
    ) -> Login | Awaitable[Login]:
        """At once, or when it has been worked out: nothing of the client is read before."""
        ...

    def may_publish(self, username: str, topic: str) -> bool: ...

    def may_subscribe(self, username: str, topic_filter: str) -> bool: ...

    def published(self, message: Published, owed: Owed) -> None:
        """A message came. `owed` hears STORED once it is kept durably: only then the PUBACK leaves.

        UNSTORED: it has done its work and waits for the store alone, so more may come meanwhile.
        NEVER: the connection ends, so that the client sends it again.

        Several may be under way at once; each PUBACK leaves when its own message is committed.
        """
        ...

    def subscribed(self, username: str, topic_filter: str) -> None:
        """A granted subscription has been answered; retained messages were already sent."""
        ...

    def connected(self, username: str, client_id: str) -> None: ...

    def disconnected(self, username: str, client_id: str, why: str) -> None: ...

    def noticed(self, what: str, username: str, detail: str) -> None:
        """Something worth counting and one clear line: a refused login, an oversized packet,

        a topic without right, three take-overs in a minute (`two_claim`), a dropped queue.
        """
        ...


class MqttListener(Protocol):
    """What the application may ask of the listener."""

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        urgent: bool = True,
        on_ack: Callable[[], None] | None = None,
    ) -> int:
        """Send to every matching session at QoS 1; how many *connected* sessions it went to.

        A session that is away but kept gets it queued (within its limit). `on_ack` is called once,
        when the first of them has sent its PUBACK. What is not `urgent` waits behind what is.
        """
        ...

    def disconnect(self, username: str, why: str) -> int:
        """Close every connection of one user (a device revoked as stolen); how many."""
        ...
