"""The tables of codes: what calls, what never does, and what a restore says."""

from __future__ import annotations

import pytest

from core.signals import AlarmKind, SignalType
from devices.callsystems.codes import contact_id, sia
from devices.callsystems.codes.meaning import Event, Meaning, Sender, reading
from devices.callsystems.codes.sia_table import MEANINGS as SIA_CODES
from devices.callsystems.surgard.meanings import BASIC, TELENOT

TABLES = (contact_id.MEANINGS, SIA_CODES, BASIC, TELENOT)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("100", AlarmKind.MEDICAL),
        ("101", AlarmKind.SOS),
        ("102", AlarmKind.MISSED_CHECK_IN),
        ("103", AlarmKind.FALL),
        ("110", AlarmKind.FIRE),
        ("120", AlarmKind.ATTACK),
        ("121", AlarmKind.DURESS),
        ("122", AlarmKind.ATTACK),
        ("123", AlarmKind.ATTACK),
        ("130", AlarmKind.UNKNOWN),
        ("641", AlarmKind.NO_MOTION),
        ("654", AlarmKind.NO_MOTION),
    ],
)
def test_a_contact_id_call_for_help_has_its_kind(code: str, kind: AlarmKind) -> None:
    assert contact_id.MEANINGS[code].type is SignalType.ALARM
    assert contact_id.MEANINGS[code].kind is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("PA", AlarmKind.ATTACK),
        ("HA", AlarmKind.ATTACK),
        ("MA", AlarmKind.MEDICAL),
        ("QA", AlarmKind.SOS),
        ("FA", AlarmKind.FIRE),
        ("UA", AlarmKind.UNKNOWN),
        ("NA", AlarmKind.NO_MOTION),
    ],
)
def test_a_sia_call_for_help_has_its_kind(code: str, kind: AlarmKind) -> None:
    assert SIA_CODES[code].type is SignalType.ALARM
    assert SIA_CODES[code].kind is kind


def test_every_row_names_its_source_and_every_alarm_its_kind() -> None:
    for table in TABLES:
        for code, meaning in table.items():
            assert meaning.source, code
            assert meaning.text, code
            if meaning.type in (SignalType.ALARM, SignalType.RESTORE):
                assert meaning.kind is not None, code


def test_no_restore_cancel_bypass_or_test_of_the_sia_table_opens_an_alarm() -> None:
    for code, meaning in SIA_CODES.items():
        if code[1] in "HRJUBXT" and code not in ("UX", "EX", "AR"):
            assert meaning.type is not SignalType.ALARM, code


def test_no_restore_of_any_code_opens_an_alarm() -> None:
    for code in (*contact_id.MEANINGS, "199", "777", "FFF"):
        for qualifier in contact_id.RESTORED:
            said = contact_id.event(qualifier, code, "00", "001", "1234", {})
            assert said.meaning.type is not SignalType.ALARM, code


def test_a_restore_says_what_is_over() -> None:
    assert restore("120").kind is AlarmKind.ATTACK
    assert restore("301").kind is AlarmKind.TECHNICAL
    assert restore("302").kind is AlarmKind.TECHNICAL
    assert restore("137").kind is AlarmKind.TAMPER
    assert {restore(code).type for code in ("120", "301", "302", "137")} == {SignalType.RESTORE}
    # The end of arming, of a test, of a cancel takes nothing away.
    assert {restore(c).type for c in ("401", "602", "406")} == {SignalType.UNKNOWN}


def test_opening_and_closing_are_told_apart() -> None:
    assert "disarmed" in contact_id.event("1", "401", "01", "005", "1234", {}).said
    assert "closing" in contact_id.event("3", "401", "01", "005", "1234", {}).said


def test_an_unknown_code_that_may_be_a_call_is_raised_with_its_name() -> None:
    for code in ("199", "160", "777", "661", "A37"):
        meaning = contact_id.event("1", code, "00", "001", "1234", {}).meaning
        assert (meaning.type, meaning.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)
        assert meaning.text == f"unknown code {code} from 1234"
    [event] = sia.events("NZQ5", "1234", {})
    assert event.meaning.type is SignalType.ALARM
    assert event.meaning.text == "unknown code ZQ from 1234"


@pytest.mark.parametrize("code", ["299", "369", "499", "599", "699"])
def test_an_unknown_code_of_a_class_that_never_calls_is_kept(code: str) -> None:
    meaning = contact_id.event("1", code, "00", "001", "1234", {}).meaning
    expected = SignalType.ALARM if code == "699" else SignalType.UNKNOWN
    assert meaning.type is expected


def test_a_condition_that_is_still_there_is_an_alarm_that_says_so() -> None:
    event = contact_id.event("6", "120", "00", "001", "1234", {})
    assert event.meaning.type is SignalType.ALARM
    assert event.said == "still there"


@pytest.mark.parametrize(
    ("blocks", "codes", "said"),
    [
        ("Nri1/PA501", ["PA"], ""),
        ("Nti12:30/id5/ri02/PA501^Hall^", ["PA"], "Hall, user 5"),
        ("Nri1^East^id7ti12:00:00PA5^Desk^", ["PA"], "Desk, user 7"),
        ("NBA1*'Door'NM", ["BA"], "Door"),
        ('NBA1*"Door"NM', ["BA"], "Door"),
        ("NPA1/PA2", ["PA", "PA"], ""),
        ("NRR|Atest", ["RR"], "test"),
        ("OPA1", ["PA"], ""),
        ("NYT*11.5V_", ["YT"], "11.5V_"),
    ],
)
def test_a_sia_block_is_read(blocks: str, codes: list[str], said: str) -> None:
    events = sia.events(blocks, "1234", {})
    assert [event.code for event in events] == codes
    assert events[0].said == said
    assert not any(event.odd for event in events)


@pytest.mark.parametrize("blocks", ["N", "Nri1", "N!!", "Atext", "Znonsense", "N///"])
def test_a_block_without_a_code_may_be_a_call(blocks: str) -> None:
    [event] = sia.events(blocks, "1234", {})
    assert (event.meaning.type, event.meaning.kind) == (SignalType.ALARM, AlarmKind.UNKNOWN)


def test_the_point_of_a_panel_is_never_the_bare_number_of_a_room() -> None:
    meaning = contact_id.MEANINGS["120"]
    said = reading(Sender("dc09", "1234"), Event(meaning, "120", "001", "01"), b"")
    assert said.zone == "1234/1"
    user = reading(Sender("dc09", "1234"), Event(contact_id.MEANINGS["121"], "121", "001"), b"")
    assert user.zone is None
    assert user.text == "duress, user 1"


@pytest.mark.parametrize(
    ("code", "number", "area", "point"),
    [
        ("120", "007", "00", "7"),
        ("120", "007", "02", "2/7"),
        ("120", "000", "02", "2/*"),
        ("120", "000", "00", ""),
        ("121", "003", "00", "user3"),
        ("121", "003", "02", "2/user3"),
        ("120", "9" * 500, "a/b" * 9, "a-ba-ba-ba-ba-ba/9999999999999999"),
    ],
)
def test_a_reading_names_the_point_of_the_panel_that_spoke(
    code: str, number: str, area: str, point: str
) -> None:
    event = Event(contact_id.MEANINGS[code], code, number, area)
    assert reading(Sender("dc09", "1234"), event, b"").point == point


def test_every_end_of_a_trouble_names_a_trouble_of_its_own_table() -> None:
    troubles = (SignalType.TECHNICAL, SignalType.LOW_BATTERY, SignalType.TAMPER)
    for table in (SIA_CODES, BASIC, TELENOT):
        for code, meaning in table.items():
            if meaning.cause:
                assert table[meaning.cause].type in troubles, code
                assert table[meaning.cause].cause == "", code
    unpaired = [
        code
        for code, meaning in SIA_CODES.items()
        if meaning.type is SignalType.RESTORE
        and meaning.kind in (AlarmKind.TECHNICAL, AlarmKind.TAMPER)
        and not meaning.cause
    ]
    assert unpaired == ["RR", "XC"], "power up, and a vendor's restore of any malfunction"


@pytest.mark.parametrize(
    ("trouble", "end"),
    [
        (("301", "E", "000"), ("301", "R", "000")),  # mains
        (("302", "E", "000"), ("302", "R", "000")),  # battery
        (("384", "E", "007"), ("384", "R", "007")),  # battery of a transmitter
        (("351", "E", "000"), ("351", "R", "000")),  # telephone line
        (("137", "E", "003"), ("137", "R", "003")),  # tamper
        (("344", "E", "000"), ("344", "R", "000")),  # jamming
    ],
)
def test_a_contact_id_trouble_and_its_end_are_about_the_same(
    trouble: tuple[str, str, str], end: tuple[str, str, str]
) -> None:
    begun, over = (
        reading(
            Sender("dc09", "1234"),
            contact_id.event(qualifier, code, "00", number, "1234", {}),
            b"",
        )
        for code, qualifier, number in (trouble, end)
    )
    assert over.type is SignalType.RESTORE
    assert begun.about == over.about != ""


@pytest.mark.parametrize(
    ("trouble", "end"),
    [
        ("AT", "AR"),
        ("YT", "YR"),
        ("XT7", "XR7"),
        ("LT", "LR"),
        ("YC", "YK"),
        ("YS", "YK"),
        ("TA3", "TR3"),
        ("TA3", "TH3"),
        ("XQ", "XH"),
        ("PB4", "PU4"),
    ],
)
def test_a_sia_trouble_and_its_end_are_about_the_same(trouble: str, end: str) -> None:
    begun, over, other = (
        reading(Sender("dc09", "1234"), sia.events(f"N{code}", "1234", {})[0], b"")
        for code in (trouble, end, end + "9")
    )
    assert over.type is SignalType.RESTORE
    assert begun.about == over.about != ""
    assert other.about != begun.about
    call = sia.events("NPA3", "1234", {})[0]
    assert reading(Sender("dc09", "1234"), call, b"").about == ""


def test_the_sites_own_meaning_comes_before_the_table() -> None:
    own = {"130": Meaning(SignalType.ALARM, AlarmKind.ASSIST, "call point in the hall")}
    assert contact_id.event("1", "130", "00", "001", "1", own).meaning.kind is AlarmKind.ASSIST
    assert contact_id.event("3", "130", "00", "001", "1", own).meaning.type is SignalType.RESTORE


def restore(code: str) -> Meaning:
    return contact_id.event("3", code, "00", "001", "1234", {}).meaning
