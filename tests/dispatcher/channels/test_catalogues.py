"""Every catalogue in the repository: whole, in step with its twin, free of words to avoid."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from core.levels import Level
from dispatcher.channels import wording

ROOT = Path(__file__).parents[3]
CATALOGUES = sorted(
    path.relative_to(ROOT)
    for package in ("core", "devices", "gateway", "dispatcher", "firmware-sim", "tilkald")
    for path in (ROOT / package).rglob("locales/**/*.po")
)
FOLDERS = sorted({path.parent for path in CATALOGUES})
SPEAKING = (wording.LOCALES.parent / "wording.py", wording.LOCALES.parent / "inbound.py")

AVOID = {
    # The "avoid" column of the glossary, as whole words. Words with a right place of their own
    # there (kald, vagt, zone as a proper name) are left to the reader.
    "da": (
        *(
            "nødopkald opkald tryghedsalarm enhed enheden enheder terminal panikknap "
            "eskalering eskalere eskalerer medicinsk accepter accepteret afvis afvist "
            "ankommet bekræftet bekræft annulleret annuller responder vagthold indsats "
            "minimumsbemanding forholdsordre pårørendekartotek bemandingsmodul handover "
            "supervisor backup session sessionen livstegn panik prøvealarm blind ubeskyttet "
            "overvåget overvågning fejlalarm misbrug ulykke sag sagen offer ofre ofret terapi "
            "indberetning varsling alarmcentral alarmcentralen zone zonen klient farlighed"
        ).split(),
        "falsk alarm",
        "falsk pin",
        "tjek ind",
        "mand nede",
        "niveau 4",
        "lukket sag",
    ),
    "nb": (
        *(
            "nødanrop trygghetsalarm nødkald enhet enheten enheter terminal panikknapp "
            "tilkald tilkaldevikar tilkaldevakt eskalering eskalere eskalerer medisinsk "
            "aksepter akseptert avvis avvist ankommet bekreftet bekreft annullert responder "
            "innsats minimumsbemanning handover supervisor backup session økten livstegn "
            "prøvealarm blind ubeskyttet overvåket overvåking feilalarm misbruk ulykke sak "
            "saken offer ofre terapi varsling avløser sone sonen zone klient farlighet"
        ).split(),
        "falsk alarm",
        "falsk pin",
        "sjekk inn",
        "mann nede",
        "nivå 4",
        "lukket sak",
    ),
}


@cache
def catalogue(path: Path) -> Catalog:
    with (ROOT / path).open("rb") as po:
        return read_po(po, locale=path.stem)


def entries(path: Path) -> list[Message]:
    return [message for message in catalogue(path) if message.id]


def forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, list | tuple) else [str(text)]


def test_there_are_catalogues_to_check() -> None:
    assert Path("dispatcher/channels/locales/da.po") in CATALOGUES


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_no_word_to_avoid_stands_in_a_catalogue(path: Path) -> None:
    avoid = AVOID[path.stem]
    found = [
        (word, form)
        for message in entries(path)
        for form in forms(message.string)
        for word in avoid
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", form, re.IGNORECASE)
    ]
    assert found == []


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_every_message_is_translated(path: Path) -> None:
    missing = [m.id for m in entries(path) if not all(forms(m.string)) or m.fuzzy]
    assert missing == []


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_a_translation_has_the_fields_of_its_message(path: Path) -> None:
    def fields(text: str) -> set[str]:
        return set(re.findall(r"\{(\w*)", text))

    wrong = [
        (message.id, form)
        for message in entries(path)
        for form in forms(message.string)
        if fields(form) != set.union(*(fields(one) for one in forms(message.id)))
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_danish_and_norwegian_say_the_same_messages(folder: Path) -> None:
    ids = {
        language: {str(m.id) for m in entries(folder / f"{language}.po")}
        for language in ("da", "nb")
    }
    assert ids["da"] ^ ids["nb"] == set()


def test_what_channels_say_is_in_their_catalogue_and_nothing_else() -> None:
    said, constants = _said()
    known = {str(m.id) for m in entries(Path("dispatcher/channels/locales/da.po"))}
    assert said - known == set()
    assert known - constants == set()


def _said() -> tuple[set[str], set[str]]:
    """The literals handed to `say` and in the word tables; and every string constant at all."""
    tables = (wording._KIND_WORDS, wording._UNUSUAL, wording._STAND_DOWN)
    levels = {level.word for level in Level}
    said = levels | {text for table in tables for text in table.values()}
    constants = set(levels)
    for path in SPEAKING:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.func.id == "say" and node.args else None
                if isinstance(first, ast.Constant):
                    said.add(str(first.value))
    return said, constants
