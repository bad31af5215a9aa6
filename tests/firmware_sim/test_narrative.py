"""What the terminal tells people, in their language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from core.signals import AnswerKind, Level
from dispatcher.roster.model import Language, Person
from dispatcher.roster.organisation import Organisation, Site
from firmware_sim.device.state import Act, Died, Feel, Felt, Odd, Pressed, Publish
from firmware_sim.people.asked_to_come import asks_to_come
from firmware_sim.people.colleague import Act as Did
from firmware_sim.people.colleague import Way
from firmware_sim.people.events import Fact, OnLine, Texted
from firmware_sim.people.narrative import LOCALES, Narrator

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
AVOIDED = {
    "da": ("enhed", "nødopkald", "panikknap", "eskaler", "accepter", "afvis", "ankommet", "offer"),
    "nb": ("enhet", "nødanrop", "panikknapp", "eskaler", "aksepter", "avvis", "ankommet", "offer"),
}


def test_one_alarm_is_told_in_danish() -> None:
    said = [line(Language.DANISH, person, what) for person, what in ALARM]
    assert said == [
        "Anna trykker: Akutalarm.",
        "Anna mærker: sendt.",
        "Det ringer hos Bo: LEJL 12 · OVERFALD Anna",
        "Bo: “Jeg kommer”",
        "Anna mærker: Bo kommer.",
        "Anna mærker: det er slut. Godt du trykkede.",
    ]


def test_a_sites_own_word_is_used() -> None:
    assert line(Language.DANISH, "anna", ALARM[0][1], (("level_red", "Overfald"),)) == (
        "Anna trykker: Overfald."
    )


@pytest.mark.parametrize("language", ["da", "nb"])
def test_everything_that_can_be_said_is_translated(language: str) -> None:
    catalogue = catalogue_of(language)
    english = Narrator(organisation(Language.ENGLISH))
    for feel in Feel:
        fact = Fact(NOW, "anna", "badge-anna", Felt(feel, by="Bo", text="X"))
        told = english.line(fact)
        assert told is None or line(Language(language), "anna", fact.what) != told
    assert all(message.string for message in catalogue if message.id)


@pytest.mark.parametrize("language", ["da", "nb"])
def test_no_avoided_word_is_said(language: str) -> None:
    for message in catalogue_of(language):
        text = str(message.string).lower()
        assert not [word for word in AVOIDED[language] if word in text]


def test_what_only_machines_need_is_not_told() -> None:
    assert line(Language.ENGLISH, "anna", Publish("up", b"{}")) is None
    assert line(Language.ENGLISH, "anna", Odd("the line is bad")) == "badge-anna: the line is bad"
    assert line(Language.ENGLISH, "anna", Died()) == "Anna: the battery is empty."


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("LEJL 12 HUS 2\nOVERFALD Anna\nDit hus står tomt imens.", True),
        ("HUS 2\nHUS 2 står tomt.\nHold øje med beboerne.", False),
        ("LEJL 12\nEr det faldet til ro?", False),
        ("LEJL 12\nAnna says it is over.\nStill go and see Anna.", False),
        ("VÅBEN HUS 2.\nGÅ IKKE IND. Lås døren.", False),
    ],
)
def test_people_tell_a_call_from_what_only_informs(text: str, asks: bool) -> None:
    assert asks_to_come(text) is asks


ALARM: tuple[tuple[str, Act | Did | Texted], ...] = (
    ("anna", Pressed(1, 2, Level.RED, NOW)),
    ("anna", Felt(Feel.SENT)),
    ("bo", Felt(Feel.RINGS, "a1", "n1", text="LEJL 12\nOVERFALD Anna")),
    ("bo", Did("badge-bo n1", Way.BADGE, "a1", AnswerKind.ACCEPT)),
    ("anna", Felt(Feel.COMING, by="Bo")),
    ("anna", Felt(Feel.CLOSED)),
)


def line(
    language: Language,
    person: str,
    what: Act | Did | Texted | OnLine,
    words: tuple[tuple[str, str], ...] = (),
) -> str | None:
    narrator = Narrator(organisation(language, words))
    return narrator.line(Fact(NOW, person, f"badge-{person}", what))


def organisation(language: Language, words: tuple[tuple[str, str], ...] = ()) -> Organisation:
    site = Site("lunden", "Lunden", "Europe/Copenhagen", language=language, words=words)
    people = tuple(Person(name.lower(), f"{name} Holm", "lunden") for name in ("Anna", "Bo"))
    return Organisation(sites=(site,), people=people)


def catalogue_of(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)
