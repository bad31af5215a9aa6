"""Where a device published: its own word everywhere, and what is wrong with the place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.buttons.native.topics import NOT_OURS, placed


@pytest.mark.parametrize(
    ("topic", "leaf", "fault"),
    [
        ("tilkald/v1/badge-ole/up", "up", ""),
        ("tilkald/v1/badge-ole/beat", "beat", ""),
        ("tilkald/v1/badge-ole/typo", "typo", ""),
        ("/tilkald/v1/badge-ole/up", "up", "a slash before it"),
        ("tilkald/v1/badge-ole//up", "up", "two slashes in a row"),
        ("tilkald//v1/badge-ole/beat", "beat", "two slashes in a row"),
        ("tilkald/v1/Badge-Ole/up", "up", "capital letters or blanks"),
        ("TILKALD/V1/badge-ole/up", "up", "capital letters or blanks"),
        ("tilkald/v1/badge-ole /up", "up", "capital letters or blanks"),
        ("tilkald/v1/badge-ole", "up", "without its last part"),
        ("tilkald/v1/badge-ole/", "up", "without its last part"),
        ("tilkald/v1/badge-mette/up", "up", "another device's"),
        ("tilkald/v1/badge-mette/beat", "beat", "another device's"),
        ("tilkald/v2/badge-ole/up", "up", "with another beginning"),
        ("up", "up", "with another beginning"),
        ("badge-ole/Up", "up", "with another beginning"),
        ("$SYS/up", "up", "with another beginning"),
        ("tilkald/v1/badge-ole/down", "down", "where only the service speaks"),
        ("tilkald/v1/badge-ole/down/x", "", "another device's"),
        ("homeassistant/sensor/x/config", "", NOT_OURS),
        ("#", "", NOT_OURS),
        ("", "", NOT_OURS),
    ],
)
def test_a_topic_is_placed_and_its_fault_is_named_without_its_words(
    topic: str, leaf: str, fault: str
) -> None:
    assert placed("tilkald/v1", "badge-ole", topic) == (leaf, fault)


@given(st.text())
def test_every_topic_is_placed(topic: str) -> None:
    placed("tilkald/v1", "badge-ole", topic)
