"""What each peer of a listener may take."""

from __future__ import annotations

from dataclasses import dataclass
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
    first, second = Caller(), Caller()
    assert connects(peers, first, "a") == ""
    peers.spend("b", 1, NOON)
    peers.spend("c", 1, NOON)
    assert connects(peers, second, "a") == ""
    assert "one address" in connects(peers, Caller(), "a")
    peers.disconnect(first)
    assert connects(peers, Caller(), "a") == ""


def test_who_has_said_nothing_whole_makes_room_at_one_address_and_in_all() -> None:
    peers = Peers(LIMITS)
    silent, panel = Caller(), Caller()
    assert peers.connect(silent, "a", NOON) == ""
    assert connects(peers, panel, "a") == ""
    assert peers.connect(Caller(), "a", NOON) == ""
    assert silent.made_room
    strangers = [Caller() for _ in range(20)]
    for number, stranger in enumerate(strangers):
        assert peers.connect(stranger, f"s{number}", NOON) == ""
    assert not panel.made_room
    assert sum(not one.made_room for one in strangers) == 2


def test_when_all_have_said_something_whole_a_new_one_is_refused() -> None:
    peers = Peers(LIMITS)
    for address in ("a", "b", "c"):
        assert connects(peers, Caller(), address) == ""
    assert "in all" in peers.connect(Caller(), "d", NOON)


@dataclass(eq=False)
class Caller:
    made_room: bool = False

    def make_room(self) -> None:
        self.made_room = True


def connects(peers: Peers, caller: Caller, address: str) -> str:
    """Connects and says something whole."""
    refusal = peers.connect(caller, address, NOON)
    peers.spoke(caller)
    return refusal
