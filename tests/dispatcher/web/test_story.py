"""The story of an alarm: every line the deciding and the engine write has a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import dispatcher
from core.words import LANGUAGES
from dispatcher.store.chain import ERASED
from dispatcher.web.console.timeline import TOLD, sentence
from dispatcher.web.names import Names
from dispatcher.web.pages import words_of
from dispatcher.web.reasons import reason
from tests.support.desk import lindehuset

WRITERS = ("annotate", "Annotate", "_entry", "TimelineEntry")
PARTS = ("alarms", "dispatcher/engine")


def test_every_line_the_service_writes_has_a_sentence() -> None:
    written = {*tokens_written(), ERASED}
    assert len(written) > 20
    assert written - set(TOLD) == set()


def test_a_sentence_names_people_channels_and_reasons_in_words() -> None:
    w, names = words_of("da"), Names.of(lindehuset().configured)
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
    w, names = words_of("da"), Names.of(lindehuset().configured)
    assert sentence(w, "accepted", "{}", names) == "… kommer"
    assert sentence(w, "accepted", '{"person":"{0.__class__}"}', names) == "{0.__class__} kommer"


def test_reasons_read_in_every_language_and_an_unknown_one_is_shown_not_dropped() -> None:
    names = Names.of(lindehuset().configured)
    for language in LANGUAGES:
        w = words_of(language)
        assert "Hus 1" in reason(w, "roster_unit:hus-1", names)
        assert "35" in reason(w, "walk_s:35", names)
        assert reason(w, "carries_key:cellar_2", names) == "carries key: cellar 2"


def tokens_written() -> Iterator[str]:
    """Every literal token handed to something that writes a timeline entry."""
    root = Path(dispatcher.__file__).parents[1]
    for part in PARTS:
        for module in sorted((root / part).glob("*.py")):
            for node in ast.walk(ast.parse(module.read_text("utf-8"))):
                if isinstance(node, ast.Call) and name_of(node.func) in WRITERS:
                    yield from literal_tokens(node)


def literal_tokens(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
                yield node.value
                return


def name_of(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""
