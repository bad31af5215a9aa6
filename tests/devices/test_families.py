"""Every row of the list of families is whole: a new one that lacks something fails here."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.signals import Reading, SignalType
from devices.family import Family
from devices.line_settings import LineSettings
from devices.protocols import FAMILIES, board_of, is_of_the_line, line_answers, own_name, sounders

DOCS = Path(__file__).parents[2] / "docs"
EACH = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


@EACH
def test_every_family_has_a_page_that_explains_each_of_its_settings(family: Family) -> None:
    given = LineSettings(family.name, {})
    family.opens(given)
    page = (DOCS / family.page).read_text()
    unexplained = [key for key in given.known if f"`{key}`" not in page]
    assert unexplained == []


@EACH
def test_what_a_family_says_of_a_silence_it_takes_back(family: Family) -> None:
    said = [
        line_answers(Reading(family.protocol, "line", type_, code=code))
        for code in (family.silent, family.back)
        for type_ in (SignalType.TECHNICAL, SignalType.RESTORE)
        if code
    ]
    assert said == {0: [], 2: [False, True], 4: [False, True, True, None]}[len(said)]


@EACH
def test_no_call_is_taken_for_word_about_a_line(family: Family) -> None:
    for code in (family.silent, family.back, ""):
        call = Reading(family.protocol, "line", SignalType.ALARM, code=code)
        assert line_answers(call) is None
    assert line_answers(Reading(family.protocol, "line", SignalType.TECHNICAL)) is None


def test_the_families_of_one_protocol_tell_the_same_of_its_readings() -> None:
    for family in FAMILIES.values():
        first = next(one for one in FAMILIES.values() if one.protocol == family.protocol)
        shared = (first.silent, first.back, first.boards, first.radio, first.points)
        assert (family.silent, family.back, family.boards, family.radio, family.points) == shared


def test_only_boards_have_names_sirens_and_equipment_of_their_own() -> None:
    settings = {"name": "desk", "sounder": "1/16 1/17 1/16"}
    for name, family in FAMILIES.items():
        siren = Reading(family.protocol, "desk/1", SignalType.TECHNICAL, code="sounder_silent")
        told = (
            own_name(name, settings),
            sounders(name, settings),
            board_of(family.protocol, "desk/1/3"),
            is_of_the_line(siren),
        )
        is_board = family.boards is not None
        assert told == (("desk", ("1/16", "1/17"), "1", True) if is_board else ("", (), "", False))
