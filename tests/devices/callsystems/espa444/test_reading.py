"""What a block means: one line a block."""

from __future__ import annotations

import pytest

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.espa444.codec import Block, Scanner, encode
from devices.callsystems.espa444.meanings import ASCOM_CALL_TYPES, NATIONAL, Charset
from devices.callsystems.espa444.reading import in_doubt, read
from devices.callsystems.espa444.settings import EspaLine, WhoCalls

FIRE = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
LINE = EspaLine()
CALL = {"1": "0815", "2": "WC 12", "4": "3", "6": "3"}


def test_an_emergency_call_is_an_alarm_with_its_address_and_text() -> None:
    (block,) = Scanner().feed(FIRE)
    assert isinstance(block, Block)
    assert read(block, LINE) == Reading(
        "espa444",
        "0815",
        SignalType.ALARM,
        AlarmKind.SOS,
        boot="line",
        text="Feuer Zimmer 12",
        code="1/3/1",
        raw=FIRE,
    )


@pytest.mark.parametrize(
    ("changes", "type_", "kind"),
    [
        ({}, SignalType.ALARM, AlarmKind.CALL),
        ({"6": "1"}, SignalType.ALARM, AlarmKind.SOS),
        ({"6": "2"}, SignalType.ALARM, AlarmKind.CALL),
        ({"6": "9"}, SignalType.ALARM, AlarmKind.UNKNOWN),
        ({"6": "01"}, SignalType.ALARM, AlarmKind.UNKNOWN),
        ({"6": None, "4": None}, SignalType.ALARM, AlarmKind.CALL),
        ({"4": "1"}, SignalType.RESTORE, None),
        ({"4": "1", "6": "1"}, SignalType.RESTORE, None),
        ({"4": "2"}, SignalType.ALARM, AlarmKind.CALL),
        ({"4": "01"}, SignalType.ALARM, AlarmKind.UNKNOWN),
        ({"4": "6"}, SignalType.ALARM, AlarmKind.UNKNOWN),
        ({"4": ""}, SignalType.ALARM, AlarmKind.UNKNOWN),
    ],
)
def test_call_type_and_priority_say_what_it_is(
    changes: dict[str, str | None], type_: SignalType, kind: AlarmKind | None
) -> None:
    reading = said("1", CALL | changes)
    assert (reading.type, reading.kind) == (type_, kind)


def test_an_unknown_call_type_is_a_call_that_says_so() -> None:
    reading = said("1", CALL | {"4": "7"})
    assert reading.text == "unknown code 0x37 from 0815: WC 12"
    assert reading.odd == ("code: no such call type (7)",)


def test_the_dialect_of_a_sender_is_the_sites_to_set() -> None:
    line = EspaLine(call_types=ASCOM_CALL_TYPES)
    assert said("1", CALL | {"4": "6"}, line).type is SignalType.RESTORE


def test_a_block_that_says_call_and_reset_is_a_call() -> None:
    block = Block("1", (("1", b"7"), ("4", b"1"), ("4", b"3")))
    reading = read(block, LINE)
    assert reading is not None
    assert reading.type is SignalType.ALARM
    assert reading.odd == ("message: record 4 stands twice",)


def test_of_two_priorities_the_more_acute_counts() -> None:
    reading = read(Block("1", (("1", b"7"), ("6", b"3"), ("6", b"1"))), LINE)
    assert reading is not None
    assert reading.kind is AlarmKind.SOS


def test_a_call_without_address_is_a_call_of_the_line() -> None:
    reading = said("1", CALL | {"1": None})
    assert (reading.device, reading.type) == ("line", SignalType.ALARM)
    assert reading.odd == ("device: no call address",)


def test_a_call_without_any_record_is_still_a_call() -> None:
    reading = read(Block("1", ()), LINE)
    assert reading is not None
    assert reading.type is SignalType.ALARM


def test_the_line_can_stand_before_every_caller() -> None:
    assert said("1", CALL, EspaLine(name="north")).device == "north/0815"


def test_where_the_text_says_who_calls_it_is_the_identity() -> None:
    line = EspaLine(who_calls=WhoCalls.TEXT)
    assert said("1", CALL, line).device == "WC 12"
    assert said("1", CALL | {"2": None}, line).device == "0815"


def test_a_sites_words_give_a_call_its_kind() -> None:
    line = EspaLine(words=(("overfald", AlarmKind.ATTACK),))
    assert said("1", CALL | {"2": "OVERFALD st. 2"}, line).kind is AlarmKind.ATTACK
    assert said("1", CALL, line).kind is AlarmKind.CALL


@pytest.mark.parametrize(
    ("records", "type_", "code"),
    [
        ({"7": "3"}, SignalType.PRESENCE, "call_paged"),
        ({"7": "9"}, SignalType.UNKNOWN, "call_status_9"),
        ({"8": "1"}, SignalType.TECHNICAL, "transmitter_failure"),
        ({"8": "4"}, SignalType.UNKNOWN, "system_status_4"),
    ],
)
def test_status_is_about_the_line_and_never_an_alarm(
    records: dict[str, str], type_: SignalType, code: str
) -> None:
    reading = said("2", {"1": "0815"} | records)
    assert (reading.device, reading.type, reading.code) == ("line", type_, code)


def test_status_without_a_status_and_a_request_say_nothing() -> None:
    assert read(Block("2", (("1", b"0815"),)), LINE) is None
    assert read(Block("3", (("1", b"0815"),)), LINE) is None


@pytest.mark.parametrize(
    ("header", "records", "type_"),
    [
        ("4", {"1": "7"}, SignalType.UNKNOWN),
        ("5", {"2": "software 4.1"}, SignalType.UNKNOWN),
        ("5", {"2": "HELP", "6": "1"}, SignalType.ALARM),
        ("7", {"1": "7"}, SignalType.UNKNOWN),
        ("7", {"2": "HELP"}, SignalType.ALARM),
    ],
)
def test_a_foreign_header_is_a_call_only_if_it_may_be_one(
    header: str, records: dict[str, str], type_: SignalType
) -> None:
    reading = said(header, records)
    assert reading.type is type_
    assert reading.text.startswith(f"unknown code 0x{ord(header):02x} from ")


@pytest.mark.parametrize(
    ("charset", "sent", "text"),
    [
        (Charset.LATIN_1, b"V\xe6relse 3", "Værelse 3"),
        (Charset.DANISH_7, b"V{relse 3]", "Værelse 3Å"),
        (Charset.SWEDISH_7, b"R\\d", "RÖd"),
        (Charset.GERMAN_7, b"T}r ~", "Tür ß"),
        (Charset.UTF_8, "Værelse".encode(), "Værelse"),
        (Charset.UTF_8, b"V\xe6relse", "V�relse"),
        (Charset.CP850, b"V\x91relse", "Værelse"),
        (Charset.CP437, b"V\x91relse", "Værelse"),
        (Charset.LATIN_1, b"  a\r\nb\x00 ", "a b"),
    ],
)
def test_the_message_is_read_in_the_lines_character_set(
    charset: Charset, sent: bytes, text: str
) -> None:
    block = Block("1", (("1", b"7"), ("2", sent)))
    reading = read(block, EspaLine(charset=charset))
    assert reading is not None
    assert reading.text == text


def test_every_national_set_is_one_of_the_charsets() -> None:
    assert tuple(NATIONAL) == (Charset.DANISH_7, Charset.SWEDISH_7, Charset.GERMAN_7)


def test_a_call_that_came_wrong_may_have_been_one() -> None:
    reading = in_doubt(Block("1", (("1", b"0815"), ("2", b"WC"))[:2], "not whole"), LINE)
    assert reading is not None
    assert (reading.type, reading.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
    assert reading.text == "in doubt a call from 0815: WC"


@pytest.mark.parametrize(
    "block",
    [
        Block("2", (("1", b"0815"),), "not whole"),
        Block("1", (), "not whole"),
        Block("1", (("\x7f", b"x"),), "not whole"),
        Block("1", (("1", b"0815"), ("4", b"1")), "block check"),
    ],
)
def test_noise_a_status_and_a_broken_reset_are_no_calls(block: Block) -> None:
    assert in_doubt(block, LINE) is None


def said(
    header: str, records: dict[str, str | None] | dict[str, str], line: EspaLine = LINE
) -> Reading:
    sent = [(name, value.encode("latin-1")) for name, value in records.items() if value is not None]
    (block,) = Scanner().feed(encode(header, sent))
    assert isinstance(block, Block)
    reading = read(block, line)
    assert reading is not None
    return reading
