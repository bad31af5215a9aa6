"""Every text of the pages exists in Danish and Norwegian, in the glossary's words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from alarms.model import Cause, Purpose, Standpoint
from alarms.view import Unusual
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState
from devices.findings import State
from dispatcher.web import labels, reasons
from dispatcher.web.console import frame
from dispatcher.web.console import timeline as story
from dispatcher.web.notice import routes as notice_page
from dispatcher.web.pages import HERE, LOCALES, words_of

LANGUAGES = ("da", "nb")
TABLES = (
    labels.LEVELS,
    labels.KINDS,
    labels.STANDPOINTS,
    labels.RECEIPTS,
    labels.PURPOSES,
    labels.CAUSES,
    labels.ANSWERS,
    labels.UNUSUALS,
    labels.UNUSUALS_OF_ANOTHER,
    labels.CHANNELS,
    labels.DEVICE_STATES,
    labels.DEVICE_KINDS,
    labels.SIGNALS,
    labels.DUTIES,
    labels.SOURCES,
    reasons.PLAIN,
    reasons.VALUED,
    reasons.LEFT_OUT,
    story.TOLD,
    story.WHYS,
    story.SHOWN_TO_WEARER,
    notice_page.SAID,
    frame.SAID,
)
AVOID = {
    "da": (
        "nødopkald opkald tryghedsalarm nødkald enhed terminal panikknap niveau eskaler medicinsk "
        "accepter afvis ankommet bekræft annuller responder vagthold indsats minimumsbemanding "
        "forholdsordre supervisor backup session livstegn prøvealarm ubeskyttet overvåg falsk "
        "fejlalarm misbrug ulykke offer alarmcentral zone klient farlighed handover samtaleanlæg"
    ).split(),
    "nb": (
        "trygghetsalarm enhet terminal panikknapp eskaler medisinsk ankommet annuller falsk "
        "misbruk overvåk nødanrop responder innsats supervisor backup sesjon offer sone klient "
        "avløser varsling tilkald"
    ).split(),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_pages_and_code_is_translated(language: str) -> None:
    known = catalogue(language)
    missing = [text for text in used_texts() if not translation(known, text)]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_that_nobody_uses(language: str) -> None:
    used = dict.fromkeys(used_texts())
    ids = [
        one.id if isinstance(one.id, str) else one.id[0] for one in catalogue(language) if one.id
    ]
    assert [text for text in ids if text not in used] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_every_named_field(language: str) -> None:
    for originals, translations in messages(language):
        fields = sorted(re.findall(r"{\w+}", originals[0]))
        assert all(sorted(re.findall(r"{\w+}", one)) == fields for one in translations), originals


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_the_glossary_avoids_stands_in_a_catalogue(language: str) -> None:
    for _, translations in messages(language):
        text = " ".join(translations).lower()
        assert [word for word in AVOID[language] if re.search(rf"\b{word}", text)] == [], text


def test_the_glossarys_words_stand_exactly() -> None:
    da, nb = words_of("da"), words_of("nb")
    danish = {
        "I am coming": "Jeg kommer",
        "I cannot": "Jeg kan ikke",
        "I am here": "Jeg er her",
        "More help": "Mere hjælp",
        "Stood down": "Afblæst",
        "It is over": "Faldet til ro",
        "Good that you pressed.": "Godt du trykkede.",
        "Without a tested alarm": "Uden testet alarm",
        "has contact": "har forbindelse",
        "Unintended press": "Utilsigtet tryk",
        "No longer needed": "Ikke længere behov",
        "Acute alarm": "Akutalarm",
        "Come by": "Kom forbi",
    }
    norwegian = {
        "I am coming": "Jeg kommer",
        "I cannot": "Kan ikke",
        "More help": "Mer hjelp",
        "Stood down": "Avblåst",
        "It is over": "Situasjonen er rolig",
        "Come by": "Kom innom",
        "Advice": "Rådfør deg",
        "Without a tested alarm": "Uten testet alarm",
    }
    assert {text: da(text) for text in danish} == danish
    assert {text: nb(text) for text in norwegian} == norwegian


def test_every_token_of_a_closed_list_has_a_label() -> None:
    assert set(labels.LEVELS) == set(Level)
    assert set(labels.KINDS) == set(AlarmKind)
    assert set(labels.STANDPOINTS) == set(Standpoint)
    assert set(labels.RECEIPTS) == set(ReceiptState)
    assert set(labels.PURPOSES) == set(Purpose)
    assert set(labels.CAUSES) == set(Cause)
    assert set(labels.ANSWERS) == set(AnswerKind)
    assert set(labels.DEVICE_STATES) == set(State)
    assert set(labels.SOURCES) == set(PlaceSource)
    assert set(labels.UNUSUALS) == set(labels.UNUSUALS_OF_ANOTHER) == set(Unusual)


def used_texts() -> Iterator[str]:
    """Every message id: in a template, as the first argument of `w`, or in a table of labels."""
    for template in sorted((HERE / "templates").glob("*.html")):
        source = template.read_text("utf-8")
        for one, other in re.findall(r"\bw(?:\.many)?\((?:\"([^\"]+)\"|'([^']+)')", source):
            yield one or other
    for module in sorted(HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and is_words(node.func) and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value
    for table in TABLES:
        yield from table.values()


def is_words(called: ast.expr) -> bool:
    """`w(…)`, `reader.w(…)` or `w.many(…)`."""
    if isinstance(called, ast.Attribute):
        return called.attr == "w" or (called.attr == "many" and is_words(called.value))
    return isinstance(called, ast.Name) and called.id == "w"


def catalogue(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as po:
        return read_po(po, locale=language)


def messages(language: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each message's originals and translations: one of each, or singular and plural."""
    for one in catalogue(language):
        if one.id:
            yield _texts(one.id), _texts(one.string)


def _texts(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def translation(known: Catalog, text: str) -> str:
    message = known.get(text)
    if message is None or not message.string:
        return ""
    return message.string if isinstance(message.string, str) else "".join(message.string)
