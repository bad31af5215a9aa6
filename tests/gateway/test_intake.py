from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import metrics
from core.clock import sleep
from core.signals import (
    AlarmKind,
    AnswerKind,
    Level,
    Position,
    Reading,
    Signal,
    SignalType,
    Standing,
    Taken,
)
from core.values import replace
from devices.findings import CHARGING, State, Trouble
from devices.identity import REMEMBERED
from devices.registry import Assignment
from gateway import intake as intakes
from gateway.intake import (
    COPIES_BURST,
    COPIES_OWED_MAX,
    GATEWAYS_RAW_BURST,
    RAW_BURST,
    RAW_BYTES_MAX,
)
from gateway.senders import POSITION_KEPT_FOR
from gateway.storms import BURST
from tests.support.gateway import NOW, SOON_S, House, reading

SECOND = timedelta(seconds=1)
Result = TypeVar("Result")


# A Signal is a Reading with its owner, its place, its moment


async def test_a_press_is_handed_over_with_its_wearer_level_and_moment() -> None:
    house = House()
    assert await house.intake.take(replace(reading(), seq=412, boot="7"))
    (signal,) = house.desk.taken
    assert (signal.device, signal.person, signal.site) == ("badge-anna", "anna", "solbakken")
    assert (signal.standing, signal.level) == (Standing.ASSIGNED, Level.RED)
    assert (signal.at, signal.wall, signal.pressed_at) == (NOW, NOW, None)
    assert not signal.repeat


async def test_a_press_of_a_borrowed_badge_is_the_borrowers() -> None:
    loan = Assignment("badge-anna", "vikar", NOW - SECOND, NOW + SECOND)
    house = House(assignments=(loan,))
    await house.intake.take(reading())
    assert house.desk.taken[0].person == "vikar"


@pytest.mark.parametrize(
    ("device", "standing"),
    [
        ("badge-spare", Standing.UNASSIGNED),
        ("badge-old", Standing.WITHDRAWN),
        ("badge-ghost", Standing.UNKNOWN),
        ("button-hall", Standing.ASSIGNED),
    ],
)
async def test_an_alarm_of_any_device_but_a_stolen_one_is_handed_over(
    device: str, standing: Standing
) -> None:
    house = House()
    assert await house.intake.take(reading(device))
    assert [(s.device, s.standing) for s in house.desk.taken] == [(device, standing)]


async def test_a_device_revoked_as_stolen_is_refused_and_shown() -> None:
    house = House()
    assert not await house.intake.take(reading("badge-stolen"))
    assert house.desk.taken == []
    assert "badge-stolen" in house.desk.problems["revoked:badge-stolen"]


@pytest.mark.parametrize(
    ("device", "said", "zone"),
    [
        ("badge-anna", "beacon-17", "house-2"),
        ("badge-anna", "house-2", "house-2"),
        ("badge-anna", None, None),
        ("button-hall", None, "hall"),
        ("button-hall", "beacon-17", "house-2"),
        ("button-hall", "nowhere", "hall"),
    ],
)
async def test_a_place_is_what_the_device_says_else_where_it_hangs(
    device: str, said: str | None, zone: str | None
) -> None:
    house = House()
    await house.intake.take(replace(reading(device), zone=said))
    assert house.desk.taken[0].zone == zone


async def test_a_place_nobody_knows_is_odd_and_the_press_stands() -> None:
    house = House()
    await house.intake.take(replace(reading(), zone="beacon-99"))
    (signal,) = house.desk.taken
    assert signal.zone is None
    assert signal.reading.odd == ("zone: no such place (beacon-99)",)


async def test_the_readings_own_level_comes_first() -> None:
    house = House()
    await house.intake.take(replace(reading(), level=Level.YELLOW))
    assert house.desk.taken[0].level is Level.YELLOW


async def test_t0_is_service_time_though_the_device_knows_only_the_wall() -> None:
    house = House()
    house.clock.offset = timedelta(hours=-3)
    await house.intake.take(replace(reading(), age=5 * SECOND))
    (signal,) = house.desk.taken
    assert signal.wall == NOW - timedelta(hours=3)
    assert (signal.at, signal.pressed_at) == (NOW, NOW - 5 * SECOND)


async def test_a_device_clock_is_believed_after_it_was_right_three_times() -> None:
    house = House()
    for _ in range(3):
        await house.intake.take(replace(reading(type_=SignalType.HEARTBEAT), at=NOW))
    await house.intake.take(replace(reading(), at=NOW - SECOND))
    assert house.desk.taken[0].pressed_at == NOW - SECOND


async def test_the_earliest_moment_of_a_word_is_service_time_and_known_without_any_proof() -> None:
    house = House()
    house.clock.offset = timedelta(hours=-3)
    old = house.clock.wall() - timedelta(minutes=25)
    await house.intake.take(replace(reading(type_=SignalType.CHECK_OUT), at=old))
    (signal,) = house.desk.taken
    assert signal.pressed_at is None
    assert signal.said_at == NOW - timedelta(minutes=25)


@pytest.mark.parametrize("age", [None, SECOND])
async def test_a_copy_nobody_heard_before_may_be_of_any_age_unless_it_says_one(
    age: timedelta | None,
) -> None:
    house = House()
    await house.intake.take(replace(reading(type_=SignalType.TEST), age=age), dup=True)
    kept = replace(reading(type_=SignalType.CHECK_OUT), age=age, retained=True)
    await house.intake.take(kept)
    assert [signal.age_unknown for signal in house.desk.taken] == [age is None] * 2


# Acknowledge after durable


async def test_a_press_is_acknowledged_only_after_the_commit() -> None:
    house = House()
    house.desk.gate.clear()
    taking = asyncio.create_task(house.intake.take(reading()))
    await house.desk.until(lambda: len(house.desk.taken) == 1)
    assert not taking.done()
    house.desk.gate.set()
    assert await soon(taking)


async def test_a_press_that_could_not_be_stored_is_not_acknowledged() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    assert not await house.intake.take(reading())
    assert len(house.desk.taken) == 1


async def test_a_device_that_hangs_up_after_its_press_does_not_stop_it() -> None:
    house = House()
    house.desk.gate.clear()
    taking = asyncio.create_task(house.intake.take(replace(reading(), seq=1, boot="7")))
    await house.desk.until(lambda: len(house.desk.taken) == 1)
    taking.cancel()
    await asyncio.wait([taking])
    house.desk.gate.set()
    await house.intake.close()
    assert await house.intake.take(replace(reading(), seq=1, boot="7"))
    assert [signal.repeat for signal in house.desk.taken] == [False, True]


async def test_heartbeats_and_positions_never_wait_for_the_store() -> None:
    house = House()
    house.desk.gate.clear()
    house.desk.answer = Taken.UNSTORED
    for light in (SignalType.HEARTBEAT, SignalType.POSITION, SignalType.PRESENCE):
        assert await soon(house.intake.take(reading(type_=light)))
    assert house.desk.taken == []


@pytest.mark.parametrize(
    "type_",
    [t for t in SignalType if t not in ("heartbeat", "position", "presence")],
)
async def test_everything_else_is_stored_before_it_is_acknowledged(type_: SignalType) -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    assert not await house.intake.take(reading(type_=type_))
    house.desk.answer = Taken.STORED
    assert await house.intake.take(reading(type_=type_))
    assert len(house.desk.taken) == 2


async def test_closing_waits_for_what_is_being_committed() -> None:
    house = House()
    house.desk.gate.clear()
    taking = asyncio.create_task(house.intake.take(reading()))
    await house.desk.until(lambda: len(house.desk.taken) == 1)
    closing = asyncio.create_task(house.intake.close())
    house.desk.gate.set()
    await soon(closing)
    assert await soon(taking)


# Copies


async def test_a_copy_has_the_same_id_and_is_marked() -> None:
    house = House()
    press = replace(reading(), seq=412, boot="7")
    assert await house.intake.take(press)
    assert await house.intake.take(press)
    first, second = house.desk.taken
    assert (first.id, first.identity) == (second.id, second.identity)
    assert (first.repeat, second.repeat) == (False, True)


async def test_a_copy_waits_for_the_commit_of_its_original() -> None:
    house = House()
    house.desk.gate.clear()
    press = replace(reading(), seq=412, boot="7")
    both = [asyncio.create_task(house.intake.take(press)) for _ in range(2)]
    await house.desk.until(lambda: len(house.desk.taken) == 1)
    assert not any(one.done() for one in both)
    house.desk.gate.set()
    assert await soon(asyncio.gather(*both)) == [True, True]
    assert len(house.desk.taken) == 1


async def test_a_copy_of_what_could_not_be_stored_is_tried_again_as_a_press() -> None:
    house = House()
    press = replace(reading(), seq=412, boot="7")
    house.desk.answer = Taken.UNSTORED
    assert not await house.intake.take(press)
    house.desk.settle(stored=False)
    house.desk.answer = Taken.STORED
    assert await house.intake.take(press)
    first, second = house.desk.taken
    assert first.id == second.id
    assert not second.repeat
    await house.intake.take(press)
    assert house.desk.taken[2].repeat


async def test_no_copy_of_what_is_not_stored_is_acknowledged_however_many_come() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    press = replace(reading(), seq=412, boot="7")
    assert not any([await house.intake.take(press) for _ in range(10 * COPIES_BURST)])
    assert len(house.desk.taken) == 1, "it is being stored: nothing is gained by asking again"


async def test_what_nobody_stores_any_more_is_tried_again_with_its_copies_within_a_limit() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    press = replace(reading(), seq=412, boot="7")
    for _ in range(10 * COPIES_BURST):
        assert not await house.intake.take(press)
        house.desk.settle(stored=False)
    assert len(house.desk.taken) == 1 + COPIES_BURST


async def test_who_waits_is_acknowledged_when_the_press_is_stored_after_all() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    called: list[str] = []
    press = replace(reading(), seq=412, boot="7")
    waits = [
        asyncio.create_task(house.intake.take(press, called=lambda: called.append("a"))),
        asyncio.create_task(house.intake.take(press, called=lambda: called.append("copy"))),
    ]
    await house.desk.until(lambda: len(house.desk.owed) == 1)
    await sleep(0)
    house.desk.settle(stored=True)
    assert await soon(asyncio.gather(*waits)) == [True, True]
    assert sorted(called) == ["a", "copy"]
    assert await house.intake.take(press), "a copy that comes later is acknowledged at once"


async def test_a_copy_is_known_while_its_press_waits_however_many_came_since() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    presses = [replace(reading(), seq=number, boot="7") for number in range(REMEMBERED + 4)]
    for press in (*presses, *presses):
        assert not await house.intake.take(press)
    assert len(house.desk.taken) == len(presses)


async def test_of_endless_copies_of_one_press_only_so_many_wait_for_its_store() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    press = replace(reading(), seq=412, boot="7")
    heard: list[Taken] = []
    for _ in range(COPIES_OWED_MAX * 2):
        house.intake.hear(press, heard.append)
    await house.desk.until(lambda: len(house.desk.owed) == 1)
    house.desk.settle(stored=True)
    assert heard.count(Taken.STORED) == COPIES_OWED_MAX
    assert heard.count(Taken.NEVER) == COPIES_OWED_MAX
    assert len(house.desk.presses) == 1


async def test_who_waits_hears_that_it_never_will_be_stored() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    waits = asyncio.create_task(house.intake.take(reading(), called=lambda: None))
    await house.desk.until(lambda: len(house.desk.owed) == 1)
    house.desk.settle(stored=False)
    assert not await soon(waits)


async def test_what_is_owed_while_the_store_is_away_has_a_limit_and_past_it_the_line_hears_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every press is called; who cannot be owed a word is not left to wait for one."""
    monkeypatch.setattr(intakes, "OWED_MAX", 5)
    house = House()
    house.desk.answer = Taken.UNSTORED
    called: list[int] = []
    presses = [replace(reading(), seq=number, boot="7") for number in range(8)]
    waits = [
        asyncio.create_task(house.intake.take(press, called=partial(called.append, number)))
        for number, press in enumerate(presses)
    ]
    await house.desk.until(lambda: len(house.desk.taken) == len(presses))
    assert await soon(asyncio.gather(*waits[5:])) == [False] * 3
    assert called == [0, 1, 2, 3, 4]
    house.desk.settle(stored=True)
    assert await soon(asyncio.gather(*waits[:5])) == [True] * 5
    # It was stored all the same; the device, whose line ended, says it again.
    assert await house.intake.take(presses[7])
    assert len(house.desk.presses) == len(presses)


async def test_past_the_limit_of_what_is_owed_a_press_that_comes_again_is_called_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intakes, "OWED_MAX", 1)
    house = House()
    house.desk.answer = Taken.UNSTORED
    first, second = (replace(reading(), seq=number, boot="7") for number in (1, 2))
    assert not await house.intake.take(first)
    assert not await house.intake.take(second)
    house.desk.answer = Taken.STORED
    assert await house.intake.take(second)
    assert [signal.reading.seq for signal in house.desk.presses] == [1, 2, 2]


async def test_bytes_nobody_could_read_are_acknowledged_when_they_are_kept_after_all() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    waits = asyncio.create_task(house.intake.keep("native", "b", "why", b"x", lambda: None))
    await house.desk.until(lambda: len(house.desk.owed) == 1)
    house.desk.settle(stored=True)
    assert await soon(waits)


async def test_a_copy_of_what_broke_the_desk_is_tried_again_as_a_press() -> None:
    house = House()
    press = replace(reading(), seq=412, boot="7")
    house.desk.breaks = RuntimeError("ours")
    with pytest.raises(RuntimeError):
        await house.intake.take(press)
    house.desk.breaks = None
    assert await house.intake.take(press)
    assert [signal.repeat for signal in house.desk.taken] == [False, False]


async def test_a_stored_press_stays_acknowledged_while_the_store_is_away() -> None:
    house = House()
    press = replace(reading(), seq=412, boot="7")
    await house.intake.take(press)
    house.desk.answer = Taken.UNSTORED
    assert await house.intake.take(press)


async def test_copies_are_known_after_a_start() -> None:
    before, after = House(), House()
    press = replace(reading(), seq=412, boot="7")
    await before.intake.take(press)
    stored = before.desk.taken[0]
    after.intake.remember([Row.of(stored)])
    assert await after.intake.take(press)
    assert after.desk.taken[0].repeat
    assert after.desk.taken[0].id == stored.id


async def test_a_message_the_line_calls_a_copy_but_nobody_heard_is_a_press() -> None:
    house = House()
    await house.intake.take(replace(reading(), raw=b"x"), dup=True)
    assert not house.desk.taken[0].repeat


# Storms


async def test_the_first_presses_of_a_storm_go_straight_through() -> None:
    house = House()
    storm = [asyncio.create_task(house.intake.take(reading())) for _ in range(1_000)]
    await house.desk.until(lambda: len(house.desk.taken) >= BURST)
    assert len({signal.id for signal in house.desk.taken}) == BURST
    assert await soon(asyncio.gather(*storm)) == [True] * 1_000
    assert BURST < len(house.desk.taken) <= BURST + 3


async def test_a_thousand_copies_cost_a_handful_of_hand_overs() -> None:
    house = House()
    press = replace(reading(), seq=1, boot="7")
    assert all([await house.intake.take(press) for _ in range(1_000)])
    assert len(house.desk.presses) == 1
    assert len(house.desk.taken) == 1 + COPIES_BURST


async def test_what_is_folded_is_acknowledged_only_when_the_newest_is_stored() -> None:
    house = House()
    for _ in range(BURST):
        await house.intake.take(reading())
    house.desk.answer = Taken.UNSTORED
    folded = [asyncio.create_task(house.intake.take(reading())) for _ in range(50)]
    assert await soon(asyncio.gather(*folded)) == [False] * 50
    assert len(house.desk.taken) == BURST + 1


async def test_a_higher_level_goes_straight_through_a_storm() -> None:
    house = House(fold_for=timedelta(hours=1))
    storming = replace(reading(), level=Level.YELLOW)
    for _ in range(BURST):
        await house.intake.take(storming)
    folded = asyncio.create_task(house.intake.take(storming))
    assert await soon(house.intake.take(replace(reading(), level=Level.RED)))
    assert house.desk.taken[-1].level is Level.RED
    assert not folded.done()
    await soon(house.intake.close())
    assert await soon(folded)


async def test_a_storm_of_one_device_delays_no_other() -> None:
    house = House()
    storm = [asyncio.create_task(house.intake.take(reading())) for _ in range(200)]
    other = asyncio.create_task(house.intake.take(reading("badge-bo")))
    assert await soon(other)
    assert not all(one.done() for one in storm)
    await soon(asyncio.gather(*storm))


async def test_answers_to_many_notices_are_not_folded_into_one() -> None:
    house = House()
    for n in range(3 * BURST):
        answer = replace(
            reading(type_=SignalType.ANSWER), notice=f"n{n}", answer=AnswerKind.RANG, raw=b"%d" % n
        )
        assert await house.intake.take(answer)
    assert len(house.desk.taken) == 3 * BURST


async def test_a_storm_is_shown_and_taken_back_when_it_is_over() -> None:
    house = House()
    storm = [asyncio.create_task(house.intake.take(reading())) for _ in range(2 * BURST)]
    await soon(asyncio.gather(*storm))
    await soon(house.intake.close())
    assert house.desk.shown == ["storm:badge-anna"]
    assert house.desk.problems == {}


async def test_closing_hands_over_what_is_folded() -> None:
    house = House()
    storm = [asyncio.create_task(house.intake.take(reading())) for _ in range(2 * BURST)]
    await house.desk.until(lambda: len(house.desk.taken) >= BURST)
    await soon(house.intake.close())
    assert await soon(asyncio.gather(*storm)) == [True] * 2 * BURST


# What nobody could read


async def test_unreadable_bytes_are_acknowledged_once_they_are_kept_within_a_limit() -> None:
    house = House()
    assert await house.intake.keep("native", "badge-anna", "not JSON", b"x" * 100_000)
    ((protocol, sender, why, content),) = house.desk.raw
    assert (protocol, sender, why) == ("native", "badge-anna", "not JSON")
    assert len(content) == RAW_BYTES_MAX
    house.desk.answer = Taken.UNSTORED
    assert not await house.intake.keep("native", "badge-anna", "not JSON", b"x")


async def test_garbage_without_end_is_counted_and_never_blocks_the_press_behind_it() -> None:
    house = House()
    before = counted("tilkald_unreadable_messages_total", kept="no")
    for _ in range(RAW_BURST + 100):
        assert await house.intake.keep("native", "badge-anna", "not JSON", b"x")
    assert len(house.desk.raw) == RAW_BURST
    assert counted("tilkald_unreadable_messages_total", kept="no") == before + 100
    assert await house.intake.take(reading())


async def test_what_a_gateway_hands_over_under_invented_names_is_kept_within_one_limit() -> None:
    house = House()
    for number in range(GATEWAYS_RAW_BURST + 50):
        names = f"p{number}", f"nobody-{number}"
        assert await house.intake.keep(*names, "junk", b"x", gateways_of="far")
    assert len(house.desk.raw) == GATEWAYS_RAW_BURST
    assert "50 more" not in house.desk.problems["unread:far"], "each doubling is told"
    assert "32 more are only counted" in house.desk.problems["unread:far"]
    await house.intake.keep("native", "badge-anna", "junk", b"x", gateways_of="near")
    await house.intake.keep("native", "badge-anna", "junk", b"x", here=True)
    assert len(house.desk.raw) == GATEWAYS_RAW_BURST + 2, "of others, and here, as ever"


async def test_one_sender_does_not_get_more_by_inventing_protocols() -> None:
    house = House()
    for number in range(3 * RAW_BURST):
        await house.intake.keep(f"p{number}", "badge-anna", "junk", b"x", gateways_of="far")
    assert len(house.desk.raw) == RAW_BURST


# Beside it


async def test_garbage_without_end_of_somebody_known_is_shown_until_it_ends() -> None:
    house = House()
    for _ in range(RAW_BURST + 5):
        assert await house.intake.keep("native", "phone-eva", "junk", b"\xff", here=True)
        assert await house.intake.keep("native", "nobody-knows", "junk", b"\xff")
    assert "4 more are only counted" in house.desk.problems["unread:phone-eva"]
    assert "unread:nobody-knows" not in house.desk.problems
    await soon(house.intake.close())
    assert house.desk.problems == {}


async def test_odd_fields_are_counted_by_their_name_alone() -> None:
    house = House()
    labels = ("battery", "other")
    before = [counted("tilkald_odd_fields_total", field=label) for label in labels]
    odd = ("battery: a text", "no-such-field-42: whatever")
    await house.intake.take(replace(reading(), odd=odd))
    after = [counted("tilkald_odd_fields_total", field=label) for label in labels]
    assert after == [count + 1 for count in before]


async def test_a_position_is_kept_in_memory_for_a_short_while() -> None:
    house = House()
    place = Position(56.15, 10.2)
    await house.intake.take(replace(reading(type_=SignalType.POSITION), position=place))
    assert house.intake.position("badge-anna") == place
    assert house.intake.position("badge-bo") is None
    house.pass_time(POSITION_KEPT_FOR + SECOND)
    assert house.intake.position("badge-anna") is None


async def test_what_a_device_says_of_itself_reaches_supervision() -> None:
    house = House()
    await house.intake.take(reading(type_=SignalType.TAMPER))
    assert house.supervision.health("badge-anna").state is State.TAMPER
    await house.intake.take(reading(type_=SignalType.RESTORE))
    await house.intake.take(reading(type_=SignalType.LOW_BATTERY))
    assert house.supervision.health("badge-anna").state is State.LOW_BATTERY


async def test_tamper_is_restored_by_nobody_who_is_not_authenticated() -> None:
    house = House()
    await house.intake.take(reading(type_=SignalType.TAMPER))
    await house.intake.take(replace(reading(type_=SignalType.RESTORE), authenticated=False))
    assert house.supervision.health("badge-anna").state is State.TAMPER


async def test_a_last_will_and_a_kept_copy_are_no_sign_of_life() -> None:
    house = House()
    presence = reading(type_=SignalType.PRESENCE)
    await house.intake.take(replace(presence, code="offline"))
    await house.intake.take(replace(reading(), retained=True))
    assert house.supervision.health("badge-anna").state is State.UNKNOWN
    await house.intake.take(replace(presence, code="online"))
    assert house.supervision.health("badge-anna").state is State.OK


async def test_charging_is_believed_from_a_heartbeat() -> None:
    house = House()
    house.supervision.expect(["badge-anna"])
    beat = reading(type_=SignalType.HEARTBEAT)
    await house.intake.take(replace(beat, code=CHARGING))
    assert house.watch.due(NOW + timedelta(minutes=30)) == ()
    await house.intake.take(beat)
    (lost,) = house.watch.due(NOW + timedelta(minutes=31))
    assert lost.trouble is Trouble.SILENT


async def test_a_heartbeat_that_waited_says_nothing_of_charging_now() -> None:
    house = House()
    house.supervision.expect(["badge-anna"])
    beat = reading(type_=SignalType.HEARTBEAT)
    await house.intake.take(replace(beat, code=CHARGING, age=timedelta(hours=10)))
    (lost,) = house.watch.due(NOW + timedelta(minutes=31))
    assert lost.trouble is Trouble.SILENT


presses = st.lists(
    st.tuples(
        st.sampled_from(["badge-anna", "badge-bo", "badge-ghost"]),
        st.sampled_from([None, 1, 2, 3]),
        st.sampled_from([None, "7"]),
        st.sampled_from([None, AlarmKind.ATTACK]),
        st.booleans(),
    ),
    max_size=60,
)


@given(presses)
async def test_whatever_is_acknowledged_was_stored_or_stands_for_something_stored(
    told: list[tuple[str, int | None, str | None, AlarmKind | None, bool]],
) -> None:
    house = House()
    for device, seq, boot, kind, store in told:
        house.desk.answer = Taken.STORED if store else Taken.UNSTORED
        before = len(house.desk.taken)
        press = replace(reading(device), seq=seq, boot=boot, kind=kind)
        if await house.intake.take(press):
            fresh = [s for s in house.desk.taken[before:] if not s.repeat]
            assert not fresh or store
        house.pass_time(SECOND)


@dataclass(frozen=True)
class Row:
    """What the store gives back of one message."""

    device: str
    identity: str
    boot: str | None
    epoch: int
    seq: int | None
    at: datetime

    @classmethod
    def of(cls, signal: Signal) -> Row:
        said: Reading = signal.reading
        return cls(signal.device, signal.identity, said.boot, signal.epoch, said.seq, signal.at)


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, {"protocol": "native"} | labels) or 0.0


async def soon(awaited: Awaitable[Result]) -> Result:
    async with asyncio.timeout(SOON_S):
        return await awaited
