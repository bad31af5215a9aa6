"""What a client has sent and has no answer to: under way, owed until the store works, or refused.

Copies of one packet id get one answer, when the last of them is settled, and none when one of them
was let go. What is owed too long, or never will be kept, ends the connection: `ends_at`.
"""

from __future__ import annotations

from datetime import datetime

from devices.mqtt.events import Fault
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import Publish


class Incoming:
    """The messages of one connection. `under_way`: handed out, and neither settled nor owed."""

    def __init__(self, limits: MqttLimits) -> None:
        self.under_way = 0
        self.ends_for = ("sent what has waited too long for the store", Fault.UNKEPT)
        self._limits = limits
        self._copies: dict[int, _Copies] = {}
        self._owed: dict[int, tuple[Publish, datetime]] = {}
        self._ends: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When what cannot be answered ends the connection."""
        if self._ends is not None or not self._owed:
            return self._ends
        _, since = next(iter(self._owed.values()))
        return since + self._limits.owed_longest

    def is_open(self, packet_id: int) -> bool:
        """Whether a message with this id has no answer yet."""
        return packet_id in self._copies

    def came(self, packet: Publish) -> None:
        self.under_way += 1
        if packet.qos:
            self._copies.setdefault(packet.packet_id, _Copies()).unsettled += 1

    def postpone(self, packet: Publish, now: datetime) -> None:
        """It has called help and is not kept yet: answered later, the next may come."""
        self.under_way -= 1
        self._owed[id(packet)] = (packet, now)
        if len(self._owed) > self._limits.owed_max:
            self.end_soon(f"{len(self._owed)} of its messages wait for the store", now)

    def settle(self, packet: Publish, *, kept: bool) -> bool:
        """Whether it is to be answered now: all with its id are kept."""
        if self._owed.pop(id(packet), None) is None:
            self.under_way -= 1
        assert self.under_way >= 0, "a message was settled twice"
        if not packet.qos:
            return False
        copies = self._copies[packet.packet_id]
        copies.unsettled -= 1
        copies.all_kept &= kept
        if copies.unsettled:
            return False
        del self._copies[packet.packet_id]
        return copies.all_kept

    def end_soon(self, why: str, now: datetime, fault: Fault = Fault.UNKEPT) -> None:
        """The connection ends shortly, so that the client sends it again on the next."""
        if self._ends is None:
            self._ends, self.ends_for = now + self._limits.unkept_grace, (why, fault)


class _Copies:
    """The messages without an answer that share one packet id."""

    __slots__ = ("all_kept", "unsettled")

    def __init__(self) -> None:
        self.unsettled = 0
        self.all_kept = True
