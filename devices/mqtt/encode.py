"""Packets to bytes. A packet the wire cannot say is our own fault, so it fails an assertion."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from devices.mqtt.packets import (
    LEVEL_3_1,
    PACKET_ID_MAX,
    Connack,
    Connect,
    Disconnect,
    ForeignConnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)

REMAINING_LENGTH_MAX = 268_435_455
"""Four bytes of seven bits [2.2.3]."""

CONNACK_5_UNSUPPORTED = b"\x20\x03\x00\x84\x00"
"""What a version 5 client understands: CONNACK, no session, reason 0x84 "Unsupported Protocol

Version", no properties (MQTT 5.0, 3.1.2.2 and 3.2.2.2)."""

_DUP = 0x08


def encode(packet: Packet) -> bytes:
    """The bytes of one packet."""
    match packet:
        case Publish():
            return _publish(packet)
        case Puback(packet_id):
            return b"\x40\x02" + _packet_id(packet_id)
        case Pubrec(packet_id):
            return b"\x50\x02" + _packet_id(packet_id)
        case Pubrel(packet_id):
            return b"\x62\x02" + _packet_id(packet_id)
        case Pubcomp(packet_id):
            return b"\x70\x02" + _packet_id(packet_id)
        case Connack(code, session_present):
            return bytes((0x20, 2, session_present, code))
        case Pingreq():
            return b"\xc0\x00"
        case Pingresp():
            return b"\xd0\x00"
        case Disconnect():
            return b"\xe0\x00"
        case Connect():
            return _frame(PacketType.CONNECT << 4, _connect(packet))
        case ForeignConnect(level):
            return _frame(PacketType.CONNECT << 4, _text("MQTT") + bytes((level,)))
        case Subscribe(packet_id, asked):
            pairs = b"".join(_text(name) + bytes((qos,)) for name, qos in asked)
            return _frame(0x82, _packet_id(packet_id) + pairs)
        case Suback(packet_id, codes):
            return _frame(0x90, _packet_id(packet_id) + bytes(codes))
        case Unsubscribe(packet_id, filters):
            return _frame(0xA2, _packet_id(packet_id) + b"".join(map(_text, filters)))
        case Unsuback(packet_id):
            return b"\xb0\x02" + _packet_id(packet_id)
        case _:
            assert_never(packet)


class Outgoing:
    """One message of ours to many clients, encoded once and not once per client.

    At QoS 1 only the two bytes of the packet id differ between clients. `on_ack` is called by
    whoever is told of the first PUBACK. What is not `urgent` waits behind what is, wherever one of
    the two has to wait.
    """

    __slots__ = ("_head", "_plain", "on_ack", "payload", "qos", "retain", "topic", "urgent")

    def __init__(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        *,
        retain: bool = False,
        urgent: bool = True,
        on_ack: Callable[[], None] | None = None,
    ) -> None:
        self.topic = topic
        self.urgent = urgent
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.on_ack = on_ack
        self._plain: bytes | None = None
        self._head: bytes | None = None

    def plain(self) -> bytes:
        """The whole packet at QoS 0."""
        if self._plain is None:
            self._plain = encode(Publish(self.topic, self.payload, retain=self.retain))
        return self._plain

    def numbered(self, packet_id: int, *, again: bool = False) -> bytes:
        """The whole packet at QoS 1; `again` marks a redelivery [MQTT-3.3.1-1]."""
        if self._head is None:
            topic = _text(self.topic)
            length = _length(len(topic) + 2 + len(self.payload))
            self._head = bytes((0x32 | self.retain,)) + length + topic
        head = bytes((self._head[0] | _DUP,)) + self._head[1:] if again else self._head
        return b"".join((head, packet_id.to_bytes(2, "big"), self.payload))


def _publish(packet: Publish) -> bytes:
    assert 0 <= packet.qos <= 2, packet.qos
    flags = packet.dup << 3 | packet.qos << 1 | packet.retain
    packet_id = _packet_id(packet.packet_id) if packet.qos else b""
    return _frame(0x30 | flags, _text(packet.topic) + packet_id + packet.payload)


def _connect(packet: Connect) -> bytes:
    will = packet.will
    flags = packet.clean << 1
    fields = [_text(packet.client_id)]
    if will is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        fields += [_text(will.topic), _binary(will.payload)]
    if packet.username is not None:
        flags |= 0x80
        fields.append(_text(packet.username))
    if packet.password is not None:
        flags |= 0x40
        fields.append(_binary(packet.password))
    name = _text("MQIsdp" if packet.level == LEVEL_3_1 else "MQTT")
    head = name + bytes((packet.level, flags)) + packet.keep_alive_s.to_bytes(2, "big")
    return head + b"".join(fields)


def _frame(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _length(len(body)) + body


def _length(length: int) -> bytes:
    assert length <= REMAINING_LENGTH_MAX, length
    if length < 0x80:
        return bytes((length,))
    digits = bytearray()
    while length >= 0x80:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    digits.append(length)
    return bytes(digits)


def _packet_id(packet_id: int) -> bytes:
    assert 0 < packet_id <= PACKET_ID_MAX, packet_id
    return packet_id.to_bytes(2, "big")


def _text(text: str) -> bytes:
    return _binary(text.encode())


def _binary(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
