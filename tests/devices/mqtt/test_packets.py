"""The codec: bytes as the standard prints them, any split of them, and junk."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PeerError
from devices.mqtt.decode import NO_FILTER, Decoder
from devices.mqtt.encode import CONNACK_5_UNSUPPORTED, Outgoing, encode
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import (
    Connack,
    Connect,
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

SAMPLES: list[tuple[str, Packet]] = [
    ("10 0d 0004 4d515454 04 02 003c 0001 61", Connect("a", keep_alive_s=60)),
    ("10 0c 0004 4d515454 04 02 0000 0000", Connect("")),
    ("10 0f 0006 4d5149736470 03 02 0000 0001 61", Connect("a", level=3)),
    (
        "10 21 0004 4d515454 04 ec 000a 0001 61 0003 742f73 0002 6279 0004 616e6e61 0003 707721",
        Connect("a", False, 10, "anna", b"pw!", Will("t/s", b"by", qos=1, retain=True)),
    ),
    ("10 07 0004 4d515454 05", ForeignConnect(5)),
    ("20 02 00 00", Connack(0)),
    ("20 02 01 00", Connack(0, session_present=True)),
    ("20 02 00 04", Connack(4)),
    ("30 06 0003 612f62 21", Publish("a/b", b"!")),
    ("31 05 0003 612f62", Publish("a/b", b"", retain=True)),
    ("32 08 0003 612f62 000a 21", Publish("a/b", b"!", qos=1, packet_id=10)),
    ("3a 08 0003 612f62 000a 21", Publish("a/b", b"!", qos=1, packet_id=10, dup=True)),
    ("3d 08 0003 612f62 ffff 21", Publish("a/b", b"!", 2, 65_535, retain=True, dup=True)),
    ("40 02 000a", Puback(10)),
    ("50 02 000a", Pubrec(10)),
    ("62 02 000a", Pubrel(10)),
    ("70 02 000a", Pubcomp(10)),
    ("82 0e 000a 0003 612f62 01 0003 632f64 02", Subscribe(10, (("a/b", 1), ("c/d", 2)))),
    ("90 05 000a 00 01 80", Suback(10, (0, 1, 0x80))),
    ("a2 0c 000a 0003 612f62 0003 632f64", Unsubscribe(10, ("a/b", "c/d"))),
    ("b0 02 000a", Unsuback(10)),
    ("c0 00", Pingreq()),
    ("d0 00", Pingresp()),
    ("e0 00", Disconnect()),
]

BROKEN = {
    "packet type 0": "00 00",
    "packet type 15": "f0 00",
    "a remaining length of five bytes": "30 80 80 80 80 01",
    "PUBACK with flags [MQTT-2.2.2-2]": "41 02 000a",
    "PUBACK with packet id 0": "40 02 0000",
    "PUBACK too short": "40 01 0a",
    "PUBACK too long": "40 03 000a00",
    "PUBREL without its flags [MQTT-3.6.1-1]": "60 02 000a",
    "SUBSCRIBE without its flags [MQTT-3.8.1-1]": "80 08 000a 0003 612f62 01",
    "SUBSCRIBE with no filter [MQTT-3.8.3-3]": "82 02 000a",
    "SUBACK with code 3 [MQTT-3.9.3-2]": "90 03 000a 03",
    "SUBACK with no code": "90 02 000a",
    "UNSUBSCRIBE with no filter [MQTT-3.10.3-2]": "a2 02 000a",
    "PINGREQ with a body": "c0 01 00",
    "DISCONNECT with flags [MQTT-3.14.1-1]": "e1 00",
    "CONNACK with reserved flags": "20 02 02 00",
    "another protocol's name [MQTT-3.1.2-1]": "10 0d 0004 48545450 04 02 003c 0001 61",
    "the reserved flag of CONNECT [MQTT-3.1.2-3]": "10 0d 0004 4d515454 04 03 003c 0001 61",
    "will QoS without a will [MQTT-3.1.2-13]": "10 0d 0004 4d515454 04 0a 003c 0001 61",
    "will retain without a will [MQTT-3.1.2-15]": "10 0d 0004 4d515454 04 22 003c 0001 61",
    "will QoS 3 [MQTT-3.1.2-14]": "10 13 0004 4d515454 04 1e 003c 0001 61 0001 74 0001 78",
    "a password alone [MQTT-3.1.2-22]": "10 10 0004 4d515454 04 42 003c 0001 61 0001 70",
    "a CONNECT that ends too early": "10 0c 0004 4d515454 04 02 003c 0001",
    "a CONNECT with more behind it": "10 0e 0004 4d515454 04 02 003c 0001 61 00",
}


WRONG_PUBLISHES = {
    "QoS 3 [MQTT-3.3.1-4]": ("36 08 0003 612f62 000a 21", "a/b", b"!", 0),
    "packet id 0 [MQTT-2.3.1-1]": ("32 08 0003 612f62 0000 21", "a/b", b"!", 0),
    "no packet id": ("32 05 0003 612f62", "", b"a/b", 0),
    "a topic beyond the packet": ("30 05 0009 612f62", "", b"a/b", 0),
    "half a topic length": ("30 01 00", "", b"", 0),
    "a wildcard in a topic [MQTT-3.3.2-2]": ("32 08 0003 612f23 000a 21", "a/#", b"!", 1),
    "an empty topic [MQTT-4.7.3-1]": ("32 05 0000 000a 21", "", b"!", 1),
    "a null character [MQTT-1.5.3-2]": ("30 06 0003 610062 21", "a\0b", b"!", 0),
    "a surrogate [MQTT-1.5.3-1]": ("30 06 0003 eda080 21", "\ufffd" * 3, b"!", 0),
    "bytes that are no UTF-8 [MQTT-1.5.3-1]": ("30 06 0003 61ff62 21", "a\ufffdb", b"!", 0),
}


@pytest.mark.parametrize(("wire", "topic", "payload", "qos"), WRONG_PUBLISHES.values())
def test_a_publish_is_handed_out_whatever_is_wrong_with_it_and_what_follows_is_read(
    wire: str, topic: str, payload: bytes, qos: int
) -> None:
    publish, ping = decoded(bytes.fromhex(wire) + encode(Pingreq()))
    assert isinstance(publish, Publish)
    assert (publish.topic, publish.payload, publish.qos) == (topic, payload, qos)
    assert publish.topic_fault or publish.fault
    assert ping == Pingreq()


@pytest.mark.parametrize(
    "wire",
    [
        "82 08 000a 0003 612f62 03",  # QoS 3 [MQTT-3.8.3-4]
        "82 08 000a 0003 232f62 01",  # [MQTT-4.7.1-2]
        "82 08 000a 0003 612b62 01",  # [MQTT-4.7.1-3]
        "82 08 000a 0003 61ff62 01",
        "82 05 000a 0000 01",
    ],
)
def test_a_filter_that_breaks_the_rules_costs_that_filter(wire: str) -> None:
    (packet,) = decoded(bytes.fromhex(wire))
    assert isinstance(packet, Subscribe)
    assert [topic_filter for topic_filter, _ in packet.filters] == [NO_FILTER]


def test_a_dup_at_qos_0_means_nothing() -> None:
    assert decoded(bytes.fromhex("38 06 0003 612f62 21")) == [Publish("a/b", b"!", dup=True)]


def test_a_will_whose_topic_breaks_the_rules_keeps_no_badge_out() -> None:
    (packet,) = decoded(encode(Connect("a", will=Will("a/#", b"help"))))
    assert isinstance(packet, Connect)
    assert packet.will == Will("", b"help")


@pytest.mark.parametrize(("wire", "packet"), SAMPLES, ids=lambda value: str(value)[:40])
def test_a_packet_is_exactly_these_bytes(wire: str, packet: Packet) -> None:
    assert encode(packet) == bytes.fromhex(wire)
    assert decoded(bytes.fromhex(wire)) == [packet]


@pytest.mark.parametrize("wire", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_of_the_standard_is_the_peers_error(wire: str) -> None:
    with pytest.raises(PeerError):
        decoded(bytes.fromhex(wire))


def test_a_version_5_connect_is_read_no_further_than_its_level() -> None:
    wire = bytes.fromhex("10 12 0004 4d515454 05 02 003c 05 11 00000064 0001")
    assert decoded(wire) == [ForeignConnect(5)]
    assert bytes.fromhex("20 03 00 84 00") == CONNACK_5_UNSUPPORTED


def test_a_byte_order_mark_is_kept_as_it_came() -> None:
    assert decoded(bytes.fromhex("30 05 0003 efbbbf")) == [Publish("\ufeff", b"")]


def test_lengths_are_written_in_one_to_four_bytes() -> None:
    for size, digits in ((127, "7f"), (128, "8001"), (16_384, "808001"), (2_097_152, "80808001")):
        wire = encode(Publish("a", bytes(size - 3)))
        assert wire[1 : 1 + len(digits) // 2].hex() == digits


def test_a_publish_beyond_the_limit_is_cut_and_the_press_behind_it_is_read() -> None:
    huge = Publish("a/b", b"x" * 5_000, qos=1, packet_id=7)
    press = Publish("a/b", b"press", qos=1, packet_id=8)
    decoder = Decoder(MqttLimits(), bytes_max=1_000, cut_publish=True)
    cut, behind = decoded(encode(huge) + encode(press), decoder=decoder, chunk=700)
    assert cut == Publish("a/b", b"x" * 993, qos=1, packet_id=7, cut=4_007)
    assert behind == press


def test_any_other_packet_beyond_the_limit_is_refused_before_it_is_read() -> None:
    decoder = Decoder(MqttLimits(), bytes_max=1_000, cut_publish=True)
    decoder.feed(encode(Subscribe(1, (("a" * 1_200, 1),)))[:4])
    with pytest.raises(PeerError, match="1000 allowed"):
        decoder.next_packet()


def test_before_a_login_a_long_publish_is_refused_at_its_header() -> None:
    decoder = Decoder(MqttLimits(), bytes_max=1_000, cut_publish=False)
    decoder.feed(b"\x30\xff\xff\xff\x7f")
    with pytest.raises(PeerError, match="PUBLISH of 268435455 bytes"):
        decoder.next_packet()


def test_topics_and_filters_have_limits() -> None:
    limits = MqttLimits(topic_bytes_max=10, filters_per_packet_max=2)
    for packet in (Subscribe(1, (("a", 1), ("b", 1), ("c", 1))),):
        with pytest.raises(PeerError):
            decoded(encode(packet), limits)
    for topic in ("a" * 11, "å" * 6):
        (publish,) = decoded(encode(Publish(topic, b"x")), limits)
        assert isinstance(publish, Publish)
        assert publish.topic_fault
        assert len(publish.topic) <= 10


def test_one_message_to_many_is_the_same_bytes_as_one_to_each() -> None:
    message = Outgoing("a/b", b"page", retain=True)
    assert message.plain() == encode(Publish("a/b", b"page", retain=True))
    assert message.numbered(9) == encode(Publish("a/b", b"page", 1, 9, retain=True))
    assert message.numbered(9, again=True) == encode(
        Publish("a/b", b"page", 1, 9, retain=True, dup=True)
    )
    assert message.numbered(10) == encode(Publish("a/b", b"page", 1, 10, retain=True))


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
names = st.text(
    st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=20
)
filters = st.lists(st.one_of(st.just("+"), names), min_size=1, max_size=4).map("/".join)
packet_ids = st.integers(1, 65_535)
payloads = st.binary(max_size=300)
wills = st.builds(Will, names, payloads, st.integers(0, 2), st.booleans())
connects = st.builds(
    Connect,
    texts,
    st.booleans(),
    st.integers(0, 65_535),
    texts,
    st.none() | payloads,
    st.none() | wills,
    st.sampled_from((3, 4)),
)
packets: st.SearchStrategy[Packet] = st.one_of(
    connects,
    st.builds(ForeignConnect, st.sampled_from((0, 3 + 128, 4 + 128, 5, 6, 255))),
    st.builds(Connack, st.integers(0, 5), st.booleans()),
    st.builds(Publish, names, payloads, retain=st.booleans()),
    st.builds(
        Publish, names, payloads, st.integers(1, 2), packet_ids, st.booleans(), st.booleans()
    ),
    st.builds(Puback, packet_ids),
    st.builds(Pubrec, packet_ids),
    st.builds(Pubrel, packet_ids),
    st.builds(Pubcomp, packet_ids),
    st.builds(
        Subscribe,
        packet_ids,
        st.lists(st.tuples(filters, st.integers(0, 2)), min_size=1, max_size=5).map(tuple),
    ),
    st.builds(
        Suback,
        packet_ids,
        st.lists(st.sampled_from((0, 1, 2, 0x80)), min_size=1, max_size=5).map(tuple),
    ),
    st.builds(Unsubscribe, packet_ids, st.lists(filters, min_size=1, max_size=5).map(tuple)),
    st.builds(Unsuback, packet_ids),
    st.sampled_from((Pingreq(), Pingresp(), Disconnect())),
)


@settings(deadline=None)
@given(packets)
def test_what_is_encoded_is_decoded_to_the_same(packet: Packet) -> None:
    assert decoded(encode(packet)) == [packet]


@settings(deadline=None)
@given(st.lists(packets, max_size=6), st.data())
def test_any_split_of_the_bytes_gives_the_same_packets(
    sent: list[Packet], data: st.DataObject
) -> None:
    wire = b"".join(map(encode, sent))
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=8).map(sorted))
    decoder = fresh_decoder()
    received: list[Packet] = []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        decoder.feed(wire[start:end])
        # Sometimes the bytes pile up before anybody takes a packet.
        if data.draw(st.booleans()) or end == len(wire):
            while (packet := decoder.next_packet()) is not None:
                received.append(packet)
    assert received == sent


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_junk_raises_nothing_but_a_peers_error(junk: bytes, chunk: int) -> None:
    assert "\n" not in complaint_about(junk, chunk)


@settings(deadline=None)
@given(packets, st.data())
def test_a_damaged_packet_raises_nothing_but_a_peers_error(
    packet: Packet, data: st.DataObject
) -> None:
    wire = bytearray(encode(packet))
    for _ in range(data.draw(st.integers(1, 3))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    assert "\n" not in complaint_about(bytes(wire), len(wire))


def complaint_about(wire: bytes, chunk: int) -> str:
    """What the PeerError says; empty when there was nothing wrong."""
    decoder = Decoder(MqttLimits(), bytes_max=100, cut_publish=True)
    try:
        decoded(wire, decoder=decoder, chunk=chunk)
    except PeerError as error:
        return str(error)
    return ""


def decoded(
    wire: bytes,
    limits: MqttLimits | None = None,
    *,
    decoder: Decoder | None = None,
    chunk: int = 1_000_000,
) -> list[Packet]:
    decoder = decoder or fresh_decoder(limits)
    packets: list[Packet] = []
    for start in range(0, len(wire), chunk):
        decoder.feed(wire[start : start + chunk])
        while (packet := decoder.next_packet()) is not None:
            packets.append(packet)
    return packets


def fresh_decoder(limits: MqttLimits | None = None) -> Decoder:
    return Decoder(limits or MqttLimits(), bytes_max=10_000_000, cut_publish=False)
