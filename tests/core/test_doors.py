"""Who makes room at a full door, and how many a door may hold."""

from __future__ import annotations

import resource

import pytest

from core.admission import Crowds, places


def test_of_the_address_with_most_the_oldest_makes_room() -> None:
    crowds: Crowds[str] = Crowds()
    crowds.add("patient", "10.0.0.7")
    for guest in ("first", "second", "third"):
        crowds.add(guest, "10.0.0.9")
    assert crowds.next_out() == "first"
    assert crowds.next_out("10.0.0.7") == "patient"
    crowds.add("first", "10.0.0.9")
    assert crowds.next_out() == "second"


def test_who_has_gone_or_said_something_whole_makes_no_room() -> None:
    crowds: Crowds[str] = Crowds()
    crowds.add("only", "10.0.0.9")
    crowds.remove("only", "10.0.0.9")
    crowds.remove("only", "10.0.0.9")
    crowds.remove("never", "10.0.0.8")
    assert crowds.next_out() is None
    assert crowds.next_out("10.0.0.9") is None


@pytest.mark.parametrize(("files", "held"), [(1_024, 128), (20_000, 2_000), (-1, 2_000), (64, 16)])
def test_a_door_leaves_files_to_the_others(
    files: int, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (files, files))
    assert places(2_000, share=8) == held
