"""The receiver's conversation: what it answers, when, and what it makes of each message."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.callsystems.codes.meaning import alarm
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.answers import UNDER_WAY_MAX
from devices.callsystems.dc09.codec import Frame, Framer, encode, parse, stamp, without_padding
from devices.callsystems.dc09.crypt import decrypted, encrypted
from devices.callsystems.dc09.session import Dc09Session
from devices.callsystems.dc09.settings import Account, Settings, keys_of
from devices.session import Heard
from tests.support.tries import tries

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
WALL = datetime(2026, 11, 21, 19, 0, 30, tzinfo=UTC)
KEY = b"0123456789abcdef"
PANIC = b'\n40660027"ADM-CID"0001L0#1002[#1002|1120 00 001]\r'


@pytest.mark.parametrize(
    ("text", "device", "type_", "kind", "code"),
    [
        (
            'BB86002C"NULL"0001L#7303658550[]_15:39:38,06-07-2019',
            "7303658550",
            "heartbeat",
            None,
            "NULL",
        ),
        (
            '78FC003B"SIA-DCS"0001L#22334455[#22334455|NCQ1]_14:33:53,02-09-2020',
            "22334455",
            "unknown",
            None,
            "CQ",
        ),
        (
            'EAC0003A"SIA-DCS"1663L0#0000[#0000|Nri1/NL501]_12:40:58,12-22-2021',
            "0000",
            "unknown",
            None,
            "NL",
        ),
        (
            'A6CC003B"SIA-DCS"1662L0#0000[#0000|Nri0/RP0000]_12:40:52,12-22-2021',
            "0000",
            "test",
            None,
            "RP",
        ),
        (
            'F92F0043"ADM-CID"0020R7896L7896#3456[#3456|1407 00 001]_17:01:14,07-26-2024',
            "3456",
            "unknown",
            None,
            "407",
        ),
        ('9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]', "1002", "test", None, "602"),
        (
            '8C860043"SIA-DCS"9876R579BDFL789ABC#123456A[#123456A|NFA129][M1234567890AB]',
            "123456A",
            "alarm",
            "fire",
            "FA",
        ),
    ],
)
def test_what_real_panels_send_is_understood(
    text: str, device: str, type_: str, kind: str | None, code: str
) -> None:
    [heard] = Dc09Session().receive(b"\n" + text.encode() + b"\r", NOW, WALL)
    said = heard.reading
    assert said is not None
    assert (said.device, said.type, said.kind, said.code) == (device, type_, kind, code)
    assert not said.authenticated
    assert not said.odd


def test_an_event_is_acknowledged_only_when_it_is_kept() -> None:
    session = Dc09Session()
    [heard] = session.receive(b'\n9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]\r', NOW, WALL)
    assert session.to_send() == b""
    session.stored(heard.ticket, True, NOW)
    assert session.to_send() == b'\n9E580012"ACK"0001L0#1002[]\r'
    assert session.to_send() == b""


def test_what_could_not_be_kept_is_answered_with_silence_and_its_repeat_is_taken() -> None:
    session = Dc09Session()
    first = say(session, "SIA-DCS", "#1234|NPA1]")
    session.stored(first[0].ticket, False, NOW)
    assert session.to_send() == b""
    again = say(session, "SIA-DCS", "#1234|NPA1]")
    session.stored(again[0].ticket, True, NOW)
    assert answered(session).token == "ACK"


def test_several_events_of_one_message_are_acknowledged_when_the_last_is_kept() -> None:
    session = Dc09Session()
    heard = say(session, "SIA-DCS", "#1234|Nri1/PA1^Hall^/TA2|NBR3]")
    kinds = [(said.type, said.code, said.zone) for said in readings(heard)]
    assert kinds == [
        (SignalType.ALARM, "PA", "1234/1"),
        (SignalType.TAMPER, "TA", "1234/2"),
        (SignalType.RESTORE, "BR", "1234/3"),
    ]
    for one in heard[:-1]:
        session.stored(one.ticket, True, NOW)
        assert session.to_send() == b""
    session.stored(heard[-1].ticket, True, NOW)
    assert answered(session).token == "ACK"


def test_one_event_that_is_not_kept_leaves_the_whole_message_unanswered() -> None:
    session = Dc09Session()
    one, other = say(session, "SIA-DCS", "#1234|NPA1/TA2]")
    session.stored(one.ticket, False, NOW)
    session.stored(other.ticket, True, NOW)
    assert session.to_send() == b""


def test_a_link_test_is_acknowledged_at_once() -> None:
    session = Dc09Session()
    [heard] = session.receive(
        b'\nBB86002C"NULL"0001L#7303658550[]_15:39:38,06-07-2019\r', NOW, WALL
    )
    assert heard.ticket == 0
    assert session.to_send() == b'\nC0E40017"ACK"0001L#7303658550[]\r'


def test_a_frame_without_a_line_is_answered_with_line_zero() -> None:
    session = Dc09Session()
    session.receive(encode(Frame("NULL", "0007", None, None, "5678", "]")), NOW, WALL)
    reply = answered(session)
    assert (reply.line, reply.receiver, reply.seq) == ("0", None, "0007")


def test_a_binary_crc_is_answered_by_one() -> None:
    session = Dc09Session()
    session.receive(encode(Frame("NULL", "0007", None, "0", "567", "]", False, True)), NOW, WALL)
    assert answered(session).binary_crc


@pytest.mark.parametrize(
    "junk",
    [
        b'\n9EC50027"ADM-CID"0001L0#1002[#1002|1602 00 001]\r',
        b'\n9EC40026"ADM-CID"0001L0#1002[#1002|1602 00 001]\r',
        b"GET / HTTP/1.0\r\n\r\n\n",
        b"\n\r",
        b'\n4AA70015"ACK"0001L#22334455[]\r',
    ],
)
def test_a_wrong_crc_or_length_and_what_is_no_message_are_answered_with_silence(
    junk: bytes,
) -> None:
    session = Dc09Session()
    heard = session.receive(junk + b"\n", NOW, WALL)
    assert all(one.reading is None and one.error and not one.ticket for one in heard)
    assert session.to_send() == b""


# Encryption


@pytest.mark.parametrize(
    "written",
    [
        "0123456789abcdef",
        "hex:00112233445566778899aabbccddeeff",
        "ascii:00112233445566778899aabbccddeeff",
        "0123456789abcdef01234567",
        "00112233445566778899aabbccddeeff0011223344556677",
        "00112233445566778899aabbccddeeff" * 2,
    ],
)
def test_an_encrypted_message_is_answered_encrypted_with_our_time(written: str) -> None:
    [key] = keys_of(written)
    session = port(Account("1234", (key,)))
    [heard] = say_sealed(session, "SIA-DCS", "|#1234|Nri1/PA501]", key=key)
    assert heard.reading is not None
    assert heard.reading.authenticated
    session.stored(heard.ticket, True, NOW + timedelta(seconds=2))
    reply = answered(session)
    assert reply.encrypted
    plain = decrypted(reply.body, key)
    assert plain is not None
    assert without_padding(plain) == "]_19:00:32,11-21-2026"


def test_of_several_keys_the_one_that_fits_is_used() -> None:
    keys = keys_of("00112233445566778899aabbccddeeff")
    for key in keys:
        [heard] = say_sealed(port(Account("1234", keys)), "ADM-CID", "|#1234|1120 01 007]", key=key)
        assert heard.reading is not None
        assert heard.reading.authenticated


def test_the_vector_of_another_program_is_read() -> None:
    session = port(Account("1111", keys_of("AAAAAAAAAAAAAAAA")))
    frame = (
        b'\n05BB0076"*SIA-DCS"7654L0#1111[C07DA1EB73C617857476EE5D79436CEE5E0084485E79EC56B0D5D1F3F6'
        b"E648B278050BBCCBC8FE5DCA7E3C80DBDD4945\r"
    )
    wall = datetime(2020, 7, 9, 16, 4, 5, tzinfo=UTC)
    [heard] = session.receive(frame, NOW, wall)
    said = heard.reading
    assert said is not None
    assert (said.device, said.code, said.type) == ("1111", "WA", SignalType.TECHNICAL)
    assert said.authenticated


@pytest.mark.parametrize("off_s", [-40, -1, 0, 20])
def test_a_message_inside_the_time_window_is_taken(off_s: int) -> None:
    session = port(Account("1234", (KEY,)))
    [heard] = say_sealed(session, "NULL", "]", sent=WALL + timedelta(seconds=off_s))
    assert heard.reading is not None
    assert answered(session).token == "ACK"


@pytest.mark.parametrize("off_s", [-41, 21, 3_600])
def test_a_message_outside_the_time_window_gets_a_nak_with_our_time(off_s: int) -> None:
    session = port(Account("1234", (KEY,)))
    [heard] = say_sealed(session, "SIA-DCS", "|NPA1]", sent=WALL + timedelta(seconds=off_s))
    assert heard.reading is None
    assert heard.ticket == 0
    assert f"{off_s:+d} s off" in heard.error
    assert session.to_send() == b'\nC37D0025"NAK"0000R0L0A0[]_19:00:30,11-21-2026\r'


def test_a_recording_sent_again_and_again_raises_nothing() -> None:
    session = port(Account("1234", (KEY,)))
    frame = sealed("SIA-DCS", "|NPA1]", sent=WALL - timedelta(hours=1))
    for seconds in range(0, 600, 20):
        later = timedelta(seconds=seconds)
        heard = session.receive(frame, NOW + later, WALL + later)
        assert all(h.reading is None or h.reading.type is not SignalType.ALARM for h in heard)


@pytest.mark.parametrize("stamped", [True, False])
def test_a_panel_that_never_counts_is_heard_again_after_it_has_said_something_else(
    stamped: bool,
) -> None:
    """Seen in the field: every message under 0001. A press after a restore is no repeat."""
    session = Dc09Session()
    said = []
    for second, data in enumerate(("NPA501", "NPA501", "NPR501", "NPA501", "NPA501")):
        later = timedelta(seconds=10 * second)
        when = stamp(WALL + later) if stamped else ""
        said += readings(say(session, "SIA-DCS", f"#1234|{data}]{when}", NOW + later))
    press, repeat, restore, anew, its_repeat = map(_identity, said)
    assert press == repeat
    assert anew == its_repeat
    assert len({press, restore, anew}) == 3


def test_a_recorded_message_is_a_copy_inside_the_window_whatever_came_between() -> None:
    session = port(Account("1234", (KEY,)))
    said = []
    for seconds, data in ((0, "|NPA1]"), (5, "|NPR1]"), (10, "|NPA1]")):
        later = timedelta(seconds=seconds)
        sent = WALL if data == "|NPA1]" else WALL + later
        frame = sealed("SIA-DCS", data, sent=sent)
        said += readings(session.receive(frame, NOW + later, WALL + later))
    press, _, recorded = map(_identity, said)
    assert recorded == press


def _identity(said: Reading) -> tuple[object, ...]:
    return said.type, said.seq, said.boot, said.at


def test_a_panel_whose_wrong_clock_runs_is_refused_and_its_alarm_raised() -> None:
    session = port(Account("1234", (KEY,)))
    raised: list[Reading] = []
    for seconds in (0, 20, 40):
        later = timedelta(seconds=seconds)
        frame = sealed("SIA-DCS", "|NPA1/TA2]", sent=WALL + later - timedelta(hours=1))
        heard = session.receive(frame, NOW + later, WALL + later)
        assert answered(session).token == "NAK"
        assert all(one.ticket == 0 for one in heard)
        raised += readings(heard)
    alarms = [said for said in raised if said.type is SignalType.ALARM]
    assert [said.code for said in alarms] == ["PA", "PA"]
    first, again = (replace(said, raw=b"") for said in alarms)
    assert first == again
    assert not any(said.authenticated for said in alarms)
    [told] = [said for said in raised if said.type is SignalType.TECHNICAL]
    assert told.code == "clock"
    assert "-3600 s off" in told.text
    for codes in (["clock", "PA"], ["PA"]):
        right = say_sealed(session, "SIA-DCS", f"|N{codes[-1]}9]", sent=WALL)
        assert [said.code for said in readings(right)] == codes
        assert readings(right)[0].type is not SignalType.TECHNICAL


def test_without_a_check_of_time_nothing_counts_as_authenticated() -> None:
    session = Dc09Session(Accounts(Settings((Account("1234", (KEY,)),), check_time=False)))
    [heard] = say_sealed(session, "SIA-DCS", "|NPA1]", sent=WALL - timedelta(days=9))
    assert heard.reading is not None
    assert not heard.reading.authenticated


def test_what_cannot_be_decrypted_is_raised_and_answered_with_duh_once_kept() -> None:
    for session in (Dc09Session(), port(Account("1234", (bytes(16),)))):
        [heard] = say_sealed(session, "SIA-DCS", "|#1234|NPA1]")
        said = heard.reading
        assert said is not None
        assert (said.type, said.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
        assert "1234 that cannot be decrypted" in said.text
        assert session.to_send() == b""
        session.stored(heard.ticket, True, NOW)
        reply = answered(session)
        assert (reply.token, reply.encrypted, reply.body) == ("DUH", False, "]")


@pytest.mark.parametrize(
    ("token", "body", "reply"),
    [
        ("SIA-DCS", "#1234|Nri1/ZQ1]", "DUH"),
        ("SIA-DCS", "#1234|Nri1/ZQ1/PA2]", "ACK"),
        ("ADM-CID", "#1234|1777 00 001]", "DUH"),
        ("ADM-CID", "#1234|1699 00 001]", "DUH"),
        ("ADM-CID", "#1234|1120 00 001]", "ACK"),
    ],
)
def test_a_code_nobody_knows_is_answered_with_duh_once_it_is_kept(
    token: str, body: str, reply: str
) -> None:
    session = Dc09Session()
    heard = say(session, token, body)
    assert session.to_send() == b""
    for one in heard:
        session.stored(one.ticket, True, NOW)
    assert answered(session).token == reply


def test_a_code_the_site_has_given_a_meaning_is_acknowledged() -> None:
    own = {"777": alarm(AlarmKind.FALL, "fall", "the site")}
    session = port(Account("1234", own=own))
    [heard] = say(session, "ADM-CID", "#1234|1777 00 001]")
    session.stored(heard.ticket, True, NOW)
    assert answered(session).token == "ACK"


def test_a_link_test_that_cannot_be_decrypted_is_technical() -> None:
    [heard] = say_sealed(Dc09Session(), "NULL", "]")
    assert heard.reading is not None
    assert heard.reading.type is SignalType.TECHNICAL


def test_a_message_in_the_clear_of_a_panel_with_a_key_is_taken_and_not_believed() -> None:
    [heard] = say(port(Account("1234", (KEY,))), "SIA-DCS", "#1234|NPA1]")
    assert heard.reading is not None
    assert heard.reading.type is SignalType.ALARM
    assert not heard.reading.authenticated
    assert heard.reading.odd == ("message: not encrypted, though a key is agreed",)


# What is not to be read


@pytest.mark.parametrize(
    ("token", "body"),
    [("SIA-DCS", "]"), ("ADM-CID", "#1234|nonsense]"), ("ADM-HS", "#1234|1555]"), ("X-Y", "]")],
)
def test_what_no_one_here_can_read_is_raised_and_answered_with_duh(token: str, body: str) -> None:
    session = Dc09Session()
    [heard] = say(session, token, body)
    assert heard.reading is not None
    assert (heard.reading.type, heard.reading.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
    assert "1234" in heard.reading.text
    session.stored(heard.ticket, True, NOW)
    assert answered(session).token == "DUH"


def test_what_cannot_be_read_nor_kept_is_answered_with_silence() -> None:
    session = Dc09Session()
    [heard] = say(session, "ADM-HS", "#1234|1555]")
    session.stored(heard.ticket, False, NOW)
    assert session.to_send() == b""


def test_an_unlisted_account_is_raised_and_gets_duh_where_only_listed_ones_are_served() -> None:
    listed = Settings((Account("5678"),), only_listed=True)
    session = Dc09Session(Accounts(listed))
    [heard] = say(session, "SIA-DCS", "#1234|NPA1]")
    assert heard.reading is not None
    assert heard.reading.kind is AlarmKind.ATTACK
    assert session.to_send() == b""
    session.stored(heard.ticket, True, NOW)
    assert answered(session).token == "DUH"
    say(session, "NULL", "]")
    assert answered(session).token == "DUH"


def test_a_site_gives_a_panels_own_code_its_meaning() -> None:
    own = {"ZQ": alarm(AlarmKind.MAN_DOWN, "man-down", "the panel's manual")}
    [heard] = say(port(Account("1234", own=own)), "SIA-DCS", "#1234|NZQ4]")
    assert heard.reading is not None
    assert heard.reading.kind is AlarmKind.MAN_DOWN


def test_a_concentrator_speaks_for_the_panel_named_in_its_data() -> None:
    session = Dc09Session()
    [heard] = say(session, "SIA-DCS", "#ABCD|NPA1]")
    assert heard.reading is not None
    assert heard.reading.device == "ABCD"
    session.stored(heard.ticket, True, NOW)
    assert answered(session).account == "1234"


def test_place_and_text_come_from_the_extended_data() -> None:
    [heard] = say(
        Dc09Session(),
        "ADM-CID",
        "#1234|1101 01 007][IPendant 7][LEast wing][X010E12.6][Y56N9.3][H18:00:00,11-21-2026]",
    )
    said = heard.reading
    assert said is not None
    assert said.text == "Pendant 7, East wing, personal emergency (pendant), area 1, point 7"
    assert said.position is not None
    assert (said.position.lat, said.position.lon) == pytest.approx((56.155, 10.21))
    assert said.position.source == "dc09"
    assert said.at == datetime(2026, 11, 21, 18, tzinfo=UTC)
    assert said.zone == "1234/7"


@pytest.mark.parametrize("extras", ["[X0][Y0]", "[X10.2]", "[X10.2][Y91]", "[X10.2][Yx]", "[X][Y]"])
def test_a_position_without_a_fix_is_no_position(extras: str) -> None:
    [heard] = say(Dc09Session(), "SIA-DCS", f"#1234|NPA1]{extras}")
    assert heard.reading is not None
    assert heard.reading.position is None


# Repeats


def test_a_repeat_keeps_the_time_of_its_first_copy_so_that_it_is_one_press() -> None:
    accounts = Accounts()
    first = Dc09Session(accounts, supervises=False)
    other = Dc09Session(accounts, supervises=False)
    later = WALL + timedelta(seconds=20)
    [one] = say(first, "SIA-DCS", "#1234|NPA1]" + stamp(WALL))
    [two] = say(other, "SIA-DCS", "#1234|NPA1]" + stamp(later), NOW + timedelta(seconds=20))
    assert one.reading is not None
    assert two.reading is not None
    assert one.reading.at == two.reading.at == WALL
    assert one.reading.seq == two.reading.seq == 1


def test_the_same_number_after_the_repeats_are_over_is_a_new_press() -> None:
    session = Dc09Session()
    later = timedelta(minutes=6)
    say(session, "SIA-DCS", "#1234|NPA1]" + stamp(WALL))
    [two] = say(session, "SIA-DCS", "#1234|NPA1]" + stamp(WALL + later), NOW + later)
    assert two.reading is not None
    assert two.reading.at == WALL + later


def test_a_number_in_hexadecimal_digits_is_read_and_given_back() -> None:
    session = Dc09Session()
    [heard] = say(session, "SIA-DCS", "#1234|NPA1]", seq="001A")
    assert heard.reading is not None
    assert heard.reading.seq == 26
    session.stored(heard.ticket, True, NOW)
    assert answered(session).seq == "001A"


# Supervision


def test_a_missed_interval_is_one_technical_reading_for_each_silent_panel() -> None:
    session = port(
        Account("1234", silent_after=timedelta(seconds=90)),
        Account("5678", silent_after=timedelta(seconds=90)),
        Account("9ABC"),
    )
    assert session.wake_at is None
    session.wake(NOW)
    assert session.wake_at == NOW + timedelta(seconds=90)
    say(session, "NULL", "]", NOW + timedelta(seconds=60))
    [told] = readings(session.wake(NOW + timedelta(seconds=90)))
    assert (told.device, told.type, told.code) == ("5678", SignalType.TECHNICAL, "supervision")
    assert told.text == "5678 has said nothing for 90 s"
    assert session.wake_at == NOW + timedelta(seconds=150)
    [told] = readings(session.wake(NOW + timedelta(seconds=150)))
    assert told.device == "1234"
    assert session.wake_at is None


def test_a_panel_heard_again_ends_its_silence_and_is_watched_anew() -> None:
    session = port(Account("1234", silent_after=timedelta(seconds=90)))
    session.wake(NOW)
    session.wake(NOW + timedelta(seconds=90))
    back, beat = readings(say(session, "NULL", "]", NOW + timedelta(seconds=100)))
    assert (back.type, back.kind) == (SignalType.RESTORE, AlarmKind.TECHNICAL)
    assert beat.type is SignalType.HEARTBEAT
    assert session.wake_at == NOW + timedelta(seconds=190)


def test_a_panel_with_a_key_is_not_kept_alive_by_messages_in_the_clear() -> None:
    session = port(Account("1234", (KEY,), timedelta(seconds=90)))
    session.wake(NOW)
    say(session, "NULL", "]", NOW + timedelta(seconds=60))
    assert readings(session.wake(NOW + timedelta(seconds=90)))


def test_only_the_session_that_supervises_tells_who_is_silent() -> None:
    accounts = Accounts(Settings((Account("1234", silent_after=timedelta(seconds=90)),)), NOW)
    line, connection = Dc09Session(accounts), Dc09Session(accounts, supervises=False)
    assert connection.wake_at is None
    assert connection.wake(NOW + timedelta(seconds=90)) == []
    assert len(line.wake(NOW + timedelta(seconds=90))) == 1


# Any bytes


@given(st.data())
@tries(50)
def test_any_split_of_the_bytes_gives_the_same_readings(data: st.DataObject) -> None:
    stream = PANIC + b"junk\n" + sealed("SIA-DCS", "|NHA3]") + PANIC[:20] + PANIC
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    session, whole = port(Account("1234", (KEY,))), port(Account("1234", (KEY,)))
    heard = [
        one
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for one in session.receive(stream[start:end], NOW, WALL)
    ]
    assert heard == whole.receive(stream, NOW, WALL)
    assert session.to_send() == whole.to_send()


bodies = st.one_of(
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=80),
    st.lists(
        st.sampled_from(
            ["#1234|", "N", "PA", "1", "/", "ri", "id", "^", "*'", "'NM", "]", "[X", "|"]
        ),
        max_size=20,
    ).map("".join),
)


@given(st.sampled_from(["SIA-DCS", "ADM-CID", "NULL", "XNM", "ADM-HS"]), bodies, st.booleans())
@tries(50)
def test_nothing_a_peer_sends_raises_and_every_readable_event_is_handed_out(
    token: str, body: str, star: bool
) -> None:
    session = port(Account("1234", (KEY,)))
    heard = session.receive(encode(Frame(token, "0001", None, "0", "1234", body, star)), NOW, WALL)
    assert heard
    for one in heard:
        if one.ticket:
            session.stored(one.ticket, True, NOW)
    assert session.to_send()


def test_messages_beyond_the_limit_are_handed_out_without_an_answer() -> None:
    session = Dc09Session()
    heard = session.receive(PANIC * (UNDER_WAY_MAX + 5), NOW, WALL)
    assert len(readings(heard)) == UNDER_WAY_MAX + 5
    assert sum(one.ticket == 0 for one in heard) == 5


def test_a_settled_message_cannot_be_settled_again() -> None:
    session = Dc09Session()
    [heard] = session.receive(PANIC, NOW, WALL)
    session.stored(heard.ticket, True, NOW)
    with pytest.raises(AssertionError):
        session.stored(heard.ticket, True, NOW)


@pytest.mark.long
def test_a_long_message_takes_linear_time() -> None:
    began = time.process_time()
    for unit in ("PA1/", "ri1/", "^", "*'", "|", "N|", "A", "["):
        body = "#1234|N" + unit * (4_000 // len(unit)) + "]"
        say(Dc09Session(), "SIA-DCS", body)
    assert time.process_time() - began < 2


def port(*accounts: Account) -> Dc09Session:
    return Dc09Session(Accounts(Settings(accounts)))


def say(
    session: Dc09Session, token: str, body: str, now: datetime = NOW, seq: str = "0001"
) -> list[Heard]:
    frame = encode(Frame(token, seq, None, "0", "1234", body))
    return list(session.receive(frame, now, now + (WALL - NOW)))


def say_sealed(
    session: Dc09Session, token: str, body: str, *, key: bytes = KEY, sent: datetime = WALL
) -> list[Heard]:
    return list(session.receive(sealed(token, body, key=key, sent=sent), NOW, WALL))


def sealed(token: str, body: str, *, key: bytes = KEY, sent: datetime = WALL) -> bytes:
    text = encrypted(body + stamp(sent), key)
    return encode(Frame(token, "0001", None, "0", "1234", text, True))


def readings(heard: object) -> list[Reading]:
    assert isinstance(heard, list)
    return [one.reading for one in heard if one.reading is not None]


def answered(session: Dc09Session) -> Frame:
    [piece] = Framer().feed(session.to_send())
    return parse(piece)
