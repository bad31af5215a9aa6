"""What a session tells its caller, and which of its commands answers it."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from core.values import value
from devices.mqtt.encode import Outgoing
from devices.mqtt.packets import Connect, Publish, Subscribe, Unsubscribe, Will


class Fault(StrEnum):
    """Endings worth counting."""

    BAD_PACKET = "bad_packet"
    NO_CONNECT = "no_connect"
    REFUSED_VERSION = "refused_version"
    SLOW_READER = "slow_reader"
    UNKEPT = "unkept"


@value(frozen=True)
class ConnectAsked:
    """Answer with `accept` or `refuse`."""

    packet: Connect


@value(frozen=True)
class PublishCame:
    """Answer with `acknowledge` or `let_go`, at any later time, at every QoS.

    `postpone` in between: it has called help, and only the store is missing.
    """

    packet: Publish


@value(frozen=True)
class SubscribeAsked:
    """Answer with `grant`."""

    packet: Subscribe


@value(frozen=True)
class UnsubscribeAsked:
    """Forget these filters; the answer is written already."""

    packet: Unsubscribe


@value(frozen=True)
class Delivered:
    """The client has acknowledged a message of ours."""

    message: Outgoing


@value(frozen=True)
class Ended:
    """The connection is over: write `to_send`, close. `will` is to be published, if any."""

    why: str
    fault: Fault | None = None
    will: Will | None = None


Event: TypeAlias = (
    ConnectAsked | PublishCame | SubscribeAsked | UnsubscribeAsked | Delivered | Ended
)
