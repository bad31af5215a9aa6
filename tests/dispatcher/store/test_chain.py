"""Whatever is done to a chain of entries afterwards shows."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from core.values import replace
from dispatcher.store.chain import (
    BEGINNING,
    ERASED,
    Head,
    Kept,
    breaks,
    checkpoint_hash,
    link,
)
from dispatcher.store.ports import TimelineEntry
from tests.dispatcher.store.samples import T

WORDS = st.text(max_size=20).filter(lambda text: text.isprintable())


@st.composite
def chains(draw: st.DrawFn, least: int = 1) -> list[Kept]:
    kept, head = [], BEGINNING
    for number in range(draw(st.integers(least, 5))):
        at = T + timedelta(seconds=number)
        entry = TimelineEntry("alm_1", at, at, draw(WORDS), draw(WORDS))
        salt = draw(st.binary(min_size=16, max_size=16))
        chained = link(head, entry, salt)
        kept.append(Kept(chained, salt))
        head = Head(chained.number, chained.hash)
    return kept


@given(chains())
def test_a_chain_left_alone_is_whole(chain: list[Kept]) -> None:
    assert _breaks(chain, chain) == []


@given(chains(), st.data())
def test_a_changed_text_is_found(chain: list[Kept], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    entry = chain[place].entry
    changed = replace(chain[place], entry=replace(entry, body=f"{entry.body}x"))
    assert _breaks(chain, [*chain[:place], changed, *chain[place + 1 :]]) == [
        f"alarm alm_1, entry {place + 1}: its text was changed"
    ]


@given(chains(), st.data())
def test_a_changed_header_is_found(chain: list[Kept], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    entry = chain[place].entry
    changed = data.draw(
        st.sampled_from(
            [
                replace(entry, what=f"{entry.what}x"),
                replace(entry, at=entry.at + timedelta(microseconds=1)),
                replace(entry, wall=entry.wall - timedelta(hours=1)),
                replace(entry, digest="0" * 64),
                replace(entry, hash="0" * 64),
            ]
        )
    )
    kept = replace(chain[place], entry=changed)
    assert _breaks(chain, [*chain[:place], kept, *chain[place + 1 :]])


@given(chains(), st.data())
def test_a_removed_entry_is_found(chain: list[Kept], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    assert _breaks(chain, chain[:place] + chain[place + 1 :])


@given(chains(least=2), st.data())
def test_swapped_entries_are_found(chain: list[Kept], data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(chain) - 2))
    other = data.draw(st.integers(one + 1, len(chain) - 1))
    swapped = list(chain)
    swapped[one], swapped[other] = chain[other], chain[one]
    assert _breaks(chain, swapped)


@given(chains(least=2), st.data())
def test_an_entry_put_in_another_place_with_its_number_is_found(
    chain: list[Kept], data: st.DataObject
) -> None:
    one = data.draw(st.integers(0, len(chain) - 2))
    first, second = chain[one].entry, chain[one + 1].entry
    renumbered = list(chain)
    renumbered[one] = replace(chain[one + 1], entry=replace(second, number=first.number))
    renumbered[one + 1] = replace(chain[one], entry=replace(first, number=second.number))
    assert _breaks(chain, renumbered)


@given(chains(), st.integers(0, 4))
def test_a_cut_tail_is_found_where_the_end_is_noted(chain: list[Kept], left: int) -> None:
    if left < len(chain):
        assert _breaks(chain, chain[:left])


def test_an_erased_text_is_whole_only_before_the_entry_that_says_so() -> None:
    first = link(BEGINNING, TimelineEntry("alm_1", T, T, "opened", "Anna"), b"salt")
    said = link(Head(1, first.hash), TimelineEntry("alm_1", T, T, ERASED, "{}"), b"salt")
    gone = Kept(replace(first, body=None), None)
    assert _breaks([Kept(said, b"salt")], [gone, Kept(said, b"salt")]) == []
    assert _breaks([gone], [gone]) == [
        "alarm alm_1, entry 1: its text is gone and no later entry says it was erased"
    ]
    silent = Kept(replace(said, body=None), None)
    assert _breaks([silent], [gone, silent]) == [
        "alarm alm_1, entry 2: its text is gone and no later entry says it was erased"
    ]


def test_the_digest_of_a_text_tells_nothing_without_its_salt() -> None:
    entry = TimelineEntry("alm_1", T, T, "opened", "Anna")
    assert link(BEGINNING, entry, b"one").digest != link(BEGINNING, entry, b"two").digest


def test_an_instant_is_the_same_in_whatever_zone_it_was_written() -> None:
    entry = TimelineEntry("alm_1", T, T, "opened")
    local = T.astimezone(ZoneInfo("Europe/Copenhagen"))
    elsewhere = TimelineEntry("alm_1", local, local, "opened")
    assert link(BEGINNING, entry, b"salt").hash == link(BEGINNING, elsewhere, b"salt").hash


def test_parts_of_a_header_cannot_flow_into_each_other() -> None:
    one = link(Head(0, ""), TimelineEntry("alm_1", T, T, "opened"), b"salt")
    other = link(Head(10, ""), TimelineEntry("alm_", T, T, "opened"), b"salt")
    assert one.hash != other.hash
    assert checkpoint_hash([("a", Head(11, "b"))]) != checkpoint_hash([("a1", Head(1, "b"))])


def _breaks(whole: list[Kept], now: list[Kept]) -> list[str]:
    last = whole[-1].entry
    return list(breaks("alm_1", now, Head(last.number, last.hash)))
