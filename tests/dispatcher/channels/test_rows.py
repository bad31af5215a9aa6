"""A channel is its row: nothing else says what it can do."""

from __future__ import annotations

import subprocess
import sys

from alarms.channel import Rings
from dispatcher.channels.rows import CHANNELS, named, row
from dispatcher.web import labels
from tests.support.channels import every_channel


def test_each_channel_declares_its_own_row_and_each_row_has_its_channel() -> None:
    channels = {channel.name: channel.capabilities for channel in every_channel()}
    assert channels == dict(CHANNELS)


def test_each_row_has_its_word() -> None:
    assert list(labels.CHANNELS) == list(CHANNELS)


def test_some_channel_needs_no_internet_and_some_reaches_people_away_from_the_site() -> None:
    assert named(CHANNELS, personal=True, leaves_site=False)
    assert named(CHANNELS, personal=True, leaves_site=True)


def test_what_only_shows_a_page_is_not_personal() -> None:
    for name, can in CHANNELS.items():
        assert can.personal is (can.rings is not Rings.PERSON), name


def test_nothing_is_expected_of_a_channel_another_release_had() -> None:
    old = row("pigeon")
    assert old.receipt_within is None
    assert [old.immediate, old.withdraws, old.links, old.says_rang] == [False] * 4


def test_the_table_loads_without_a_provider() -> None:
    asks = (
        "import sys, dispatcher.channels.rows; "
        "print([m for m in ('twilio', 'httpx', 'asyncio', 'devices') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
