"""The server side of one connection: bytes in, bytes and events out, no socket and no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.values import replace
from devices.mqtt.decode import Decoder
from devices.mqtt.encode import Outgoing, encode
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
from devices.mqtt.limits import MqttLimits
from devices.mqtt.mailbox import Mailbox
from devices.mqtt.packets import (
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
    Will,
)
from devices.mqtt.session import MqttSession
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
LIMITS = MqttLimits(incoming_max=4, packets_per_turn_max=8, packet_bytes_max=2_000)
WILL = Will("t/status", b"offline", 1, retain=True)
PRESS = Publish("t/up", b"press", qos=1, packet_id=1)
AGAIN = Publish("t/up", b"press", qos=1, packet_id=1, dup=True)


def test_a_client_is_answered_only_after_it_was_let_in() -> None:
    client = Client()
    assert client.sends(Connect("anna")) == [ConnectAsked(Connect("anna"))]
    assert client.gets() == []
    client.session.accept(client.mailbox, present=False)
    assert client.gets() == [Connack(0)]


def test_a_kept_session_is_announced_to_the_client() -> None:
    client = Client()
    client.sends(Connect("anna", clean=False))
    client.session.accept(client.mailbox, present=True)
    assert client.gets() == [Connack(0, session_present=True)]


def test_a_3_1_client_is_let_in_without_the_flag_it_does_not_know() -> None:
    client = Client()
    client.sends(Connect("anna", clean=False, level=3))
    client.session.accept(client.mailbox, present=True)
    assert client.gets() == [Connack(0)]


def test_nothing_behind_a_connect_is_read_before_it_is_answered() -> None:
    client = Client()
    assert client.sends(Connect("anna"), PRESS) == [ConnectAsked(Connect("anna"))]
    client.session.accept(client.mailbox, present=False)
    assert client.session.held
    assert client.turn() == [PublishCame(PRESS)]


def test_nothing_behind_a_refused_connect_is_read_at_all() -> None:
    client = Client()
    client.sends(Connect("anna", will=WILL), PRESS)
    ended = client.session.refuse(ConnectCode.BAD_CREDENTIALS, "wrong password")
    assert ended == Ended("wrong password")
    assert client.gets() == [Connack(4)]
    assert client.turn() == []


def test_a_version_5_client_is_refused_in_its_own_words() -> None:
    client = Client()
    [ended] = client.sends(ForeignConnect(5))
    assert isinstance(ended, Ended)
    assert ended.fault is Fault.REFUSED_VERSION
    assert client.session.to_send() == b"\x20\x03\x00\x84\x00"


def test_any_other_version_is_refused_with_return_code_1() -> None:
    client = Client()
    client.sends(ForeignConnect(6))
    assert client.gets() == [Connack(1)]


@pytest.mark.parametrize("packet", [PRESS, Pingreq(), Disconnect(), Connack(0), Puback(1)])
def test_a_connection_begins_with_a_connect(packet: Packet) -> None:
    client = Client()
    assert faults(client.sends(packet)) == [Fault.BAD_PACKET]
    assert client.gets() == []


@pytest.mark.parametrize("packet", [Connect("anna"), Connack(0), Suback(1, (0,)), Pingresp()])
def test_a_packet_out_of_place_ends_the_connection(packet: Packet) -> None:
    client = logged_in()
    assert faults(client.sends(packet)) == [Fault.BAD_PACKET]


@pytest.mark.parametrize(
    "asked", [Connect("", clean=False), Connect("", level=3), Connect("x" * 129)]
)
def test_an_unusable_client_id_is_refused_with_return_code_2(asked: Connect) -> None:
    client = Client()
    [ended] = client.sends(asked)
    assert isinstance(ended, Ended)
    assert client.gets() == [Connack(2)]


def test_an_empty_client_id_is_the_callers_to_fill_in() -> None:
    client = Client()
    assert client.sends(Connect("")) == [ConnectAsked(Connect(""))]


def test_a_username_beyond_the_limit_is_refused() -> None:
    client = Client()
    client.sends(Connect("a", username="x" * 129, password=b"x"))
    assert client.gets() == [Connack(4)]


# -- the law ----------------------------------------------------------------------------------


def test_a_press_is_acknowledged_only_after_the_commit() -> None:
    client = logged_in()
    assert client.sends(PRESS) == [PublishCame(PRESS)]
    client.sends(Pingreq())
    client.session.wake(NOW)
    assert client.gets() == [Pingresp()]
    client.session.acknowledge(PRESS)
    assert client.gets() == [Puback(1)]


def test_a_press_that_is_not_kept_is_never_acknowledged() -> None:
    client = logged_in()
    client.sends(PRESS)
    client.session.let_go(PRESS, NOW)
    client.sends(Pingreq())
    assert client.gets() == [Pingresp()]


def test_what_never_will_be_kept_ends_the_connection_once_what_came_behind_it_is_answered() -> None:
    client = logged_in()
    client.sends(PRESS)
    client.session.let_go(PRESS, NOW)
    assert client.session.wake_at == NOW + LIMITS.unkept_grace
    behind = Publish("t/up", b"help", 1, 2)
    assert client.sends(behind) == [PublishCame(behind)]
    client.session.acknowledge(behind)
    assert client.gets() == [Puback(2)]
    assert faults(client.session.wake(NOW + LIMITS.unkept_grace)) == [Fault.UNKEPT]
    assert client.reconnected().sends(AGAIN) == [PublishCame(AGAIN)]


def test_a_message_that_waits_for_a_store_that_fails_is_answered_when_it_is_stored() -> None:
    client = logged_in()
    presses = [Publish("t/up", b"x", 1, number) for number in range(1, 26)]
    for press in presses:
        assert client.sends(press) == [PublishCame(press)], "the window stays free"
        client.session.postpone(press, NOW)
    assert client.gets() == []
    client.session.acknowledge(presses[0])
    assert client.gets() == [Puback(1)]


def test_a_copy_of_what_waits_for_the_store_is_answered_with_it() -> None:
    client = logged_in()
    client.sends(PRESS, AGAIN)
    client.session.postpone(PRESS, NOW)
    client.session.postpone(AGAIN, NOW)
    client.session.acknowledge(PRESS)
    assert client.gets() == []
    client.session.acknowledge(AGAIN)
    assert client.gets() == [Puback(1)]


def test_what_waits_too_long_for_the_store_ends_the_connection() -> None:
    client = logged_in(Connect("anna", keep_alive_s=0))
    client.sends(PRESS)
    client.session.postpone(PRESS, NOW)
    due = NOW + LIMITS.owed_longest
    assert client.session.wake_at == due
    assert faults(client.session.wake(due)) == [Fault.UNKEPT]
    client.session.let_go(PRESS, due)
    assert client.gets() == []


def test_too_many_that_wait_for_the_store_end_the_connection() -> None:
    limits = replace(LIMITS, owed_max=2)
    client = Client(limits).logged_in(Connect("anna", keep_alive_s=0))
    presses = [Publish("t/up", b"x", 1, number) for number in (1, 2, 3)]
    client.sends(*presses)
    for press in presses:
        client.session.postpone(press, NOW)
    due = NOW + limits.unkept_grace
    assert client.session.wake_at == due
    assert faults(client.session.wake(due)) == [Fault.UNKEPT]


def test_each_message_is_acknowledged_when_its_own_commit_is_done() -> None:
    client = logged_in()
    first, second, third = (Publish("t/up", b"x", 1, number) for number in (1, 2, 3))
    client.sends(first, second, third)
    client.session.acknowledge(third)
    assert client.gets() == [Puback(3)]
    client.session.let_go(first, NOW)
    client.session.acknowledge(second)
    assert client.gets() == [Puback(2)]


def test_a_copy_that_overtakes_its_answer_is_answered_together_with_it() -> None:
    client = logged_in()
    assert client.sends(PRESS, AGAIN) == [PublishCame(PRESS), PublishCame(AGAIN)]
    client.session.acknowledge(PRESS)
    assert client.gets() == []
    client.session.acknowledge(AGAIN)
    assert client.gets() == [Puback(1)]


def test_copies_are_not_answered_when_one_of_them_was_not_kept() -> None:
    client = logged_in()
    client.sends(PRESS, AGAIN)
    client.session.let_go(PRESS, NOW)
    client.session.acknowledge(AGAIN)
    assert client.gets() == []
    client.sends(AGAIN)
    client.session.acknowledge(AGAIN)
    assert client.gets() == [Puback(1)]


def test_a_repeat_after_the_answer_is_a_new_message() -> None:
    client = logged_in()
    client.sends(PRESS)
    client.session.acknowledge(PRESS)
    assert client.sends(AGAIN) == [PublishCame(AGAIN)]


def test_a_commit_after_the_end_is_answered_to_nobody() -> None:
    client = logged_in()
    client.sends(PRESS, Disconnect())
    client.session.acknowledge(PRESS)
    assert client.gets() == []


def test_a_qos_0_message_counts_as_under_way_and_is_not_answered() -> None:
    client = logged_in()
    beat = Publish("t/beat", b"")
    assert client.sends(*[beat] * 5) == [PublishCame(beat)] * 4
    assert not client.session.wants_bytes
    client.session.acknowledge(beat)
    assert client.turn() == [PublishCame(beat)]
    assert client.gets() == []


# -- QoS 2 ------------------------------------------------------------------------------------

EXACT = Publish("t/up", b"press", qos=2, packet_id=5)
EXACT_AGAIN = Publish("t/up", b"press", qos=2, packet_id=5, dup=True)


def test_a_qos_2_press_is_received_by_the_book() -> None:
    client = logged_in()
    assert client.sends(EXACT) == [PublishCame(EXACT)]
    assert client.gets() == []
    client.session.acknowledge(EXACT)
    assert client.gets() == [Pubrec(5)]
    assert client.sends(EXACT_AGAIN) == []
    assert client.gets() == [Pubrec(5)]
    client.sends(Pubrel(5))
    assert client.gets() == [Pubcomp(5)]
    assert client.sends(EXACT) == [PublishCame(EXACT)]


def test_a_qos_2_repeat_on_the_next_connection_is_not_handed_out_again() -> None:
    client = logged_in()
    client.sends(EXACT)
    client.session.acknowledge(EXACT)
    again = client.reconnected()
    assert again.sends(EXACT_AGAIN) == []
    assert again.gets() == [Pubrec(5)]


def test_a_qos_2_message_the_client_was_not_told_of_is_handed_out_again() -> None:
    client = logged_in()
    client.sends(EXACT)
    client.session.end("the line was lost")
    client.session.acknowledge(EXACT)
    again = client.reconnected()
    assert again.sends(EXACT_AGAIN) == [PublishCame(EXACT_AGAIN)]


def test_another_press_under_an_unreleased_id_is_not_dropped() -> None:
    client = logged_in()
    client.sends(EXACT)
    client.session.acknowledge(EXACT)
    other = Publish("t/up", b"another press", qos=2, packet_id=5)
    assert client.sends(other) == [PublishCame(other)]


def test_a_repeat_is_not_answered_while_another_press_under_its_id_is_under_way() -> None:
    client = logged_in()
    client.sends(EXACT)
    client.session.acknowledge(EXACT)
    assert client.gets() == [Pubrec(5)]
    other = Publish("t/up", b"another press", qos=2, packet_id=5)
    assert client.sends(other, EXACT_AGAIN) == [PublishCame(other), PublishCame(EXACT_AGAIN)]
    client.session.acknowledge(EXACT_AGAIN)
    assert client.gets() == []
    client.session.acknowledge(other)
    assert client.gets() == [Pubrec(5)]


def test_an_unknown_release_is_answered() -> None:
    client = logged_in()
    client.sends(Pubrel(77))
    assert client.gets() == [Pubcomp(77)]


def test_a_release_before_the_commit_is_a_broken_rule() -> None:
    client = logged_in()
    assert faults(client.sends(EXACT, Pubrel(5))) == [Fault.BAD_PACKET]
    assert client.gets() == []


def test_unreleased_messages_are_remembered_within_a_limit() -> None:
    client = Client(MqttLimits(unreleased_max=2)).logged_in()
    for number in (1, 2, 3):
        message = Publish("t/up", b"x", 2, number)
        client.sends(message)
        client.session.acknowledge(message)
    assert list(client.mailbox.unreleased) == [2, 3]


# -- limits -----------------------------------------------------------------------------------


def test_too_many_messages_under_way_stop_the_reading_and_drop_nothing() -> None:
    client = logged_in()
    messages = [Publish("t/up", b"x", 1, number) for number in range(1, 8)]
    assert client.sends(*messages) == [PublishCame(each) for each in messages[:4]]
    assert not client.session.wants_bytes
    assert not client.session.held
    client.session.acknowledge(messages[1])
    assert client.turn() == [PublishCame(messages[4])]
    for message in (messages[0], *messages[2:5]):
        client.session.acknowledge(message)
    assert client.turn() == [PublishCame(each) for each in messages[5:]]
    assert client.session.wants_bytes


def test_a_flood_of_small_packets_is_taken_in_turns() -> None:
    client = logged_in()
    client.sends(*[Pingreq()] * 20)
    assert len(client.gets()) == 8
    assert client.session.held
    assert not client.session.wants_bytes
    client.turn()
    client.turn()
    assert len(client.gets()) == 12
    assert client.session.wants_bytes


def test_a_message_beyond_the_limit_is_handed_out_cut() -> None:
    client = logged_in()
    [event] = client.sends(Publish("t/up", b"x" * 5_000, 1, 9))
    assert isinstance(event, PublishCame)
    assert event.packet.cut > 3_000
    client.session.acknowledge(event.packet)
    assert client.gets() == [Puback(9)]


# -- time -------------------------------------------------------------------------------------


def test_a_socket_without_a_connect_is_closed_in_time() -> None:
    client = Client()
    assert client.session.wake_at == NOW + timedelta(seconds=5)
    client.session.receive(b"\x10", NOW + timedelta(seconds=4))
    assert client.session.wake(NOW + timedelta(seconds=4.9)) == []
    assert faults(client.session.wake(NOW + timedelta(seconds=5))) == [Fault.NO_CONNECT]


def test_a_silent_client_is_given_up_after_one_and_a_half_keep_alives() -> None:
    client = logged_in(Connect("anna", keep_alive_s=60, will=WILL))
    client.sends(Pingreq(), at=NOW + timedelta(seconds=50))
    # Half a packet is no sign of life [MQTT-3.1.2-24].
    client.session.receive(b"\xc0", NOW + timedelta(seconds=130))
    due = NOW + timedelta(seconds=140)
    assert client.session.wake_at == due
    assert client.session.wake(due - timedelta(seconds=1)) == []
    assert client.session.wake(due) == [Ended("silent for 90 s", will=WILL)]
    assert client.session.wake_at is None


def test_a_client_without_keep_alive_may_be_silent_for_ever() -> None:
    assert logged_in(Connect("anna", keep_alive_s=0)).session.wake_at is None


def test_a_client_is_not_called_silent_while_we_do_not_read_it() -> None:
    client = logged_in(Connect("anna", keep_alive_s=10))
    messages = [Publish("t/up", b"x", 1, number) for number in range(1, 5)]
    client.sends(*messages)
    assert client.session.wake_at is None
    later = NOW + timedelta(minutes=5)
    client.session.acknowledge(messages[0])
    client.session.receive(b"", later)
    assert client.session.wake_at == later + timedelta(seconds=15)


def test_a_press_of_a_client_that_leaves_its_pages_unread_is_taken_and_answered() -> None:
    client = logged_in()
    client.session.block(NOW)
    assert client.session.wants_bytes
    assert client.sends(PRESS) == [PublishCame(PRESS)]
    client.session.acknowledge(PRESS)
    assert client.gets() == [Puback(1)]


def test_a_client_that_leaves_its_very_answers_unread_is_not_read_without_end() -> None:
    client = Client(replace(LIMITS, unread_answers_max=8)).logged_in()
    client.session.block(NOW)
    for number in (1, 2):
        press = replace(PRESS, packet_id=number)
        client.sends(press)
        client.session.acknowledge(press)
        client.gets()
    assert not client.session.wants_bytes
    client.session.unblock(NOW)
    assert client.session.wants_bytes


def test_a_client_that_leaves_our_bytes_unread_is_closed() -> None:
    client = logged_in()
    client.session.block(NOW)
    assert client.session.wake_at == NOW + timedelta(seconds=30)
    assert faults(client.session.wake(NOW + timedelta(seconds=30))) == [Fault.SLOW_READER]


def test_a_client_that_reads_again_goes_on() -> None:
    client = logged_in(Connect("anna", keep_alive_s=60))
    client.session.block(NOW)
    client.mailbox.offer(Outgoing("t/down", b"page"), 1, connected=True)
    client.session.pump()
    assert client.gets() == []
    client.session.unblock(NOW + timedelta(seconds=20))
    client.session.pump()
    assert client.gets() == [Publish("t/down", b"page", 1, 1)]
    assert client.session.wake_at == NOW + timedelta(seconds=110)


# -- endings ----------------------------------------------------------------------------------


def test_a_goodbye_takes_the_will_away() -> None:
    client = logged_in(Connect("anna", will=WILL))
    assert client.sends(Disconnect()) == [Ended("said goodbye")]


def test_a_lost_line_leaves_the_will() -> None:
    client = logged_in(Connect("anna", will=WILL))
    assert client.session.end("the line was lost") == Ended("the line was lost", will=WILL)
    assert client.session.end("the line was lost") is None


def test_a_broken_rule_leaves_the_will() -> None:
    client = logged_in(Connect("anna", will=WILL))
    [ended] = client.session.receive(b"\xff", NOW)
    assert isinstance(ended, Ended)
    assert ended.will == WILL
    assert client.turn() == []


# -- to the client ----------------------------------------------------------------------------


def test_a_subscription_is_answered_with_its_codes() -> None:
    client = logged_in()
    asked = Subscribe(3, (("a", 2), ("b", 0)))
    assert client.sends(asked) == [SubscribeAsked(asked)]
    client.session.grant(asked, (1, 0x80))
    assert client.gets() == [Suback(3, (1, 0x80))]


def test_an_unsubscribe_is_always_answered() -> None:
    client = logged_in()
    assert client.sends(Unsubscribe(4, ("a",))) == [UnsubscribeAsked(Unsubscribe(4, ("a",)))]
    assert client.gets() == [Unsuback(4)]


def test_a_message_of_ours_is_sent_again_on_the_next_connection_until_it_is_acknowledged() -> None:
    client = logged_in(Connect("anna", clean=False))
    pages = [Outgoing("t/down", b"page 1"), Outgoing("t/down", b"page 2")]
    for page in pages:
        client.mailbox.offer(page, 1, connected=True)
    client.session.pump()
    assert client.gets() == [page_to_client(1), page_to_client(2)]
    assert client.sends(Puback(1)) == [Delivered(pages[0])]
    again = client.reconnected()
    assert again.greeting == [Connack(0, session_present=True), page_to_client(2, dup=True)]
    assert again.sends(Puback(2)) == [Delivered(pages[1])]
    assert client.reconnected().greeting == [Connack(0, session_present=True)]


def test_only_a_window_of_messages_is_under_way_to_a_client() -> None:
    client = Client(MqttLimits(outgoing_window=2)).logged_in()
    for number in range(1, 5):
        client.mailbox.offer(Outgoing("t/down", b"page %d" % number), 1, connected=True)
    client.session.pump()
    assert client.gets() == [page_to_client(1), page_to_client(2)]
    client.sends(Puback(2))
    assert client.gets() == [page_to_client(3)]


def test_answers_to_what_we_never_sent_do_no_harm() -> None:
    client = logged_in()
    assert client.sends(Puback(9), Pubrec(9), Pubcomp(9), Pingreq()) == []
    assert client.gets() == [Pingresp()]


# -- anything ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=10))
def test_junk_ends_the_session_and_raises_nothing(pieces: list[bytes]) -> None:
    for client in (Client(), logged_in()):
        for piece in pieces:
            client.session.receive(piece, NOW)
        client.session.to_send()


incoming: st.SearchStrategy[Packet] = st.one_of(
    st.builds(Publish, st.just("t/up"), st.binary(max_size=3), st.just(1), st.integers(1, 3)),
    st.builds(Publish, st.just("t/up"), st.binary(max_size=3), st.just(2), st.integers(4, 6)),
    st.builds(Publish, st.just("t/beat"), st.binary(max_size=3)),
    st.builds(Pubrel, st.integers(4, 6)),
    st.just(Pingreq()),
)


@tries(400)
@given(st.lists(st.tuples(incoming, st.integers(0, 3), *[st.booleans()] * 2), max_size=30))
def test_no_answer_is_ever_written_for_a_message_that_is_not_committed(
    steps: list[tuple[Packet, int, bool, bool]],
) -> None:
    client = logged_in()
    waiting: list[Publish] = []
    committed: list[int] = []
    for packet, place, kept, late in steps:
        events = client.sends(packet)
        waiting += [event.packet for event in events if isinstance(event, PublishCame)]
        if place < len(waiting):
            settled = waiting.pop(place)
            if late:
                client.session.postpone(settled, NOW)
            if kept:
                client.session.acknowledge(settled)
            else:
                client.session.let_go(settled, NOW)
            if kept:
                committed.append(settled.packet_id)
        for answer in client.gets():
            if isinstance(answer, Puback | Pubrec):
                assert answer.packet_id in committed
                assert all(answer.packet_id != each.packet_id for each in waiting)


class Client:
    """The far end of a session: encodes what it sends, decodes what it gets."""

    def __init__(self, limits: MqttLimits = LIMITS, mailbox: Mailbox | None = None) -> None:
        self.session = MqttSession(limits, NOW)
        self.mailbox = mailbox or Mailbox("anna", "anna", limits, clean=False)
        self.greeting: list[Packet] = []
        self._limits = limits
        self._decoder = Decoder(MqttLimits(), bytes_max=100_000, cut_publish=False)

    def logged_in(self, asked: Connect | None = None, *, present: bool = False) -> Client:
        self.sends(asked or Connect("anna"))
        self.session.accept(self.mailbox, present=present)
        assert self.turn() == []
        self.greeting = self.gets()
        return self

    def reconnected(self) -> Client:
        self.session.end("the line was lost")
        return Client(self._limits, self.mailbox).logged_in(present=True)

    def sends(self, *packets: Packet, at: datetime = NOW) -> list[Event]:
        return self.session.receive(b"".join(map(encode, packets)), at)

    def turn(self) -> list[Event]:
        return self.session.receive(b"", NOW)

    def gets(self) -> list[Packet]:
        self._decoder.feed(self.session.to_send())
        packets = []
        while (packet := self._decoder.next_packet()) is not None:
            packets.append(packet)
        return packets


def logged_in(asked: Connect | None = None) -> Client:
    return Client().logged_in(asked)


def page_to_client(number: int, *, dup: bool = False) -> Publish:
    return Publish("t/down", b"page %d" % number, 1, number, dup=dup)


def faults(events: list[Event]) -> list[Fault | None]:
    return [event.fault for event in events if isinstance(event, Ended)]
