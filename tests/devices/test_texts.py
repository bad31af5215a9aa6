"""A peer's bytes as text for people, however they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.texts import text_again, text_of


@pytest.mark.parametrize("written", ["utf-8", "cp1252", "latin-1"])
@pytest.mark.parametrize("text", ["Køkken", "Blåbærgrød på stuen", "Zimmer für 3", "Hall"])
def test_a_text_is_read_in_whichever_way_it_was_written(text: str, written: str) -> None:
    assert text_of(text.encode(written)) == text
    assert text_again(text.encode(written).decode("latin-1")) == text


def test_one_bad_byte_costs_that_byte() -> None:
    assert text_of("Køk\udcffken på".encode("utf-8", "surrogateescape")) == "Køkÿken på"
    assert text_of(b"50 \x80, \x81") == "50 €, \x81"


def test_a_text_that_was_read_already_stays() -> None:
    assert text_again("Køkken €") == "Køkken €"


@given(st.binary(max_size=200))
def test_any_bytes_are_some_text(raw: bytes) -> None:
    assert len(text_of(raw)) <= len(raw)
