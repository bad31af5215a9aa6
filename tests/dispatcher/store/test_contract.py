"""What every store promises, whichever it is."""

from __future__ import annotations

import asyncio
from itertools import pairwise, product

import pytest

from alarms.receipts import moves_forward
from core.errors import Conflict, DomainError, StoreUnavailable
from core.signals import Position, ReceiptState
from core.values import replace
from dispatcher.roster.model import Person
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.store.limits import HEARD_MAX_PER_DEVICE, RAW_BYTES_MAX, RAW_MAX_PER_SENDER
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import AlarmWrite, CaseWrite, Store, Transaction
from tests.dispatcher.store.samples import (
    T,
    after,
    alarm,
    case,
    cases,
    closed,
    entry,
    link,
    mark,
    move,
    notice,
    opening,
    presence,
    raw,
    signal,
)

# One unit, one transaction.


async def test_a_unit_comes_back_exactly_as_it_was_submitted(store: Store) -> None:
    await store.submit(opening())
    assert await store.alarm("alm_1") == alarm()
    assert await store.notice("ntc_1") == notice()
    assert [one.body for one in await store.timeline("alm_1")] == [
        '{"by": "Anna"}',
        '{"who": "Bo"}',
    ]


async def test_all_of_a_unit_happens_or_none(store: Store) -> None:
    await store.submit(opening())
    with pytest.raises(Conflict):
        await store.submit(
            Transaction(
                signals=(signal(2),),
                alarms=(AlarmWrite(alarm("alm_2"), 0), AlarmWrite(alarm(rev=9), 8)),
                timeline=(entry("never", alarm_id="alm_2"),),
            )
        )
    assert await store.alarm("alm_2") is None
    assert await store.timeline("alm_2") == []
    assert [heard.seq for heard in await store.last_heard()] == [1]


async def test_a_stored_signal_is_known_by_its_identity(store: Store) -> None:
    await store.submit(opening())
    (heard,) = await store.last_heard()
    assert await store.has_signal(heard.identity)
    assert not await store.has_signal("another")


async def test_one_units_conflict_fails_only_that_unit(store: Store) -> None:
    units = [opening(), opening(), opening("alm_2", number=2)]
    results = await asyncio.gather(*map(store.submit, units), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), Conflict, type(None)]
    assert [one.id for one in await store.open_alarms()] == ["alm_1", "alm_2"]


async def test_units_are_committed_in_the_order_they_were_submitted(store: Store) -> None:
    writes = [Transaction(alarms=(AlarmWrite(alarm(rev=rev), rev - 1),)) for rev in range(1, 200)]
    await asyncio.gather(*map(store.submit, writes))
    stored = await store.alarm("alm_1")
    assert stored is not None
    assert stored.rev == 199


async def test_a_unit_with_a_name_counts_once(store: Store) -> None:
    unit = Transaction(timeline=(entry(),), raw=(raw(),), once="unit_1")
    await store.submit(unit)
    await store.submit(unit)
    assert len(await store.timeline("alm_1")) == 1
    assert len(await store.raw()) == 1


async def test_a_named_unit_that_failed_may_come_again(store: Store) -> None:
    unit = Transaction(alarms=(AlarmWrite(alarm(rev=2), 1),), once="unit_1")
    with pytest.raises(Conflict):
        await store.submit(unit)
    await store.submit(opening())
    await store.submit(unit)
    assert [one.rev for one in await store.open_alarms()] == [2]


async def test_what_no_database_can_hold_does_not_lose_the_press(store: Store) -> None:
    nowhere = Position(float("nan"), float("inf"))
    odd = replace(signal().reading, seq=10**30, text="help \ud800 me", position=nowhere)
    await store.submit(replace(opening(), signals=(replace(signal(), reading=odd),)))
    await store.submit(Transaction(timeline=(entry("odd\ud800", body="\udfff"),)))
    assert [one.id for one in await store.open_alarms()] == ["alm_1"]
    assert len(await store.last_heard()) == 1
    assert len(await store.timeline("alm_1")) == 3
    assert await store.verify() == []


async def test_a_closed_store_takes_nothing(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.submit(opening())


# Alarms: compare-and-set on `rev`.


@pytest.mark.parametrize("seen_rev", [0, 1, 3])
async def test_an_alarm_written_by_somebody_else_is_a_conflict(store: Store, seen_rev: int) -> None:
    await store.submit(opening())
    await store.submit(Transaction(alarms=(AlarmWrite(alarm(rev=2), 1),)))
    with pytest.raises(Conflict, match=f"stored at rev 2 and was seen at rev {seen_rev}"):
        await store.submit(Transaction(alarms=(AlarmWrite(alarm(rev=4), seen_rev),)))


async def test_an_alarm_that_was_never_stored_is_a_conflict(store: Store) -> None:
    with pytest.raises(Conflict, match="stored at rev 0 and was seen at rev 1"):
        await store.submit(Transaction(alarms=(AlarmWrite(alarm(rev=2), 1),)))


async def test_a_closed_alarm_is_no_longer_open(store: Store) -> None:
    await store.submit(opening())
    await store.submit(Transaction(alarms=(AlarmWrite(closed(alarm()), 1),)))
    assert await store.open_alarms() == []
    assert await store.alarm("alm_1") == closed(alarm())
    assert await store.unreadable_alarms() == []


async def test_alarms_are_paged_newest_first(store: Store) -> None:
    ids = [f"alm_{number}" for number in range(7)]
    for number, alarm_id in enumerate(ids):
        await store.submit(opening(alarm_id, number=number))
    pages, cursor = [], None
    while True:
        page = await store.alarms(cursor=cursor, limit=3)
        pages.append([one.id for one in page.alarms])
        if page.cursor is None:
            break
        cursor = page.cursor
        await store.submit(opening(f"alm_new_{len(pages)}", number=100 + len(pages)))
    assert pages == [["alm_6", "alm_5", "alm_4"], ["alm_3", "alm_2", "alm_1"], ["alm_0"]]


@pytest.mark.parametrize("cursor", ["x", "", "æ", "YWxhcm1zOi0x", "YWxhcm1zOng=", "b3RoZXI6MQ=="])
async def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(DomainError) as refused:
        await store.alarms(cursor=cursor)
    assert refused.value.code == "invalid"


async def test_a_page_is_never_empty_nor_endless(store: Store) -> None:
    for number in range(3):
        await store.submit(opening(f"alm_{number}", number=number))
    assert len((await store.alarms(limit=-5)).alarms) == 1
    assert len((await store.alarms(limit=10**9)).alarms) == 3


# Timed cases of other kinds: compare-and-set on `rev` too, and nobody reads their state here.


async def test_cases_come_back_as_they_were_written_in_the_order_they_were_opened(
    store: Store,
) -> None:
    session, trip = case("ses_9"), case("trp_1", kind="trip", wake_at=after(-5))
    await store.submit(cases(session, trip))
    assert await store.open_cases() == [session, trip]
    assert await store.case("lone_work", "ses_9") == session
    assert await store.case("trip", "ses_9") is None


async def test_what_one_kind_calls_its_cases_is_no_matter_to_another(store: Store) -> None:
    session, trip = case("1"), case("1", kind="trip")
    await store.submit(cases(session, trip))
    await store.submit(cases(case("1", rev=2, wake_at=None), seen_rev=1))
    assert await store.open_cases() == [trip]


@pytest.mark.parametrize("seen_rev", [0, 1, 3])
async def test_a_case_written_by_somebody_else_is_a_conflict(store: Store, seen_rev: int) -> None:
    await store.submit(cases(case()))
    await store.submit(cases(case(rev=2), seen_rev=1))
    line = rf"Case ses_1 \(lone_work\) is stored at rev 2 and was seen at rev {seen_rev}"
    with pytest.raises(Conflict, match=line):
        await store.submit(cases(case(rev=4), seen_rev=seen_rev))
    assert await store.open_cases() == [case(rev=2)]


async def test_a_case_without_a_next_moment_is_over(store: Store) -> None:
    over = case(rev=2, wake_at=None)
    await store.submit(cases(case()))
    await store.submit(cases(over, seen_rev=1))
    assert await store.open_cases() == []
    assert await store.case("lone_work", "ses_1") == over


async def test_a_case_and_an_alarm_are_written_together_or_not_at_all(store: Store) -> None:
    await store.submit(cases(case()))
    overdue = replace(opening(), cases=(CaseWrite(case(rev=6), 5),))
    with pytest.raises(Conflict):
        await store.submit(overdue)
    assert await store.open_alarms() == []
    await store.submit(replace(overdue, cases=(CaseWrite(case(rev=2), 1),)))
    assert [one.id for one in await store.open_alarms()] == ["alm_1"]
    assert await store.open_cases() == [case(rev=2)]


async def test_one_transaction_may_write_a_case_twice(store: Store) -> None:
    twice = (CaseWrite(case(), 0), CaseWrite(case(rev=2), 1))
    await store.submit(Transaction(cases=twice))
    assert await store.open_cases() == [case(rev=2)]


async def test_a_state_that_is_no_json_is_given_back_so_that_its_kind_can_name_it(
    store: Store,
) -> None:
    odd = replace(case(), state="{", version=99)
    await store.submit(cases(odd))
    assert await store.open_cases() == [odd]


# Signals.


async def test_the_same_identity_twice_is_stored_once(store: Store) -> None:
    await store.submit(Transaction(signals=(signal(1), signal(1))))
    await store.submit(
        Transaction(signals=(replace(signal(1), id="sig_other"),), timeline=(entry(),))
    )
    assert len(await store.last_heard()) == 1
    assert len(await store.timeline("alm_1")) == 1


async def test_the_newest_identities_of_each_device_come_back_oldest_first(store: Store) -> None:
    many = HEARD_MAX_PER_DEVICE + 5
    for number in range(many):
        two = signal(number), signal(number, device="badge-bo")
        await store.submit(Transaction(signals=two[: 1 if number > 3 else 2]))
    heard = await store.last_heard()
    of_anna = [one.seq for one in heard if one.device == "badge-anna"]
    assert of_anna == list(range(5, many))
    assert [one.seq for one in heard if one.device == "badge-bo"] == [0, 1, 2, 3]
    assert all(a.at <= b.at for a, b in pairwise(heard))
    assert heard[-1].identity == f"badge-anna|7|{many - 1}"
    assert (heard[-1].boot, heard[-1].epoch) == ("7", 2)


# Notices.


async def test_a_notice_with_an_id_already_there_changes_nothing(store: Store) -> None:
    await store.submit(opening())
    await store.submit(Transaction(moves=(move(ReceiptState.SENT),)))
    await store.submit(Transaction(notices=(notice(address="badge-ida"),)))
    stored = await store.notice("ntc_1")
    assert stored == notice(state=ReceiptState.SENT)


async def test_a_notice_of_an_alarm_that_is_not_stored_is_a_conflict(store: Store) -> None:
    with pytest.raises(Conflict):
        await store.submit(Transaction(notices=(notice(),)))
    with pytest.raises(Conflict):
        await store.submit(Transaction(links=(link(),)))


async def test_a_notice_moves_as_the_table_says_and_else_not(store: Store) -> None:
    await store.submit(replace(opening(), notices=()))
    pairs = list(product(ReceiptState, ReceiptState))
    ids = [f"ntc_{state}_{to}" for state, to in pairs]
    notices = tuple(notice(name, state=state) for name, (state, _) in zip(ids, pairs, strict=True))
    moves = tuple(move(to, notice_id=name) for name, (_, to) in zip(ids, pairs, strict=True))
    await store.submit(Transaction(notices=notices, moves=moves))
    reached = {one.id: one.state for one in await store.notices("alm_1")}
    assert reached == {
        name: to if moves_forward(state, to) else state
        for name, (state, to) in zip(ids, pairs, strict=True)
    }


async def test_a_move_of_an_unknown_notice_changes_nothing(store: Store) -> None:
    await store.submit(Transaction(moves=(move(ReceiptState.SENT, notice_id="ntc_none"),)))
    assert await store.notice("ntc_none") is None


async def test_unfinished_notices_are_those_that_may_not_have_left(store: Store) -> None:
    await store.submit(replace(opening(), notices=()))
    for number, state in enumerate(ReceiptState):
        await store.submit(Transaction(notices=(notice(f"ntc_{number}", state=state),)))
    assert [one.state for one in await store.unfinished_notices()] == [
        ReceiptState.PENDING,
        ReceiptState.SENDING,
        ReceiptState.MAYBE_SENT,
    ]


async def test_the_notices_of_open_alarms_are_all_there_whatever_became_of_them(
    store: Store,
) -> None:
    """Who was called before a crash must be stood down after it."""
    await store.submit(replace(opening(), notices=()))
    for number, state in enumerate(ReceiptState):
        await store.submit(Transaction(notices=(notice(f"ntc_{number}", state=state),)))
    assert [one.state for one in await store.open_notices()] == list(ReceiptState)
    (alarm,) = await store.open_alarms()
    await store.submit(Transaction(alarms=(AlarmWrite(closed(alarm), alarm.rev),)))
    assert await store.open_notices() == []


async def test_the_notices_of_some_open_alarms_are_read_before_the_rest(store: Store) -> None:
    for number in range(1, 4):
        await store.submit(opening(f"alm_{number}", number=number))
    await store.submit(Transaction(notices=(notice("ntc_later"),)))
    some = await store.open_notices(["alm_3", "alm_1"])
    assert [one.id for one in some] == ["ntc_1", "ntc_alm_3", "ntc_later"]
    assert await store.open_notices([]) == []
    everything = [one.id for one in await store.open_notices()]
    assert everything == ["ntc_1", "ntc_alm_2", "ntc_alm_3", "ntc_later"]


async def test_a_notice_is_found_by_what_the_provider_calls_it(store: Store) -> None:
    await store.submit(opening())
    await store.submit(Transaction(moves=(move(ReceiptState.DELIVERED),)))
    late = move(ReceiptState.SENT, ref="SM123")
    await store.submit(Transaction(moves=(late, move(ReceiptState.SENT, ref="SM999"))))
    found = await store.notice_by_provider("wearable", "SM123")
    assert found is not None
    assert (found.id, found.state) == ("ntc_1", ReceiptState.DELIVERED)
    assert await store.notice_by_provider("sms", "SM123") is None
    assert await store.notice_by_provider("wearable", "SM999") is None
    assert await store.notice_by_provider("wearable", "") is None


async def test_the_notices_of_an_alarm_come_oldest_first(store: Store) -> None:
    await store.submit(opening())
    await store.submit(Transaction(notices=(notice("ntc_9"), notice("ntc_2"))))
    assert [one.id for one in await store.notices("alm_1")] == ["ntc_1", "ntc_9", "ntc_2"]


async def test_a_link_is_found_by_the_hash_of_its_token(store: Store) -> None:
    await store.submit(replace(opening(), links=(link(),)))
    await store.submit(Transaction(links=(replace(link(), person="ida"),)))
    assert await store.link("a" * 64) == link()
    assert await store.link("b" * 64) is None


# The chained timeline.


async def test_each_entry_continues_the_one_before_it(store: Store) -> None:
    await store.submit(opening())
    await store.submit(Transaction(timeline=(entry("accepted"), entry("opened", alarm_id="alm_2"))))
    chain = await store.timeline("alm_1")
    assert [one.number for one in chain] == [1, 2, 3]
    assert chain[0].previous == ""
    assert [one.previous for one in chain[1:]] == [one.hash for one in chain[:-1]]
    assert (chain[2].at, chain[2].wall, chain[2].what) == (T, after(3600), "accepted")
    assert [one.number for one in await store.timeline("alm_2")] == [1]
    assert await store.verify() == []


async def test_erasing_takes_the_text_and_leaves_the_proof(store: Store) -> None:
    await store.submit(opening())
    before = await store.checkpoint()
    assert await store.erase("alm_1", after(9), after(9), "asked by Anna") == 2
    chain = await store.timeline("alm_1")
    assert [one.body is None for one in chain] == [True, True, False]
    assert chain[-1].what == "erased"
    assert "asked by Anna" in (chain[-1].body or "")
    assert await store.verify([before]) == []
    assert await store.erase("alm_1", after(10), after(10), "again") == 1
    assert await store.verify([before]) == []


async def test_a_checkpoint_holds_while_the_timelines_grow(store: Store) -> None:
    empty = await store.checkpoint()
    assert (empty.entries, empty.heads) == (0, 0)
    await store.submit(opening())
    one = await store.checkpoint()
    assert (one.entries, one.heads) == (2, 1)
    await store.submit(opening("alm_2", number=2))
    await store.submit(Transaction(timeline=(entry("accepted"),)))
    two = await store.checkpoint()
    assert (two.entries, two.heads) == (5, 2)
    assert await store.verify([empty, one, two]) == []
    wrong = replace(one, hash="0" * 64)
    assert len(await store.verify([wrong])) == 1


# The rest.


async def test_raw_bytes_are_kept_newest_last_within_the_limit_of_each_sender(
    store: Store,
) -> None:
    await store.submit(Transaction(raw=(raw(0, sender="quiet"),)))
    storm = tuple(raw(number) for number in range(1, RAW_MAX_PER_SENDER + 31))
    await store.submit(Transaction(raw=storm))
    kept = await store.raw(limit=10_000)
    assert kept == [raw(0, sender="quiet"), *storm[30:]]
    assert await store.raw(limit=2) == list(storm[-2:])


async def test_long_raw_bytes_are_cut(store: Store) -> None:
    await store.submit(Transaction(raw=(raw(content=b"x" * (RAW_BYTES_MAX + 1)),)))
    assert [len(one.content) for one in await store.raw()] == [RAW_BYTES_MAX]


async def test_the_newest_word_on_who_is_here_stands(store: Store) -> None:
    here, gone = presence("bo", here=True, at=after(2)), presence("bo", here=False, at=after(1))
    await store.submit(
        Transaction(presence=(here, replace(presence("ida", here=True), until=None)))
    )
    await store.submit(Transaction(presence=(gone,)))
    assert await store.presence() == [here, replace(presence("ida", here=True), until=None)]


async def test_the_clock_mark_never_goes_back(store: Store) -> None:
    assert await store.clock_mark() is None
    await store.submit(Transaction(clock=mark(10)))
    await store.submit(Transaction(clock=mark(5)))
    assert await store.clock_mark() == mark(10)


async def test_each_configuration_is_kept_whole_under_its_number(store: Store) -> None:
    assert await store.organisation() is None
    first = Organisation(sites=(Site("solgaarden", "Solgården", "Europe/Copenhagen"),))
    second = replace(first, people=(Person("bo", "Bo Berg", "solgaarden"),))
    assert await store.write_organisation(first, "anna", T) == 1
    assert await store.write_organisation(second, "ida", after(1)) == 2
    assert await store.organisation() == replace(second, version=2)
    assert await store.organisation(1) == replace(first, version=1)
    assert await store.organisation(3) is None
    assert await store.organisation(0) is None
    assert await store.organisation_versions() == [(1, T, "anna"), (2, after(1), "ida")]


async def test_a_staff_token_names_its_person(store: Store) -> None:
    await store.write_staff_token("hash", "anna", T)
    assert await store.staff_token("hash") == "anna"
    assert await store.staff_token("other") is None


async def test_an_unknown_id_is_none(store: Store) -> None:
    assert await store.alarm("alm_none") is None
    assert await store.notice("ntc_none") is None
    assert await store.notices("alm_none") == []
    assert await store.timeline("alm_none") == []


async def test_a_store_that_was_never_restored_says_so(store: Store) -> None:
    assert await store.restored_at() is None


# Of memory alone: it is driven without an event loop, and told to fail.


def test_memory_commits_without_an_event_loop() -> None:
    store = MemoryStore()
    done = store.submit(opening())
    assert done.done()
    assert done.result() is None
    seen: list[bool] = []
    done.add_done_callback(lambda future: seen.append(future.done()))
    assert seen == [True]
    assert isinstance(store.submit(opening()).exception(), Conflict)
    with pytest.raises(Conflict):
        store.commit_now(opening())


async def test_memory_fails_as_it_is_told_until_it_is_told_otherwise() -> None:
    store = MemoryStore()
    store.fail_with = StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await store.submit(opening())
    with pytest.raises(StoreUnavailable):
        await store.write_staff_token("hash", "anna", T)
    store.fail_with = None
    await store.submit(opening())
    assert len(await store.open_alarms()) == 1
