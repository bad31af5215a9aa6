"""Every far end against the service's own session, in virtual time, as the protocols ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.errors import ConfigError
from core.signals import AlarmKind
from core.values import replace
from devices.protocols import LINE_PROTOCOLS
from devices.registry import Line
from firmware_sim.speakers.modbus import InputBoards, wired
from firmware_sim.speakers.table import Manner, Speaks, answers, outlasts, speaker_for
from tests.support.duet import Duet

KEY = "hex:00112233445566778899AABBCCDDEEFF"


BUTTONS = (("point.1/0", "closes"), ("point.1/3", "opens latching"))


@dataclass(frozen=True)
class Case:
    """One line, who calls on it, and what a call of theirs is."""

    protocol: str
    callers: tuple[str, str]
    url: str = "/dev/ttyUSB0"
    settings: tuple[tuple[str, str], ...] = ()
    speaks: Speaks = Speaks.CONTACT_ID
    kind: AlarmKind = AlarmKind.SOS
    before: str = ""

    @property
    def answered(self) -> bool:
        return answers(self.line)

    @property
    def line(self) -> Line:
        return Line("line", "site", self.protocol, self.url, settings=self.settings)

    @property
    def names(self) -> tuple[str, ...]:
        """The callers as the registry knows them."""
        return tuple(self.before + who for who in self.callers)

    def __str__(self) -> str:
        return f"{self.protocol} {self.url.partition(':')[0]} {self.speaks}"


CASES = (
    Case("espa444", ("0815", "0816")),
    Case("espa444-listen", ("0815", "0816")),
    Case("espa444-control", ("0815", "0816")),
    Case("espax", ("1901", "1902"), "tcp://h:1", (("user", "ward"), ("password", "secret"))),
    Case("scaip", ("26317/0004", "26317/0005"), "udp://h:1"),
    Case("scaip", ("26317/0004", "26317/0005"), "tcp://h:1"),
    Case("dc09", ("1234/7", "1234/8"), "tcp://h:1", (), Speaks.SIA, AlarmKind.ATTACK),
    Case("dc09", ("1234", "5678"), "udp://h:1", (("key", KEY),), kind=AlarmKind.ATTACK),
    Case("surgard", ("1234/7", "5678"), kind=AlarmKind.ATTACK),
    Case("surgard", ("1234", "5678"), settings=(("line_digits", "3"),), kind=AlarmKind.ATTACK),
    Case("ademco685", ("1234/7", "1234/12"), kind=AlarmKind.ATTACK),
    Case("modbus", ("1/0", "1/3"), settings=BUTTONS, before="board/"),
    Case("modbus-tcp", ("1/0", "1/3"), settings=BUTTONS, before="board/"),
    Case("esp3", ("00298979", "0029897a")),
    Case("rfxtrx", ("security1/d3dc54", "security1/d3dc55"), kind=AlarmKind.ATTACK),
    Case("rtl433", ("X10-Security/a1b2", "X10-Security/c3d4"), kind=AlarmKind.ATTACK),
)
ANSWERED = tuple(case for case in CASES if case.answered)
UNANSWERED = tuple(case for case in CASES if not case.answered)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_arrives_once_under_its_callers_name(case: Case) -> None:
    duet = _duet(case)
    duet.run(3)
    duet.call(case.callers[0])
    duet.run(5)
    duet.call(case.callers[1])
    duet.run(10)
    assert duet.callers == list(case.names)
    assert [one.kind for one in duet.alarms] == [case.kind, case.kind]
    assert duet.errors == []
    assert duet.taken == (list(case.callers) if case.answered else [])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_quiet_line_invents_nothing(case: Case) -> None:
    duet = _duet(case)
    duet.run(300)
    assert duet.alarms == []
    assert duet.errors == []
    assert not [one for one in duet.heard if one.reading and one.reading.code == "line_silent"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_two_who_call_at_once_both_arrive(case: Case) -> None:
    duet = _duet(case)
    duet.run(1)
    for who in case.callers:
        duet.call(who)
    duet.run(20)
    assert duet.callers == list(case.names)


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_a_call_that_could_not_be_kept_is_said_again_until_it_is(case: Case) -> None:
    duet = _duet(case)
    duet.run(2)
    duet.keeps = False
    duet.call(case.callers[0])
    duet.run(30)
    assert duet.taken == []
    assert duet.speaker.calls.waiting == 1
    duet.keeps = True
    duet.run(40)
    assert duet.taken == [case.callers[0]]
    assert set(duet.callers) == {case.callers[0]}


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_a_call_made_while_the_cable_is_out_arrives_when_it_is_back(case: Case) -> None:
    duet = _duet(case)
    duet.run(2)
    duet.unplug()
    duet.run(1)
    duet.call(case.callers[0])
    duet.run(20)
    assert duet.alarms == []
    duet.plug_in()
    duet.run(20)
    assert duet.callers == [case.callers[0]]
    assert duet.taken == [case.callers[0]]


@pytest.mark.parametrize("case", UNANSWERED, ids=str)
def test_where_nobody_is_answered_a_call_into_an_open_cable_is_gone(case: Case) -> None:
    duet = _duet(case)
    duet.run(2)
    duet.unplug()
    duet.call(case.callers[0])
    duet.run(10)
    duet.plug_in()
    duet.run(10)
    assert duet.alarms == []
    duet.call(case.callers[1])
    duet.run(5)
    assert duet.callers == [case.names[1]]


@pytest.mark.parametrize("protocol", ["modbus", "modbus-tcp"])
def test_a_button_that_latches_is_still_seen_when_the_cable_is_back(protocol: str) -> None:
    case = next(case for case in CASES if case.protocol == protocol)
    assert [outlasts(case.line, who) for who in case.callers] == [False, True]
    duet = _duet(case)
    duet.run(2)
    duet.unplug()
    for who in case.callers:
        duet.call(who)
    duet.run(10)
    duet.plug_in()
    duet.run(5)
    assert duet.callers == [case.names[1]]


@pytest.mark.parametrize("protocol", ["modbus", "modbus-tcp"])
def test_a_siren_without_its_line_sounds_on_and_is_off_once_the_line_is_open_again(
    protocol: str,
) -> None:
    case = next(case for case in CASES if case.protocol == protocol)
    case = replace(case, settings=(*case.settings, ("sounder", "1/8 1/9")))
    board = InputBoards(wired(dict(case.settings)), over_tcp=protocol == "modbus-tcp")
    duet = Duet(case.line, board, case.names)
    duet.plug_in()
    duet.run(2)
    assert duet.sounder is not None
    duet.sounder.sound(duet.now, timedelta(seconds=20))
    duet.run(1)
    assert board.sounding == ("1/8", "1/9")
    duet.unplug()
    duet.run(60)
    assert board.sounding == ("1/8", "1/9"), "that is what a board's own watchdog is for"
    duet.plug_in()
    duet.call(case.callers[0])
    duet.run(1)
    assert not board.sounding
    assert duet.callers == [case.names[0]]
    assert duet.errors == []


def test_a_sealed_panel_is_believed_and_one_in_the_clear_is_not() -> None:
    clear, sealed = (case for case in CASES if case.protocol == "dc09")
    for case, proven in ((clear, False), (sealed, True)):
        duet = _duet(case)
        duet.call(case.callers[0])
        duet.run(1)
        assert [one.authenticated for one in duet.alarms] == [proven]


def test_a_call_over_udp_is_repeated_until_its_receipt_has_come() -> None:
    case = next(case for case in CASES if case.url.startswith("udp") and case.protocol == "scaip")
    duet = _duet(case)
    duet.unplug()
    duet.call(case.callers[0])
    duet.run(4)
    duet.plug_in()
    duet.run(10)
    assert duet.taken == [case.callers[0]]


def test_every_protocol_of_a_line_has_its_far_end() -> None:
    assert {case.protocol for case in CASES} == set(LINE_PROTOCOLS)


def test_a_protocol_nobody_speaks_is_named() -> None:
    with pytest.raises(ConfigError, match="nobody here speaks morse"):
        speaker_for(Line("l", "s", "morse", "/dev/null"), (), Manner())


def _duet(case: Case) -> Duet:
    speaker = speaker_for(case.line, case.callers, Manner(speaks=case.speaks))
    duet = Duet(case.line, speaker, case.names)
    duet.plug_in()
    return duet
