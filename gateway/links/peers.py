"""Limits for each peer of a listener, so that a flood from one delays nobody else.

A peer is an address: whoever floods from it spends its own budget of bytes and then waits; its
connections are counted, and one too many is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PEERS_MAX = 10_000
"""Addresses remembered; past this the one heard longest ago is forgotten, its budget full again."""


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """Of one listener. A read costs its bytes and never less than `read_costs_least`."""

    connections_max: int = 2_000
    connections_per_peer_max: int = 600  # a whole town's panels may stand behind one address
    burst_bytes: int = 262_144
    bytes_per_second: int = 65_536
    read_costs_least: int = 256
    unfinished_bytes_max: int = 65_536  # so much without one whole message is no device
    idle: timedelta = timedelta(hours=1)


@dataclass(slots=True)
class _Peer:
    budget: float
    at: datetime
    connections: int = 0


class Peers:
    """The peers of one listener."""

    def __init__(self, limits: PeerLimits, peers_max: int = PEERS_MAX) -> None:
        self._limits = limits
        self._peers_max = peers_max
        self._peers: dict[str, _Peer] = {}
        self._connections = 0

    def connect(self, address: str, now: datetime) -> str:
        """Count one more connection; else the limit that refuses it, in words."""
        peer = self._peer(address, now)
        if self._connections >= self._limits.connections_max:
            return f"{self._limits.connections_max} connections in all are the limit"
        if peer.connections >= self._limits.connections_per_peer_max:
            return f"{self._limits.connections_per_peer_max} from one address are the limit"
        peer.connections += 1
        self._connections += 1
        return ""

    def disconnect(self, address: str) -> None:
        self._connections -= 1
        if address in self._peers:
            self._peers[address].connections -= 1

    def spend(self, address: str, size: int, now: datetime) -> timedelta:
        """Take the cost of one read; how long this peer must not be read then, mostly zero."""
        peer = self._peer(address, now)
        peer.budget -= max(size, self._limits.read_costs_least)
        owed = max(-peer.budget, 0.0)
        return timedelta(seconds=owed / self._limits.bytes_per_second)

    def _peer(self, address: str, now: datetime) -> _Peer:
        """The peer with what it has regained; it moves to the end: the front is unused longest."""
        peer = self._peers.pop(address, None)
        if peer is None:
            self._forget()
            peer = _Peer(self._limits.burst_bytes, now)
        waited_s = max((now - peer.at).total_seconds(), 0.0)
        regained = peer.budget + waited_s * self._limits.bytes_per_second
        peer.budget, peer.at = min(regained, self._limits.burst_bytes), now
        self._peers[address] = peer
        return peer

    def _forget(self) -> None:
        if len(self._peers) < self._peers_max:
            return
        idle = (address for address, peer in self._peers.items() if not peer.connections)
        gone = next(idle, None)
        if gone is not None:
            del self._peers[gone]
