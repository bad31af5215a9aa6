"""The server side of one MQTT connection, without a socket and without a clock.

**Its law: no PUBACK, no PUBREC is written before `acknowledge` was called for that message.** The
session never does so by itself. What it hands out as `PublishCame` stands under way until the
caller says `acknowledge` (it is kept durably) or `let_go` (it never will be). Each message is
answered by itself, in the order of commit; the standard's order of PUBACKs [MQTT-4.6.0-2] binds
clients, and one message that cannot be stored must not hold back the press behind it.

A client without its PUBACK stops sending once its own window is full, connected, with the next
press inside. So nothing is left unanswered for good: what was `postpone`d (help is called, the
store fails) leaves the window free and is answered when it is stored after all; what never will
be, or waits too long, ends the connection, and the client sends it again on the next.

Copies of one packet id under way at once (a client that repeats before it was answered) get one
answer, when the last of them is settled, and none when one of them was let go: an early PUBACK
could be taken for the message that used the id next.

QoS 2 is received properly: PUBREC is the acknowledgement after commit, PUBREL is answered by
PUBCOMP, a repeat of a committed message by PUBREC alone. A client that uses an unreleased id for
other bytes is at fault, but its message is handed out: a press is not dropped for an odd id.

Phases: OPENING (only CONNECT) → ASKED (`accept` or `refuse`) → OPEN → ENDED. Nothing is read while
ASKED, so a client may send behind its CONNECT [3.1.4]. A broken rule ends the session with an
`Ended` event; the caller writes `to_send` and closes.

The caller's round: `receive(bytes, now)` gives events and `to_send()` bytes. While `held`, call
`receive(b"", now)` again at the next turn; read the socket only while `wants_bytes`; call
`wake(now)` at `wake_at`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from core.errors import PeerError
from devices.mqtt.decode import Decoder
from devices.mqtt.encode import CONNACK_5_UNSUPPORTED, encode
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
from devices.mqtt.incoming import Incoming
from devices.mqtt.limits import MqttLimits
from devices.mqtt.mailbox import Mailbox
from devices.mqtt.packets import (
    LEVEL_3_1,
    LEVEL_5,
    Connack,
    Connect,
    ConnectCode,
    Disconnect,
    ForeignConnect,
    Packet,
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

KEEP_ALIVE_GRACE = 1.5
"""A client may be silent for so many of its keep-alive periods [MQTT-3.1.2-24]."""


class Phase(StrEnum):
    OPENING = "opening"
    ASKED = "asked"
    OPEN = "open"
    ENDED = "ended"


class MqttSession:
    """One connection, from its first byte to its last."""

    def __init__(self, limits: MqttLimits, now: datetime) -> None:
        self.phase = Phase.OPENING
        self._limits = limits
        self._decoder = Decoder(limits, bytes_max=limits.connect_bytes_max, cut_publish=False)
        self._out: list[bytes] = []
        self._mailbox: Mailbox | None = None
        self._connect: Connect | None = None
        self._incoming = Incoming(limits)
        self._unread = 0
        self._held = False
        self._heard = now
        self._silence_max: timedelta | None = limits.connect_within
        self._blocked_since: datetime | None = None

    @property
    def held(self) -> bool:
        """Bytes wait that could be read now: call `receive(b"", now)` at the next turn."""
        return self._held and self._may_take()

    @property
    def drained(self) -> bool:
        """Nothing received waits to be read: a lost line may be ended now."""
        return not self._held

    @property
    def wants_bytes(self) -> bool:
        """Whether to read the socket: not while messages under way or unread answers pile up.

        A client that leaves its pages unread is read on: what it sends may be its own press.
        """
        return not self._held and self._may_take()

    @property
    def can_send(self) -> bool:
        """Whether `pump` would write anything more."""
        return (
            self.phase is Phase.OPEN
            and self._blocked_since is None
            and self._mailbox is not None
            and self._mailbox.can_send()
        )

    @property
    def wake_at(self) -> datetime | None:
        """When to call `wake`: connect time-out, keep-alive, or a client that does not read."""
        if self.phase is Phase.ENDED:
            return None
        moments = (self._incoming.ends_at, self._stalls_at() or self._silent_at())
        return min((moment for moment in moments if moment is not None), default=None)

    def receive(self, received: bytes, now: datetime) -> list[Event]:
        """Take bytes; the events of at most one turn. Never raises for what a peer sent."""
        self._decoder.feed(received)
        events: list[Event] = []
        try:
            self._take_packets(events, now)
        except PeerError as error:
            if ended := self.end(str(error), Fault.BAD_PACKET):
                events.append(ended)
        return events

    def to_send(self) -> bytes:
        """The bytes to write, handed out once."""
        if not self._out:
            return b""
        sending = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        if self._blocked_since is not None:
            self._unread += len(sending)
        return sending

    def wake(self, now: datetime) -> list[Event]:
        """The moment of `wake_at`, or before it (then nothing happens)."""
        wake_at = self.wake_at
        if wake_at is None or now < wake_at:
            return []
        if _is_due(self._incoming.ends_at, now):
            ended = self.end(*self._incoming.ends_for)
        elif _is_due(self._stalls_at(), now):
            seconds = self._limits.stalled_max.total_seconds()
            ended = self.end(f"left our bytes unread for {seconds:.0f} s", Fault.SLOW_READER)
        elif self.phase is Phase.OPENING:
            seconds = self._limits.connect_within.total_seconds()
            ended = self.end(f"sent no CONNECT within {seconds:.0f} s", Fault.NO_CONNECT)
        else:
            ended = self.end(f"silent for {(now - self._heard).total_seconds():.0f} s")
        return [ended] if ended else []

    def accept(self, mailbox: Mailbox, *, present: bool) -> None:
        """Let the client in. `present`: the mailbox is from an earlier connection of it."""
        assert self.phase is Phase.ASKED
        assert self._connect is not None
        self.phase = Phase.OPEN
        self._mailbox = mailbox
        self._decoder.bytes_max = self._limits.packet_bytes_max
        self._decoder.cut_publish = True
        keep_alive = timedelta(seconds=self._connect.keep_alive_s)
        self._silence_max = keep_alive * KEEP_ALIVE_GRACE if keep_alive else None
        # The flag is reserved, so 0, in MQTT 3.1.
        present = present and self._connect.level != LEVEL_3_1
        self._out.append(encode(Connack(ConnectCode.ACCEPTED, present)))
        self._out += mailbox.redeliveries()
        self.pump()

    def refuse(self, code: ConnectCode, why: str) -> Ended:
        """Turn the client away with its reason [MQTT-3.2.2-4, 3.2.2-5]."""
        assert self.phase is Phase.ASKED
        self._connect = None
        return self._refused(encode(Connack(code)), why, None)

    def acknowledge(self, packet: Publish) -> None:
        """This message is kept durably: only now may its PUBACK or PUBREC leave."""
        if self._incoming.settle(packet, kept=True) and self.phase is Phase.OPEN:
            self._answer(packet)

    def postpone(self, packet: Publish, now: datetime) -> None:
        """This message has called help and is not kept yet: answered later, the next may come."""
        self._incoming.postpone(packet, now)

    def let_go(self, packet: Publish, now: datetime) -> None:
        """This message never will be kept: nothing leaves, and soon the connection ends."""
        self._incoming.settle(packet, kept=False)
        if packet.qos:
            self._incoming.end_soon("sent what cannot be kept, and is to send it again", now)

    def grant(self, packet: Subscribe, codes: tuple[int, ...]) -> None:
        """Answer a SUBSCRIBE, one code a filter [MQTT-3.8.4-5]."""
        assert len(codes) == len(packet.filters)
        self._out.append(encode(Suback(packet.packet_id, codes)))

    def pump(self) -> None:
        """Write what waits in the mailbox, as far as window, turn and socket allow."""
        if self.can_send:
            assert self._mailbox is not None
            self._out += self._mailbox.next_frames()

    def block(self, now: datetime) -> None:
        """The socket takes no more: nothing but answers is written until `unblock`."""
        if self._blocked_since is None:
            self._blocked_since = now
            self._unread = 0

    def unblock(self, now: datetime) -> None:
        """The client reads again."""
        self._blocked_since = None
        self._heard = now

    def end(self, why: str, fault: Fault | None = None) -> Ended | None:
        """End it from our side, or because the line is gone; None when it has ended already.

        Its will is to be published: only a DISCONNECT takes it away [MQTT-3.1.2-8, 3.14.4-3].
        """
        if self.phase is Phase.ENDED:
            return None
        let_in = self.phase is Phase.OPEN
        self.phase = Phase.ENDED
        self._held = False
        will = self._connect.will if let_in and self._connect else None
        return Ended(why, fault, will)

    def _stalls_at(self) -> datetime | None:
        """When a client that does not read is given up."""
        if self._blocked_since is None:
            return None
        return self._blocked_since + self._limits.stalled_max

    def _silent_at(self) -> datetime | None:
        """When a client is silent for too long. While we do not read, its silence is ours."""
        if self._silence_max is None or not self.wants_bytes:
            return None
        return self._heard + self._silence_max

    def _may_take(self) -> bool:
        if self.phase is Phase.ENDED or self.phase is Phase.ASKED:
            return False
        if self._blocked_since is not None and self._unread >= self._limits.unread_answers_max:
            return False
        return self._incoming.under_way < self._limits.incoming_max

    def _take_packets(self, events: list[Event], now: datetime) -> None:
        """Until the bytes are used up, the turn is over, or the caller must answer first."""
        if self._held:
            self._heard = now
        self._held = False
        for _ in range(self._limits.packets_per_turn_max):
            if not self._may_take():
                break
            packet = self._decoder.next_packet()
            if packet is None:
                return
            self._heard = now
            event = self._take(packet, now)
            if event is not None:
                events.append(event)
        self._held = self.phase is not Phase.ENDED

    def _take(self, packet: Packet, now: datetime) -> Event | None:
        if self.phase is Phase.OPENING:
            return self._take_first(packet)
        match packet:
            case Publish():
                return self._publish_came(packet, now)
            case Puback(packet_id):
                return self._delivered(packet_id)
            case Pingreq():
                self._out.append(encode(Pingresp()))
            case Pubrel(packet_id):
                self._release(packet_id)
            case Subscribe():
                return SubscribeAsked(packet)
            case Unsubscribe(packet_id):
                self._out.append(encode(Unsuback(packet_id)))
                return UnsubscribeAsked(packet)
            case Disconnect():
                self._connect = None
                return self.end("said goodbye")
            case Pubrec() | Pubcomp():
                # We send nothing at QoS 2, so this answers nothing and harms nothing.
                return None
            case Connect() | ForeignConnect():
                raise PeerError("a second CONNECT [MQTT-3.1.0-2]")
            case Connack() | Suback() | Unsuback() | Pingresp():
                raise PeerError(f"a {type(packet).__name__.upper()}, which only a server sends")
            case _:
                assert_never(packet)
        return None

    def _take_first(self, packet: Packet) -> Event:
        match packet:
            case Connect():
                return self._connect_asked(packet)
            case ForeignConnect(level):
                # A version 5 client would not understand the older refusal [MQTT-3.1.2-2].
                answer = encode(Connack(ConnectCode.BAD_PROTOCOL))
                if level == LEVEL_5:
                    answer = CONNACK_5_UNSUPPORTED
                why = f"speaks MQTT protocol level {level}; we speak 3 and 4 (MQTT 3.1 and 3.1.1)"
                return self._refused(answer, why, Fault.REFUSED_VERSION)
            case _:
                name = type(packet).__name__.upper()
                raise PeerError(f"began with {name}, not with CONNECT [MQTT-3.1.0-1]")

    def _connect_asked(self, packet: Connect) -> Event:
        self.phase = Phase.ASKED
        nameless = not packet.client_id and (not packet.clean or packet.level == LEVEL_3_1)
        if nameless or len(packet.client_id) > self._limits.client_id_chars_max:
            # [MQTT-3.1.3-8]; too long a one is refused the same way [MQTT-3.1.3-9].
            return self.refuse(ConnectCode.BAD_CLIENT_ID, "an empty or too long client id")
        if packet.username and len(packet.username) > self._limits.username_chars_max:
            return self.refuse(ConnectCode.BAD_CREDENTIALS, "too long a username")
        self._connect = packet
        return ConnectAsked(packet)

    def _refused(self, answer: bytes, why: str, fault: Fault | None) -> Ended:
        self._out.append(answer)
        ended = self.end(why, fault)
        assert ended is not None
        return ended

    def _publish_came(self, packet: Publish, now: datetime) -> Event | None:
        if packet.qos == 2 and self._is_repeat(packet):
            self._out.append(encode(Pubrec(packet.packet_id)))
            return None
        self._incoming.came(packet)
        if packet.fault:
            self._incoming.end_soon(f"sent a PUBLISH with {packet.fault}", now, Fault.BAD_PACKET)
        return PublishCame(packet)

    def _is_repeat(self, packet: Publish) -> bool:
        """Committed before, and nothing else under way that its PUBREC could be taken for."""
        assert self._mailbox is not None
        committed = self._mailbox.unreleased.get(packet.packet_id)
        if committed is None or self._incoming.is_open(packet.packet_id):
            return False
        return committed == _digest(packet)

    def _answer(self, packet: Publish) -> None:
        if packet.qos == 1:
            self._out.append(encode(Puback(packet.packet_id)))
            return
        # Remembered only with its PUBREC: a client that was not told sends it as a new message.
        assert self._mailbox is not None
        self._mailbox.remember_unreleased(packet.packet_id, _digest(packet))
        self._out.append(encode(Pubrec(packet.packet_id)))

    def _release(self, packet_id: int) -> None:
        """PUBREL is always answered [MQTT-4.3.3-2], but never for a message still under way."""
        if self._incoming.is_open(packet_id):
            raise PeerError(f"a PUBREL for message {packet_id} before our PUBREC")
        assert self._mailbox is not None
        self._mailbox.unreleased.pop(packet_id, None)
        self._out.append(encode(Pubcomp(packet_id)))

    def _delivered(self, packet_id: int) -> Event | None:
        assert self._mailbox is not None
        message = self._mailbox.acknowledged(packet_id)
        if message is None:
            return None
        self.pump()
        return Delivered(message)


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _digest(packet: Publish) -> bytes:
    topic = packet.topic.encode()
    return hashlib.blake2b(topic + b"\0" + packet.payload, digest_size=8).digest()
