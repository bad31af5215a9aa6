"""The fourteen control packets of MQTT 3.1.1 as values. `decode` and `encode` are their bytes.

Nothing here depends on the protocol version but `Connect.level`: version 5 adds properties, and
would bring bodies of its own to `decode` and `encode` behind the same frames.
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import TypeAlias

from core.values import value

LEVEL_3_1 = 3
LEVEL_3_1_1 = 4
LEVEL_5 = 5

PACKET_ID_MAX = 65_535
REFUSED_FILTER = 0x80
"""SUBACK's "failure" for one filter; otherwise it is the granted QoS."""


class PacketType(IntEnum):
    """The high four bits of a packet's first byte [2.2.1]."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class ConnectCode(IntEnum):
    """What a CONNACK answers [3.2.2.3]."""

    ACCEPTED = 0
    BAD_PROTOCOL = 1
    BAD_CLIENT_ID = 2
    UNAVAILABLE = 3
    BAD_CREDENTIALS = 4
    NOT_AUTHORISED = 5


@value(frozen=True)
class Will:
    """The message a client leaves with us for the case that it is lost."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    retain: bool = False


@value(frozen=True)
class Connect:
    """A client asks to be let in. `keep_alive_s` 0 means it promises no sign of life."""

    client_id: str
    clean: bool = True
    keep_alive_s: int = 0
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    will: Will | None = None
    level: int = LEVEL_3_1_1


@value(frozen=True)
class ForeignConnect:
    """A CONNECT of a protocol level we do not speak; nothing behind the level was read."""

    level: int


@value(frozen=True)
class Connack:
    code: int
    session_present: bool = False


@value(frozen=True)
class Publish:
    """A message. `packet_id` is 0 at QoS 0. `cut`: payload bytes read past, beyond our limit.

    `topic_fault`: the topic breaks the standard's rules and is given as well as it can be read.
    `fault`: so does the message, which cannot be answered.
    """

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    packet_id: int = 0
    retain: bool = False
    dup: bool = False
    cut: int = 0
    topic_fault: str = ""
    fault: str = ""


@value(frozen=True)
class Puback:
    packet_id: int


@value(frozen=True)
class Pubrec:
    packet_id: int


@value(frozen=True)
class Pubrel:
    packet_id: int


@value(frozen=True)
class Pubcomp:
    packet_id: int


@value(frozen=True)
class Subscribe:
    """`filters` are pairs of topic filter and the QoS asked for."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@value(frozen=True)
class Suback:
    """One code a filter, in the order asked: the granted QoS or `REFUSED_FILTER`."""

    packet_id: int
    codes: tuple[int, ...]


@value(frozen=True)
class Unsubscribe:
    packet_id: int
    filters: tuple[str, ...]


@value(frozen=True)
class Unsuback:
    packet_id: int


@value(frozen=True)
class Pingreq:
    pass


@value(frozen=True)
class Pingresp:
    pass


@value(frozen=True)
class Disconnect:
    pass


Packet: TypeAlias = (
    Connect
    | ForeignConnect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
)
