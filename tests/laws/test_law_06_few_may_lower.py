"""Law 6: anyone may raise, few may lower."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from alarms.model import Notice, Purpose
from core.freshness import FRESH_FOR, Lowers, is_answer_fresh, is_fresh
from core.signals import AnswerKind
from core.values import replace
from devices.callsystems.surgard.codec import contact_id_message as surgard_message
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.engine.answering import Origin, speaker
from firmware_sim.world.process import at_once
from tests.support.old_line import OldLine
from tests.support.press import START
from tests.support.story import story

PANIC, END_OF_PANIC = (bytes.fromhex(f"0820004dd3dc54{status}89") for status in ("06", "07"))
ROCKER = bytes.fromhex("55000707017af650002989793001ffffffff37009d")


def _event(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


NEXA_ON, NEXA_OFF = (_event(model="Nexa-Security", id=7, state=state) for state in ("ON", "OFF"))
HOPPING = _event(model="Microchip-HCS200", id="1A2B", encrypted="0DEADBEE", learn=0)
RADIO = {
    "esp3": ("esp3:00298979", ROCKER),
    "rfxtrx": ("rfxtrx:security1/d3dc54", PANIC),
    "rtl433": ("rtl433:Nexa-Security/7", NEXA_ON),
}


@pytest.mark.parametrize("level", ["orange", "red", "blue"])
def test_a_cancel_of_an_acute_alarm_stands_nobody_down(level: str) -> None:
    story(f"""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses {level} | call Bo: wearable; Anna feels: sent
    0:05 | Anna | cancels         | tell Bo: Anna says it is over; Anna feels: sent
    0:08 | Bo   | accepts         | Anna feels: Bo is coming, 35 s
    """)


def test_acute_alarms_close_only_by_who_has_arrived_or_the_duty_leader_and_never_by_a_victim() -> (
    None
):
    story("""
    Anna in lejl-12 leader | Bo 35 s | Ida 60 s | Kim deputy
    plan: 0 s nearest*2 wearable
    0:00 | Anna | presses         | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:01 | Anna | closes          | refused: not_allowed
    0:02 | Ida  | closes          | refused: not_allowed
    0:03 | Bo   | accepts         | stand down Ida: enough; Anna feels: Bo is coming, 35 s
    0:04 | Bo   | closes          | refused: not_allowed
    0:05 | Bo   | says it is over | answer: not_yet
    0:30 | Bo   | arrives         | Anna feels: somebody is there
    0:31 | Bo   | says it is over | stand down Bo: closed; Anna feels: over
                                  ; closed by Bo: calmed_down
    """)


def test_a_close_that_saw_less_than_there_is_now_is_refused() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan yellow: 0 s nearest wearable
    plan red: 0 s nearest wearable
    0:00 | Anna | presses yellow           | call Bo: wearable; Anna feels: sent
    0:05 | Lone | looks                    | nothing
    0:10 | Anna | presses red              | tell Bo: red call in lejl-12; Anna feels: sent
    0:11 | Lone | closes on the old screen | refused: stale
    """)


def test_a_wire_without_authentication_closes_nothing_whatever_the_level() -> None:
    for level in ("green", "yellow", "red"):
        story(f"""
        Anna in lejl-12 | Bo 35 s
        plan: 0 s nearest wearable; 300 s nearest wearable
        0:00 | Anna | presses {level}         | call Bo: wearable; Anna feels: sent
        0:05 | Anna | cancels unauthenticated | tell Bo: Anna says it is over; Anna feels: sent
        """)


@pytest.mark.parametrize("protocol", RADIO)
async def test_a_copy_of_a_radio_frame_is_one_press_before_and_after_a_restart(
    protocol: str,
) -> None:
    wire, press = RADIO[protocol]
    line = OldLine(protocol, wire)
    await line.hears(press)
    line.running.wait(0.1)
    await line.hears(press)
    line.restarts()
    await line.hears(press)
    (alarm,) = line.alarms
    assert [presser.presses for presser in alarm.pressers] == [1]


@pytest.mark.long
@pytest.mark.parametrize("protocol", RADIO)
async def test_a_frame_sent_again_hours_later_joins_the_alarm_its_button_still_has(
    protocol: str,
) -> None:
    wire, press = RADIO[protocol]
    line = OldLine(protocol, wire)
    await line.hears(press)
    for restarts in (False, True):
        line.running.wait(7_200)
        if restarts:
            line.restarts()
        await line.hears(press)
    (alarm,) = line.alarms
    assert [presser.presses for presser in alarm.pressers] == [3]
    assert alarm.open


@pytest.mark.parametrize("protocol", RADIO)
async def test_a_frame_without_a_rolling_code_sent_again_after_the_end_is_a_press(
    protocol: str,
) -> None:
    """Radio cannot tell the recorder from the button, and in doubt somebody calls."""
    wire, press = RADIO[protocol]
    line = OldLine(protocol, wire)
    await line.hears(press)
    _ended_by_a_person(line)
    line.running.wait(7_200)
    await line.hears(press)
    assert len(line.alarms) == 1


async def test_a_frame_with_a_rolling_code_sent_again_opens_nothing_not_even_after_a_restart() -> (
    None
):
    line = OldLine("rtl433", "rtl433:Microchip-HCS200/1A2B")
    await line.hears(HOPPING)
    _ended_by_a_person(line)
    for restarts in (False, True):
        line.running.wait(7_200)
        if restarts:
            line.restarts()
        await line.hears(HOPPING)
        assert line.alarms == []


@pytest.mark.parametrize(("protocol", "off"), [("rfxtrx", END_OF_PANIC), ("rtl433", NEXA_OFF)])
@pytest.mark.parametrize("closes", [False, True])
async def test_an_off_that_came_by_radio_closes_nothing_whatever_the_site_says_of_the_line(
    protocol: str, off: bytes, closes: bool
) -> None:
    wire, press = RADIO[protocol]
    line = OldLine(protocol, wire, closes=closes)
    await line.hears(off)
    assert line.alarms == [], "nor does it open anything"
    await line.hears(press)
    line.running.wait(3)
    await line.hears(off)
    (alarm,) = line.alarms
    assert alarm.pressers[0].says_over_at is not None
    assert alarm.open


@pytest.mark.parametrize("closes", [False, True])
async def test_a_cable_closes_an_acute_alarm_only_where_the_site_says_so_of_the_line(
    closes: bool,
) -> None:
    line = OldLine("surgard", "surgard:1234/7", closes=closes)
    await line.hears(surgard_message("1234", "R12000007"))
    assert line.alarms == [], "a restore never opens an alarm"
    await line.hears(surgard_message("1234", "E12000007"))
    await line.hears(surgard_message("1234", "R12000009"))
    assert len(line.alarms) == 1, "another point's word"
    await line.hears(surgard_message("1234", "R12000007"))
    assert len(line.alarms) == (0 if closes else 1)


def _ended_by_a_person(line: OldLine) -> None:
    process = line.running.process
    (alarm,) = line.alarms
    leader = next(
        person.id
        for person in process.pictures.organisation().people
        if process.pictures.leads(person.id, alarm.site, process.at)
    )
    assert process.close(alarm.id, alarm.rev, leader) == ""
    assert at_once(line.running.store.open_alarms()) == []


def test_whatever_takes_help_away_has_a_limit_in_the_one_table_and_what_raises_it_has_none() -> (
    None
):
    long_ago = START - timedelta(days=30)
    assert {*FRESH_FOR} == {*Lowers}
    for what, limit in FRESH_FOR.items():
        assert is_fresh(START - limit, START, what)
        assert not is_fresh(START - limit - timedelta(seconds=1), START, what)
        assert not is_fresh(None, START, what), "of any age"
    ageless = [one for one in AnswerKind if is_answer_fresh(long_ago, START, one)]
    assert ageless == [AnswerKind.RANG, AnswerKind.SEEN, AnswerKind.MORE_HELP]


def test_an_answer_counts_only_from_where_its_notice_was_sent() -> None:
    notice = _notice()
    assert _speaker(notice, SourceKind.DEVICE, "badge-bo", "bo") == "bo"
    assert _speaker(notice, SourceKind.DEVICE, "spare-bo", "bo") == "bo", "another one he wears"
    assert _speaker(notice, SourceKind.LINK, notice.id, "bo") == "bo"
    assert _speaker(notice, SourceKind.STAFF, "bo") == "bo"
    assert _speaker(notice, SourceKind.DEVICE, "badge-ida", "ida") is None
    assert _speaker(notice, SourceKind.NUMBER, "+4520000002", "ida") is None
    assert _speaker(notice, SourceKind.LINK, "another", "bo") is None
    assert _speaker(notice, SourceKind.STAFF, "ida") is None


def test_what_has_changed_hands_speaks_for_its_new_holder_and_what_is_out_of_use_for_nobody() -> (
    None
):
    notice = _notice()
    assert _speaker(notice, SourceKind.DEVICE, "badge-bo", "ida") == "ida"
    assert _speaker(notice, SourceKind.DEVICE, "badge-bo") is None
    assert _speaker(notice, SourceKind.LINK, notice.id, "ida") is None, "his phone is hers now"
    by_sms = replace(notice, channel="sms", address="+4520000002")
    assert _speaker(by_sms, SourceKind.NUMBER, "+4520000002", "ida", "bo") == "bo", "shared"
    assert _speaker(by_sms, SourceKind.NUMBER, "+4520000002", "ida", "eva") is None, "of whom?"
    assert _speaker(by_sms, SourceKind.NUMBER, "+4520000002") is None


def test_a_press_is_believed_from_anyone() -> None:
    story("""
    Bo 35 s | Lone leader
    plan: 0 s nearest wearable
    0:00 | Unknown badge | presses unauthenticated | call Lone: wearable, sms
                                                   ; Unknown badge feels: sent
    """)


def _speaker(notice: Notice, kind: SourceKind, value: str, *holders: str) -> str | None:
    return speaker(notice, Origin(Source(kind, value), holders))


def _notice() -> Notice:
    stage = story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    """)
    (notice,) = stage.works[0].send
    assert notice.purpose is Purpose.CALL
    return notice
