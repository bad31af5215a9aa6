"""What each peer of a listener may take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.links.peers import PeerLimits, Peers

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMITS = PeerLimits(
    connections_max=3,
    connections_per_peer_max=2,
    burst_bytes=1_000,
    bytes_per_second=100,
    read_costs_least=10,
)


def test_a_burst_costs_no_wait_and_what_is_over_it_is_waited_for() -> None:
    peers = Peers(LIMITS)
    assert peers.spend("a", 1_000, NOON) == timedelta()
    assert peers.spend("a", 200, NOON) == timedelta(seconds=2)
    assert peers.spend("b", 1_000, NOON) == timedelta()


def test_a_budget_comes_back_with_time_and_never_past_the_burst() -> None:
    peers = Peers(LIMITS)
    peers.spend("a", 1_000, NOON)
    later = NOON + timedelta(hours=1)
    assert peers.spend("a", 1_000, later) == timedelta()
    assert peers.spend("a", 100, later) == timedelta(seconds=1)


def test_many_small_reads_cost_as_much_as_they_keep_us_busy() -> None:
    peers = Peers(LIMITS)
    waits = [peers.spend("a", 1, NOON) for _ in range(101)]
    assert waits[99] == timedelta()
    assert waits[100] > timedelta()


def test_a_peer_with_a_connection_is_not_forgotten_for_a_new_one() -> None:
    peers = Peers(LIMITS, peers_max=2)
    assert peers.connect("a", NOON) == ""
    peers.spend("b", 1, NOON)
    peers.spend("c", 1, NOON)
    assert peers.connect("a", NOON) == ""
    assert "one address" in peers.connect("a", NOON)
    peers.disconnect("a")
    assert peers.connect("a", NOON) == ""
