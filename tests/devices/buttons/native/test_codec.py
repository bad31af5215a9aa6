"""One odd message, one line. What a device sent → what we read; `odd` names the wrong field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import PeerError
from core.signals import (
    UNKNOWN_WORD,
    AlarmKind,
    AnswerKind,
    Level,
    MessageRef,
    Position,
    Reading,
    SignalType,
)
from devices.buttons.native.codec import RAW_BYTES_MAX, Leaf, read
from devices.buttons.native.objects import PAYLOAD_BYTES_MAX

WALL = datetime(2026, 11, 21, 19, 0, 5, tzinfo=UTC)


def test_the_contracts_own_example_is_read_whole() -> None:
    payload = (
        b'{"seq":412,"boot":7,"type":"alarm","kind":"attack","level":"red",'
        b'"at":"2026-11-21T19:00:00Z","age_ms":0,"battery":0.87,"zone":"beacon-17",'
        b'"position":{"lat":56.15,"lon":10.2,"accuracy_m":8,"at":"2026-11-21T18:59:58Z"}}'
    )
    assert up(payload) == Reading(
        "native",
        "badge-anna",
        SignalType.ALARM,
        AlarmKind.ATTACK,
        Level.RED,
        at=datetime(2026, 11, 21, 19, tzinfo=UTC),
        age=timedelta(0),
        seq=412,
        boot="7",
        battery=0.87,
        zone="beacon-17",
        position=Position(
            56.15, 10.2, 8.0, datetime(2026, 11, 21, 18, 59, 58, tzinfo=UTC), "device"
        ),
        authenticated=True,
        raw=payload,
    )


def test_a_cancel_names_what_it_cancels() -> None:
    reading = up(b'{"type":"cancel","cancels":{"boot":7,"seq":412}}')
    assert reading.type is SignalType.CANCEL
    assert reading.cancels == MessageRef(412, "7")
    assert reading.odd == ()


@pytest.mark.parametrize("word", ["more help", "MORE-HELP", "hjælp", "SOS", "help_me"])
def test_an_answer_in_other_words_that_asks_for_help_is_more_help(word: str) -> None:
    reading = up(json.dumps({"type": "answer", "answer": word}).encode())
    assert reading.answer is AnswerKind.MORE_HELP
    assert reading.odd


@pytest.mark.parametrize("word", ["accepted", "yes", "on my way", "", 1, None, ["accept"]])
def test_an_answer_in_other_words_is_never_read_as_coming(word: object) -> None:
    assert up(json.dumps({"type": "answer", "answer": word}).encode()).answer is None


def test_an_answer_names_its_notice() -> None:
    reading = up(b'{"type":"answer","notice":"n_1","answer":"accept"}')
    assert (reading.notice, reading.answer) == ("n_1", AnswerKind.ACCEPT)


def test_only_the_type_is_required_and_unknown_fields_are_not_odd() -> None:
    assert up(b'{"type":"alarm"}').odd == ()
    assert up(b'{"type":"alarm","firmware":{"x":[1]}}').odd == ()


@pytest.mark.parametrize("type_", list(SignalType))
def test_every_type_of_the_list_is_read(type_: SignalType) -> None:
    assert up(json.dumps({"type": type_}).encode()).type is type_


# Fields: wrong ones are named and left out, the press stands.


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ("0.87", 0.87),
        ('"0.87"', 0.87),
        ('"87%"', 0.87),
        ('"0,87"', 0.87),
        ("87", 0.87),
        ("true", None),
        ("-1", None),
        ("101", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999", None),
        ('"full"', None),
        ("[1]", None),
        ("9" * 5_000, None),
    ],
)
def test_a_battery_in_another_writing_is_read_and_a_wrong_one_left_out(
    said: str, read_as: float | None
) -> None:
    reading = alarm_with("battery", said)
    assert reading.battery == read_as
    assert named_odd(reading) == ([] if said == "0.87" else ["battery"])


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ("412", 412),
        ('"412"', 412),
        ("412.0", 412),
        ("0", 0),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("9" * 5_000, None),
        ("-1", None),
        ("1.5", None),
        ("true", None),
        ('"four"', None),
        ("{}", None),
        ("NaN", None),
    ],
)
def test_a_seq_is_a_counter_or_left_out(said: str, read_as: int | None) -> None:
    reading = alarm_with("seq", said)
    assert reading.seq == read_as
    assert named_odd(reading) == ([] if said in ("412", "0", str(2**63 - 1)) else ["seq"])


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ("7", "7"),
        ("7.0", "7"),
        ('"a3f"', "a3f"),
        ('"7"', '"7"'),
        ("true", None),
        ("[7]", None),
        ('""', ""),
        ('"a\\u0000b"', None),
        (f'"{"x" * 65}"', None),
        (f'"{"x" * 64}"', "x" * 64),
    ],
)
def test_a_boot_is_a_number_or_a_short_text(said: str, read_as: str | None) -> None:
    assert alarm_with("boot", said).boot == read_as


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ('"2026-11-21T19:00:00Z"', "2026-11-21T19:00:00+00:00"),
        ('"2026-11-21T20:00:00+01:00"', "2026-11-21T19:00:00+00:00"),
        ('"2026-11-21T19:00:00"', "2026-11-21T19:00:00+00:00"),
        ("1795287600", "2026-11-21T19:00:00+00:00"),
        ("1795287600000", "2026-11-21T19:00:00+00:00"),
        ('"2026-11-21T20:00:00Z"', "2026-11-21T20:00:00+00:00"),
        ('"2020-01-01T00:00:00Z"', "2020-01-01T00:00:00+00:00"),
        ('"0001-01-01T00:00:00+23:59"', None),
        ('"9999-12-31T23:59:59-23:59"', None),
        ('"yesterday"', None),
        ("1e999", None),
        ("true", None),
        ("{}", None),
        ('""', None),
    ],
)
def test_an_at_is_kept_as_it_was_said_and_odd_when_it_cannot_be_true(
    said: str, read_as: str | None
) -> None:
    reading = alarm_with("at", said)
    assert (reading.at and reading.at.isoformat()) == read_as
    plain = said in ('"2026-11-21T19:00:00Z"', '"2026-11-21T20:00:00+01:00"')
    assert named_odd(reading)[:1] == ([] if plain else ["at"])


@pytest.mark.parametrize("said", ["-1", '"soon"', "true", "NaN", str(10**13)])
def test_an_age_that_cannot_be_is_left_out(said: str) -> None:
    reading = alarm_with("age_ms", said)
    assert reading.age is None
    assert "age_ms" in named_odd(reading)


@pytest.mark.parametrize(
    "said",
    [
        '{"lat":91,"lon":10}',
        '{"lat":56,"lon":-181}',
        '{"lat":56}',
        '{"lon":10}',
        '{"lat":null,"lon":null}',
        '{"lat":0,"lon":0}',
        '{"lat":NaN,"lon":10}',
        '{"lat":"north","lon":10}',
        '{"lat":true,"lon":true}',
        '{"lat":[56],"lon":10}',
        "[56.15,10.2]",
        '"56.15,10.2"',
        "{}",
    ],
)
def test_a_position_without_a_place_on_the_globe_is_not_a_position(said: str) -> None:
    reading = alarm_with("position", said)
    assert reading.position is None
    assert "position" in named_odd(reading)


def test_a_position_as_text_is_read_and_a_wrong_accuracy_left_out() -> None:
    reading = alarm_with("position", '{"lat":"56.15","lon":"10,2","accuracy_m":-8}')
    assert reading.position == Position(56.15, 10.2, None, None, "device")


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ('"red"', Level.RED),
        ('"RED"', Level.RED),
        ('"purple"', None),
        ("4", None),
        ("[]", None),
    ],
)
def test_a_level_we_do_not_know_is_left_to_the_default(said: str, read_as: Level | None) -> None:
    reading = alarm_with("level", said)
    assert reading.level is read_as
    assert named_odd(reading) == ([] if said == '"red"' else ["level"])


def test_a_kind_we_do_not_know_is_unknown_and_what_was_sent_is_kept() -> None:
    reading = alarm_with("kind", '"dragon"')
    assert reading.kind is AlarmKind.UNKNOWN
    assert reading.odd == ('kind: not a word we know ("dragon")',)


def test_texts_are_cut_and_cleaned_for_every_store_and_screen() -> None:
    reading = alarm_with("text", json.dumps("a\0b\ud800" + "x" * 5_000))
    assert reading.text.startswith("a b x")
    assert len(reading.text) == 200
    reading.text.encode()


@pytest.mark.parametrize("said", ['{"boot":7}', "412", '{"seq":"x"}', "null", "[]"])
def test_a_cancel_that_names_no_seq_names_nothing(said: str) -> None:
    assert up(f'{{"type":"cancel","cancels":{said}}}'.encode()).cancels is None


def test_the_oddities_of_one_message_are_named_within_a_limit() -> None:
    fields = "seq boot at age_ms battery zone kind level text code answer notice cancels position"
    wrong = ",".join(f'"{field}":[]' for field in fields.split())
    reading = up(f'{{"type":"alarm",{wrong}}}'.encode())
    assert reading.type is SignalType.ALARM
    assert len(reading.odd) == 12


# The type: in doubt it is a call for help.


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ('"ALARM"', None),
        ('" alarm "', None),
        ('"sos"', AlarmKind.SOS),
        ('"fall"', AlarmKind.FALL),
        ('"attack"', AlarmKind.ATTACK),
        ('"hjælp"', None),
        ('"overfald"', AlarmKind.ATTACK),
        ('"panic_button"', None),
        ('["alarm"]', None),
        ('{"name":"alarm"}', None),
    ],
)
def test_a_type_that_means_an_alarm_is_one(type_: str, kind: AlarmKind | None) -> None:
    reading = up(f'{{"type":{type_}}}'.encode(), presses=False)
    assert (reading.type, reading.kind) == (SignalType.ALARM, kind)
    assert named_odd(reading) == ["type"]


def test_tamper_and_technical_are_types_and_not_alarms_of_that_kind() -> None:
    assert up(b'{"type":"tamper"}').type is SignalType.TAMPER
    assert up(b'{"type":"technical"}').type is SignalType.TECHNICAL


@pytest.mark.parametrize(
    "type_",
    [
        *("firmware_update", "heartbeat2", "Battery-Status", "beacon"),
        *("telemetry", "page", "nobody_yet", "log", "sys", "attach", "gps_fix", "hello"),
    ],
)
def test_a_harmless_type_is_kept_as_unknown(type_: str) -> None:
    for leaf in Leaf:
        reading = on(leaf, f'{{"type":"{type_}","battery":0.5,"alarm":false}}'.encode())
        assert reading.type is SignalType.UNKNOWN
        assert named_odd(reading) == ["type"]


@pytest.mark.parametrize("type_", ["wibble", "zone_change", "cancle", "xyzzy"])
def test_a_type_nobody_knows_is_a_matter_for_a_person(type_: str) -> None:
    """It may mean need, or nothing: somebody asks whoever carries the device."""
    for leaf in Leaf:
        reading = on(leaf, f'{{"type":"{type_}","code":"E7"}}'.encode())
        assert (reading.type, reading.code) == (SignalType.TECHNICAL, UNKNOWN_WORD)
        assert named_odd(reading) == ["type"]


@pytest.mark.parametrize(
    "type_",
    [
        *("alrm", "alram", "almar", "alarn", "larm", "ALARRM", "al\x81rm", "panick", "pres"),
        *("sso", "emergancy", "hepl", "buton", "atack", "panic_alrm", "button2", "überfall"),
    ],
)
def test_a_type_that_is_nearly_an_alarm_is_one_on_every_topic(type_: str) -> None:
    for leaf in ("up", "beat", "status", ""):
        assert on(leaf, f'{{"type":"{type_}"}}'.encode(), presses=False).type is SignalType.ALARM


@pytest.mark.parametrize("type_", ["17", "true", "[]", '""', '"  "', "{}", '"?!"'])
def test_a_type_that_is_no_word_is_missing(type_: str) -> None:
    said = f'{{"type":{type_}}}'.encode()
    assert up(said).type is SignalType.ALARM
    assert on("beat", said).type is SignalType.HEARTBEAT
    assert up(said, presses=False).type is SignalType.UNKNOWN


def test_an_unknown_type_beside_a_level_or_a_kind_of_ours_is_an_alarm() -> None:
    for more in ('"level":"red"', '"kind":"attack"', '"level":"RED"'):
        assert up(f'{{"type":"xyzzy",{more}}}'.encode()).type is SignalType.ALARM
    assert up(b'{"type":"xyzzy","level":87}').type is SignalType.TECHNICAL
    assert up(b'{"type":"heartbeat2","level":"red"}').type is SignalType.UNKNOWN


@pytest.mark.parametrize(
    "payload",
    [b'{"type":"al', b'{"type":"alrm","se', b"alrm", b"{'type':'emergancy'", b'{"type":"SO'],
)
def test_a_broken_message_that_nearly_calls_does_so_on_every_topic(payload: bytes) -> None:
    for leaf in ("up", "beat", "status", "elsewhere"):
        assert on(leaf, payload, presses=False).type is SignalType.ALARM


@pytest.mark.parametrize("word", [b"online", b"Offline", b"ping", b'"charging"', b"ok"])
def test_a_lone_harmless_word_is_a_sign_of_life_wherever_it_comes(word: bytes) -> None:
    for leaf in ("up", "", "LWT"):
        assert on(leaf, word).type is SignalType.PRESENCE


def test_a_word_close_to_more_help_is_that_answer() -> None:
    assert up(b'{"type":"answer","answer":"more_hlp"}').answer is AnswerKind.MORE_HELP
    assert up(b'{"type":"answer","answer":"acept"}').answer is None


def test_what_is_wrong_with_a_topic_is_named_and_a_press_stands() -> None:
    reading = read(
        "up",
        b'{"type":"alarm"}',
        "badge-anna",
        wall=WALL,
        presses_in_doubt=True,
        topic_fault="a slash before it",
    )
    assert (reading.type, reading.odd) == (SignalType.ALARM, ("topic: a slash before it",))


def test_a_type_that_stands_twice_is_an_alarm_if_either_is() -> None:
    assert up(b'{"type":"alarm","type":"heartbeat"}').type is SignalType.ALARM
    assert up(b'{"type":"heartbeat","type":"alarm"}').type is SignalType.ALARM
    assert up(b'{"type":"SOS","type":"cancel"}').type is SignalType.ALARM
    assert up(b'{"type":"heartbeat","type":"test"}').type is SignalType.TEST
    assert up(b'{"type":"alarm","seq":1,"seq":2}').seq == 2
    assert named_odd(up(b'{"type":"alarm","seq":1,"seq":2}')) == ["message"]


@pytest.mark.parametrize(
    ("payload", "leaf", "type_"),
    [
        (b'{"kind":"attack"}', Leaf.UP, SignalType.ALARM),
        (b'{"level":"red"}', Leaf.BEAT, SignalType.ALARM),
        (b'{"alarm":true}', Leaf.BEAT, SignalType.ALARM),
        (b'{"seq":3}', Leaf.UP, SignalType.ALARM),
        (b"{}", Leaf.UP, SignalType.ALARM),
        (b'{"type":null}', Leaf.UP, SignalType.ALARM),
        (b'{"battery":0.5}', Leaf.BEAT, SignalType.HEARTBEAT),
        (b"{}", Leaf.BEAT, SignalType.HEARTBEAT),
        (b"{}", Leaf.STATUS, SignalType.PRESENCE),
    ],
)
def test_an_object_without_a_type_is_read_by_what_it_names_and_where_it_came(
    payload: bytes, leaf: Leaf, type_: SignalType
) -> None:
    assert on(leaf, payload).type is type_


def test_an_object_without_a_type_from_an_app_is_unknown_and_no_press() -> None:
    assert up(b'{"seq":3}', presses=False).type is SignalType.UNKNOWN


@pytest.mark.parametrize("leaf", ["beat", "status", "", "alarms", "up/extra"])
def test_an_alarm_on_another_topic_is_an_alarm_all_the_same(leaf: str) -> None:
    reading = on(leaf, b'{"type":"alarm","seq":4}')
    assert (reading.type, reading.seq) == (SignalType.ALARM, 4)
    assert named_odd(reading) == ["topic"]


def test_a_heartbeat_from_a_charger_says_so() -> None:
    assert on("beat", b'{"type":"heartbeat","charging":true}').code == "charging"
    assert on("beat", b'{"type":"heartbeat","charging":false}').code == ""
    wrong = on("beat", b'{"type":"heartbeat","charging":"yes"}')
    assert (wrong.code, named_odd(wrong)) == ("", ["charging"])


# Bytes: what cannot be read and could be a call for help is one.


@pytest.mark.parametrize(
    "payload",
    [
        b'{"type":"alarm","kind":"att',
        b'{"seq":412,"type":"alarm"',
        b"{'type':'alarm'}",
        b'"type":"alarm"}',
        b'[{"type":"alarm"}]',
        b'{"x":{"type":"heartbeat"},"type":"alarm","y":',
        b"SOS!",
        b"help me",
        b"Hj\xc3\xa6lp",
        b"HJ\xe6LP",
        b"no alarm",
        b'{"type":"alarm","x":' + b"[" * 20_000,
        b'{"type":"alarm","x":"' + b"x" * PAYLOAD_BYTES_MAX + b'"}',
        b'{"x":"' + b"x" * PAYLOAD_BYTES_MAX + b'","type":"alarm"}',
    ],
)
def test_unreadable_bytes_that_call_for_help_are_an_alarm_from_any_device(payload: bytes) -> None:
    for leaf in ("up", "beat", "status", "elsewhere"):
        reading = on(leaf, payload, presses=False)
        assert (reading.type, reading.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
        assert "message" in named_odd(reading)
        assert len(reading.raw) <= RAW_BYTES_MAX


@pytest.mark.parametrize("word", [b"alarm", b'"alarm"', b"ALARM\r\n", b"alarm\0\0", b"sos"])
def test_one_word_is_enough_to_call_for_help(word: bytes) -> None:
    assert up(word, presses=False).type is SignalType.ALARM


def test_another_single_word_of_the_list_is_read_too() -> None:
    assert up(b"test").type is SignalType.TEST
    assert on("beat", b"heartbeat").type is SignalType.HEARTBEAT


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"1", b"true", b"null", b"[]", b"\xff\xfe\x00", b"\x80\x81\x82", b"{broken"],
)
def test_what_a_button_sends_on_up_and_nobody_can_read_is_a_press(payload: bytes) -> None:
    reading = up(payload)
    assert (reading.type, reading.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
    with pytest.raises(PeerError):
        up(payload, presses=False)


def test_an_empty_retained_message_clears_a_topic_and_is_no_press() -> None:
    with pytest.raises(PeerError, match="empty"):
        up(b"", retain=True)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"type":"heartbeat","battery":0.',
        b'{"seq":4,"type":"low_battery","text":"alarm',
        b'{"type":"cancel","cancels":{"boot"',
        b'{"type":"test","x":"' + b"x" * PAYLOAD_BYTES_MAX + b'"}',
    ],
)
def test_a_broken_message_of_another_type_is_certainly_no_call_for_help(payload: bytes) -> None:
    with pytest.raises(PeerError, match="it begins as"):
        up(payload)


def test_what_cannot_be_read_on_beat_is_kept_as_bytes_and_an_empty_one_is_a_heartbeat() -> None:
    with pytest.raises(PeerError):
        on("beat", b"\x80\x81")
    assert on("beat", b"").type is SignalType.HEARTBEAT


@pytest.mark.parametrize(
    "payload",
    [
        b'\xef\xbb\xbf{"type":"alarm","seq":4}',
        '\ufeff{"type":"alarm","seq":4}'.encode("utf-16-le"),
        '\ufeff{"type":"alarm","seq":4}'.encode("utf-16-be"),
        b'{"type":"alarm","seq":4,"text":"hj\xe6lp"}',
        b'{"type":"alarm","seq":4}{"type":"heartbeat"}',
        b'{"type":"alarm","seq":4} garbage',
    ],
)
def test_what_stands_around_an_object_is_named_and_read_past(payload: bytes) -> None:
    reading = up(payload)
    assert (reading.type, reading.seq) == (SignalType.ALARM, 4)
    assert named_odd(reading) == ["message"]


@pytest.mark.parametrize(
    "behind",
    [
        b'\n{"type":"alarm","kind":"fall"}',
        b',{"type":"position"},{"type":"alarm","kind":"fall"}',
        b'{"type":"alarm"',
        b'{"type":"alrm"}',
        b'{"type":"al',
        b'{"type":"test"}' * 100 + b'{"type":"alarm"}',
    ],
)
@pytest.mark.parametrize("first", [b'{"type":"heartbeat"}', b'{"type":"cancel"}'])
def test_a_press_behind_another_message_in_one_is_a_press(first: bytes, behind: bytes) -> None:
    """What a device kept while it was away may come as one; a press never waits for its order."""
    reading = up(first + behind)
    assert reading.type is SignalType.ALARM
    assert reading.kind is (AlarmKind.FALL if b"fall" in behind else reading.kind)


def test_more_help_behind_another_message_is_more_help() -> None:
    reading = up(b'{"type":"heartbeat"} {"type":"answer","notice":"n","answer":"more_help"}')
    assert (reading.answer, reading.notice) == (AnswerKind.MORE_HELP, "n")


@pytest.mark.parametrize(
    "behind", [b'{"type":"test"}', b"}", b'{"type":"cancel","text":"no help"}']
)
def test_what_calls_nobody_behind_a_message_changes_nothing(behind: bytes) -> None:
    reading = up(b'{"type":"heartbeat","seq":7}' + behind)
    assert (reading.type, reading.seq) == (SignalType.HEARTBEAT, 7)


def test_zeros_a_c_program_sends_along_are_not_even_odd() -> None:
    assert up(b'{"type":"alarm"}\0').odd == ()


@pytest.mark.parametrize("word", [b"online", b"offline", b'"offline"', b"Online\n", b"", b"away"])
def test_the_status_topic_is_a_presence_and_a_hint(word: bytes) -> None:
    reading = on("status", word)
    assert reading.type is SignalType.PRESENCE
    assert reading.code == word.decode().strip('"\n').casefold()


# Anything at all.

leaves = st.sampled_from(["up", "beat", "status", "", "x/y"])
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=30),
        st.sampled_from(["alarm", "heartbeat", "red", "2026-11-21T19:00:00Z", "87%"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    "type kind level seq boot at age_ms battery charging zone position text code cancels "
    "notice answer other".split()
)
objects = st.dictionaries(names, values, max_size=17)


@given(payload=st.binary(max_size=200), leaf=leaves, presses=st.booleans(), retain=st.booleans())
def test_any_bytes_are_a_reading_or_a_peer_error_and_never_else(
    payload: bytes, leaf: str, presses: bool, retain: bool
) -> None:
    try:
        reading = on(leaf, payload, presses=presses, retain=retain)
    except PeerError:
        return
    assert_sane(reading)


@given(said=objects, leaf=leaves)
def test_any_object_is_a_reading(said: dict[str, object], leaf: str) -> None:
    assert_sane(on(leaf, json.dumps(said).encode(), presses=False))


@given(said=objects, leaf=leaves, presses=st.booleans(), before=st.booleans())
def test_an_object_with_type_alarm_is_always_an_alarm(
    said: dict[str, object], leaf: str, presses: bool, before: bool
) -> None:
    said.pop("type", None)
    whole = {"type": "alarm", **said} if before else {**said, "type": "alarm"}
    reading = on(leaf, json.dumps(whole).encode(), presses=presses)
    assert reading.type is SignalType.ALARM
    assert_sane(reading)


@given(said=objects, cut=st.integers(0, 400))
def test_an_alarm_cut_off_anywhere_after_its_type_is_still_an_alarm(
    said: dict[str, object], cut: int
) -> None:
    said.pop("type", None)
    head = b'{"type":"alarm"'
    whole = json.dumps({"type": "alarm", **said}, separators=(",", ":")).encode()
    assert up(whole[: len(head) + cut], presses=False).type is SignalType.ALARM


def assert_sane(reading: Reading) -> None:
    """Whatever was sent, what was read can be stored and shown."""
    assert reading.seq is None or 0 <= reading.seq < 2**63
    assert reading.battery is None or 0 <= reading.battery <= 1
    if reading.position is not None:
        assert abs(reading.position.lat) <= 90
        assert abs(reading.position.lon) <= 180
    for text in (reading.text, reading.code, reading.zone, reading.boot, reading.notice):
        assert "\0" not in (text or "")
        (text or "").encode()
    " ".join(reading.odd).encode()
    assert len(reading.odd) <= 12


def up(payload: bytes, *, presses: bool = True, retain: bool = False) -> Reading:
    return on("up", payload, presses=presses, retain=retain)


def on(leaf: str, payload: bytes, *, presses: bool = True, retain: bool = False) -> Reading:
    return read(leaf, payload, "badge-anna", wall=WALL, presses_in_doubt=presses, retain=retain)


def alarm_with(field: str, said: str) -> Reading:
    reading = up(f'{{"type":"alarm","{field}":{said}}}'.encode())
    assert reading.type is SignalType.ALARM
    return reading


def named_odd(reading: Reading) -> list[str]:
    """The fields found odd, each once."""
    return list(dict.fromkeys(entry.partition(":")[0] for entry in reading.odd))


ALARMS = (
    b'{"type":"alarm"}',
    b'{"type":"sos","seq":412,"boot":7}',
    b'{"seq":412,"boot":7,"type":"alarm","kind":"attack","level":"red","battery":0.87}',
)


@given(st.sampled_from(ALARMS), st.sampled_from(list(Leaf)), st.data())
def test_one_wrong_byte_anywhere_costs_that_byte_and_never_the_press(
    payload: bytes, leaf: Leaf, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(payload) - 1))
    byte = data.draw(st.binary(max_size=1))
    damaged = payload[:place] + byte + payload[place + 1 :]
    # One byte makes another word of the contract of it, known to be harmless.
    assume(not any(word in damaged.lower() for word in (b'"ios"', b'"pos"', b'"sms"')))
    assert on(leaf, damaged, presses=False).type is SignalType.ALARM


@given(st.sampled_from(ALARMS), st.data())
def test_a_press_of_a_badge_cut_doubled_or_written_otherwise_is_a_press(
    payload: bytes, data: st.DataObject
) -> None:
    cut = payload[: data.draw(st.integers(0, len(payload) - 1))]
    otherwise = payload.decode().encode(data.draw(st.sampled_from(["utf-16", "utf-16-le"])))
    for damaged in (cut, payload + payload, payload + cut, otherwise):
        assert up(damaged).type is SignalType.ALARM
