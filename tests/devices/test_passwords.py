from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.passwords import COST_MAX, digest, is_plain, matches, readable

SALT = bytes(range(16))


def test_a_digest_matches_its_password_and_no_other() -> None:
    stored = digest(b"sommer", SALT)
    assert stored.startswith("scrypt$")
    assert "sommer" not in stored
    assert matches(stored, b"sommer")
    assert not matches(stored, b"Sommer")


def test_a_plain_demonstration_password_matches_and_is_known_to_be_plain() -> None:
    assert is_plain("demo-anna")
    assert matches("demo-anna", b"demo-anna")
    assert not matches("demo-anna", b"demo-ann")
    assert not is_plain(digest(b"x", SALT))


def test_no_password_configured_lets_nobody_in() -> None:
    assert not matches("", b"")
    assert not readable("")


@pytest.mark.parametrize(
    "broken",
    [
        "scrypt$",
        "scrypt$256$zz$00",
        "scrypt$257$00$00",
        "scrypt$-2$00$00",
        "scrypt$0$00$00",
        "scrypt$256$00",
        f"scrypt${COST_MAX * 2}$00$00",
        "scrypt$99999999999999999999$00$00",
    ],
)
def test_a_broken_or_too_costly_digest_matches_nothing_and_is_found_by_check(broken: str) -> None:
    assert not readable(broken)
    assert not matches(broken, b"")


@given(stored=st.text(max_size=80), given_=st.binary(max_size=300))
def test_any_stored_text_and_any_given_bytes_only_say_yes_or_no(stored: str, given_: bytes) -> None:
    assert matches(stored, given_) in (True, False)
