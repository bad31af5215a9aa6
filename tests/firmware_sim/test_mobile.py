"""A simulated telephone's owner reads an SMS as it is really worded, in every language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarms.model import Notice, Place, Purpose
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, Level
from dispatcher.channels.ports import Addressee
from dispatcher.channels.wording import answer_keys, compose
from dispatcher.roster.model import Language
from firmware_sim.people.colleague import Called, Way
from firmware_sim.people.telephone import called, place, takes_back, understood

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
LINK = "http://127.0.0.1:8081/n/abcdefghijklmnopqrstuv"


@pytest.mark.parametrize("language", list(Language))
def test_a_call_is_understood_with_its_letter_and_its_link(language: Language) -> None:
    for letter in ("A", "B"):
        asked = understood(body(Purpose.CALL, language, letter))
        assert asked is not None
        assert asked.letter == ("" if letter == "A" else letter)
        assert asked.link == LINK


@pytest.mark.parametrize("language", list(Language))
def test_a_stand_down_takes_back_only_the_call_to_its_place(language: Language) -> None:
    call, back = body(Purpose.CALL, language), body(Purpose.STAND_DOWN, language)
    assert understood(back) is None
    assert takes_back(back, place(call))
    assert not takes_back(back, "LEJL 14")
    assert not takes_back(call, place(call))


@pytest.mark.parametrize("language", list(Language))
def test_a_question_calls_nobody_and_takes_nothing_back(language: Language) -> None:
    question = body(Purpose.IS_IT_OVER, language)
    assert understood(question) is None
    assert not takes_back(question, place(question))


def test_a_call_is_answered_by_number_or_by_link_as_its_reader_likes() -> None:
    text = body(Purpose.CALL, Language.DANISH)
    assert called(text, "+4520", by_link=False) == Called("+4520 ", Way.SMS)
    assert called(text, "+4520", by_link=True) == Called(LINK, Way.LINK)


def body(purpose: Purpose, language: Language, letter: str = "A") -> str:
    notice = Notice(
        id="n1",
        alarm="a1",
        site="bo",
        person="bo",
        channel="sms",
        address="+4520000001",
        purpose=purpose,
        kind=AlarmKind.ATTACK,
        level=Level.RED,
        place=Place("flat-12", "Lejl 12", PlaceSource.ROSTER),
        created=NOW,
        expires=NOW + timedelta(minutes=10),
        presser_names=("Anna",),
        letter=letter,
    )
    to = Addressee("bo", language)
    lines = [line.text for line in compose(notice, to)]
    return "\n".join((*lines, answer_keys(notice, to), LINK))
