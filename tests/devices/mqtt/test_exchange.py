"""Between connections: whose client id it is, who gets what, what waits for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.mqtt.encode import Outgoing
from devices.mqtt.exchange import SCANNED_PER_TURN, Exchange, Handed, Retained
from devices.mqtt.limits import MqttLimits
from devices.mqtt.mailbox import BYTES_PER_TURN, Mailbox, Offered
from devices.mqtt.packets import REFUSED_FILTER
from devices.mqtt.session import MqttSession

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_users_with_one_client_id_are_both_connected_and_each_gets_its_own() -> None:
    office = Office()
    anna, bo = office.attach("anna", "ESP8266Client"), office.attach("bo", "ESP8266Client")
    office.exchange.subscribe(anna, "anna/down", 1)
    office.exchange.subscribe(bo, "bo/down", 1)
    assert office.exchange.hand_out(Outgoing("bo/down", b"page")).reached == tuple(
        office.exchange.connections("bo")
    )
    office.exchange.detach(bo)
    assert len(office.exchange.connections("anna")) == 1


def test_nobody_can_keep_a_badge_out_by_taking_its_name_as_client_id() -> None:
    office = Office()
    office.attach("bo", "badge-anna")
    assert office.exchange.connection("badge-anna", "badge-anna") is None
    office.attach("badge-anna", "badge-anna")
    assert len(office.exchange.connections("bo")) == 1


def test_a_name_made_by_us_is_none_the_user_has() -> None:
    office = Office()
    office.attach("bo", "unnamed-1")
    assert office.exchange.new_client_id("bo") == "unnamed-2"


def test_a_kept_session_gets_what_came_while_it_was_away() -> None:
    office = Office()
    anna = office.attach("anna", "badge", clean=False)
    office.exchange.subscribe(anna, "anna/down", 1)
    office.exchange.detach(anna)
    assert office.exchange.hand_out(Outgoing("anna/down", b"page")) == Handed(())
    attached = office.exchange.attach(office.session(), "anna", "badge", clean=False)
    assert attached.present
    assert attached.mailbox is anna
    assert len(anna.next_frames()) == 1


def test_a_clean_session_leaves_nothing_behind() -> None:
    office = Office()
    anna = office.attach("anna", "badge")
    office.exchange.subscribe(anna, "anna/down", 1)
    office.exchange.detach(anna)
    again = office.exchange.attach(office.session(), "anna", "badge", clean=False)
    assert not again.present
    assert office.exchange.hand_out(Outgoing("anna/down", b"page")).reached == ()


def test_a_clean_connect_throws_the_kept_session_away() -> None:
    office = Office()
    anna = office.attach("anna", "badge", clean=False)
    office.exchange.subscribe(anna, "anna/down", 1)
    office.exchange.detach(anna)
    assert not office.exchange.attach(office.session(), "anna", "badge", clean=True).present
    assert office.exchange.hand_out(Outgoing("anna/down", b"page")).reached == ()


def test_two_users_sessions_of_one_client_id_are_two_sessions() -> None:
    office = Office()
    office.exchange.detach(office.attach("anna", "shared", clean=False))
    assert not office.exchange.attach(office.session(), "bo", "shared", clean=False).present


def test_a_user_leaves_only_so_many_sessions_behind() -> None:
    office = Office(MqttLimits(kept_per_user_max=2))
    boxes = [office.attach("anna", f"badge-{number}", clean=False) for number in range(3)]
    for box in boxes:
        office.exchange.detach(box)
    attached = office.exchange.attach(office.session(), "anna", "badge-9", clean=False)
    assert attached.dropped is boxes[0]


def test_a_subscription_is_granted_at_most_qos_1_and_within_a_limit() -> None:
    office = Office(MqttLimits(filters_per_session_max=2))
    anna = office.attach("anna", "badge")
    codes = [office.exchange.subscribe(anna, name, 2) for name in ("a", "b", "a", "c")]
    assert codes == [1, 1, 1, REFUSED_FILTER]
    office.exchange.unsubscribe(anna, "a")
    assert office.exchange.subscribe(anna, "c", 0) == 0


def test_take_overs_are_counted_within_a_minute() -> None:
    exchange = Exchange(MqttLimits())
    seconds = (0, 20, 40, 70)
    times = [exchange.take_over("anna", NOW + timedelta(seconds=each)) for each in seconds]
    assert times == [1, 2, 3, 3]
    assert exchange.take_over("bo", NOW) == 1


# -- retained ---------------------------------------------------------------------------------


def test_the_newest_retained_message_waits_for_whoever_subscribes_later() -> None:
    office = Office()
    for payload in (b"online", b"offline"):
        retained = Outgoing("anna/status", payload, retain=True)
        assert office.exchange.retain(retained, "anna") is Retained.KEPT
    observer = office.attach("observer", "o")
    assert office.owed(observer, "+/status") == ["offline retained"]
    assert office.owed(observer, "anna/status") == ["offline retained"]
    assert office.owed(observer, "+/down") == []


def test_an_empty_retained_message_clears_its_topic() -> None:
    office = Office()
    office.exchange.retain(Outgoing("anna/status", b"online", retain=True), "anna")
    office.exchange.retain(Outgoing("anna/status", b"", retain=True), "anna")
    assert office.owed(office.attach("observer", "o"), "#") == []


def test_all_retained_messages_reach_a_client_that_asks_for_them() -> None:
    office = Office(MqttLimits(queue_max=5, outgoing_window=3))
    for number in range(50):
        office.exchange.retain(Outgoing(f"d{number}/status", b"online", retain=True), f"d{number}")
    assert len(office.owed(office.attach("observer", "o"), "+/status")) == 50


def test_a_long_search_among_retained_messages_gives_others_their_turn() -> None:
    office = Office()
    for number in range(SCANNED_PER_TURN + 5):
        office.exchange.retain(Outgoing(f"d{number}/status", b"online", retain=True), f"d{number}")
    observer = office.attach("observer", "o")
    office.exchange.subscribe(observer, "+/none", 1)
    office.exchange.owe_retained(observer, "+/none")
    turns = 0
    while observer.can_send():
        assert observer.next_frames() == []
        turns += 1
    assert turns == 2


def test_a_page_does_not_wait_behind_retained_messages() -> None:
    office = Office()
    for number in range(5):
        office.exchange.retain(Outgoing(f"d{number}/status", b"online", retain=True), f"d{number}")
    observer = office.attach("observer", "o")
    office.exchange.subscribe(observer, "#", 0)
    office.exchange.owe_retained(observer, "#")
    office.exchange.hand_out(Outgoing("page", b"page"))
    frames = observer.next_frames()
    assert frames[0] == Outgoing("page", b"page").plain()
    assert len(frames) == 6


def test_nothing_is_owed_for_a_filter_that_was_taken_back() -> None:
    office = Office()
    office.exchange.retain(Outgoing("anna/status", b"online", retain=True), "anna")
    observer = office.attach("observer", "o")
    office.exchange.subscribe(observer, "#", 1)
    office.exchange.owe_retained(observer, "#")
    office.exchange.unsubscribe(observer, "#")
    assert not observer.can_send()


def test_retained_messages_are_limited_for_each_user_and_in_all() -> None:
    office = Office(MqttLimits(retained_per_user_max=2, retained_max=3, retained_bytes_max=300))
    keep = office.exchange.retain
    kept = [
        keep(Outgoing(topic, payload, retain=True), owner)
        for topic, payload, owner in (
            ("a/1", b"x", "a"),
            ("a/2", b"x", "a"),
            ("a/3", b"x", "a"),
            ("a/2", b"y", "a"),
            ("b/1", b"x", "b"),
            ("c/1", b"x", "c"),
            ("b/1", b"x" * 300, "b"),
        )
    ]
    full = [each is Retained.FULL for each in kept]
    assert full == [False, False, True, False, False, True, True]
    assert office.owed(office.attach("observer", "o"), "b/1") == ["x retained"]


def test_a_cleared_retained_message_gives_its_room_back() -> None:
    office = Office(MqttLimits(retained_bytes_max=300, retained_per_user_max=1))
    for topic in ("a/1", "a/2", "a/3"):
        full = Outgoing(topic, b"x" * 290, retain=True)
        assert office.exchange.retain(full, "a") is Retained.KEPT
        office.exchange.retain(Outgoing(topic, b"", retain=True), "a")


# -- slow and away ----------------------------------------------------------------------------


def test_for_an_away_client_the_oldest_waiting_message_is_dropped_and_reported() -> None:
    office = Office(MqttLimits(queue_max=2))
    anna = office.attach("anna", "badge", clean=False)
    office.exchange.subscribe(anna, "d", 1)
    office.exchange.detach(anna)
    handed = [office.exchange.hand_out(Outgoing("d", b"%d" % number)) for number in range(3)]
    assert [each.ousted for each in handed] == [(), (), (anna,)]
    assert [frame[-1:] for frame in anna.next_frames()] == [b"1", b"2"]


def test_for_a_connected_client_that_acknowledges_nothing_the_oldest_goes_too() -> None:
    office = Office(MqttLimits(queue_max=2))
    anna = office.attach("anna", "badge", clean=False)
    office.exchange.subscribe(anna, "d", 1)
    handed = [office.exchange.hand_out(Outgoing("d", b"%d" % number)) for number in range(3)]
    assert [each.ousted for each in handed] == [(), (), (anna,)]
    assert all(each.reached for each in handed)
    assert [frame[-1:] for frame in anna.next_frames()] == [b"1", b"2"]


def test_a_qos_0_message_makes_room_first() -> None:
    mailbox = Mailbox("anna", "badge", MqttLimits(queue_max=2), clean=True)
    for number, qos in ((1, 1), (2, 0), (3, 1)):
        offered = mailbox.offer(Outgoing("d", b"%d" % number, qos), 1, connected=True)
    assert offered is Offered.OUSTED
    assert [frame[-1:] for frame in mailbox.next_frames()] == [b"1", b"3"]


def test_an_urgent_message_overtakes_the_others_and_always_finds_room_in_the_window() -> None:
    mailbox = Mailbox("anna", "badge", MqttLimits(spare_window=2, queue_max=5), clean=False)
    for number in range(5):
        mailbox.offer(Outgoing("d", b"%d" % number, urgent=False), 1, connected=True)
    assert [frame[-1:] for frame in mailbox.next_frames()] == [b"0", b"1"]
    assert not mailbox.can_send()
    mailbox.offer(Outgoing("d", b"red"), 1, connected=True)
    assert [frame[-3:] for frame in mailbox.next_frames()] == [b"red"]
    assert mailbox.acknowledged(1) is not None
    assert [frame[-1:] for frame in mailbox.next_frames()] == [b"2"]


def test_what_is_not_urgent_pushes_nothing_urgent_out() -> None:
    mailbox = Mailbox("anna", "badge", MqttLimits(queue_max=2), clean=False)
    mailbox.offer(Outgoing("d", b"red"), 1, connected=False)
    for number in range(9):
        mailbox.offer(Outgoing("d", b"%d" % number, urgent=False), 1, connected=False)
    assert [frame[-1:] for frame in mailbox.next_frames()] == [b"d", b"7", b"8"]


def test_a_qos_0_message_does_not_wait_for_an_away_client() -> None:
    mailbox = Mailbox("anna", "badge", MqttLimits(), clean=False)
    assert mailbox.offer(Outgoing("d", b"", 1), 0, connected=False) is Offered.SKIPPED
    assert not mailbox.can_send()


def test_only_so_many_bytes_are_handed_to_a_socket_in_one_turn() -> None:
    mailbox = Mailbox("anna", "badge", MqttLimits(), clean=False)
    for _ in range(6):
        mailbox.offer(Outgoing("d", bytes(BYTES_PER_TURN // 2)), 1, connected=True)
    turns = []
    while mailbox.can_send():
        turns.append(len(mailbox.next_frames()))
    assert turns == [2, 2, 2]


def test_packet_ids_go_round_and_pass_by_those_in_use() -> None:
    mailbox = Mailbox("anna", "badge", MqttLimits(outgoing_window=2), clean=False)
    numbers = []
    for turn in range(65_540):
        mailbox.offer(Outgoing("d", b""), 1, connected=True)
        [frame] = mailbox.next_frames()
        numbers.append(int.from_bytes(frame[-2:], "big"))
        if turn:
            assert mailbox.acknowledged(numbers[-1]) is not None
    assert numbers[65_533:65_538] == [65_534, 65_535, 2, 3, 4]
    assert mailbox.acknowledged(1) is not None
    assert mailbox.acknowledged(1) is None


class Office:
    """An exchange with connections that nobody reads from."""

    def __init__(self, limits: MqttLimits | None = None) -> None:
        self.limits = limits or MqttLimits()
        self.exchange = Exchange(self.limits)

    def session(self) -> MqttSession:
        return MqttSession(self.limits, NOW)

    def attach(self, username: str, client_id: str, *, clean: bool = True) -> Mailbox:
        return self.exchange.attach(self.session(), username, client_id, clean=clean).mailbox

    def owed(self, mailbox: Mailbox, topic_filter: str) -> list[str]:
        """The retained messages a subscription gives, all acknowledged at once."""
        self.exchange.subscribe(mailbox, topic_filter, 1)
        self.exchange.owe_retained(mailbox, topic_filter)
        seen = []
        while mailbox.can_send():
            for frame in mailbox.next_frames():
                at = 2 + (frame[1] >> 7) + 2 + int.from_bytes(frame[2:4], "big")
                number = int.from_bytes(frame[at : at + 2], "big")
                mailbox.acknowledged(number)
                seen.append(frame[at + 2 :].decode() + (" retained" if frame[0] & 1 else ""))
        return seen
