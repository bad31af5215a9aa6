"""What a colleague reads while running (glossary), rule by rule."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model import Notice, Place, Purpose
from alarms.view import Unusual
from alarms.vocabulary import PlaceSource, StandDownWhy
from core.signals import AlarmKind, Level
from core.values import replace
from dispatcher.channels.gsm import segments
from dispatcher.channels.ports import Addressee
from dispatcher.channels.sms import sms_text
from dispatcher.channels.wording import FIRST_LINE_MOST, compose
from dispatcher.roster.model import Language
from tests.support.channels import BRITON, DANE, NORWEGIAN, PLACE, a_notice

LINK = "https://alarm.example.dk/n/0123456789abcdefghijkl"


def lines(notice: Notice, to: Addressee = DANE) -> list[str]:
    return [line.text for line in compose(notice, to)]


def test_a_call_reads_place_word_who_with_whom_and_where_to_meet_in_this_order() -> None:
    assert lines(a_notice(with_you=("Bo",))) == [
        "LEJL 12 HUS 2 1.SAL",
        "OVERFALD Anna",
        "Du + Bo. Mød vagtrum.",
    ]


def test_the_same_call_in_norwegian_and_english() -> None:
    assert lines(a_notice(with_you=("Bo",)), NORWEGIAN)[1:] == [
        "OVERFALL Anna",
        "Du + Bo. Oppmøte: vagtrum.",
    ]
    assert lines(a_notice(with_you=("Bo",)), BRITON)[1:] == [
        "ATTACK Anna",
        "You + Bo. Meet: vagtrum.",
    ]


def test_a_weapon_says_the_opposite() -> None:
    place = replace(PLACE, label="Hus 2")
    text = " ".join(lines(a_notice(kind=AlarmKind.WEAPON, place=place, with_you=("Bo",))))
    assert text.startswith("VÅBEN HUS 2. GÅ IKKE IND. Lås døren.")
    assert "Bo" not in text
    assert "Svar" not in sms_text(a_notice(kind=AlarmKind.WEAPON), DANE, LINK)


def test_a_stand_down_opens_with_its_word_so_that_nobody_runs_on() -> None:
    assert lines(a_notice(Purpose.STAND_DOWN, reason=StandDownWhy.ENOUGH)) == [
        "AFBLÆST LEJL 12 HUS 2",
        "Andre er på vej.",
    ]


def test_a_house_left_empty_is_named_to_the_neighbour() -> None:
    text = lines(a_notice(Purpose.HOUSE_EMPTY, text="Hus 2"))
    assert text == ["HUS 2", "Hus 2 står tomt.", "Hold øje med beboerne."]


def test_what_is_unusual_is_said() -> None:
    said = lines(a_notice(unusual=(Unusual.NOT_INSTRUCTED, Unusual.MINIMUM_STAFF)))
    assert said[-2:] == ["Gå ikke ind alene.", "Dit hus står tomt imens."]


def test_a_late_press_says_how_old_it_is() -> None:
    assert "Trykket for 40 min. siden." in lines(a_notice(late=timedelta(minutes=40)))


def test_an_unknown_device_is_named_as_one() -> None:
    assert lines(a_notice(who=("badge-x",)))[1] == "OVERFALD Ukendt alarm badge-x"


def test_an_unknown_place_is_said_and_whom_to_look_for() -> None:
    nowhere = Place(None, "", PlaceSource.UNKNOWN)
    assert lines(a_notice(place=nowhere)) == ["STED UKENDT", "OVERFALD Anna", "Led efter Anna."]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (replace(PLACE, age_s=720.0), "Sidst set der for 12 min. siden."),
        (replace(PLACE, source=PlaceSource.ROSTER), "Stedet er fra vagtplanen."),
        (replace(PLACE, accuracy_m=80.0), "Stedet er inden for 80 m."),
    ],
)
def test_a_place_is_never_shown_as_better_than_it_is(place: Place, said: str) -> None:
    assert said in lines(a_notice(place=place))


def test_a_fresh_place_carries_no_caveat() -> None:
    assert len(lines(a_notice())) == 3


def test_a_devices_own_text_goes_out_with_an_errand_or_a_fault_and_never_with_an_attack() -> None:
    errand = "Telefon til dig"
    assert lines(a_notice(level=Level.YELLOW, text=errand))[-1] == errand
    assert lines(a_notice(kind=AlarmKind.TECHNICAL, text=errand))[-1] == errand
    assert errand not in " ".join(lines(a_notice(text=errand)))


def test_of_a_stranger_nobody_can_place_all_that_is_known_goes_out() -> None:
    stranger = a_notice(
        place=Place(None, "", PlaceSource.UNKNOWN),
        who=("dc09:1234/1/501",),
        kind=AlarmKind.UNKNOWN,
        text="unknown code ZQ from 1234, area 1, point 501 (panels)",
    )
    assert lines(stranger) == [
        "STED UKENDT",
        "AKUTALARM Ukendt alarm dc09:1234/1/501",
        "unknown code ZQ from 1234, area 1, point 501 (panels)",
    ]
    assert lines(replace(stranger, place=PLACE))[-1] != lines(stranger)[-1], "they know where"
    assert lines(replace(stranger, presser_names=("Anna",)))[-1] == "Led efter Anna."


def test_a_drill_is_marked_as_one_in_every_purpose() -> None:
    for purpose in Purpose:
        assert any("ØVELSE:" in line for line in lines(a_notice(purpose, drill=True))), purpose


@pytest.mark.parametrize(
    ("kind", "level", "word"),
    [
        (AlarmKind.ATTACK, Level.RED, "OVERFALD"),
        (AlarmKind.UNKNOWN, Level.RED, "AKUTALARM"),
        (AlarmKind.ATTACK, Level.ORANGE, "STILLE ALARM"),
        (AlarmKind.CALL, Level.YELLOW, "KOM FORBI"),
        (AlarmKind.CALL, Level.GREEN, "SPARRING"),
        (AlarmKind.ATTACK, Level.BLUE, "SYGDOM"),
        (AlarmKind.FIRE, Level.RED, "BRAND"),
        (AlarmKind.TECHNICAL, Level.GREEN, "TEKNISK ALARM"),
    ],
)
def test_the_word_for_what_is_the_kinds_else_the_levels(
    kind: AlarmKind, level: Level, word: str
) -> None:
    assert lines(a_notice(kind=kind, level=level))[1] == f"{word} Anna"


def test_a_sites_own_word_stands_for_ours() -> None:
    own = replace(DANE, words=(("level_red", "Rød knap"),))
    assert lines(a_notice(), own)[1] == "RØD KNAP Anna"
    both = replace(DANE, words=(("level_red", "Rød knap"), ("kind_attack", "Vold")))
    assert lines(a_notice(), both)[1] == "VOLD Anna"
    assert lines(a_notice(kind=AlarmKind.FIRE), own)[1] == "BRAND Anna"


def test_a_call_asked_again_and_a_changed_one_say_so() -> None:
    assert lines(a_notice(Purpose.ASK_AGAIN))[1] == "Kommer du? OVERFALD Anna"
    assert lines(a_notice(Purpose.CHANGE))[1] == "Ændret: OVERFALD Anna"


def test_two_victims_are_both_named_and_many_are_counted() -> None:
    assert lines(a_notice(who=("Anna", "Eva")))[1] == "OVERFALD Anna + Eva"
    assert lines(a_notice(who=("A", "B", "C", "D", "E")))[1] == "OVERFALD A + B + C +2"


def test_nobody_is_ever_told_to_ring_the_person_who_pressed() -> None:
    for to in (DANE, NORWEGIAN, BRITON):
        for notice in everything():
            assert not re.search(r"\b(?:ring|call|kald)\b", " ".join(lines(notice, to)), re.I)


def test_sentences_have_eight_words_at_most() -> None:
    for to in (DANE, NORWEGIAN, BRITON):
        for notice in everything():
            for line in lines(notice, to)[1:]:
                for sentence in re.split(r"[.?!:] ?", line):
                    assert len(sentence.split()) <= 8, sentence


def test_an_sms_puts_the_link_last_and_asks_by_keys() -> None:
    text = sms_text(a_notice(with_you=("Bo",)), DANE, LINK).splitlines()
    assert text[0] == "LEJL 12 HUS 2 1.SAL"
    assert text[-2:] == ["Svar 1: Jeg kommer. 2: Jeg kan ikke.", LINK]


def test_a_further_notice_on_a_number_shows_its_letter() -> None:
    assert "Svar 1B: Jeg kommer. 2B:" in sms_text(a_notice(letter="B"), DANE, LINK)


def test_a_link_or_a_newline_in_a_name_never_reaches_a_phone() -> None:
    bad = "Anna\nhttps://evil.example/x\u202e"
    text = sms_text(a_notice(who=(bad,), place=replace(PLACE, label=bad)), DANE, LINK)
    assert "evil" not in text.lower()
    assert text.splitlines()[0] == "ANNA"


outside = st.text(max_size=120)
names = st.lists(outside, max_size=6).map(tuple)
places = st.builds(
    Place,
    zone=st.none() | outside,
    label=outside,
    source=st.sampled_from([*PlaceSource, PlaceSource("of a later release")]),
    age_s=st.none() | st.floats(0, 1e7),
    meeting=st.none() | outside,
    accuracy_m=st.none() | st.floats(0, 1e6),
)
notices = st.builds(
    a_notice,
    st.sampled_from(Purpose),
    kind=st.sampled_from(AlarmKind),
    level=st.sampled_from(Level),
    place=places,
    who=names,
    with_you=names,
    unusual=st.lists(st.sampled_from(Unusual), max_size=5, unique=True).map(tuple),
    late=st.timedeltas(timedelta(), timedelta(days=400)),
    letter=st.sampled_from(["A", "B", "C"]),
    text=outside,
    reason=st.sampled_from([*StandDownWhy, StandDownWhy("something new")]),
    drill=st.booleans(),
)
addressees = st.builds(
    Addressee,
    person=st.just("bo"),
    language=st.sampled_from(Language),
    words=st.lists(
        st.tuples(st.sampled_from(["level_red", "kind_attack", "kind_fire"]), outside), max_size=3
    ).map(tuple),
)


@given(notices, addressees)
def test_whatever_stands_in_a_notice_the_lines_are_short_clean_and_start_with_something(
    notice: Notice, to: Addressee
) -> None:
    said = compose(notice, to)
    assert 0 < len(said[0].text) <= FIRST_LINE_MOST
    for line in said:
        assert line.text == line.text.strip()
        assert not any(unicodedata.category(letter)[0] == "C" for letter in line.text)


@given(notices, addressees)
def test_whatever_stands_in_a_notice_an_sms_keeps_two_segments_place_first_link_last(
    notice: Notice, to: Addressee
) -> None:
    text = sms_text(notice, to, LINK)
    assert segments(text) <= 2
    assert text.splitlines()[0] == compose(notice, to)[0].text
    assert text.splitlines()[-1] == LINK


def everything() -> list[Notice]:
    """Every purpose with every kind and level, and each thing that may be said beside."""
    base = [
        a_notice(purpose, kind=kind, level=level, reason=StandDownWhy.ENOUGH, text="Hus 2")
        for purpose in Purpose
        for kind in AlarmKind
        for level in Level
    ]
    nowhere = Place(None, "", PlaceSource.UNKNOWN)
    return [
        *base,
        *(a_notice(Purpose.STAND_DOWN, reason=r) for r in StandDownWhy),
        a_notice(unusual=tuple(Unusual), late=timedelta(hours=5)),
        a_notice(place=nowhere, late=timedelta(seconds=40)),
        a_notice(place=replace(PLACE, source=PlaceSource.ROSTER, age_s=700.0, accuracy_m=900.0)),
    ]
