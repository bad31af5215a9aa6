"""Samples of one contact, as a text: a letter each tenth of a second.

`.` at rest, `X` pressed, `C` cut, `S` short, `?` nothing can be told. A change stands where it is
said: `P` pressed, `F` found pressed, `R` released, `c` cut, `s` short, `h` healed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contacts.contact import HEALED_AFTER, Change, Contact, Sample, Trouble

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENTH = timedelta(seconds=0.1)
SETTLE = timedelta(seconds=0.3)
SAMPLES = {
    ".": Sample(False, Trouble.NONE),
    "X": Sample(True, Trouble.NONE),
    "C": Sample(None, Trouble.CUT),
    "S": Sample(None, Trouble.SHORT),
    "?": Sample(None, None),
}
FIRST = {
    Change.PRESSED: "P",
    Change.FOUND_PRESSED: "F",
    Change.RELEASED: "R",
    Change.HEALED: "h",
}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (".X.......", " P   R   "),  # said at the first sample
        (".X.X..X.......", " P        R   "),  # bounce is one press
        (".XXXXXXXX....", " P          R"),  # held
        (".X....X....", " P   RP   R"),  # let go for long enough: a second press
        ("XXX......", "F     R  "),  # found pressed
        ("??X", "  F"),
        (".X??....", " P    ?R"),
        (".CCCCCCC", "    c   "),  # a cut that lasts
        ("CCCCCCCC", "   c    "),  # found cut
        (".C.C.C.C", "        "),  # a spike is no cut
        (".CSCSCSC", "    s   "),  # one trouble, whatever it is
        (".CCCCXX.....", "    cP    R "),  # cut and then pressed all the same
        (".CCCC........S.....", "    c"),  # on its way to be well, a spike
        (".CC?CCCC", "       c"),
    ],
)
def test_what_is_said_of(seen: str, said: str) -> None:
    expected = said.replace("?", " ").rstrip()
    assert told(Contact(SETTLE), seen).rstrip() == expected


def test_a_cut_is_healed_when_it_was_well_for_a_while() -> None:
    well = "." * (HEALED_AFTER // TENTH)
    said = told(Contact(SETTLE), ".CCCCC" + well + "C" + well + ".")
    assert said.split() == ["c", "h"], "a swing back begins the wait anew"
    assert said[-1] == "h"


def test_what_was_not_seen_for_a_while_begins_anew_and_what_was_cut_stays_cut() -> None:
    contact = Contact(SETTLE)
    assert told(contact, ".X.CCCC").split() == ["P", "c"]
    contact.forget()
    assert told(contact, "XCCCCCC", NOON + timedelta(minutes=1)).split() == ["F"]
    assert contact.trouble is Trouble.CUT


@given(st.text("X.", min_size=1, max_size=60))
def test_every_press_is_said_at_once_and_let_go_before_the_next(seen: str) -> None:
    said = told(Contact(SETTLE), seen)
    assert said[: seen.find("X") + 1].strip() == ("" if "X" not in seen else said[seen.find("X")])
    changes = said.replace(" ", "").replace("F", "P")
    assert changes == ("PR" * len(changes))[: len(changes)]
    assert bool(changes) == ("X" in seen)


def told(contact: Contact, seen: str, start: datetime = NOON) -> str:
    """A letter for each sample."""
    found = ""
    for number, letter in enumerate(seen):
        changes = contact.look(SAMPLES[letter], start + number * TENTH)
        assert len(changes) <= 1
        found += "".join(_letter(contact, change) for change in changes) or " "
    return found


def _letter(contact: Contact, change: Change) -> str:
    return contact.trouble.value[0] if change is Change.TROUBLED else FIRST[change]
