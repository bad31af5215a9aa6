"""Bytes to packets, however the bytes were split, strict as the standard asks.

Time is linear in the bytes: what has been read past is never looked at again. Junk raises
PeerError and nothing else; after one, the rest of the stream means nothing [MQTT-4.8.0-1].

Strict but for two packets. A PUBLISH may be a call for help, so none is thrown away for its topic
or its flags: it is handed out with what is wrong with it, and what follows it is read. And a
SUBSCRIBE with a wrong filter costs that filter, not the press behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from core.errors import PeerError
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import (
    LEVEL_3_1,
    LEVEL_3_1_1,
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
    Will,
)
from devices.mqtt.topics import check_filter, check_topic

NO_FILTER = ""
"""Stands for one that breaks the rules: it is refused, and its sender's press is read."""

LENGTH_DIGITS_MAX = 4
"""Bytes of a remaining length [2.2.3]."""


class Decoder:
    """Feed it bytes, take packets until it gives None.

    `bytes_max` is the longest packet body taken whole. With `cut_publish` a longer PUBLISH is
    handed out with its payload cut there, once its last byte has gone by: a message too long to
    read must not stand in the way of the press behind it. Anything else longer is a PeerError.
    """

    def __init__(self, limits: MqttLimits, *, bytes_max: int, cut_publish: bool) -> None:
        self.bytes_max = bytes_max
        self.cut_publish = cut_publish
        self._limits = limits
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._cut: Publish | None = None
        self._skip = 0

    def feed(self, received: bytes) -> None:
        """Take what the socket gave. The caller bounds how much by taking the packets out."""
        if self._at == len(self._buffer):
            self._buffer, self._at = received, 0
        elif received:
            if isinstance(self._buffer, bytes):
                self._buffer = bytearray(self._buffer[self._at :])
            else:
                del self._buffer[: self._at]
            self._at = 0
            self._buffer += received

    def next_packet(self) -> Packet | None:
        """The next whole packet, or None until more bytes come. Raises PeerError."""
        if self._skip:
            return self._skipped()
        header = self._header()
        if header is None:
            return None
        first, start, length = header
        if length > self.bytes_max:
            return self._oversize(first, start, length)
        end = start + length
        if end > len(self._buffer):
            return None
        body = bytes(self._buffer[start:end])
        self._at = end
        return _packet(first, body, self._limits)

    def _header(self) -> tuple[int, int, int] | None:
        buffer, at = self._buffer, self._at
        available = len(buffer) - at
        if available < 1:
            return None
        first = buffer[at]
        _check_first(first)
        length = 0
        for digit in range(LENGTH_DIGITS_MAX):
            if digit + 1 >= available:
                return None
            byte = buffer[at + 1 + digit]
            length |= (byte & 0x7F) << (7 * digit)
            if byte < 0x80:
                return first, at + 2 + digit, length
        raise PeerError("a remaining length of more than four bytes [2.2.3]")

    def _oversize(self, first: int, start: int, length: int) -> Packet | None:
        if first >> 4 != PacketType.PUBLISH or not self.cut_publish:
            name = PacketType(first >> 4).name
            raise PeerError(f"a {name} of {length} bytes, more than the {self.bytes_max} allowed")
        end = start + self.bytes_max
        if end > len(self._buffer):
            return None
        self._skip = length - self.bytes_max
        self._cut = _publish(first, bytes(self._buffer[start:end]), self._limits, self._skip)
        self._at = end
        return self._skipped()

    def _skipped(self) -> Packet | None:
        past = min(self._skip, len(self._buffer) - self._at)
        self._at += past
        self._skip -= past
        if self._skip:
            return None
        packet, self._cut = self._cut, None
        return packet


def _check_first(first: int) -> None:
    """The type exists and its flags are as fixed in table 2.2 [MQTT-2.2.2-1], [MQTT-2.2.2-2]."""
    kind, flags = first >> 4, first & 0x0F
    if kind == PacketType.PUBLISH:
        return
    if kind not in _BODIES:
        raise PeerError(f"packet type {kind} does not exist [2.2.1]")
    if flags != _FLAGS.get(kind, 0):
        raise PeerError(f"{PacketType(kind).name} with flags {flags:#x} [MQTT-2.2.2-2]")


def _packet(first: int, body: bytes, limits: MqttLimits) -> Packet:
    if first >> 4 == PacketType.PUBLISH:
        return _publish(first, body, limits, 0)
    fields = _Fields(body)
    packet = _BODIES[first >> 4](fields, limits)
    fields.finish(first)
    return packet


def _publish(first: int, body: bytes, limits: MqttLimits, cut: int) -> Publish:
    """Every PUBLISH is one: its length is known, and a call for help may stand in it."""
    qos, retain, dup = first >> 1 & 0x03, bool(first & 1), bool(first & 8)
    topic_end = 2 + int.from_bytes(body[:2], "big")
    start = topic_end + 2 if qos else topic_end
    if len(body) < max(2, start):
        why = "ends inside its topic or packet id"
        return Publish("", body[2:], 0, 0, retain, dup, cut, topic_fault=why, fault=why)
    topic, topic_fault = _topic(body[2:topic_end], limits)
    packet_id = int.from_bytes(body[topic_end:start], "big") if qos else 0
    fault = ""
    if qos == 3:
        fault = "QoS 3 [MQTT-3.3.1-4]"
    elif qos and not packet_id:
        fault = "a packet id of 0 [MQTT-2.3.1-1]"
    if fault:
        qos, packet_id = 0, 0
    return Publish(topic, body[start:], qos, packet_id, retain, dup, cut, topic_fault, fault)


def _topic(content: bytes, limits: MqttLimits) -> tuple[str, str]:
    """A topic, and what is wrong with it; a wrong one as well as it can be read."""
    try:
        topic = _decoded(content)
        check_topic(topic, limits.topic_bytes_max)
    except PeerError as wrong:
        return content[: limits.topic_bytes_max].decode(errors="replace"), str(wrong)
    return topic, ""


class _Fields:
    """The fields of one body, read from the front."""

    __slots__ = ("_at", "_body")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def left(self) -> int:
        return len(self._body) - self._at

    def take(self, count: int) -> bytes:
        if self.left() < count:
            raise PeerError(f"a packet ends {count - self.left()} bytes inside a field")
        self._at += count
        return self._body[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def binary(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return _decoded(self.binary())

    def packet_id(self) -> int:
        packet_id = self.number()
        if not packet_id:
            raise PeerError("a packet id of 0 [MQTT-2.3.1-1]")
        return packet_id

    def skip_rest(self) -> None:
        self._at = len(self._body)

    def finish(self, first: int) -> None:
        if self.left():
            name = PacketType(first >> 4).name
            raise PeerError(f"a {name} with {self.left()} bytes behind its last field")


def _decoded(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise PeerError("a text that is not UTF-8 [MQTT-1.5.3-1]") from None
    if "\0" in text:
        raise PeerError("a text with a null character [MQTT-1.5.3-2]")
    return text


def _connect(fields: _Fields, limits: MqttLimits) -> Packet:
    name, level = fields.binary(), fields.byte()
    if name not in (b"MQTT", b"MQIsdp"):
        raise PeerError(f"a CONNECT of protocol {name[:20]!r}, not MQTT [MQTT-3.1.2-1]")
    if (name, level) not in ((b"MQTT", LEVEL_3_1_1), (b"MQIsdp", LEVEL_3_1)):
        fields.skip_rest()
        return ForeignConnect(level)
    flags, keep_alive_s = fields.byte(), fields.number()
    _check_connect_flags(flags)
    client_id = fields.text()
    will = _will(flags, fields, limits) if flags & 0x04 else None
    username = fields.text() if flags & 0x80 else None
    password = fields.binary() if flags & 0x40 else None
    clean = bool(flags & 0x02)
    return Connect(client_id, clean, keep_alive_s, username, password, will, level)


def _check_connect_flags(flags: int) -> None:
    if flags & 0x01:
        raise PeerError("a CONNECT with its reserved flag set [MQTT-3.1.2-3]")
    if not flags & 0x04 and flags & 0x38:
        raise PeerError("a CONNECT with will QoS or retain but no will [MQTT-3.1.2-13]")
    if flags & 0x18 == 0x18:
        raise PeerError("a CONNECT with will QoS 3 [MQTT-3.1.2-14]")
    if flags & 0xC0 == 0x40:
        raise PeerError("a CONNECT with a password but no username [MQTT-3.1.2-22]")


def _will(flags: int, fields: _Fields, limits: MqttLimits) -> Will:
    # One that breaks the rules is no reason to keep a badge out.
    topic, fault = _topic(fields.binary(), limits)
    return Will("" if fault else topic, fields.binary(), flags >> 3 & 0x03, bool(flags & 0x20))


def _connack(fields: _Fields, _: MqttLimits) -> Packet:
    flags, code = fields.byte(), fields.byte()
    if flags > 1:
        raise PeerError("a CONNACK with reserved flags set [3.2.2.1]")
    return Connack(code, bool(flags))


def _subscribe(fields: _Fields, limits: MqttLimits) -> Packet:
    packet_id = fields.packet_id()
    asked: list[tuple[str, int]] = []
    while fields.left():
        topic_filter, qos = _filter(fields, limits, len(asked)), fields.byte()
        asked.append((topic_filter, qos) if qos <= 2 else (NO_FILTER, 0))
    if not asked:
        raise PeerError("a SUBSCRIBE without a filter [MQTT-3.8.3-3]")
    return Subscribe(packet_id, tuple(asked))


def _suback(fields: _Fields, _: MqttLimits) -> Packet:
    packet_id = fields.packet_id()
    codes = tuple(fields.take(fields.left()))
    if not codes or any(code not in (0, 1, 2, 0x80) for code in codes):
        raise PeerError("a SUBACK with no or unknown return codes [MQTT-3.9.3-2]")
    return Suback(packet_id, codes)


def _unsubscribe(fields: _Fields, limits: MqttLimits) -> Packet:
    packet_id = fields.packet_id()
    filters: list[str] = []
    while fields.left():
        filters.append(_filter(fields, limits, len(filters)))
    if not filters:
        raise PeerError("an UNSUBSCRIBE without a filter [MQTT-3.10.3-2]")
    return Unsubscribe(packet_id, tuple(filters))


def _filter(fields: _Fields, limits: MqttLimits, before: int) -> str:
    if before >= limits.filters_per_packet_max:
        raise PeerError(f"a packet with more than {limits.filters_per_packet_max} filters")
    content = fields.binary()
    try:
        topic_filter = _decoded(content)
        check_filter(topic_filter, limits.topic_bytes_max)
    except PeerError:
        return NO_FILTER
    return topic_filter


_FLAGS: dict[int, int] = {
    PacketType.PUBREL: 0x02,
    PacketType.SUBSCRIBE: 0x02,
    PacketType.UNSUBSCRIBE: 0x02,
}
"""Fixed flags other than 0 [table 2.2]."""

_BODIES: dict[int, Callable[[_Fields, MqttLimits], Packet]] = {
    PacketType.CONNECT: _connect,
    PacketType.CONNACK: _connack,
    PacketType.PUBACK: lambda fields, _: Puback(fields.packet_id()),
    PacketType.PUBREC: lambda fields, _: Pubrec(fields.packet_id()),
    PacketType.PUBREL: lambda fields, _: Pubrel(fields.packet_id()),
    PacketType.PUBCOMP: lambda fields, _: Pubcomp(fields.packet_id()),
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.SUBACK: _suback,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.UNSUBACK: lambda fields, _: Unsuback(fields.packet_id()),
    PacketType.PINGREQ: lambda fields, _: Pingreq(),
    PacketType.PINGRESP: lambda fields, _: Pingresp(),
    PacketType.DISCONNECT: lambda fields, _: Disconnect(),
}
"""How each body but PUBLISH is read; a version 5 session would bring another table."""
