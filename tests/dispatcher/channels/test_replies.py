"""What a text message means, and above all what is never read as a yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AnswerKind
from dispatcher.channels.replies import Reply, parse_reply
from dispatcher.channels.reply_words import COMING, NEGATION, NO, YES

ACCEPT, DECLINE = AnswerKind.ACCEPT, AnswerKind.DECLINE
ARRIVED, MORE_HELP, OVER = AnswerKind.ARRIVED, AnswerKind.MORE_HELP, AnswerKind.OVER


@pytest.mark.parametrize(
    "text",
    "1|1.| 1 |1!|ja|JA|Ja!|ja jeg kommer|Ja, jeg kommer nu|yes|Yes please|kommer|jeg kommer|"
    "ok jeg kommer|er på vej|på vej|på vei|on my way|I'm coming|jo|👍|👍🏽|👍👍|１|①|1 jeg kommer|"
    "1 tak|ja 2 min|ja tak|jeg løber nu".split("|"),
)
def test_a_yes_is_read_as_on_my_way(text: str) -> None:
    assert parse_reply(text) == Reply(ACCEPT)


@pytest.mark.parametrize(
    "text",
    "2|2.|nej|NEI|no|nej tak|kan ikke|jeg kan ikke|kommer ikke|jeg kommer ikke|Kan ikke nå det|"
    "I can't|cannot|no sorry|👎|２|ikke nu|desværre|n".split("|"),
)
def test_a_no_is_read_as_cannot(text: str) -> None:
    assert parse_reply(text) == Reply(DECLINE)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("1A", Reply(ACCEPT, "A")),
        ("1 a", Reply(ACCEPT, "A")),
        ("A1", Reply(ACCEPT, "A")),
        ("a 1", Reply(ACCEPT, "A")),
        ("1b tak", Reply(ACCEPT, "B")),
        ("1 B jeg kommer", Reply(ACCEPT, "B")),
        ("ja b", Reply(ACCEPT, "B")),
        ("2B", Reply(DECLINE, "B")),
        ("b nej", Reply(DECLINE, "B")),
        ("１Ａ", Reply(ACCEPT, "A")),
        ("3c", Reply(ARRIVED, "C")),
        ("4 a", Reply(MORE_HELP, "A")),
        ("5a", Reply(OVER, "A")),
    ],
)
def test_a_letter_names_one_of_several_notices(text: str, reply: Reply) -> None:
    assert parse_reply(text) == reply


@pytest.mark.parametrize("text", ["3", "her", "jeg er her", "here", "fremme", "I am here"])
def test_here_is_read_as_arrived(text: str) -> None:
    assert parse_reply(text) == Reply(ARRIVED)


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "hjælp",
        "mere hjælp",
        "more help",
        "help!",
        "hjælp jeg kan ikke holde ham",
        "vi skal bruge hjælp nu",
        "🆘",
    ],
)
def test_a_plea_for_help_is_believed_in_the_middle_of_a_sentence(text: str) -> None:
    assert parse_reply(text) == Reply(MORE_HELP)


@pytest.mark.parametrize(
    "text", ["5", "faldet til ro", "her er faldet til ro", "over", "Avsluttet"]
)
def test_over_is_read_from_a_message_that_says_nothing_else(text: str) -> None:
    assert parse_reply(text) == Reply(OVER)


@pytest.mark.parametrize(
    "text",
    "over i hus 2|5 mand her|faldet|Anna er faldet|ikke faldet til ro|det er ikke over|"
    "over 5 min|5?|ja her er ro|5 min".split("|"),
)
def test_nothing_uncertain_is_read_as_over(text: str) -> None:
    assert parse_reply(text) is None or parse_reply(text) == Reply(DECLINE)


@pytest.mark.parametrize("text", ["her om 5 min", "3 mand her", "3 min", "er du her", "her 2 min"])
def test_nothing_uncertain_is_read_as_arrived(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    "text",
    "ja nej|nej jeg kommer|1 2|1A 2B|1A 1B|ja?|kommer du|kommer I|hvem kommer|kommer der nogen|"
    "ja bo kommer|ja hvad sker der|måske|ja hvis jeg kan|ok|okay|k|set|2 min|1 mand er såret|"
    "skal jeg komme|ved ikke|ingen hjælp|ikke brug for mere hjælp|4 ikke|ja kommerikke|hej|"
    "Liked “LEJL 12 HUS 2. Svar 1: Jeg kommer.”|👍 to “LEJL 12. Jeg kommer”|12|11|||🙂".split("|"),
)
def test_what_is_unclear_is_asked_back(text: str) -> None:
    assert parse_reply(text) is None


def test_a_message_too_long_to_see_the_end_of_is_asked_back() -> None:
    assert parse_reply("ja " + "x " * 200 + "nej") is None


words = st.sampled_from(
    sorted(YES | COMING | {"jeg", "1", "1a", "her", "tak", "nu", "straks", "ok", "a", "hus"})
)
against = st.sampled_from(sorted(NEGATION | NO | {"2", "IKKE", "Nej", "can't", "２"}))


@given(st.lists(words, max_size=6), against, st.lists(words, max_size=6))
def test_a_negation_anywhere_is_never_read_as_a_yes(
    before: list[str], no: str, after: list[str]
) -> None:
    reply = parse_reply(" ".join([*before, no, *after]))
    assert reply is None or reply.answer is not ACCEPT


@given(st.lists(words, max_size=5), st.lists(words, max_size=5))
def test_a_question_is_never_read_as_a_yes(before: list[str], after: list[str]) -> None:
    assert parse_reply(" ".join([*before, "?", *after])) is None


@given(st.text(max_size=300))
def test_any_text_is_read_or_asked_back(text: str) -> None:
    reply = parse_reply(text)
    assert reply is None or reply.answer in AnswerKind
