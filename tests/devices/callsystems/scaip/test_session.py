"""What alarm units say over SCAIP, and what they are told, when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Position, Reading, SignalType
from devices.callsystems.scaip import FAMILY
from devices.callsystems.scaip.codec import Mrs, read_mrs
from devices.callsystems.scaip.meanings import DEVICES, STATUS
from devices.callsystems.scaip.session import (
    OWED_MAX,
    RECEIPT_GIVEN_UP_AFTER,
    SAME_REF_FOR,
    T1,
    TRANSACTION_KEPT_FOR,
    Receipts,
    ScaipSession,
)
from devices.callsystems.scaip.sip import Message, Reader, Request, Response, encode
from devices.session import DeviceSession, Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
ESSENCE = (
    "<mrq><ref>00001883</ref><cha>0</cha><mty>ME</mty><cid>26317</cid><dty>02</dty><did>00</did>"
    "<crd>gsm:+37284463906</crd><stc>010</stc></mrq>"
)


@pytest.mark.parametrize(
    ("message", "device", "type_", "kind", "code"),
    [
        (ESSENCE, "26317", "alarm", "sos", "ME 2/10"),
        (
            "<mrq><ref>00001A85</ref><cha>0</cha><mty>PI</mty><cid>26317</cid><dty>02</dty>"
            "<did>00</did><crd>no-voice:</crd><stc>102</stc></mrq>",
            "26317",
            "heartbeat",
            None,
            "PI 2/102",
        ),
        (
            "<mrq><mty>PI</mty><ref>1998218577</ref><cid>10149471</cid><dty>2</dty></mrq>",
            "10149471",
            "heartbeat",
            None,
            "PI 2/",
        ),
        (
            "<mrq><ref>1193308443</ref><cid>10149471</cid><dty>3</dty><stc>10</stc>"
            "<crd>gsm:</crd></mrq>",
            "10149471",
            "alarm",
            "sos",
            "ME 3/10",
        ),
        (
            "<mrq><ref>yhexGeV5E49zglfi</ref><cid>999998</cid><dty>0004</dty><mty>ME</mty>"
            "<stc>0010</stc><lco>002</lco><crd>gsm:</crd><cha>0</cha></mrq>",
            "999998",
            "alarm",
            "sos",
            "ME 4/10",
        ),
        (
            "<mrq><ref>lmepivnFqmI8Jvv1</ref><cid>999998</cid><dty>0002</dty><mty>ME</mty>"
            "<stc>0067</stc><crd>gsm:</crd><cha>0</cha></mrq>",
            "999998",
            "technical",
            "technical",
            "ME 2/67",
        ),
        (
            "<mrq><ref>803137200003</ref><mty>ME</mty><cid> 8031372</cid><dty>0004</dty>"
            "<stc>0010</stc><crd>gsm:+</crd></mrq>",
            "8031372",
            "alarm",
            "sos",
            "ME 4/10",
        ),
    ],
)
def test_a_message_of_a_real_unit_is_read(
    message: str, device: str, type_: str, kind: str | None, code: str
) -> None:
    reading = said(message)
    assert (reading.protocol, reading.device, reading.type) == ("scaip", device, type_)
    assert (reading.kind, reading.code) == (kind, code)
    assert not reading.authenticated
    assert reading.odd == ()


@pytest.mark.parametrize(
    ("tags", "type_", "kind"),
    [
        ({"dty": "5", "stc": "9"}, "alarm", "fall"),
        ({"dty": "7", "stc": "10"}, "alarm", "attack"),
        ({"dty": "30"}, "alarm", "man_down"),
        ({"dty": "3", "stc": "110"}, "alarm", "assist"),
        ({"dty": "99", "stc": "10"}, "alarm", "call"),
        ({"dty": "3", "stc": "999"}, "alarm", "unknown"),
        ({"dty": "3", "stc": "x"}, "alarm", "sos"),
        ({"dty": "3", "mty": "RE", "stc": "10"}, "restore", None),
        ({"dty": "3", "mty": "RE"}, "restore", None),
        ({"dty": "3", "stc": "93"}, "restore", None),
        ({"dty": "3", "stc": "94"}, "restore", None),
        ({"dty": "3", "stc": "19"}, "cancel", None),
        ({"dty": "3", "stc": "16"}, "low_battery", None),
        ({"dty": "2", "mty": "PI", "stc": "16"}, "low_battery", None),
        ({"dty": "2", "mty": "PI", "stc": "9"}, "heartbeat", None),
        ({"dty": "2", "mty": "PI", "stc": "10"}, "heartbeat", None),
        ({"dty": "2", "mty": "PI", "stc": "999"}, "heartbeat", None),
        ({"dty": "2", "mty": "IN", "stc": "999"}, "unknown", None),
        ({"dty": "2", "mty": "IN", "stc": "10"}, "alarm", "sos"),
        ({"dty": "38", "stc": "125"}, "tamper", None),
        ({"dty": "2", "stc": "102"}, "test", None),
        ({"dty": "3", "mty": "XX", "stc": "10"}, "alarm", "sos"),
    ],
)
def test_type_status_and_device_decide(tags: dict[str, str], type_: str, kind: str | None) -> None:
    reading = said(mrq({"ref": "1", "cid": "77", **tags}))
    assert (reading.type, reading.kind) == (type_, kind)
    if kind == AlarmKind.UNKNOWN:
        assert reading.text.startswith(f"unknown code {tags['stc']} from 77")


@pytest.mark.parametrize("number", STATUS)
def test_a_reset_is_a_restore_whatever_it_resets(number: int) -> None:
    tags = {"ref": "1", "cid": "77", "dty": "3", "mty": "RE", "stc": str(number)}
    assert said(mrq(tags)).type is SignalType.RESTORE


@pytest.mark.parametrize("number", DEVICES)
def test_a_manual_alarm_is_an_alarm_whatever_sends_it(number: int) -> None:
    reading = said(mrq({"ref": "1", "cid": "77", "dty": str(number), "stc": "10"}))
    assert (reading.type, reading.kind) == (SignalType.ALARM, DEVICES[number].kind)


def test_a_device_with_a_number_of_its_own_is_named_behind_its_controller() -> None:
    pendant = said(mrq({"ref": "1", "cid": "+77", "dty": "3", "did": "0004"}))
    assert (pendant.device, pendant.point) == ("77", "0004")


def test_words_and_places_go_to_the_person() -> None:
    tags = {"ref": "1", "cid": "7", "dty": "3", "stc": "10", "lco": "011", "lte": "Flat 4"}
    reading = said(mrq(tags, "<lge><tim>2026-11-21T18:58+00:00</tim><geo>56.15,10.2</geo></lge>"))
    assert reading.text == "personal trigger: manual alarm, bathroom, Flat 4"
    assert reading.position == Position(
        56.15, 10.2, None, datetime(2026, 11, 21, 18, 58, tzinfo=UTC), "device"
    )


@pytest.mark.parametrize(
    ("place", "lat_lon"),
    [
        (
            "<gga>$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,,,,*47</gga>",
            (48.1173, 11.516667),
        ),
        ("<gga>$GPGGA,123519,4807.038,S,01131.000,W,1,08</gga>", (-48.1173, -11.516667)),
        ("<gga>$GPGGA,123519,4807.038,N,01131.000,E,0,08</gga>", None),
        ("<gga>$GPGGA,,,,,,0,,</gga>", None),
        ("<geo>0,0</geo>", None),
        ("<geo>91,10</geo>", None),
        ("<geo>here</geo>", None),
    ],
)
def test_a_position_without_a_fix_is_none(place: str, lat_lon: tuple[float, float] | None) -> None:
    position = said(mrq({"ref": "1", "cid": "7", "dty": "51"}, f"<lge>{place}</lge>")).position
    found = None if position is None else (position.lat, position.lon)
    assert found == (None if lat_lon is None else pytest.approx(lat_lon, abs=1e-6))


# The receipt


def test_the_receipt_leaves_only_after_the_commit() -> None:
    unit = Unit()
    (heard,) = unit.sends(ESSENCE)
    (accepted,) = unit.gets()
    assert isinstance(accepted, Response)
    assert (accepted.status, accepted.body) == (200, b"")
    unit.line.stored(heard.ticket, True, NOW)
    (receipt,) = unit.gets()
    assert isinstance(receipt, Request)
    assert (receipt.method, receipt.uri) == ("MESSAGE", "sip:26317@192.0.2.77:5062")
    assert receipt.header("content-type") == "application/scaip+xml"
    assert read_mrs(receipt.body) == Mrs("00001883", 0)


def test_what_could_not_be_kept_is_not_treated() -> None:
    unit = Unit()
    (heard,) = unit.sends(ESSENCE)
    unit.gets()
    unit.line.stored(heard.ticket, False, NOW)
    (receipt,) = unit.gets()
    assert receipt_in(receipt).number == 5


def test_a_unit_that_wants_it_in_the_response_gets_no_response_before() -> None:
    unit = Unit(receipts=Receipts.IN_RESPONSE)
    (heard,) = unit.sends(ESSENCE)
    assert unit.gets() == []
    assert unit.sends(ESSENCE, again=True) == [], "the transport repeats it meanwhile"
    unit.line.stored(heard.ticket, True, NOW)
    (response,) = unit.gets()
    assert isinstance(response, Response)
    assert (response.status, read_mrs(response.body)) == (200, Mrs("00001883", 0))
    assert response.header("cseq") == "1 MESSAGE"
    assert ";tag=" in response.header("to")


def test_xml_without_sip_is_answered_with_xml() -> None:
    line: DeviceSession = FAMILY.open()
    (heard,) = line.receive(ESSENCE.encode(), NOW, NOW)
    assert heard.reading is not None
    assert heard.reading.odd == ("message: XML without SIP",)
    assert line.to_send() == b""
    line.stored(heard.ticket, True, NOW)
    assert line.to_send() == b"<mrs><ref>00001883</ref><snu>0</snu></mrs>\r\n"


def test_a_missing_tag_is_told_and_the_press_is_raised() -> None:
    unit = Unit()
    (heard,) = unit.sends("<mrq><ref>9</ref><stc>10</stc></mrq>")
    assert heard.reading is not None
    assert (heard.reading.type, heard.reading.device) == (SignalType.ALARM, "26317")
    assert heard.reading.odd == ("cid: missing", "dty: missing")
    unit.line.stored(heard.ticket, True, NOW)
    assert receipt_in(unit.gets()[-1]) == Mrs("9", 7, "missing: cid dty")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<mrq><ref>1</ref><cid>77</cid><dty>7</dty><stc>10</mrq>", "attack"),
        ('<!DOCTYPE m [<!ENTITY a "x">]><mrq><cid>77</cid><ref>&a;</ref></mrq>', "call"),
        ("<mrq><ref>1</ref><mty>PI</mty><cid>77</cid><stc>10</mrq>", None),
        ("<html>hello</html>", "unknown"),  # sent as SCAIP by somebody who is no web server
    ],
)
def test_what_is_no_xml_is_a_call_unless_it_is_plainly_a_heartbeat(
    body: str, kind: str | None
) -> None:
    unit = Unit()
    (heard,) = unit.sends(body)
    assert heard.error
    assert heard.reading is not None
    type_ = SignalType.ALARM if kind else SignalType.HEARTBEAT
    assert (heard.reading.type, heard.reading.kind) == (type_, kind)
    assert heard.reading.device in ("77", "26317")
    unit.gets()
    unit.line.stored(heard.ticket, True, NOW)
    assert receipt_in(unit.gets()[0]).number == 2


def test_a_ticket_is_answered_once_and_a_strange_one_never() -> None:
    unit = Unit()
    (heard,) = unit.sends(ESSENCE)
    unit.gets()
    for ticket in (heard.ticket, heard.ticket, 99):
        unit.line.stored(ticket, True, NOW)
    assert len(unit.gets()) == 1


# Copies


def test_the_same_transaction_is_answered_the_same_and_read_once() -> None:
    unit = Unit(transport="UDP", datagrams=True)
    (heard,) = unit.sends(ESSENCE)
    first = unit.gets()
    assert unit.sends(ESSENCE, again=True) == []
    assert unit.gets() == first
    later = unit.sends(ESSENCE, again=True, now=NOW + TRANSACTION_KEPT_FOR)
    assert identity(later[0]) == identity(heard)


def test_a_message_sent_anew_has_the_same_name_and_its_own_receipt() -> None:
    unit = Unit()
    (first,) = unit.sends(ESSENCE)
    (again,) = unit.sends(ESSENCE, now=NOW + timedelta(seconds=40))
    assert identity(first) == identity(again)
    assert again.ticket != first.ticket


def test_the_same_ref_is_a_new_press_when_the_unit_has_counted_anew() -> None:
    unit = Unit()
    (first,) = unit.sends(ESSENCE)
    (later,) = unit.sends(ESSENCE, now=NOW + SAME_REF_FOR)
    assert identity(first) != identity(later)


def test_a_message_without_ref_has_no_name_and_is_always_new() -> None:
    reading = said("<mrq><cid>7</cid><dty>3</dty><stc>10</stc></mrq>")
    assert (reading.seq, reading.boot) == (None, None)


# Our receipt on its way


def test_over_udp_the_receipt_is_repeated_until_it_is_confirmed() -> None:
    unit = Unit(transport="UDP", datagrams=True)
    receipt = unit.takes_receipt()
    assert unit.line.wake_at == NOW + T1
    unit.line.wake(NOW + T1)
    assert unit.gets() == [receipt]
    assert unit.line.wake_at == NOW + 3 * T1
    assert unit.confirms(receipt, 200) == []
    assert unit.line.wake_at is None


def test_a_receipt_nobody_takes_is_said() -> None:
    unit = Unit(transport="UDP", datagrams=True)
    unit.takes_receipt()
    sent = 0
    heard: list[Heard] = []
    while unit.line.wake_at is not None:
        heard += unit.line.wake(unit.line.wake_at)
        sent += len(unit.gets())
    assert [one.error for one in heard] == ["nobody took the receipt of 00001883"]
    assert 5 <= sent <= 11


def test_over_tcp_the_receipt_is_not_repeated() -> None:
    unit = Unit()
    unit.takes_receipt()
    assert unit.line.wake_at == NOW + RECEIPT_GIVEN_UP_AFTER


def test_a_refused_receipt_is_said() -> None:
    unit = Unit()
    (heard,) = unit.confirms(unit.takes_receipt(), 488)
    assert heard.error == "the receipt of 00001883 got 488"


def test_a_response_to_nothing_is_nothing() -> None:
    assert Unit().confirms(REQUEST, 200) == []


# SIP around it


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("REGISTER", 405), ("INVITE", 405), ("ACK", None)],
)
def test_other_methods_are_answered_and_read_as_nothing(method: str, status: int | None) -> None:
    unit = Unit()
    assert unit.sends("", method=method) == []
    answers = [one.status for one in unit.gets() if isinstance(one, Response)]
    assert answers == ([] if status is None else [status])


def test_a_message_of_another_type_is_refused_and_kept() -> None:
    unit = Unit()
    (heard,) = unit.sends("hello", content_type="text/plain")
    assert (heard.reading, heard.ticket) == (None, 0)
    (response,) = unit.gets()
    assert isinstance(response, Response)
    assert response.status == 415


def test_a_press_without_the_headers_sip_wants_is_still_a_press() -> None:
    line = ScaipSession()
    head = f"MESSAGE sip:a@b SIP/2.0\r\nl: {len(ESSENCE)}\r\n\r\n"
    (heard,) = line.receive((head + ESSENCE).encode(), NOW, NOW)
    assert heard.reading is not None
    assert heard.reading.odd == ("message: a SIP header is missing",)
    assert line.to_send().startswith(b"SIP/2.0 400 ")
    line.stored(heard.ticket, True, NOW)
    assert line.to_send() == b""


def test_a_ping_gets_its_pong() -> None:
    line = ScaipSession()
    assert line.receive(b"\r\n\r\n", NOW, NOW) == []
    assert line.to_send() == b"\r\n"


def test_a_visitor_of_another_protocol_is_an_error_and_no_alarm() -> None:
    (heard,) = ScaipSession().receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", NOW, NOW)
    assert (heard.reading, heard.error) == (None, "not SIP")


def test_over_udp_each_piece_to_send_is_one_datagram() -> None:
    unit = Unit(transport="UDP", datagrams=True)
    (heard,) = unit.sends(ESSENCE)
    unit.line.stored(heard.ticket, True, NOW)
    pieces = []
    while unit.line.wake_at is not None and unit.line.wake_at <= NOW:
        pieces.append(unit.line.to_send())
    pieces.append(unit.line.to_send())
    assert [piece[:12] for piece in pieces] == [b"SIP/2.0 200 ", b"MESSAGE sip:", b""]


def test_messages_that_are_never_stored_take_no_more_memory() -> None:
    line = ScaipSession()
    for _ in range(OWED_MAX + 10):
        line.receive(ESSENCE.encode(), NOW, NOW)
    assert len(line._owed) == OWED_MAX


@tries(50)
@given(
    st.lists(
        st.sampled_from([b"\r\n", b"junk\r\n\r\n", ESSENCE.encode(), b"<mrq><a></mrq>"]), max_size=5
    ),
    st.data(),
)
def test_any_split_gives_the_same_readings(parts: list[bytes], chance: st.DataObject) -> None:
    stream = b"".join([*parts, encode(REQUEST)])
    cuts = chance.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    line = ScaipSession()
    split: list[Heard] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        split += line.receive(stream[start:end], NOW, NOW)
    assert readings(split) == readings(ScaipSession().receive(stream, NOW, NOW))


TAG_NAMES = st.sampled_from(["ref", "cid", "dty", "stc", "mty", "did", "lco", "geo", "tim", "gga"])


@tries(50)
@given(st.dictionaries(TAG_NAMES, st.text(max_size=20)), st.booleans())
def test_no_message_raises_whatever_its_tags_hold(tags: dict[str, str], kept: bool) -> None:
    unit = Unit()
    for heard in unit.sends(mrq({name: re.sub("[<>&]", "", text) for name, text in tags.items()})):
        unit.line.stored(heard.ticket, kept, NOW)
    unit.line.to_send()


@tries(50)
@given(st.lists(st.one_of(st.binary(max_size=50), st.just(b"<mrq>"), st.just(b"\r\n\r\n"))))
def test_junk_never_raises(parts: list[bytes]) -> None:
    line = ScaipSession()
    for part in parts:
        line.receive(part, NOW, NOW)
    line.wake(NOW + timedelta(hours=1))


class Unit:
    """An alarm unit: sends messages in SIP, reads what comes back."""

    def __init__(
        self,
        *,
        transport: str = "TCP",
        datagrams: bool = False,
        receipts: Receipts = Receipts.AS_MESSAGE,
    ) -> None:
        self.line = ScaipSession(datagrams=datagrams, receipts=receipts)
        self._transport = transport
        self._calls = 0

    def sends(
        self,
        body: str,
        *,
        method: str = "MESSAGE",
        content_type: str = "application/scaip+xml",
        again: bool = False,
        now: datetime = NOW,
    ) -> list[Heard]:
        self._calls += 0 if again else 1
        headers = (
            ("via", f"SIP/2.0/{self._transport} 192.0.2.77;branch=z9hG4bK{self._calls}"),
            ("from", "<sip:26317@192.0.2.77>;tag=1"),
            ("to", "<sip:arc@192.0.2.10>"),
            ("call-id", f"c{self._calls}@192.0.2.77"),
            ("cseq", f"1 {method}"),
            ("contact", "<sip:26317@192.0.2.77:5062;transport=tcp>"),
            ("content-type", content_type),
        )
        request = Request(method, "sip:arc@192.0.2.10:5060", headers, body.encode())
        return list(self.line.receive(encode(request), now, now))

    def gets(self) -> list[Message]:
        found: list[Message] = []
        while out := self.line.to_send():
            found += Reader().feed(out, NOW)
        return found

    def takes_receipt(self) -> Request:
        (heard,) = self.sends(ESSENCE)
        self.gets()
        self.line.stored(heard.ticket, True, NOW)
        (receipt,) = self.gets()
        assert isinstance(receipt, Request)
        return receipt

    def confirms(self, receipt: Request, status: int) -> list[Heard]:
        kept = ("via", "from", "to", "call-id", "cseq")
        headers = tuple(one for one in receipt.headers if one[0] in kept)
        return list(self.line.receive(encode(Response(status, "OK", headers)), NOW, NOW))


REQUEST = Request(
    "MESSAGE",
    "sip:arc@192.0.2.10",
    (
        ("via", "SIP/2.0/TCP 192.0.2.77;branch=z9hG4bKz"),
        ("from", "<sip:26317@192.0.2.77>;tag=1"),
        ("to", "<sip:arc@192.0.2.10>"),
        ("call-id", "z@192.0.2.77"),
        ("cseq", "1 MESSAGE"),
        ("content-type", "application/scaip+xml"),
    ),
    ESSENCE.encode(),
)


def mrq(tags: dict[str, str], more: str = "") -> str:
    return (
        "<mrq>" + "".join(f"<{tag}>{said}</{tag}>" for tag, said in tags.items()) + more + "</mrq>"
    )


def said(message: str) -> Reading:
    (reading,) = readings(Unit().sends(message))
    return reading


def receipt_in(message: Message) -> Mrs:
    assert isinstance(message, Request | Response)
    return read_mrs(message.body)


def identity(heard: Heard) -> tuple[str, str | None, int | None]:
    assert heard.reading is not None
    return heard.reading.device, heard.reading.boot, heard.reading.seq


def readings(heard: Sequence[Heard]) -> list[Reading]:
    return [one.reading for one in heard if one.reading is not None]


@pytest.mark.parametrize(
    ("trouble", "end"), [("14", "15"), ("16", "15"), ("85", "86"), ("23", "112")]
)
@pytest.mark.parametrize("message", ["ME", "PI"])
def test_a_trouble_and_its_end_are_about_the_same_and_never_about_a_person(
    trouble: str, end: str, message: str
) -> None:
    begun = said(mrq({"ref": "1", "cid": "77", "dty": "2", "mty": message, "stc": trouble}))
    over = said(mrq({"ref": "2", "cid": "77", "dty": "2", "mty": message, "stc": end}))
    other = said(mrq({"ref": "3", "cid": "77", "dty": "3", "mty": message, "stc": end}))
    assert (over.type, over.kind) == (SignalType.RESTORE, AlarmKind.TECHNICAL)
    assert begun.about == over.about != other.about


def test_a_reset_of_a_pendant_is_about_a_person_and_one_of_a_power_supply_is_not() -> None:
    reset = said(mrq({"ref": "1", "cid": "77", "dty": "3", "mty": "RE", "stc": "93"}))
    assert (reset.type, reset.kind, reset.about) == (SignalType.RESTORE, None, "")
    power = said(mrq({"ref": "1", "cid": "77", "dty": "41", "mty": "RE", "stc": "93"}))
    assert (power.type, power.kind) == (SignalType.RESTORE, AlarmKind.TECHNICAL)
    battery = said(mrq({"ref": "1", "cid": "77", "dty": "3", "mty": "RE", "stc": "16"}))
    assert (battery.kind, battery.about) == (AlarmKind.TECHNICAL, "16/3")
