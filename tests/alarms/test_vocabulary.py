"""The closed lists: who writes takes a token from them, who reads keeps what is not in them."""

from __future__ import annotations

import inspect

import msgspec
import pytest

from alarms import vocabulary
from alarms.vocabulary import LostWhy, StandDownWhy, Token, WakeWhy

LISTS = [
    one
    for _, one in inspect.getmembers(vocabulary, inspect.isclass)
    if issubclass(one, Token) and one is not Token
]


@pytest.mark.parametrize("tokens", LISTS)
def test_a_token_is_read_as_the_one_it_was_written_as(tokens: type[Token]) -> None:
    for token in tokens:
        assert msgspec.json.decode(msgspec.json.encode(token), type=tokens) is token


@pytest.mark.parametrize("tokens", LISTS)
def test_a_token_of_another_release_stays_itself_and_is_none_of_ours(tokens: type[Token]) -> None:
    foreign = tokens("of another release")
    assert foreign == "of another release"
    assert foreign not in list(tokens)
    assert msgspec.json.decode(msgspec.json.encode(foreign), type=tokens) == foreign


@pytest.mark.parametrize("tokens", LISTS)
def test_what_is_no_text_is_no_token(tokens: type[Token]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b"5", type=tokens)


def test_who_is_lost_for_good_is_told_nothing_more() -> None:
    for why in LostWhy:
        assert not why.for_good or StandDownWhy(why).untold


def test_what_an_earlier_release_wrote_into_the_token_is_read_past() -> None:
    assert WakeWhy("deadline bo") is WakeWhy.DEADLINE
    assert WakeWhy("round 2") is WakeWhy.ROUND
    assert WakeWhy("held for the duty leader") is WakeWhy.HELD
    assert WakeWhy("stepping stones") == "stepping stones"
