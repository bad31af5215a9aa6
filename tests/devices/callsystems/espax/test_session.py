"""One connection: login, pages, answers only when they are kept, and who is believed what."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, MessageRef, Reading, SignalType
from devices.callsystems.espax import EspaXServer
from devices.callsystems.espax.codec import Framer, Message, encode, parse
from devices.callsystems.espax.session import EspaXSession
from devices.callsystems.espax.settings import EspaXListener
from devices.session import Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
PAGE = {
    "CP-PR-REF": "r1",
    "CP-GROUPID": "1002",
    "CP-CALLINGNO": "1900",
    "CP-WARD": "W3",
    "CP-TEXTMSG": "WC 12",
    "CP-PRIO": "Emergency",
}
GUARDED = EspaXListener(login=lambda user, password: (user, password) == ("call", "s3cret"))


def test_a_login_gets_a_session_and_a_heartbeat_keeps_it() -> None:
    client = Client(EspaXSession())
    (answer,) = client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": "secret"})
    assert answer.name == "RSP.LOGIN"
    assert answer.invoke_id == "1"
    assert answer.get("RSP-CODE") == "200"
    assert answer.get("LI-SERVER") == "Tilkald"
    assert 0 < len(answer.attributes["sessionID"]) <= 32
    (answer,) = client.asks("REQ.HEARTBEAT")
    assert (answer.name, answer.get("RSP-REASON")) == ("RSP.HEARTBEAT", "OK")
    assert [(r.type, r.device) for r in client.readings] == [(SignalType.HEARTBEAT, "call")] * 2


def test_a_page_is_an_alarm_and_is_answered_only_when_it_is_kept() -> None:
    client = Client.logged_in()
    assert client.asks("REQ.P-START", PAGE) == []
    reading = client.readings[-1]
    assert (reading.device, reading.type, reading.kind) == (
        "1900/W3",
        SignalType.ALARM,
        AlarmKind.SOS,
    )
    assert (reading.text, reading.code, reading.boot) == ("WC 12", "Emergency/-", "r1")
    answer, started = client.stores()
    assert (answer.name, answer.get("RSP-CODE"), answer.invoke_id) == ("RSP.P-START", "200", "2")
    assert answer.get("CP-PR-REF") == "r1"
    assert started.name == "IND.P-STARTED"
    assert started.get("SP-PR-TAN") == answer.get("SP-PR-TAN") != ""
    assert started.get("CP-GROUPID") == "1002"


def test_a_page_that_cannot_be_kept_is_unavailable_and_its_repeat_the_same_press() -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START", PAGE)
    (answer,) = client.stores(kept=False)
    assert (answer.get("RSP-CODE"), answer.get("RSP-REASON")) == ("503", "Service Unavailable")
    client.passes(timedelta(minutes=5))
    client.asks("REQ.P-START", PAGE)
    assert client.stores()[0].get("RSP-CODE") == "200"
    assert len({(r.boot, r.seq) for r in client.alarms}) == 1


def test_a_copy_after_a_lost_connection_is_the_same_press_and_a_duplicate() -> None:
    server = EspaXServer(EspaXListener())
    first = Client.logged_in(server.open())
    first.asks("REQ.P-START", PAGE)
    first.stores()
    second = Client.logged_in(server.open())
    second.passes(timedelta(seconds=15))
    second.asks("REQ.P-START", PAGE)
    (answer,) = second.stores()
    assert (answer.get("RSP-CODE"), answer.get("RSP-REASON")) == ("450", "Duplicate")
    assert second.alarms[0].seq == first.alarms[0].seq


@pytest.mark.parametrize(
    "changed", [{"CP-TEXTMSG": "WC 13"}, {"CP-PRIO": "Low"}, {"CP-PR-REF": "r2"}]
)
def test_another_reference_or_other_words_are_another_press(changed: dict[str, str]) -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START", PAGE)
    client.asks("REQ.P-START", PAGE | changed)
    assert len({(r.boot, r.seq) for r in client.alarms}) == 2


def test_a_client_that_uses_one_reference_for_ever_loses_no_press() -> None:
    client = Client.logged_in()
    for _ in range(3):
        client.asks("REQ.P-START", PAGE)
        client.stores()
        client.passes(timedelta(seconds=61))
    assert len({(r.boot, r.seq) for r in client.alarms}) == 3


def test_pages_without_a_reference_are_each_a_press() -> None:
    client = Client.logged_in()
    for _ in range(2):
        client.asks("REQ.P-START", PAGE | {"CP-PR-REF": ""})
    assert len({r.seq for r in client.alarms}) == 2
    assert {r.boot for r in client.alarms} == {None}


def test_a_page_before_the_login_is_believed_and_the_login_asked_for() -> None:
    client = Client(EspaXSession(GUARDED))
    (answer,) = client.asks("REQ.P-START", PAGE)
    assert answer.get("RSP-CODE") == "407"
    assert client.alarms[0].authenticated is False
    client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": "s3cret"})
    client.asks("REQ.P-START", PAGE)
    assert client.stores()[0].get("RSP-CODE") == "200"
    assert client.alarms[1].authenticated is True
    assert client.alarms[0].seq == client.alarms[1].seq


def test_a_wrong_login_is_refused_and_no_password_is_kept() -> None:
    client = Client(EspaXSession(GUARDED))
    (answer,) = client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": "gue55"})
    assert (answer.get("RSP-CODE"), answer.get("RSP-REASON")) == ("401", "Unauthorized")
    client.gets(framed(b"<ESPA-X><REQ.LOGIN><LI-PASSWORD>s3cret"))
    client.gets(b"<LI-PASSWORD>s3cret</LI-PASSWORD>" + b"x" * 60)
    assert client.asks("REQ.HEARTBEAT")[-1].get("RSP-CODE") == "407"
    assert all(b"PASSWORD" not in heard.raw for heard in client.heard)


def test_guessing_a_password_ends_after_a_few_tries() -> None:
    client = Client(EspaXSession(GUARDED))
    for _ in range(5):
        client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": "gue55"})
    (answer,) = client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": "s3cret"})
    assert answer.get("RSP-CODE") == "401"


def test_where_no_login_is_checked_nobody_counts_as_authenticated() -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START", PAGE)
    assert not any(reading.authenticated for reading in client.readings)


def test_a_stop_is_a_restore_that_names_its_page() -> None:
    client = Client.logged_in(EspaXSession(GUARDED), password="s3cret")
    client.asks("REQ.P-START", PAGE)
    tan = client.stores()[0].get("SP-PR-TAN")
    assert client.asks("REQ.P-STOP", {"SP-PR-TAN": tan, "CP-PR-MASK": "All"}) == []
    restore, alarm = client.readings[-1], client.alarms[0]
    assert (restore.type, restore.device) == (SignalType.RESTORE, "1900/W3")
    assert alarm.seq is not None
    assert restore.cancels == MessageRef(alarm.seq, "r1")
    assert restore.authenticated is True
    answer, ended = client.stores()
    assert (answer.name, answer.get("RSP-CODE")) == ("RSP.P-STOP", "200")
    assert (ended.name, ended.get("SP-ENDREASON")) == ("IND.P-ENDED", "Client")


def test_after_a_stop_the_same_reference_is_a_new_press() -> None:
    client = Client.logged_in()
    for _ in range(2):
        client.asks("REQ.P-START", PAGE)
        client.stores()
        client.asks("REQ.P-STOP", {"CP-PR-REF": "r1"})
        client.stores()
    assert len({r.seq for r in client.alarms}) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"CP-PR-REF": "other"},
        {"SP-PR-TAN": "12"},
        {"SP-PR-TAN": "9" * 400},
        {},
        {"CP-PR-REF": "r1", "CP-PR-MASK": "Queued Prepared"},
    ],
)
def test_a_stop_of_nothing_that_runs_is_gone_and_no_restore(fields: dict[str, str]) -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START", PAGE)
    client.stores()
    (answer,) = client.asks("REQ.P-STOP", fields)
    assert (answer.get("RSP-CODE"), answer.get("RSP-REASON")) == ("410", "Gone")
    assert client.readings[-1].type is not SignalType.RESTORE


def test_a_stop_before_the_login_lowers_nothing() -> None:
    server = EspaXServer(GUARDED)
    paging = Client.logged_in(server.open(), password="s3cret")
    paging.asks("REQ.P-START", PAGE)
    paging.stores()
    stranger = Client(server.open())
    assert stranger.asks("REQ.P-STOP", {"CP-PR-REF": "r1"})[0].get("RSP-CODE") == "407"
    assert stranger.readings == []


@pytest.mark.parametrize(
    ("changes", "device", "kind"),
    [
        ({}, "1900/W3", AlarmKind.SOS),
        ({"CP-PRIO": "Standard"}, "1900/W3", AlarmKind.CALL),
        ({"CP-PRIO": "Low", "CP-SIGNAL": "Emergency"}, "1900/W3", AlarmKind.SOS),
        ({"CP-PRIO": "Blue"}, "1900/W3", AlarmKind.UNKNOWN),
        ({"CP-PRIO": ""}, "1900/W3", AlarmKind.CALL),
        ({"CP-BED": "2"}, "1900/W3/2", AlarmKind.SOS),
        ({"CP-CALLINGNO": "", "CP-WARD": ""}, "1002", AlarmKind.SOS),
        ({"CP-CALLINGNO": "", "CP-WARD": "", "CP-GROUPID": ""}, "call", AlarmKind.SOS),
    ],
)
def test_who_calls_and_how_urgently(changes: dict[str, str], device: str, kind: AlarmKind) -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START", PAGE | changes)
    assert (client.alarms[0].device, client.alarms[0].kind) == (device, kind)


def test_an_empty_page_is_a_call_of_its_client() -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START")
    assert client.alarms[0].device == "call"


def test_the_listener_can_stand_before_every_caller() -> None:
    client = Client.logged_in(EspaXSession(EspaXListener(name="north")))
    client.asks("REQ.P-START", PAGE)
    assert client.alarms[0].device == "north/1900/W3"


def test_the_condition_says_whether_we_can_keep_a_page() -> None:
    client = Client.logged_in()
    assert client.asks("REQ.S-CONDITION")[0].get("S-HEALTH") == "OK"
    client.asks("REQ.P-START", PAGE)
    client.stores(kept=False)
    assert client.asks("REQ.S-CONDITION")[0].get("S-HEALTH") == "Problem detected"


def test_the_status_of_a_page_is_told() -> None:
    client = Client.logged_in()
    client.asks("REQ.P-START", PAGE)
    client.stores()
    answer, status = client.asks("REQ.P-GETSTAT", {"CP-PR-REF": "r1"})
    assert (answer.get("RSP-CODE"), status.name) == ("200", "IND.P-STATUS")
    assert (status.get("SP-STATUS"), status.get("SP-GETSTAT")) == ("Active", "true")


def test_an_unknown_request_is_not_implemented_and_a_call_when_it_may_be_one() -> None:
    client = Client.logged_in()
    assert client.asks("REQ.S-PARAMETERS")[0].get("RSP-CODE") == "501"
    assert client.alarms == []
    (answer,) = client.asks("REQ.P-CALL", {"CP-TEXTMSG": "HELP"})
    assert (answer.name, answer.get("RSP-CODE")) == ("RSP.P-CALL", "501")
    assert client.alarms[0].text == "unknown code REQ.P-CALL from call: HELP"


@pytest.mark.parametrize(
    ("xml", "code", "calls"),
    [
        (b"<ESPA-X><REQ.P-START><CP-TEXTMSG>WC", "601", True),
        (b"<ESPA-X><REQ.HEARTBEAT", "601", False),
        (b"<!DOCTYPE a><ESPA-X><REQ.P-START/></ESPA-X>", "602", True),
        (b"<mrq/>", "602", False),
    ],
)
def test_what_cannot_be_read_is_refused_and_a_call_in_doubt_when_it_starts_a_page(
    xml: bytes, code: str, calls: bool
) -> None:
    client = Client.logged_in()
    (answer,) = [*client.gets(framed(xml)), *client.ends()]
    assert (answer.name, answer.get("RSP-CODE")) == ("IND.ERROR", code)
    assert [r.text for r in client.alarms] == ["in doubt a call from call"] * calls
    assert client.heard[-1].error


def test_garbage_gets_an_error_and_the_page_behind_it_is_read() -> None:
    client = Client.logged_in()
    page = encode(Message("REQ.P-START", {"invokeID": "9"}, PAGE))
    (answer,) = client.gets(b"\x02HELLO\x03" + page)
    assert (answer.name, answer.get("RSP-CODE")) == ("IND.ERROR", "600")
    assert len(client.alarms) == 1


def test_what_only_a_server_says_is_not_answered() -> None:
    client = Client.logged_in()
    assert client.asks("IND.P-ENDED") == []
    assert client.heard[-1].error == "no request (IND.P-ENDED)"


def test_a_logout_ends_the_session_not_the_belief() -> None:
    client = Client.logged_in()
    assert client.asks("REQ.LOGOUT", {"LO-REASON": "Normal"})[0].get("RSP-CODE") == "200"
    assert client.asks("REQ.P-START", PAGE)[0].get("RSP-CODE") == "407"
    assert len(client.alarms) == 1


def test_too_many_pages_at_once_are_all_handed_out() -> None:
    client = Client.logged_in()
    answers = [
        answer
        for number in range(100)
        for answer in client.asks("REQ.P-START", PAGE | {"CP-PR-REF": str(number)})
    ]
    assert len(client.alarms) == 100
    assert [answer.get("RSP-CODE") for answer in answers] == ["503"] * 36


def test_a_client_without_a_heartbeat_is_silent_and_said_to_be_back() -> None:
    client = Client.logged_in()
    client.passes(timedelta(seconds=119))
    assert not [r for r in client.readings if r.type is SignalType.TECHNICAL]
    client.passes(timedelta(seconds=600))
    assert client.asks("REQ.HEARTBEAT")[0].get("RSP-CODE") == "200"
    technical = [r for r in client.readings if r.type is SignalType.TECHNICAL]
    assert [(r.code, r.device) for r in technical] == [
        ("line_silent", "call"),
        ("line_back", "call"),
    ]


def test_a_client_whose_connection_is_gone_is_missed_and_its_return_ends_it() -> None:
    server = EspaXServer(EspaXListener())
    first = Client.logged_in(server.open())
    assert first.session.wake_at is None, "the port misses it, whatever becomes of a connection"
    assert server.own.wake_at == NOW + timedelta(seconds=120)
    assert _codes(server.own.wake(NOW + timedelta(seconds=119))) == []
    assert _codes(server.own.wake(NOW + timedelta(seconds=120))) == [("line_silent", "call")]
    assert server.own.wake_at is None
    assert _codes(server.own.wake(NOW + timedelta(seconds=600))) == []
    again = Client.logged_in(server.open())
    assert [(r.code, r.device) for r in again.readings if r.code] == [("line_back", "call")]
    assert server.own.wake_at == NOW + timedelta(seconds=120)


def test_one_connection_of_a_client_is_enough_and_a_client_that_logged_out_is_not_missed() -> None:
    server = EspaXServer(EspaXListener())
    first, second = Client.logged_in(server.open()), Client.logged_in(server.open())
    second.now = NOW + timedelta(seconds=100)
    second.asks("REQ.HEARTBEAT")
    assert _codes(server.own.wake(NOW + timedelta(seconds=130))) == []
    first.asks("REQ.LOGOUT", {"LO-REASON": "Normal"})
    assert server.own.wake_at is None
    assert _codes(server.own.wake(NOW + timedelta(days=1))) == []


def test_a_connection_without_a_login_is_nobody_to_miss() -> None:
    server = EspaXServer(EspaXListener(login=lambda user, password: False))
    client = Client(server.open())
    client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": "wrong"})
    client.asks("REQ.P-START", PAGE)
    assert server.own.wake_at is None


def _codes(heard: Sequence[Heard]) -> list[tuple[str, str]]:
    return [(one.reading.code, one.reading.device) for one in heard if one.reading]


def test_garbage_keeps_no_client_alive() -> None:
    client = Client.logged_in()
    for _ in range(13):
        client.gets(b"x" * 100)
        client.passes(timedelta(seconds=10))
    assert client.readings[-1].code == "line_silent"


JUNK = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=60).map(lambda xml: framed(xml)),
        st.sampled_from(["REQ.LOGIN", "REQ.P-START", "REQ.P-STOP", "REQ.LOGOUT", "X"]).map(
            lambda name: encode(Message(name, {"invokeID": "1"}, PAGE))
        ),
    ),
    max_size=8,
)


@tries(50)
@given(JUNK, st.lists(st.integers(0, 3_000), max_size=6))
def test_any_split_of_the_bytes_is_heard_and_answered_the_same_and_nothing_raises(
    parts: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(parts)
    whole, split = EspaXSession(), EspaXSession()
    heard = list(whole.receive(stream, NOW, NOW))
    again: list[Heard] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        again += split.receive(stream[start:end], NOW, NOW)
    assert again == heard
    for one in heard:
        whole.stored(one.ticket, True, NOW)
        split.stored(one.ticket, True, NOW)
    assert split.to_send() == whole.to_send()


class Client:
    """A call system's end of one connection, with a clock of its own."""

    def __init__(self, session: EspaXSession) -> None:
        self.session = session
        self.now = NOW
        self.heard: list[Heard] = []
        self._framer = Framer()
        self._invoke = 0
        self.gets(b"")

    @classmethod
    def logged_in(cls, session: EspaXSession | None = None, password: str = "secret") -> Client:
        client = cls(session or EspaXSession())
        client.asks("REQ.LOGIN", {"LI-USER": "call", "LI-PASSWORD": password})
        return client

    @property
    def readings(self) -> list[Reading]:
        return [heard.reading for heard in self.heard if heard.reading is not None]

    @property
    def alarms(self) -> list[Reading]:
        return [reading for reading in self.readings if reading.type is SignalType.ALARM]

    def asks(self, name: str, fields: Mapping[str, str] | None = None) -> list[Message]:
        self._invoke += 1
        attributes = {"invokeID": str(self._invoke)}
        return self.gets(encode(Message(name, attributes, fields or {}), self._invoke))

    def gets(self, stream: bytes) -> list[Message]:
        self.heard += self.session.receive(stream, self.now, self.now)
        return self._answers()

    def stores(self, *, kept: bool = True) -> list[Message]:
        self.session.stored(max(heard.ticket for heard in self.heard), kept, self.now)
        return self._answers()

    def ends(self) -> list[Message]:
        self.heard += self.session.ended(self.now)
        return self._answers()

    def passes(self, time: timedelta) -> None:
        end = self.now + time
        while (wake_at := self.session.wake_at) is not None and wake_at <= end:
            self.now = max(self.now, wake_at)
            self.heard += self.session.wake(self.now)
        self.now = end

    def _answers(self) -> list[Message]:
        return [parse(frame.xml) for frame in self._framer.feed(self.session.to_send())]


def framed(xml: bytes) -> bytes:
    return struct.pack(">2sII", b"EX", len(xml) + 10, 0) + xml
