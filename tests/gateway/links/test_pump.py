"""The pump between any session and the house: order, answers after the commit, limits, timers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.links.pump import UNDER_WAY_MAX, Pump
from tests.support.lines import SOON_S, MemoryWire, PlainSession, SlowHouse


async def test_a_message_is_answered_only_after_the_commit() -> None:
    house, wire, pump = _pump()
    house.gate.clear()
    pump.receive(b"!550 help\n")
    await house.until(lambda: house.names == ["550"])
    assert wire.sent == b""
    house.gate.set()
    await wire.until(lambda: wire.sent == b"+550\n")


async def test_what_could_not_be_stored_is_answered_as_the_protocol_says_for_that() -> None:
    house, wire, pump = _pump()
    house.keeps = False
    pump.receive(b"!550 help\n")
    await wire.until(lambda: wire.sent == b"-550\n")


async def test_what_stands_half_is_heard_when_nothing_more_will_come() -> None:
    house, wire, pump = _pump()
    pump.receive(b"!550 help")
    pump.ended()
    await wire.until(lambda: wire.sent == b"+550\n")
    pump.receive(b"!551 help")
    pump.close()
    pump.ended()
    assert house.names == ["550"]


async def test_what_cannot_be_read_is_kept_and_answered() -> None:
    house, wire, pump = _pump()
    pump.receive(b"rubbish\n")
    await wire.until(lambda: wire.sent == b"?\n")
    assert [message.error for message in house.messages] == ["not of this protocol"]


async def test_a_slow_commit_holds_back_no_later_press_and_answers_stay_in_order() -> None:
    house, wire, pump = _pump()
    house.slow["1"] = asyncio.Event()
    pump.receive(b"!1 a\n!2 b\n!3 c\n")
    await house.until(lambda: house.names == ["1", "2", "3"])
    assert wire.sent == b""
    house.slow["1"].set()
    await wire.until(lambda: wire.sent == b"+1\n+2\n+3\n")


async def test_a_slow_commit_on_one_line_never_delays_another() -> None:
    house = SlowHouse()
    house.slow["1"] = asyncio.Event()
    one, other = MemoryWire(), MemoryWire()
    slow, quick = Pump(PlainSession(), house, one), Pump(PlainSession(), house, other)
    slow.receive(b"!1 a\n")
    quick.receive(b"!2 b\n")
    await other.until(lambda: other.sent == b"+2\n")
    assert one.sent == b""
    house.slow["1"].set()
    await slow.drained()


async def test_the_pump_stops_reading_when_too_much_waits_for_the_store_and_goes_on_after() -> None:
    house, wire, pump = _pump()
    house.gate.clear()
    pump.receive(b"!a x\n" * UNDER_WAY_MAX)
    assert wire.reading
    pump.receive(b"!b x\n")
    assert not wire.reading
    assert not pump.reading
    await house.until(lambda: len(house.messages) == UNDER_WAY_MAX)
    house.gate.set()
    await wire.until(lambda: wire.reading)
    await pump.drained()
    assert len(house.messages) == UNDER_WAY_MAX + 1
    assert wire.sent.count(b"+") == UNDER_WAY_MAX + 1


async def test_a_message_our_own_side_breaks_on_is_not_acknowledged_and_stops_nothing() -> None:
    house, wire, pump = _pump()
    house.breaks = RuntimeError("a bug of ours")
    pump.receive(b"!1 a\n")
    await wire.until(lambda: wire.sent == b"-1\n")
    house.breaks = None
    pump.receive(b"!2 b\n")
    await wire.until(lambda: wire.sent == b"-1\n+2\n")


async def test_a_timer_of_the_protocol_rings_when_it_is_due_and_never_before() -> None:
    session = PlainSession(timedelta(milliseconds=20))
    house, wire = SlowHouse(), MemoryWire()
    pump = Pump(session, house, wire)
    pump.receive(b".1\n")
    await wire.until(lambda: wire.sent.count(b"poll\n") == 3)
    assert session.woken == 3
    pump.close()


async def test_a_closed_pump_stores_what_it_heard_and_says_nothing_more() -> None:
    house, wire, pump = _pump()
    house.gate.clear()
    pump.receive(b"!1 a\n")
    pump.close()
    house.gate.set()
    async with asyncio.timeout(SOON_S):
        await pump.drained()
    assert house.names == ["1"]
    assert wire.sent == b""


def _pump() -> tuple[SlowHouse, MemoryWire, Pump]:
    house, wire = SlowHouse(), MemoryWire()
    return house, wire, Pump(PlainSession(), house, wire)
