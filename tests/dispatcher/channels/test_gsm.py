"""How long an SMS is, and how it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.channels.gsm import Line, cut, fitted, plain, segments

LINK = "https://alarm.example.dk/n/0123456789abcdefghijkl"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("æøåÆØÅ" * 26, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("ł" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_segments_are_counted_as_a_carrier_counts_them(text: str, wanted: int) -> None:
    assert segments(text) == wanted


def test_danish_and_norwegian_letters_cost_one_septet() -> None:
    assert plain("Blåbærgrød på Østre Ås") == "Blåbærgrød på Østre Ås"


@pytest.mark.parametrize(
    ("written", "sent"),
    [("Łukasz", "Lukasz"), ("Şirin", "Sirin"), ("Mód – nu…", "Mod - nu..."), ("a\u030a", "å")],
)
def test_letters_outside_the_alphabet_are_written_with_the_nearest(written: str, sent: str) -> None:
    assert plain(written) == sent


def test_a_name_in_another_script_is_left_as_it_is() -> None:
    assert plain("سارة") == "سارة"


def test_the_least_needed_lines_go_first_and_place_and_link_stay() -> None:
    lines = [
        Line("LEJL 12"),
        Line("x" * 150),
        Line("m" * 60, spare=1),
        Line("n" * 60, spare=2),
        Line(LINK),
    ]
    text = fitted(lines)
    assert "n" * 60 not in text
    assert "m" * 60 in text
    assert text.startswith("LEJL 12\n")
    assert text.endswith(LINK)


def test_a_cut_ends_at_a_word_where_it_can() -> None:
    assert cut("Lejl 12 Hus 2 anden sal til venstre", 24) == "Lejl 12 Hus 2 anden sal"
    assert cut("x" * 30, 24) == "x" * 24


@given(st.lists(st.text(max_size=300), max_size=8), st.text(max_size=24))
def test_any_lines_fit_two_segments_beside_place_and_link(middle: list[str], first: str) -> None:
    lines = [Line("STED"), Line(first), *(Line(text, spare=1) for text in middle), Line(LINK)]
    text = fitted(lines)
    assert segments(text) <= 2
    assert text.endswith(LINK)
