"""The dispatcher's side of remote gateways, in front of an intake that stores what it is let."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest
from structlog.testing import capture_logs

from core.clock import VirtualClock, sleep
from core.errors import StoreUnavailable
from core.signals import (
    AlarmKind,
    AnswerKind,
    Level,
    Owed,
    Reading,
    Signal,
    SignalType,
    Standing,
    Taken,
)
from core.values import replace
from devices.findings import CHARGING, Finding, Trouble
from devices.registry import Device, Line, MemoryRegistry, RemoteGateway
from devices.watch import Watch
from gateway.handover import (
    HANDED_MAX,
    SILENT_AFTER_S,
    Again,
    Handed,
    Light,
    Part,
    Record,
    Up,
    read_up,
)
from gateway.intake import Intake
from gateway.outposts.receiving import SPARE_TELLS_MAX, TELLS_MAX, RemoteGateways
from gateway.supervision import Supervision
from tests.support.gateway import NOW, StoringDesk

DEVICES = (
    Device("badge-anna", "badge", "far", "anna"),
    Device("badge-bo", "badge", "far", "bo"),
    Device("panel-hall", "fixed_button", "far", zone="hall", wire=("espa444:7",)),
    Device("badge-near", "badge", "near", "nina"),
)
HALL = Line("hall", "far", "espa444", "/dev/ttyUSB0", gateway="house-b")
GATEWAY = RemoteGateway("house-b", "far", "token")
OTHER = RemoteGateway("house-c", "far", "token")


async def test_a_press_is_taken_in_once_and_thanked_for() -> None:
    house = House()
    thanks = await house.says(handed=(handed(1, press("badge-anna", 1)),))
    assert thanks == (1,)
    assert house.pressers() == ["badge-anna"]


async def test_what_could_not_be_stored_is_not_thanked_for_and_taken_again() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    record = handed(1, press("badge-anna", 1))
    assert await house.says(handed=(record,)) == ()
    assert await house.says(handed=(record,)) == ()
    assert len(house.desk.taken) == 1, "it is being stored, and not decided on again"
    house.desk.settle(stored=True)
    house.desk.answer = Taken.STORED
    assert await house.says(handed=(record,)) == (1,)
    assert len({signal.identity for signal in house.desk.taken}) == 1


async def test_a_late_press_says_how_late_it_is() -> None:
    house = House()
    await house.says(handed=(handed(1, press("badge-anna", 1), age_s=60.0, pressed_s=3_600.0),))
    (signal,) = house.desk.presses
    assert signal.pressed_at == NOW - timedelta(hours=1)


async def test_the_same_records_again_are_no_second_press_however_many_there_were() -> None:
    """Its device names no start, and the first of them have long left intake's memory."""
    house = House()
    batch = tuple(handed(n, press("badge-anna", n, boot=None)) for n in range(1, 61))
    first = await house.says(handed=batch)
    again = await house.says(handed=tuple(replace_old(one) for one in batch))
    assert len(first) == len(again) == 60
    assert len({signal.identity for signal in house.desk.presses}) == len(house.desk.presses)


async def test_a_request_that_was_given_up_and_comes_again_waits_for_the_same_commit() -> None:
    house = House()
    house.desk.gate.clear()
    batch = tuple(handed(n, press("badge-anna", n, boot=None)) for n in range(1, 41))
    first = asyncio.create_task(house.says(handed=batch))
    await house.desk.until(lambda: len(house.desk.taken) > 0)
    second = asyncio.create_task(house.says(handed=batch))
    await sleep(0)
    house.desk.gate.set()
    assert await first == await second
    identities = [signal.identity for signal in house.desk.presses]
    assert len(identities) == len(set(identities))


async def test_a_copy_comes_after_its_original_and_only_asks_for_an_answer() -> None:
    house = House()
    original = press("badge-anna", 1)
    copy = Again(replace(original, repeat=True), 0.0)
    await house.says(handed=(handed(1, original, age_s=86_400.0),), again=(copy,))
    first, second = house.desk.taken
    assert first.pressed_at == NOW - timedelta(days=1)
    assert second.repeat


async def test_a_copy_of_what_only_the_store_remembers_is_no_new_press() -> None:
    house = House(stored=True)
    await house.says(again=(Again(press("badge-anna", 1), 3.0),))
    assert house.desk.presses == []


async def test_a_badge_that_reached_both_houses_with_one_press_has_pressed_once() -> None:
    house = House()
    signal = press("badge-anna", 5)
    assert await house.intake.take(signal.reading)
    await house.says(handed=(handed(1, signal),))
    assert len(house.desk.presses) == 1


async def test_a_device_without_a_start_that_counts_anew_has_pressed_again() -> None:
    house = House()
    for number, seq in enumerate((40, 41, 1, 2)):
        await house.says(handed=(handed(number, press("badge-anna", seq, boot=None)),))
    assert len({signal.identity for signal in house.desk.presses}) == 4


async def test_presses_of_a_day_that_come_in_one_moment_are_no_storm() -> None:
    house = House()
    batch = tuple(
        handed(n, press("badge-anna", n), age_s=86_400.0 - 600.0 * n) for n in range(1, 101)
    )
    assert len(await house.says(handed=batch)) == 100
    assert house.desk.problems == {}
    assert len(house.desk.presses) == 100


# Hostile, or of another version


@pytest.mark.parametrize(
    "record",
    [
        b"{}",
        b"null",
        b"[]",
        b'"text"',
        b'{"signal":null,"raw":null}',
        b'{"signal":{"id":1}}',
        b'{"signal":{"type":"of another version"}}',
    ],
)
async def test_a_record_nobody_can_read_is_kept_and_raised_and_holds_no_other_up(
    record: bytes,
) -> None:
    house = House()
    good = handed(2, press("badge-anna", 1))
    thanks = await house.says(handed=(Handed(1, 0.0, msgspec.Raw(record)), good))
    assert sorted(thanks) == [1, 2]
    assert house.desk.raw[0][3] == record
    kinds = sorted(str(signal.reading.kind) for signal in house.desk.presses)
    assert kinds == ["attack", "unknown"]


async def test_each_unreadable_record_is_another_call_even_after_the_spool_was_wiped() -> None:
    house = House()
    for content in (b'{"a":1}', b'{"a":2}'):
        await house.says(handed=(Handed(1, 0.0, msgspec.Raw(content)),))
    assert len(house.desk.presses) == 2


async def test_a_number_given_twice_is_thanked_for_only_when_both_are_kept() -> None:
    house = House()
    house.desk.refuses = "badge-bo"
    batch = (handed(1, press("badge-anna", 1)), handed(1, press("badge-bo", 1)))
    assert await house.says(handed=(*batch, handed(2, press("badge-anna", 2)))) == (2,)
    house.desk.refuses = ""
    house.desk.settle(stored=True)
    assert await house.says(handed=batch) == (1,)


async def test_a_mistake_of_ours_over_one_record_is_raised_and_holds_no_other_up() -> None:
    house = House()
    house.desk.breaks = RuntimeError("a mistake of ours")
    record = handed(1, press("badge-anna", 1))
    with pytest.raises(RuntimeError), capture_logs():
        await house.says(handed=(record,))  # whoever raises it fails as well
    house.desk.breaks = None
    assert await house.says(handed=(record,)) == (1,)


@pytest.mark.parametrize("age_s", [-5.0, 1e18, 1e308])
async def test_an_age_out_of_all_reason_stops_nothing(age_s: float) -> None:
    house = House()
    one = handed(1, press("badge-anna", 1), age_s=age_s, pressed_s=age_s)
    light = Light(Reading("native", "badge-bo", SignalType.HEARTBEAT), age_s)
    assert await house.says(handed=(one,), light=(light,), oldest_s=age_s) == (1,)
    (signal,) = house.desk.presses
    assert signal.pressed_at is not None
    assert signal.pressed_at <= NOW
    house.remote.standing()


async def test_a_press_is_never_later_than_it_was_heard() -> None:
    house = House()
    await house.says(handed=(handed(1, press("badge-anna", 1), age_s=600.0, pressed_s=-50.0),))
    (signal,) = house.desk.presses
    assert signal.pressed_at == NOW - timedelta(minutes=10)


def test_what_is_not_known_is_left_out_by_itself() -> None:
    good = handed(1, press("badge-anna", 1))
    body = json.loads(msgspec.json.encode(Up(handed=(good,), alive=("badge-bo",))))
    body["light"] = [{"reading": {"type": "of another version"}}]
    body["unregistered"] = "junk"
    body["findings"] = [7]
    body["lines"] = {"hall": "perhaps"}
    body["backlog"] = "many"
    body["alive"].append(5)
    body["handed"] += [{"number": 4, "age_s": "old", "record": {}}, "junk", {"number": "x"}]
    up, odd = read_up(json.dumps(body).encode())
    assert [one.number for one in up.handed] == [1, 4]
    assert up.alive == ("badge-bo",)
    assert not up.light + up.unregistered + up.findings
    assert up.backlog == 0
    assert len(odd) == 9


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{", b'{"a":1', b"\xff\xfe", b'"text"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read_up(body)


def test_a_list_without_end_is_cut() -> None:
    one = b'{"number":1,"age_s":0,"record":{}}'
    up, _ = read_up(b'{"handed":[' + b",".join([one] * 5_000) + b"]}")
    assert len(up.handed) == HANDED_MAX


async def test_of_another_sites_device_a_gateway_may_raise_and_nothing_else() -> None:
    house = House()
    raised = press("badge-near", 1)
    raised = replace(raised, reading=replace(raised.reading, closes=True))
    lowers = (
        *(SignalType.ANSWER, SignalType.CANCEL, SignalType.RESTORE),
        *(SignalType.TEST, SignalType.CHECK_OUT),
    )
    records = [handed(1, raised)]
    for number, type_ in enumerate(lowers, start=2):
        records.append(handed(number, press("badge-near", number, type_=type_)))
    assert len(await house.says(handed=tuple(records))) == len(records)
    (signal,) = house.desk.taken
    assert (signal.device, signal.type) == ("badge-near", SignalType.ALARM)
    assert not signal.reading.authenticated
    assert not signal.reading.closes
    assert len(house.desk.raw) == len(lowers)
    assert house.supervision.health("badge-near").heard is None


async def test_what_is_handed_over_late_is_as_old_as_the_gateway_knew_it_to_be() -> None:
    house = House()
    leaves = press("badge-anna", 1, type_=SignalType.CHECK_OUT)
    waited = replace(leaves, said_at=leaves.at - timedelta(minutes=7))
    kept = replace(press("badge-bo", 2, type_=SignalType.CHECK_OUT), age_unknown=True)
    await house.says(handed=(handed(1, waited, age_s=1_500.0), handed(2, kept)))
    first, second = house.desk.taken
    assert first.said_at == NOW - timedelta(minutes=25) - timedelta(minutes=7)
    assert second.age_unknown


LOWERS = (
    *(SignalType.ANSWER, SignalType.CANCEL, SignalType.RESTORE),
    *(SignalType.TEST, SignalType.CHECK_OUT),
)


@pytest.mark.parametrize("where", ["here", "at another gateway"])
async def test_of_a_badge_that_speaks_elsewhere_a_token_may_raise_and_nothing_else(
    where: str,
) -> None:
    house = House()
    if where == "here":
        house.here["badge-anna"] = None
    else:
        house.remote.configure([(GATEWAY, house.part), (OTHER, house.part)])
        await house.says("house-c", connected=("badge-anna",))
    records = [handed(1, press("badge-anna", 1))]
    for number, type_ in enumerate(LOWERS, start=2):
        records.append(handed(number, press("badge-anna", number, type_=type_)))
    records.append(handed(20, more_help("badge-anna", 20)))
    assert len(await house.says(handed=tuple(records))) == len(records), "each is thanked for"
    taken = [(signal.type, signal.reading.answer) for signal in house.desk.taken]
    assert taken == [
        (SignalType.ALARM, None),
        (SignalType.ANSWER, AnswerKind.MORE_HELP),
    ]
    assert len(house.desk.raw) == len(LOWERS), "and kept"


async def test_of_a_badge_that_speaks_nowhere_else_a_token_is_believed() -> None:
    house = House()
    records = [
        handed(number, press("badge-anna", number, type_=type_))
        for number, type_ in enumerate(LOWERS, start=1)
    ]
    await house.says(connected=("badge-anna",), handed=tuple(records))
    assert [signal.type for signal in house.desk.taken] == list(LOWERS)


async def test_of_another_sites_device_a_gateway_may_ask_for_more_help() -> None:
    house = House()
    await house.says(handed=(handed(1, more_help("badge-near", 1)),))
    assert [signal.device for signal in house.desk.taken] == ["badge-near"]


async def test_a_line_the_gateway_does_not_have_takes_nothing_back() -> None:
    """Nor does one that may close where the site has not said so, whatever the gateway claims."""
    house = House()
    closes = _of_panel("espa444", 1)
    await house.says(handed=(handed(1, closes), handed(2, _of_panel("surgard", 2))))
    assert [(s.reading.protocol, s.reading.closes) for s in house.desk.taken] == [
        ("espa444", False)
    ]
    house.configure((replace(HALL, closes=True),))
    await house.says(handed=(handed(3, _of_panel("espa444", 3)),))
    assert house.desk.taken[-1].reading.closes


async def test_a_token_says_nothing_of_how_a_badge_stands_that_speaks_elsewhere() -> None:
    house = House()
    house.here["badge-anna"] = None
    charging = Reading("native", "badge-anna", SignalType.HEARTBEAT, code=CHARGING)
    silent = Finding("silent:badge-anna", Trouble.SILENT, ("badge-anna",), NOW)
    await house.says(
        connected=("badge-anna",),
        alive=("badge-anna",),
        light=(Light(replace(charging, authenticated=True)),),
        findings=(silent,),
    )
    assert house.supervision.health("badge-anna").heard is None
    assert house.findings() == []


async def test_what_two_gateways_were_told_is_received_when_both_say_so() -> None:
    house = House()
    house.remote.configure([(GATEWAY, house.part), (OTHER, house.part)])
    for gateway in ("house-b", "house-c"):
        await house.says(gateway, connected=("badge-anna",))
    received: list[str] = []
    async with house.listening() as first, house.listening("house-c") as second:
        house.remote.tell("badge-anna", b"page", lambda: received.append("received"))
        here, there = await first.until("device"), await second.until("device")
        for _ in range(2):
            await house.says(connected=("badge-anna",), acknowledged=(here["number"],))
            assert received == []
        await house.says("house-c", acknowledged=(there["number"],))
        assert received == ["received"]


async def test_a_sender_nobody_knows_is_of_the_gateways_site_whatever_it_says() -> None:
    house = House()
    stranger = replace(press("x", 1), site="near")
    stranger = replace(stranger, reading=replace(stranger.reading, protocol="espa444", device="99"))
    await house.says(handed=(handed(1, stranger),))
    assert house.desk.presses[0].site == "far"


async def test_a_gateway_speaks_for_its_own_devices_and_lines_only() -> None:
    house = House()
    beat = Reading("native", "badge-near", SignalType.HEARTBEAT, battery=0.9)
    forged = Finding("silent:badge-anna", Trouble.SILENT, (), NOW, over=True)
    other = Finding("silent:x", Trouble.SILENT, ("badge-near",), NOW)
    await house.says(
        connected=("badge-near", "badge-anna", "nobody"),
        alive=("badge-near",),
        listening=("badge-near", "badge-bo"),
        light=(Light(beat),),
        lines={"another": False, "hall": True},
        findings=(forged, other),
    )
    assert house.remote.is_connected("badge-anna")
    assert not house.remote.is_connected("badge-near")
    assert house.supervision.health("badge-near").heard is None
    assert house.desk.subscribed == ["badge-bo"]
    assert [found.key for found in house.findings()] == ["house-b:silent:badge-anna"]


async def test_what_is_wrong_there_is_shown_here_until_it_is_well_again() -> None:
    house = House()
    many = {f"p{number}": "x" * 9_999 for number in range(999)}
    await house.says(problems={"spool": "the disk is full", **many})
    assert house.desk.problems["gateway:house-b:spool"] == "house-b: the disk is full"
    assert len(house.desk.problems) <= 50
    assert max(map(len, house.desk.problems.values())) < 600
    await house.says()
    assert house.desk.problems == {}


# How it stands


async def test_a_gateway_that_says_nothing_is_one_finding_with_every_device_on_it() -> None:
    house = House()
    await house.says(connected=("badge-anna", "badge-bo"), lines={"hall": True})
    await house.after(SILENT_AFTER_S - 1)
    assert house.findings() == []
    await house.after(1.5)
    (found,) = house.findings()
    assert (found.trouble, found.line) == (Trouble.LINE_DOWN, "gateway house-b")
    assert sorted(found.devices) == ["badge-anna", "badge-bo", "panel-hall"]
    await house.after(600)
    assert len(house.findings()) == 1, "nobody on it is missed by itself"
    await house.says(connected=("badge-anna", "badge-bo"), lines={"hall": True})
    assert [(f.key, f.over) for f in house.findings()[1:]] == [("line:gateway house-b", True)]
    for _ in range(6):
        await house.after(10)
        await house.says(connected=("badge-anna", "badge-bo"), lines={"hall": True})
    assert len(house.findings()) == 2, "who comes back has an interval to be heard"


async def test_a_line_that_was_down_before_the_cut_and_is_well_after_it_is_over() -> None:
    house = House()
    await house.says(lines={"hall": False})
    await house.after(SILENT_AFTER_S + 1)
    await house.says(lines={"hall": True})
    told = [(f.key, f.over) for f in house.findings()]
    assert told == [
        *(("line:hall", False), ("line:gateway house-b", False)),
        *(("line:gateway house-b", True), ("line:hall", True)),
    ]


async def test_a_line_that_went_down_in_the_cut_is_said_after_it() -> None:
    house = House()
    await house.says(lines={"hall": True})
    await house.after(SILENT_AFTER_S + 1)
    await house.says(lines={"hall": False})
    assert [(f.key, f.over) for f in house.findings()][1:] == [
        *(("line:gateway house-b", True), ("line:hall", False)),
    ]


async def test_a_gateway_that_is_taken_out_leaves_nothing_behind() -> None:
    house = House()
    await house.says(connected=("badge-anna",), lines={"hall": False}, problems={"spool": "full"})
    await house.after(SILENT_AFTER_S + 1)
    house.remote.configure([])
    told = house.findings()
    assert {f.key for f in told if f.over} == {"line:hall", "line:gateway house-b"}
    assert house.desk.problems == {}
    assert not house.remote.is_connected("badge-anna")
    assert house.remote.standing() == ()
    house.supervision.line_down("hall", "far")
    assert house.findings()[-1].key == "line:hall", "the line may end here now, and go down"
    with pytest.raises(KeyError):
        await house.says()


async def test_a_line_that_is_taken_out_while_it_is_down_is_down_no_longer() -> None:
    house = House()
    await house.says(lines={"hall": False, "hall/2": False})
    house.configure(lines=())
    assert [f.key for f in house.findings() if f.over] == ["line:hall", "line:hall/2"]


async def test_a_line_given_to_a_gateway_that_is_cut_off_is_cut_off_too() -> None:
    house = House()
    await house.says(lines={"hall": True})
    await house.after(SILENT_AFTER_S + 1)
    annex = replace(HALL, id="annex")
    house.configure(lines=(HALL, annex))
    await house.says(lines={"hall": True, "annex": False})
    assert [(f.key, f.over) for f in house.findings()][1:] == [
        *(("line:gateway house-b", True), ("line:annex", False)),
    ]


# What is told


async def test_what_is_told_waits_for_the_stream_and_is_acknowledged_once() -> None:
    house = House()
    assert not house.remote.tell("badge-anna", b"x")
    await house.says(connected=("badge-anna",))
    assert not house.remote.tell("badge-anna", b"x"), "nobody listens"
    acks: list[str] = []
    async with house.listening() as lines:
        assert house.remote.tell("badge-anna", b"page", lambda: acks.append("badge-anna"))
        down = await lines.until("device")
        assert (down["device"], down["payload"]) == ("badge-anna", "cGFnZQ==")
        number = down["number"]
        assert isinstance(number, int)
        await house.says(connected=("badge-anna",), acknowledged=(number, number, 99))
        await house.says(connected=("badge-anna",), acknowledged=(number,))
    assert acks == ["badge-anna"]
    assert not house.remote.tell("badge-anna", b"x"), "the gateway hung up"


async def test_a_gateway_nobody_hears_is_told_nothing() -> None:
    house = House()
    await house.says(connected=("badge-anna",))
    async with house.listening():
        house.clock.move_to(NOW + timedelta(seconds=SILENT_AFTER_S))
        assert not house.remote.is_connected("badge-anna")
        assert not house.remote.tell("badge-anna", b"x")


async def test_what_waits_for_a_stream_has_a_limit() -> None:
    house = House()
    await house.says(connected=("badge-anna",))
    async with house.listening():
        told = [house.remote.tell("badge-anna", b"x", lambda: None) for _ in range(TELLS_MAX + 5)]
    assert told.count(True) == TELLS_MAX


async def test_what_is_not_urgent_leaves_room_on_the_stream_for_what_is() -> None:
    house = House()
    await house.says(connected=("badge-anna",))
    async with house.listening():
        told = [house.remote.tell("badge-anna", b"x", urgent=False) for _ in range(TELLS_MAX)]
        assert told.count(True) == SPARE_TELLS_MAX
        assert house.remote.tell("badge-anna", b"page")


async def test_another_token_ends_the_stream_that_the_former_one_opened() -> None:
    house = House()
    await house.says(connected=("badge-anna",))
    async with house.listening() as lines:
        house.remote.configure([(replace(GATEWAY, token="another"), house.part)])
        await lines.until_over()


async def test_a_badge_carried_between_two_houses_is_told_in_both() -> None:
    house = House()
    house.remote.configure([(GATEWAY, house.part), (OTHER, house.part)])
    await house.says(connected=("badge-anna",))
    await house.says("house-c", connected=("badge-anna",))
    async with house.listening() as first, house.listening("house-c") as second:
        assert house.remote.tell("badge-anna", b"page")
        assert (await first.until("device"))["device"] == "badge-anna"
        assert (await second.until("device"))["device"] == "badge-anna"
        await house.says(connected=())
        assert house.remote.is_connected("badge-anna")
        await house.says("house-c", connected=())
        assert not house.remote.is_connected("badge-anna")


# The house


async def test_a_store_that_does_not_answer_costs_an_old_press_nothing_and_makes_no_copy_new() -> (
    None
):
    house = House(stored=None)
    old = replace_old(handed(1, press("badge-anna", 1)))
    await house.says(handed=(old,), again=(Again(press("badge-bo", 1), 3.0),))
    assert house.pressers() == ["badge-anna"]
    assert house.desk.presses[0].person == "anna"


@dataclass
class PickyDesk(StoringDesk):
    """Stores everything but what one device says."""

    refuses: str = ""

    def hear(self, signal: Signal, owed: Owed) -> None:
        if signal.device != self.refuses:
            super().hear(signal, owed)
        else:
            self.taken.append(signal)
            self.owed.append(owed)
            owed(Taken.UNSTORED)


class House:
    """`RemoteGateways` with everything behind it, on a clock that stands still."""

    def __init__(self, *, stored: bool | None = False) -> None:
        """`stored`: what the store says of every identity; None: it does not answer."""
        self.clock = VirtualClock(NOW)
        self.here: dict[str, None] = {}
        """What our own listener holds a connection of."""
        self.desk = PickyDesk()
        self.watch = Watch()
        self.supervision = Supervision(self.watch, self.desk, self.clock)
        self.supervision.configure(DEVICES, {"panel-hall": "hall"})
        self.supervision.expect([device.id for device in DEVICES if device.site == "far"])
        registry = MemoryRegistry(DEVICES)
        self.intake = Intake(self.desk, registry, self.clock, self.supervision, {"hall": "hall"})
        self.part = Part(1, "far", devices=DEVICES[:3], lines=(HALL,))

        async def is_stored(identity: str) -> bool:
            if stored is None:
                raise StoreUnavailable("The disk does not answer.")
            return stored

        self.remote = RemoteGateways(
            self.clock,
            self.intake,
            self.supervision,
            self.desk.device_subscribed,
            is_stored,
            self.desk.problem,
            lambda device: device in self.here,
        )
        self.configure()

    def configure(self, lines: tuple[Line, ...] = (HALL,)) -> None:
        self.part = replace(self.part, version=self.part.version + 1, lines=lines)
        self.remote.configure([(GATEWAY, self.part)])

    async def says(self, gateway: str = "house-b", **fields: object) -> tuple[int, ...]:
        """As it comes over the wire."""
        up, _ = read_up(msgspec.json.encode(fields))
        return (await self.remote.up(gateway, up)).kept

    async def after(self, seconds: float) -> None:
        """Time passes; the watch looks."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.remote.look()
        self.supervision.report(self.watch.due(self.clock.now()))

    def findings(self) -> list[Finding]:
        """Everything found since the start."""
        while not self.supervision._findings.empty():
            self.desk.findings.append(self.supervision._findings.get_nowait())
        return self.desk.findings

    def pressers(self) -> list[str]:
        return [signal.device for signal in self.desk.presses]

    @contextlib.asynccontextmanager
    async def listening(self, gateway: str = "house-b") -> AsyncIterator[Lines]:
        lines = Lines()
        stream = self.remote.down(gateway)

        async def read() -> None:
            async with contextlib.aclosing(stream):
                async for line in stream:
                    lines.came(line)
            lines.over.set()

        reading = asyncio.create_task(read())
        await lines.until("part")
        try:
            yield lines
        finally:
            reading.cancel()
            await asyncio.wait((reading,))


@dataclass
class Lines:
    """What came down."""

    said: list[dict[str, object]] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def came(self, line: bytes) -> None:
        if line.strip():
            self.said.append(json.loads(line))
            self.more.set()

    async def until(self, key: str) -> dict[str, object]:
        async with asyncio.timeout(5):
            while not (found := [said for said in self.said if said.get(key)]):
                self.more.clear()
                await self.more.wait()
        return found[-1]

    async def until_over(self) -> None:
        async with asyncio.timeout(5):
            await self.over.wait()


def press(
    device: str, seq: int, boot: str | None = "b", type_: SignalType = SignalType.ALARM
) -> Signal:
    """As a gateway hands it over; the moment is its own."""
    at = NOW - timedelta(days=9) + timedelta(seconds=seq)
    reading = Reading(
        "native",
        device,
        type_,
        AlarmKind.ATTACK if type_ is SignalType.ALARM else None,
        Level.RED,
        seq=seq,
        boot=boot,
        answer=AnswerKind.ACCEPT if type_ is SignalType.ANSWER else None,
        authenticated=True,
        raw=b"as it came",
    )
    name = f"{device}.{seq}.{type_}"
    return Signal(name, name, reading, "far", device, Standing.ASSIGNED, at, at)


def handed(
    number: int, signal: Signal, age_s: float = 0.0, pressed_s: float | None = None
) -> Handed:
    record = msgspec.Raw(msgspec.json.encode(Record(signal=signal)))
    return Handed(number, age_s, record, pressed_s)


def more_help(device: str, seq: int) -> Signal:
    asked = press(device, seq, type_=SignalType.ANSWER)
    return replace(asked, reading=replace(asked.reading, answer=AnswerKind.MORE_HELP))


def _of_panel(protocol: str, seq: int) -> Signal:
    """It says that a call is over, and that its line may close without proof."""
    said = press("1234", seq, type_=SignalType.RESTORE)
    return replace(said, reading=replace(said.reading, protocol=protocol, closes=True))


def replace_old(one: Handed) -> Handed:
    return Handed(one.number, one.age_s + 1, one.record, one.pressed_s, old=True)
