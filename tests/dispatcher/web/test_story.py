"""The story of an alarm: every line the deciding and the engine write has a sentence."""

from __future__ import annotations

from alarms.view import Reason
from alarms.vocabulary import LostWhy, RaisedWhy, StaleWhy, StandDownWhy, Timeline
from core.words import LANGUAGES
from dispatcher.web.console.timeline import TOLD, WHYS, sentence
from dispatcher.web.names import Names
from dispatcher.web.pages import words_of
from dispatcher.web.reasons import reason
from tests.support.bosted import configuration


def test_every_line_the_service_writes_has_a_sentence() -> None:
    assert set(TOLD) == set(Timeline)


def test_every_reason_that_is_told_has_words() -> None:
    assert set(WHYS) == {*LostWhy, *StaleWhy, *RaisedWhy, *filter(None, StandDownWhy)}


def test_a_sentence_names_people_channels_and_reasons_in_words() -> None:
    w, names = words_of("da"), Names.of(configuration())
    told = {
        ("step", '{"number":"2","people":"bo,ida"}'): "Trin 2: tilkaldt Bo, Ida",
        ("rang_locally", '{"count":"2"}'): "Sirener i huset lød: 2",
        ("step", '{"number":"2","people":""}'): "Trin 2: tilkaldt ingen",
        ("send_failed", '{"person":"ida","channel":"sms"}'): "Kunne ikke nå Ida på SMS",
        (
            "told_wearer",
            '{"what":"nobody_yet","by":[]}',
        ): "På den berørtes alarm står nu: ingen endnu",
        ("closed", '{"by":"per","cause":"calmed_down"}'): "Afsluttet: Faldet til ro (Per)",
        ("closed", '{"by":"service","cause":"restored"}'): "Afsluttet: Virker igen (tjenesten)",
        ("responder_lost", '{"person":"bo","why":"pressed"}'): (
            "Bo kan ikke komme længere: trykkede på alarmen"
        ),
    }
    assert {key: sentence(w, *key, names) for key in told} == told


def test_a_field_that_is_missing_or_odd_leaves_an_ellipsis_and_raises_nothing() -> None:
    w, names = words_of("da"), Names.of(configuration())
    assert sentence(w, "accepted", "{}", names) == "… kommer"
    assert sentence(w, "accepted", '{"person":"{0.__class__}"}', names) == "{0.__class__} kommer"


def test_reasons_read_in_every_language_and_an_unknown_one_is_shown_not_dropped() -> None:
    names = Names.of(configuration())
    for language in LANGUAGES:
        w = words_of(language)
        assert "Hus 1" in reason(w, Reason.read("roster_unit:hus-1"), names)
        assert "35" in reason(w, Reason.read("walk_s:35"), names)
        assert reason(w, Reason.read("carries_key:cellar_2"), names) == "carries key: cellar 2"
