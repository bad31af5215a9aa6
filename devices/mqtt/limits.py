"""Every limit of the MQTT listener in one value, so a test or a big site can set its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class MqttLimits:
    """What one peer may ask of us. The outside is hostile, and may be a call for help."""

    connect_bytes_max: int = 16_384
    """A CONNECT with its will; everything before a login is held to this."""
    packet_bytes_max: int = 65_536
    """A longer PUBLISH is cut to this and still handed on; any other longer packet is an error."""
    topic_bytes_max: int = 512
    client_id_chars_max: int = 128
    username_chars_max: int = 128
    filters_per_packet_max: int = 64
    filters_per_session_max: int = 64

    incoming_max: int = 32
    """Messages of one connection under way to the store; then its socket is not read further."""
    owed_max: int = 256
    """And messages of it that have called help and wait for a store that fails; past this the
    connection ends, so that the client sends what it was not answered again."""
    owed_longest: timedelta = timedelta(minutes=2)
    """How long one of those may wait on one connection."""
    unkept_grace: timedelta = timedelta(seconds=1)
    """A message that will never be kept ends its connection after this: what was sent behind it
    is read and answered first."""
    packets_per_turn_max: int = 32
    """Packets of one connection taken before others get their turn."""

    outgoing_window: int = 20
    """QoS 1 messages sent to one client and not acknowledged yet."""
    spare_window: int = 4
    """How many of those may be such as are not urgent: an urgent one always finds room."""
    queue_max: int = 100
    """Messages of one client that wait behind the window, or while it is away; of the urgent ones

    so many, and of the others. Past this the oldest of its kind goes, and that is reported."""
    unreleased_max: int = 256
    """QoS 2 messages of one client that wait for their PUBREL; then the oldest is forgotten."""
    kept_per_user_max: int = 4
    """Away sessions one username may leave with us."""

    retained_max: int = 50_000
    retained_bytes_max: int = 64 * 1024 * 1024
    retained_per_user_max: int = 16

    connect_within: timedelta = timedelta(seconds=5)
    """From the open socket to a whole CONNECT."""
    stalled_max: timedelta = timedelta(seconds=30)
    """How long a client may leave what we wrote unread. It is read meanwhile."""
    unread_answers_max: int = 65_536
    """Bytes of answers to what it sends meanwhile; past this it is not read either."""
