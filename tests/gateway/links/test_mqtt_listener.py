"""The listener on loopback, told packet by packet what to answer."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from core import clock
from core.clock import ServiceClock, monotonic_s
from core.errors import ConfigError
from core.signals import Owed
from core.values import replace
from devices.mqtt.encode import encode
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    ForeignConnect,
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
from gateway.links.mqtt_connection import READ_BYTES_MAX
from gateway.links.mqtt_listener import FAULTS_PER_PEER_MAX, NativeMqttListener
from gateway.links.mqtt_sockets import ListenerSettings
from gateway.links.ports import Login, MqttListener, Published
from tests.support.mqtt import OBSERVER, PREFIX, BareClient, SmallSite, listening

pytestmark = pytest.mark.shell

UP = f"{PREFIX}/badge-anna/up"
BEAT = f"{PREFIX}/badge-anna/beat"
DOWN = f"{PREFIX}/badge-anna/down"
STATUS = f"{PREFIX}/badge-anna/status"
PRESS = Publish(UP, b'{"type":"alarm"}', qos=1, packet_id=1)
WILL = Will(STATUS, b"offline", qos=1, retain=True)


# -- acknowledge after durable ----------------------------------------------------------------


async def test_the_puback_leaves_only_after_the_commit() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(PRESS)
        await site.until(lambda: len(site.messages) == 1)
        await anna.send(Pingreq())
        assert await anna.receive() == Pingresp()
        assert site.committed == []
        site.commits.set()
        assert await anna.receive() == Puback(1)
        assert site.committed == [
            Published("badge-anna", "badge-anna", UP, PRESS.payload, 1, retain=False, dup=False)
        ]


async def test_no_puback_leaves_when_the_store_does_not_work_and_the_next_press_is_taken() -> None:
    site = SmallSite()
    site.store_works = False
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(PRESS)
        await site.until(lambda: len(site.messages) == 1)
        site.store_works = True
        await anna.send(replace(PRESS, packet_id=2))
        assert await anna.receive() == Puback(2)


async def test_a_press_the_store_failed_at_first_is_answered_when_it_is_stored_after_all() -> None:
    site = SmallSite()
    site.store_fails = True
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        presses = [replace(PRESS, packet_id=number) for number in range(1, 41)]
        await anna.send(*presses)
        await site.until(lambda: len(site.messages) == len(presses))
        site.commits.set()
        answered = [await anna.receive() for _ in presses]
        assert answered == [Puback(number) for number in range(1, 41)]


async def test_a_press_that_never_will_be_stored_ends_the_connection_and_comes_again() -> None:
    site = SmallSite()
    site.store_works = False
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(PRESS)
        assert await anna.is_closed()
        assert site.noticed_kinds() == ["unkept"]
        site.store_works = True
        async with BareClient(listener.port) as again:
            await again.log_in("badge-anna")
            await again.send(replace(PRESS, dup=True))
            assert await again.receive() == Puback(1)


async def test_a_connection_that_is_lost_leaves_nobody_waiting_for_the_store() -> None:
    site = SmallSite()
    site.store_fails = True
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(PRESS)
        await site.until(lambda: len(site.messages) == 1)
        await anna.hang_up()
        await site.until(lambda: len(site.goings) == 1)
        waiting = [task for task in asyncio.all_tasks() if "_keep" in repr(task.get_coro())]
        await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)


async def test_a_message_that_waits_for_its_commit_holds_nobody_else_back() -> None:
    site = SmallSite()
    site.commits.clear()
    site.held_topics = frozenset({UP})
    async with (
        listening(site) as listener,
        BareClient(listener.port) as anna,
        BareClient(listener.port) as bo,
    ):
        await anna.log_in("badge-anna")
        await bo.log_in("badge-bo")
        await anna.send(PRESS, Publish(BEAT, b"", qos=1, packet_id=2))
        assert await anna.receive() == Puback(2)
        await bo.send(Publish(f"{PREFIX}/badge-bo/up", b"press", qos=1, packet_id=3))
        assert await bo.receive() == Puback(3)
        site.commits.set()
        assert await anna.receive() == Puback(1)


async def test_a_press_at_qos_2_is_committed_before_its_pubrec() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(replace(PRESS, qos=2), Pingreq())
        assert await anna.receive() == Pingresp()
        site.commits.set()
        assert await anna.receive() == Pubrec(1)
        await anna.send(Pubrel(1))
        assert await anna.receive() == Pubcomp(1)
        assert len(site.committed) == 1


async def test_a_fault_behind_the_listener_acknowledges_nothing_and_stops_nothing() -> None:
    class FaultySite(SmallSite):
        def published(self, message: Published, owed: Owed) -> None:
            if message.payload == b"poison":
                raise ArithmeticError("ours")
            super().published(message, owed)

    heard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    site = FaultySite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(Publish(UP, b"poison", qos=1, packet_id=1), replace(PRESS, packet_id=2))
        assert await anna.receive() == Puback(2)
    assert [type(context["exception"]) for context in heard] == [ArithmeticError]


async def test_a_press_whose_line_is_lost_is_still_handed_on() -> None:
    site = SmallSite()
    site.commits.clear()
    limits = MqttLimits(incoming_max=2)
    async with listening(site, limits=limits) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna", clean=False)
        await anna.send(Subscribe(1, ((DOWN, 1),)))
        await anna.receive()
        await anna.send(*[Publish(UP, b"press %d" % number) for number in range(6)])
        await site.until(lambda: len(site.messages) == 2)
        anna.cut_the_line()
        # Nothing is read while two are under way, so only writing tells that the line is gone.
        [connection] = listener._connections.values()
        while connection._lost is None:
            listener.publish(DOWN, b"page")
            await clock.sleep(0)
        assert site.goings == []
        site.commits.set()
        await site.until(lambda: len(site.goings) == 1)
        assert [message.payload for message in site.messages[:6]] == [
            b"press %d" % number for number in range(6)
        ]


async def test_a_socket_is_not_read_further_than_the_store_can_follow() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        flood = encode(Publish(BEAT, b"x" * 1_000)) * 30_000
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anna.send_bytes(flood), 0.3)
        assert len(site.messages) == MqttLimits().incoming_max
        [connection] = listener._connections.values()
        assert len(connection.session._decoder._buffer) <= READ_BYTES_MAX
        anna.cut_the_line()


async def test_what_was_received_before_the_service_stops_is_acknowledged() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna", will=WILL)
        await anna.send(PRESS)
        await site.until(lambda: len(site.messages) == 1)
        started = monotonic_s()
        closing = asyncio.create_task(listener.close())
        site.commits.set()
        assert await anna.receive() == Puback(1)
        assert await anna.is_closed()
        await closing
        assert monotonic_s() - started < 1
        assert [message.topic for message in site.messages] == [UP]


async def test_the_service_stops_within_a_second_when_nothing_commits() -> None:
    site = SmallSite()
    site.commits.clear()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(PRESS)
        await site.until(lambda: len(site.messages) == 1)
        port, started = listener.port, monotonic_s()
        await listener.close()
        assert monotonic_s() - started < 1.1
        assert await anna.is_closed()
        with pytest.raises(ConnectionError):
            await BareClient(port).__aenter__()


# -- coming in --------------------------------------------------------------------------------


async def test_a_wrong_password_is_refused_and_noticed() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        asked = Connect("x", username="badge-anna", password=b"guess")
        await anna.send(asked)
        assert await anna.receive() == Connack(4)
        assert await anna.is_closed()
    assert site.notices == [
        ("refused_login", "badge-anna", "127.0.0.1 is refused: bad_credentials")
    ]
    assert site.comings == []


async def test_a_revoked_device_is_refused_as_not_authorised() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as stolen:
        assert await stolen.log_in("stolen") == Connack(5)


async def test_a_version_5_client_hears_its_refusal() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as client:
        await client.send(ForeignConnect(5))
        assert await client._reader.read() == b"\x20\x03\x00\x84\x00"
    [(what, _, detail)] = site.notices
    assert what == "refused_version"
    assert "level 5" in detail


class SlowDoor(SmallSite):
    """Works every password out beside the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.worked_out = asyncio.Event()

    def login(
        self, username: str, password: bytes | None, client_id: str, peer: str
    ) -> Awaitable[Login]:
        self.asked.set()
        return self._when_worked_out(super().login(username, password, client_id, peer))

    async def _when_worked_out(self, login: Login | Awaitable[Login]) -> Login:
        await self.worked_out.wait()
        assert isinstance(login, Login)
        return login


async def test_a_press_behind_a_password_that_is_worked_out_is_read_when_it_is_known() -> None:
    site = SlowDoor()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        hello = Connect("badge-anna", username="badge-anna", password=b"secret-badge-anna")
        await anna.send(hello, PRESS)
        site.worked_out.set()
        assert await anna.receive() == Connack(0)
        assert await anna.receive() == Puback(1)


async def test_a_press_of_who_hung_up_while_its_password_was_worked_out_is_taken() -> None:
    site = SlowDoor()
    async with listening(site) as listener:
        async with BareClient(listener.port) as anna:
            hello = Connect("badge-anna", username="badge-anna", password=b"secret-badge-anna")
            await anna.send(hello, Publish(UP, b"press"))
            await anna.hang_up()
        site.worked_out.set()
        await site.until(lambda: site.payloads() == [b"press"])
        await site.until(lambda: len(site.goings) == 1)
        assert listener.connected == 0


async def test_a_press_of_who_had_to_make_room_while_its_password_was_worked_out_is_taken() -> None:
    site = SlowDoor()
    settings = ListenerSettings(port=0, connections_max=1)
    async with listening(site, settings) as listener, BareClient(listener.port) as anna:
        hello = Connect("badge-anna", username="badge-anna", password=b"secret-badge-anna")
        await anna.send(hello, Publish(UP, b"press"))
        await asyncio.wait_for(site.asked.wait(), 5)
        async with BareClient(listener.port) as stranger:
            assert await anna.is_closed()
            site.worked_out.set()
            await site.until(lambda: site.payloads() == [b"press"])
            await site.until(lambda: len(site.goings) == 1)
            assert listener.connected == 1, "the stranger"
            await stranger.hang_up()


async def test_a_wrong_password_that_is_worked_out_is_refused() -> None:
    site = SlowDoor()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.send(Connect("x", username="badge-anna", password=b"wrong"), PRESS)
        site.worked_out.set()
        assert await anna.receive() == Connack(4)
        assert await anna.is_closed()
        assert site.messages == []


async def test_the_service_stops_while_passwords_are_worked_out() -> None:
    site = SlowDoor()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.send(Connect("x", username="badge-anna", password=b"secret-badge-anna"))
        await asyncio.wait_for(listener.close(), 2)
        assert await anna.is_closed()


async def test_a_client_without_a_name_is_given_one() -> None:
    site = SmallSite()
    async with (
        listening(site) as listener,
        BareClient(listener.port) as one,
        BareClient(listener.port) as two,
    ):
        assert await one.log_in("badge-anna", "") == Connack(0)
        assert await two.log_in("badge-anna", "") == Connack(0)
        assert len({client_id for _, client_id in site.comings}) == 2


async def test_badges_of_one_make_with_one_client_id_are_all_connected() -> None:
    site = SmallSite()
    async with (
        listening(site) as listener,
        BareClient(listener.port) as anna,
        BareClient(listener.port) as bo,
    ):
        assert await anna.log_in("badge-anna", "ESP8266Client") == Connack(0)
        assert await bo.log_in("badge-bo", "ESP8266Client") == Connack(0)
        await bo.send(replace(PRESS, topic=f"{PREFIX}/badge-bo/up"))
        assert await bo.receive() == Puback(1)
        await anna.send(PRESS)
        assert await anna.receive() == Puback(1)
        assert [message.username for message in site.committed] == ["badge-bo", "badge-anna"]
        assert site.goings == []


async def test_a_user_takes_over_its_own_client_id_and_three_a_minute_are_noticed() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        clients = [BareClient(listener.port) for _ in range(6)]
        for client in clients:
            await client.__aenter__()
            assert await client.log_in("badge-anna", will=WILL) == Connack(0)
        for older in clients[:-1]:
            assert await older.is_closed()
        await clients[-1].send(PRESS)
        assert await clients[-1].receive() == Puback(1)
        assert site.noticed_kinds() == ["two_claim"]
        assert site.notices[0][2] == "3 take-overs within a minute: two devices claim badge-anna"
        assert [message.payload for message in site.messages[:-1]] == [b"offline"] * 5
        for client in clients:
            await client.hang_up()


# -- rights -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic",
    [f"{PREFIX}/badge-bo/up", f"/{UP}", UP.upper(), "$SYS/x", "a/+/b", "#", "", "a\0b", "x" * 600],
)
async def test_a_message_on_a_topic_without_right_goes_to_nobody_else_but_is_read_and_answered(
    topic: str,
) -> None:
    site = SmallSite()
    async with (
        listening(site) as listener,
        BareClient(listener.port) as anna,
        BareClient(listener.port) as observer,
    ):
        await observer.log_in(OBSERVER)
        await observer.send(Subscribe(1, (("#", 1),)))
        await observer.receive()
        await anna.log_in("badge-anna")
        await anna.send(Publish(topic, b"press", qos=1, packet_id=2, retain=True), PRESS)
        assert await anna.receive() == Puback(2)
        assert await anna.receive() == Puback(1)
        assert site.payloads() == [b"press", PRESS.payload]
        assert {message.username for message in site.messages} == {"badge-anna"}
        assert site.noticed_kinds() == ["topic_without_right"]
        seen = await observer.receive()
        assert isinstance(seen, Publish)
        assert seen.payload == PRESS.payload


async def test_a_press_in_a_packet_that_cannot_be_answered_is_read_and_ends_the_connection() -> (
    None
):
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send_bytes(bytes.fromhex("36 08 0003 612f62 000a 21") + encode(PRESS))
        assert await anna.receive() == Puback(1)
        assert await anna.is_closed()
        assert site.payloads() == [b"!", PRESS.payload]
        assert "bad_packet" in site.noticed_kinds()


async def test_a_subscription_without_right_is_answered_0x80() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(Subscribe(1, ((f"{PREFIX}/badge-bo/down", 1), (DOWN, 2), ("#", 0))))
        assert await anna.receive() == Suback(1, (0x80, 1, 0x80))
        await site.until(lambda: site.subscriptions == [("badge-anna", DOWN)])
        assert listener.publish(f"{PREFIX}/badge-bo/down", b"page") == 0


async def test_a_wrong_filter_is_answered_0x80_and_the_press_behind_it_is_taken() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(Subscribe(1, ((f"{DOWN}#", 1), (DOWN, 1))), PRESS)
        assert await anna.receive() == Suback(1, (0x80, 1))
        assert await anna.receive() == Puback(1)


async def test_a_will_without_right_goes_to_nobody_else_but_is_read() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna", will=Will(f"{PREFIX}/badge-bo/status", b"offline"))
        anna.cut_the_line()
        await site.until(lambda: len(site.messages) == 1)
        assert site.messages[0].username == "badge-anna"
        assert site.noticed_kinds() == ["will_without_right"]


# -- to the devices ---------------------------------------------------------------------------


async def test_a_page_reaches_the_device_that_subscribed() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(Subscribe(1, ((DOWN, 1),)))
        assert await anna.receive() == Suback(1, (1,))
        assert listener.publish(DOWN, b"page") == 1
        assert await anna.receive() == Publish(DOWN, b"page", qos=1, packet_id=1)
        await anna.send(Unsubscribe(2, (DOWN,)))
        assert await anna.receive() == Unsuback(2)
        assert listener.publish(DOWN, b"page") == 0


async def test_a_page_is_told_as_acknowledged_once_however_many_took_it() -> None:
    site = SmallSite()
    acknowledged: list[str] = []
    async with (
        listening(site) as listener,
        BareClient(listener.port) as one,
        BareClient(listener.port) as two,
    ):
        for client, client_id in ((one, "one"), (two, "two")):
            await client.log_in("badge-anna", client_id)
            await client.send(Subscribe(1, ((DOWN, 1),)))
            await client.receive()
        assert listener.publish(DOWN, b"page", on_ack=lambda: acknowledged.append("page")) == 2
        assert acknowledged == []
        for client in (one, two):
            assert await client.receive() == Publish(DOWN, b"page", qos=1, packet_id=1)
            await client.send(Puback(1), Pingreq())
            assert await client.receive() == Pingresp()
            assert acknowledged == ["page"]


async def test_a_device_that_comes_back_gets_what_it_missed_first_what_it_never_confirmed() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        async with BareClient(listener.port) as anna:
            await anna.log_in("badge-anna", clean=False)
            await anna.send(Subscribe(1, ((DOWN, 1),)))
            await anna.receive()
            listener.publish(DOWN, b"first")
            assert await anna.receive() == Publish(DOWN, b"first", qos=1, packet_id=1)
        await site.until(lambda: bool(site.goings))
        assert listener.publish(DOWN, b"second") == 0
        async with BareClient(listener.port) as anna:
            answer = await anna.log_in("badge-anna", clean=False)
            assert answer == Connack(0, session_present=True)
            assert await anna.receive() == Publish(DOWN, b"first", 1, 1, dup=True)
            assert await anna.receive() == Publish(DOWN, b"second", 1, 2)


async def test_messages_an_away_device_has_no_room_for_are_reported() -> None:
    site = SmallSite()
    async with listening(site, limits=MqttLimits(queue_max=3)) as listener:
        async with BareClient(listener.port) as anna:
            await anna.log_in("badge-anna", clean=False)
            await anna.send(Subscribe(1, ((DOWN, 1),)))
            await anna.receive()
        await site.until(lambda: bool(site.goings))
        for number in range(5):
            listener.publish(DOWN, b"%d" % number)
        assert site.noticed_kinds() == ["dropped_message"] * 2


async def test_retained_messages_come_after_the_answer_and_before_the_application_is_told() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        listener.publish(DOWN, b"state", retain=True)
        await anna.log_in("badge-anna")
        await anna.send(Subscribe(1, ((DOWN, 1),)))
        await site.until(lambda: bool(site.subscriptions))
        listener.publish(DOWN, b"present state")
        assert await anna.receive() == Suback(1, (1,))
        assert await anna.receive() == Publish(DOWN, b"state", 1, 1, retain=True)
        assert await anna.receive() == Publish(DOWN, b"present state", 1, 2)


async def test_an_observer_sees_status_and_will_of_a_device() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as observer:
        async with BareClient(listener.port) as anna:
            await anna.log_in("badge-anna", will=WILL)
            await anna.send(Publish(STATUS, b"online", qos=1, packet_id=1, retain=True))
            assert await anna.receive() == Puback(1)
            await observer.log_in(OBSERVER)
            await observer.send(Subscribe(1, ((f"{PREFIX}/+/status", 1),)))
            assert await observer.receive() == Suback(1, (1,))
            assert await observer.receive() == Publish(STATUS, b"online", 1, 1, retain=True)
            anna.cut_the_line()
            assert await observer.receive() == Publish(STATUS, b"offline", 1, 2)
        async with BareClient(listener.port) as anna:
            await anna.log_in("badge-anna", will=WILL)
            await anna.send(Disconnect())
            await site.until(lambda: len(site.goings) == 2)
        assert [message.payload for message in site.messages] == [b"online", b"offline"]
        assert site.goings[1] == ("badge-anna", "badge-anna", "said goodbye")


async def test_a_device_that_acknowledges_none_of_its_pages_still_presses() -> None:
    site = SmallSite()
    limits = MqttLimits(outgoing_window=2, queue_max=3)
    async with (
        listening(site, limits=limits) as listener,
        BareClient(listener.port) as anna,
    ):
        await anna.log_in("badge-anna", clean=False)
        await anna.send(Subscribe(1, ((DOWN, 1),)))
        await anna.receive()
        reached = [listener.publish(DOWN, b"%d" % number) for number in range(6)]
        assert reached == [1] * 6
        assert site.noticed_kinds() == ["dropped_message"]
        await anna.send(PRESS)
        answers = [await anna.receive() for _ in range(3)]
        assert Puback(1) in answers
        assert site.goings == []


async def test_a_press_of_a_client_that_reads_nothing_is_taken() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as observer:
        await observer.log_in(OBSERVER)
        await observer.send(Subscribe(1, (("big", 0),)))
        await observer.receive()
        observer._reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(300):
            listener.publish("big", b"x" * 60_000)
        await observer.send(replace(PRESS, topic=f"{PREFIX}/{OBSERVER}/up"))
        await site.until(lambda: len(site.committed) == 1)


async def test_a_client_that_never_reads_cannot_fill_our_memory() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as observer:
        await observer.log_in(OBSERVER)
        await observer.send(Subscribe(1, (("big", 0),)))
        await observer.receive()
        observer._reader._transport.pause_reading()  # type: ignore[attr-defined]
        payload = b"x" * 60_000
        for _ in range(300):
            listener.publish("big", payload)
        assert "slow_reader" not in site.noticed_kinds()
        assert site.noticed_kinds().count("dropped_message") > 50
        [connection] = listener._connections.values()
        assert connection._transport is not None
        assert connection._transport.get_write_buffer_size() < 300_000


async def test_a_revoked_user_is_disconnected_everywhere() -> None:
    site = SmallSite()
    async with (
        listening(site) as listener,
        BareClient(listener.port) as one,
        BareClient(listener.port) as two,
        BareClient(listener.port) as other,
    ):
        await one.log_in("badge-anna", "one")
        await two.log_in("badge-anna", "two")
        await other.log_in("badge-bo")
        assert listener.disconnect("badge-anna", "revoked as stolen") == 2
        assert await one.is_closed()
        assert await two.is_closed()
        await other.send(Pingreq())
        assert await other.receive() == Pingresp()
        assert {why for _, _, why in site.goings} == {"revoked as stolen"}


# -- the hostile outside ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 40, b"\x16\x03\x01\x02\x00\x01", b"\xff" * 9],
)
async def test_garbage_is_closed_with_one_line(garbage: bytes) -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as client:
        await client.send_bytes(garbage)
        assert await client.is_closed()
        await site.until(lambda: len(site.notices) == 1)
    [(what, username, detail)] = site.notices
    assert (what, username) == ("bad_packet", "")
    assert re.fullmatch(r"127\.0\.0\.1 .+; the connection is closed", detail)


async def test_an_oversize_message_is_noticed_and_the_press_behind_it_is_taken() -> None:
    site = SmallSite()
    async with listening(site) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        await anna.send(Publish(UP, b"x" * 3_000_000, qos=1, packet_id=1))
        await anna.send(replace(PRESS, packet_id=2))
        assert await anna.receive() == Puback(1)
        assert await anna.receive() == Puback(2)
        assert [len(payload) < 65_536 for payload in site.payloads()] == [True, True]
        assert site.noticed_kinds() == ["oversize"]


async def test_a_socket_that_says_nothing_is_closed_in_time() -> None:
    site = SmallSite()
    limits = MqttLimits(connect_within=timedelta(milliseconds=50))
    async with listening(site, limits=limits) as listener, BareClient(listener.port) as client:
        assert await client.is_closed()
        assert site.noticed_kinds() == ["no_connect"]


@pytest.mark.parametrize(
    "settings",
    [
        ListenerSettings(port=0, connections_max=2),
        ListenerSettings(port=0, connections_per_peer_max=2),
    ],
    ids=["in all", "from one address"],
)
async def test_connections_are_limited(settings: ListenerSettings) -> None:
    site = SmallSite()
    async with (
        listening(site, settings) as listener,
        BareClient(listener.port) as one,
        BareClient(listener.port) as two,
    ):
        await one.log_in("badge-anna")
        await two.log_in("badge-bo")
        async with BareClient(listener.port) as third:
            assert await third.is_closed()
        assert site.noticed_kinds() == ["too_many_connections"]
        await one.hang_up()
        await site.until(lambda: len(site.goings) == 1)
        async with BareClient(listener.port) as fourth:
            assert await fourth.log_in("badge-anna") == Connack(0)


@pytest.mark.parametrize(
    "settings",
    [
        ListenerSettings(port=0, connections_max=3),
        ListenerSettings(port=0, connections_per_peer_max=3),
    ],
    ids=["in all", "from one address"],
)
async def test_strangers_who_take_every_place_keep_no_device_out(
    settings: ListenerSettings,
) -> None:
    site = SmallSite()
    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(listening(site, settings))
        anna = await stack.enter_async_context(BareClient(listener.port))
        await anna.log_in("badge-anna")
        for _ in range(8):
            await stack.enter_async_context(BareClient(listener.port))
        bo = await stack.enter_async_context(BareClient(listener.port))
        assert await bo.log_in("badge-bo") == Connack(0)
        await anna.send(PRESS)
        assert await anna.receive() == Puback(1)


async def test_an_address_with_many_faults_is_slowed_down_and_its_presses_still_come_in() -> None:
    site = SmallSite()
    async with listening(site) as listener:
        for _ in range(FAULTS_PER_PEER_MAX):
            async with BareClient(listener.port) as client:
                await client.send_bytes(b"\xff")
                assert await client.is_closed()
        async with BareClient(listener.port) as client, BareClient(listener.port) as anna:
            started = monotonic_s()
            await client.send_bytes(b"\xff")
            await anna.log_in("badge-anna")
            await anna.send(PRESS)
            assert await anna.receive() == Puback(1)
            assert monotonic_s() - started < 1
            assert await client.is_closed()
            assert monotonic_s() - started > 1.5


async def test_a_flood_from_one_device_does_not_delay_another() -> None:
    site = SmallSite()
    async with (
        listening(site) as listener,
        BareClient(listener.port) as flooding,
        BareClient(listener.port) as anna,
    ):
        await flooding.log_in("badge-bo")
        await anna.log_in("badge-anna")
        beats = encode(Publish(f"{PREFIX}/badge-bo/beat", b"x" * 50)) * 100_000
        flood = asyncio.create_task(flooding.send_bytes(beats))
        waits = []
        for number in range(1, 51):
            started = monotonic_s()
            await anna.send(replace(PRESS, packet_id=number))
            assert await anna.receive() == Puback(number)
            waits.append(monotonic_s() - started)
        assert len(site.messages) < 100_000, "the flood was over before the presses were"
        assert sorted(waits)[25] < 0.05
        flood.cancel()


# -- ports and settings -----------------------------------------------------------------------


async def test_a_plain_port_beyond_loopback_needs_the_setting_that_allows_it() -> None:
    settings = ListenerSettings(host="0.0.0.0", port=0)
    listener = NativeMqttListener(SmallSite(), ServiceClock(), settings)
    with pytest.raises(ConfigError, match=r"^MQTT_ALLOW_PLAIN: .*0\.0\.0\.0"):
        await listener.start()
    assert listener.is_plain_beyond_loopback
    allowed = replace(settings, host="127.0.0.1")
    assert not NativeMqttListener(SmallSite(), ServiceClock(), allowed).is_plain_beyond_loopback


async def test_a_taken_port_is_one_clear_line() -> None:
    async with listening(SmallSite()) as listener:
        assert listener.port is not None
        second = NativeMqttListener(
            SmallSite(), ServiceClock(), ListenerSettings(port=listener.port)
        )
        with pytest.raises(ConfigError) as raised:
            await second.start()
        assert f"MQTT_PORT: port {listener.port} on 127.0.0.1 is taken" in str(raised.value)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("missing", ["tls_cert", "tls_key"])
async def test_a_tls_port_without_its_files_names_the_setting(missing: str, tmp_path: Path) -> None:
    files = {"tls_cert": tmp_path / "c.pem", "tls_key": tmp_path / "k.pem"}
    kept = {name: path for name, path in files.items() if name != missing}
    settings = ListenerSettings(port=None, tls_port=0, **kept)  # type: ignore[arg-type]
    listener = NativeMqttListener(SmallSite(), ServiceClock(), settings)
    with pytest.raises(ConfigError, match=f"MQTT_{missing.upper()}"):
        await listener.start()


async def test_a_certificate_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    settings = ListenerSettings(
        port=0, tls_port=0, tls_cert=tmp_path / "none.pem", tls_key=tmp_path / "none.pem"
    )
    listener = NativeMqttListener(SmallSite(), ServiceClock(), settings)
    with pytest.raises(ConfigError, match=r"MQTT_TLS_CERT: .*none\.pem"):
        await listener.start()
    assert listener.port is None


async def test_answers_are_not_held_back_by_the_network_stack() -> None:
    async with listening(SmallSite()) as listener, BareClient(listener.port) as anna:
        await anna.log_in("badge-anna")
        [connection] = listener._connections.values()
        assert connection._transport is not None
        raw = connection._transport.get_extra_info("socket")
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


async def test_the_listener_is_what_the_application_was_promised() -> None:
    async with listening(SmallSite()) as listener:
        promised: MqttListener = listener
        assert promised.publish("nobody/listens", b"") == 0


def test_the_codec_and_session_need_no_asyncio() -> None:
    program = "import sys, devices.mqtt.exchange; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
