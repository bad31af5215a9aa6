"""Limits for each peer of a listener, so that a flood from one delays nobody else.

A peer is an address: whoever floods from it spends its own budget of bytes and then waits; its
connections are counted. One too many takes the place of one that has said nothing whole yet, so
that silent strangers keep no panel out; where there is none such, it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.admission import Crowds

PEERS_MAX = 10_000
"""Addresses remembered; past this the one heard longest ago is forgotten, its budget full again."""


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """The limits of one listener. A read costs its bytes, and at least `read_costs_least`."""

    connections_max: int = 2_000
    connections_per_peer_max: int = 600  # a whole town's panels may stand behind one address
    burst_bytes: int = 262_144
    bytes_per_second: int = 65_536
    read_costs_least: int = 256
    unfinished_bytes_max: int = 65_536  # so much without one whole message is no device
    idle: timedelta = timedelta(hours=1)


class Caller(Protocol):
    """A connection of a listener."""

    def make_room(self) -> None:
        """End the connection at once; what it has said so far is still looked at."""
        ...


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
        self._connections: dict[Caller, str] = {}
        self._silent: Crowds[Caller] = Crowds()

    def connect(self, caller: Caller, address: str, now: datetime) -> str:
        """Count one more connection; else the limit that refuses it, in words."""
        peer, limits = self._peer(address, now), self._limits
        if peer.connections >= limits.connections_per_peer_max and not self._room(address):
            return f"{limits.connections_per_peer_max} from one address are the limit"
        if len(self._connections) >= limits.connections_max and not self._room():
            return f"{limits.connections_max} connections in all are the limit"
        peer.connections += 1
        self._connections[caller] = address
        self._silent.add(caller, address)
        return ""

    def spoke(self, caller: Caller) -> None:
        """Keep a connection that has said something whole: it makes room for nobody any more."""
        if (address := self._connections.get(caller)) is not None:
            self._silent.remove(caller, address)

    def disconnect(self, caller: Caller) -> None:
        address = self._connections.pop(caller, None)
        if address is None:
            return
        self._silent.remove(caller, address)
        if address in self._peers:
            self._peers[address].connections -= 1

    def spend(self, address: str, size: int, now: datetime) -> timedelta:
        """Take the cost of one read; how long this peer must not be read then, mostly zero."""
        peer = self._peer(address, now)
        peer.budget -= max(size, self._limits.read_costs_least)
        owed = max(-peer.budget, 0.0)
        return timedelta(seconds=owed / self._limits.bytes_per_second)

    def _room(self, address: str | None = None) -> bool:
        """Whether one that has said nothing whole made room: of this address, or of any."""
        silent = self._silent.next_out(address)
        if silent is None:
            return False
        self.disconnect(silent)
        silent.make_room()
        return True

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
