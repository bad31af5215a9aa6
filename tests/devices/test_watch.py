from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.common_cause import JOINS_FOR
from devices.findings import OWN_LINE, State, Trouble
from devices.registry import Device
from devices.watch import HELD_FOR, Watch
from devices.watched import CHARGING_FOR

START = datetime(2026, 11, 21, 19, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SILENT = 120 * SECOND


def test_a_worn_device_silent_for_120_seconds_on_shift_is_found_to_the_second() -> None:
    house = House("anna")
    house.beats("anna", START)
    assert house.watch.wake_at == START + SILENT
    assert house.due(SILENT - SECOND) == []
    assert house.due(SILENT) == [("silent", ("anna",), False)]
    assert house.due(SILENT + MINUTE) == []


def test_a_heartbeat_in_time_moves_the_moment() -> None:
    house = House("anna")
    house.beats("anna", START + 100 * SECOND)
    assert house.due(SILENT) == []
    assert house.watch.wake_at == START + 100 * SECOND + SILENT


def test_a_fixed_button_is_silent_after_90_seconds() -> None:
    house = House(fixed=("button-hall",))
    assert house.due(89 * SECOND) == []
    assert house.due(90 * SECOND) == [("silent", ("button-hall",), False)]


def test_a_lost_device_that_is_heard_again_has_returned_once() -> None:
    house = House("anna")
    house.due(SILENT)
    back = house.beats("anna", START + SILENT + SECOND)
    assert back == [("silent", ("anna",), True)]
    assert house.beats("anna", START + SILENT + 2 * SECOND) == []
    assert house.due(2 * SILENT + 2 * SECOND) == [("silent", ("anna",), False)]


def test_the_loss_and_the_return_have_the_same_key() -> None:
    house = House("anna")
    (lost,) = house.watch.due(START + SILENT)
    (back,) = house.watch.heard("anna", START + SILENT)
    assert (lost.key, lost.site) == (back.key, "solbakken")
    assert (lost.over, back.over) == (False, True)


def test_a_device_whose_wearer_is_off_shift_is_not_missed() -> None:
    house = House("anna", expected=())
    assert house.due(24 * 60 * MINUTE) == []


def test_a_wearer_who_comes_on_shift_has_one_interval_to_be_heard() -> None:
    house = House("anna", expected=())
    house.expect("anna", at=60 * MINUTE)
    assert house.due(60 * MINUTE + SILENT - SECOND) == []
    assert house.due(60 * MINUTE + SILENT) == [("silent", ("anna",), False)]


def test_a_wearer_who_goes_off_shift_is_not_missed_any_more() -> None:
    house = House("anna")
    house.beats("anna", START)
    house.expect(at=MINUTE)
    assert house.due(SILENT) == []


# After a start


def test_a_device_is_unknown_for_one_interval_after_a_start_and_then_silent() -> None:
    house = House("anna")
    assert house.state("anna", SILENT - SECOND) is State.UNKNOWN
    assert house.state("anna", SILENT) is State.SILENT
    assert house.state("nobody", SILENT) is State.UNKNOWN


def test_a_device_heard_is_ok_until_it_is_silent_on_shift_or_off() -> None:
    house = House("anna", expected=())
    house.beats("anna", START)
    assert house.state("anna", SILENT - SECOND) is State.OK
    assert house.state("anna", SILENT) is State.SILENT


def test_a_device_newly_on_shift_is_not_shown_as_well_before_it_is_heard() -> None:
    house = House("anna", expected=())
    house.expect("anna", at=60 * MINUTE)
    assert house.state("anna", 60 * MINUTE + SECOND) is State.SILENT


# Battery, tamper, standing


def test_a_low_battery_is_found_once_until_it_is_well_above_the_edge() -> None:
    house = House("anna")
    said = [house.beats("anna", START + SECOND, battery=share) for share in
            (0.21, 0.19, 0.21, 0.19, 0.29, 0.30, 0.19)]  # fmt: skip
    low, good = [("low_battery", ("anna",), False)], [("low_battery", ("anna",), True)]
    assert said == [[], low, [], [], [], good, low]


def test_a_low_battery_the_device_reports_itself_is_shown_and_not_found_twice() -> None:
    house = House("anna")
    house.watch.low_battery("anna")
    assert house.beats("anna", START, battery=0.1) == []
    assert house.state("anna", SECOND) is State.LOW_BATTERY


def test_tamper_stands_until_it_is_restored() -> None:
    house = House("anna")
    house.beats("anna", START)
    house.watch.tampered("anna")
    house.beats("anna", START + SECOND)
    assert house.state("anna", 2 * SECOND) is State.TAMPER
    (over,) = house.watch.restored("anna", START + 2 * SECOND)
    assert (over.trouble, over.over) == (Trouble.TAMPER, True)
    assert house.watch.restored("anna", START + 2 * SECOND) == ()
    assert house.state("anna", 3 * SECOND) is State.OK


def test_a_part_of_a_panel_that_is_low_or_open_stands_until_that_part_is_well() -> None:
    house = House("anna")
    house.beats("anna", START)
    house.watch.low_battery("anna", "XT/7")
    house.watch.low_battery("anna", "XT/9")
    house.watch.tampered("anna", "TA/3")
    assert house.state("anna", SECOND) is State.TAMPER
    house.watch.part_restored("anna", "TA/3")
    house.watch.part_restored("anna", "XT/7")
    assert house.state("anna", SECOND) is State.LOW_BATTERY
    house.watch.part_restored("anna", "XT/9")
    assert house.state("anna", SECOND) is State.OK
    house.watch.part_restored("nobody", "XT/9")


def test_a_withdrawn_and_a_revoked_device_say_so_before_anything_else() -> None:
    house = House()
    house.watch.configure(
        [
            Device("old", "badge", "solbakken", withdrawn=True),
            Device("stolen", "badge", "solbakken", revoked=True),
        ],
        START,
    )
    assert house.state("old", SECOND) is State.WITHDRAWN
    assert house.state("stolen", SECOND) is State.REVOKED


# Charging


def test_charging_excuses_a_silence_until_it_is_taken_off_or_too_long() -> None:
    house = House("anna")
    house.watch.heard("anna", START, charging=True)
    assert house.due(60 * MINUTE) == []
    house.watch.heard("anna", START + 60 * MINUTE, charging=False)
    assert house.due(60 * MINUTE + SILENT) == [("silent", ("anna",), False)]


def test_charging_does_not_excuse_for_ever() -> None:
    house = House("anna")
    house.watch.heard("anna", START, charging=True)
    assert house.due(CHARGING_FOR) == [("silent", ("anna",), False)]


def test_charging_said_by_a_source_nobody_authenticated_excuses_nothing() -> None:
    house = House("anna")
    house.watch.heard("anna", START, charging=True, authenticated=False)
    assert house.due(SILENT) == [("silent", ("anna",), False)]


def test_a_charging_device_is_not_shown_as_well_once_it_is_silent() -> None:
    house = House("anna")
    house.watch.heard("anna", START, charging=True)
    assert house.state("anna", SILENT) is State.SILENT


# Common cause


def test_devices_of_one_line_that_stop_together_are_one_finding_naming_all() -> None:
    names = [f"d{n}" for n in range(30)]
    house = House(*names)
    for n, name in enumerate(names):
        house.beats(name, START + n * 2 * SECOND)  # spread over the minute, as heartbeats are
    found = house.every_second_until(5 * MINUTE)
    assert found == [("common_cause", tuple(names), False)]


def test_a_common_loss_is_named_within_180_seconds_of_the_first() -> None:
    names = [f"d{n}" for n in range(30)]
    house = House(*names)
    for n, name in enumerate(names):
        house.beats(name, START + n * 2 * SECOND)
    assert house.every_second_until(SILENT + HELD_FOR) != []


def test_one_lost_device_among_well_ones_is_found_at_once_and_alone() -> None:
    names = [f"d{n}" for n in range(30)]
    house = House(*names)
    for name in names[1:]:
        house.beats(name, START + 100 * SECOND)
    assert house.due(SILENT) == [("silent", ("d0",), False)]


def test_a_loss_waits_for_late_ones_no_longer_than_it_may_and_then_stands_alone() -> None:
    house = House("a", "b", "c")
    house.beats("b", START + 50 * SECOND)
    house.beats("c", START + 50 * SECOND)
    assert house.due(SILENT) == []
    house.beats("b", START + 130 * SECOND)
    house.beats("c", START + 130 * SECOND)
    assert house.due(131 * SECOND) == [("silent", ("a",), False)]


def test_devices_that_are_always_late_do_not_keep_a_loss_back_for_ever() -> None:
    house = House("a", "b", "c", "d", "e")
    found = []
    for second in range(0, 210):
        for name, first in (("b", 50), ("c", 50), ("d", 90), ("e", 90)):
            if second % 115 == first:
                house.beats(name, START + second * SECOND)
        found += [(second, what, names) for what, names, _ in house.due(second * SECOND)]
    assert found == [(180, "silent", ("a",))]


def test_a_common_cause_is_over_when_its_last_device_is_back() -> None:
    house = House("a", "b", "c")
    (lost,) = house.watch.due(START + SILENT)
    assert house.beats("a", START + SILENT) == [("silent", ("a",), True)]
    assert house.beats("b", START + SILENT) == [("silent", ("b",), True)]
    back, over = house.watch.heard("c", START + SILENT)
    assert (back.devices, back.over) == (("c",), True)
    assert (over.key, over.devices, over.over) == (lost.key, lost.devices, True)


def test_a_loss_soon_after_a_common_one_joins_it_and_a_later_one_stands_alone() -> None:
    house = House("a", "b", "c", "d", "e")
    house.beats("d", START + MINUTE)
    house.beats("e", START + 2 * MINUTE)
    (first,) = house.watch.due(START + SILENT + HELD_FOR)
    assert first.devices == ("a", "b", "c", "d")
    later = house.watch.due(START + SILENT + HELD_FOR + MINUTE)
    assert [(f.key, f.devices) for f in later] == [(first.key, ("a", "b", "c", "d", "e"))]
    house.beats("e", START + 10 * MINUTE)
    alone = house.due(10 * MINUTE + SILENT)
    assert alone == [("silent", ("e",), False)]
    assert SILENT + JOINS_FOR < 10 * MINUTE


def test_a_line_that_is_down_is_one_finding_and_its_devices_are_none() -> None:
    house = House("a", "b", "c")
    (down,) = house.watch.line_down(OWN_LINE, START + SECOND)
    assert (down.trouble, down.devices) == (Trouble.LINE_DOWN, ("a", "b", "c"))
    assert house.watch.line_down(OWN_LINE, START + SECOND) == ()
    assert house.state("a", 2 * SECOND) is State.SILENT
    assert house.due(10 * MINUTE) == []


def test_a_device_on_another_line_is_named_with_that_line_and_its_site() -> None:
    watch = Watch()
    watch.configure([badge("a"), call_point("room-12")], START, {"room-12": "nurse-call"})
    watch.expect(["a", "room-12"], START)
    (down,) = watch.line_down("nurse-call", START, "solbakken")
    assert (down.devices, down.line, down.site) == (("room-12",), "nurse-call", "solbakken")
    assert watch.health("room-12", START).state is State.SILENT
    assert watch.health("a", START).state is not State.SILENT


def test_a_board_of_a_line_falls_silent_by_itself_and_with_its_line() -> None:
    watch = Watch()
    points = [call_point("desk"), call_point("hall")]
    watch.configure(points, START, {"desk": "boards/1", "hall": "boards/2"})
    (silent,) = watch.line_down("boards/2", START, "solbakken")
    assert (silent.devices, silent.line) == (("hall",), "boards/2")
    watch.heard("desk", START)
    watch.pressed("desk", START)
    assert watch.health("desk", START).state is State.OK
    assert watch.health("hall", START).state is State.SILENT
    (down,) = watch.line_down("boards", START, "solbakken")
    assert down.devices == ("desk", "hall")
    assert watch.health("desk", START).state is State.SILENT
    watch.line_up("boards", START)
    assert watch.health("desk", START).state is State.OK
    assert watch.health("hall", START).state is State.SILENT


def test_what_beats_on_a_silent_board_is_no_loss_of_its_own_and_has_an_interval_afterwards() -> (
    None
):
    watch = Watch()
    watch.configure(
        [Device("desk", "fixed_button", "solbakken", zone="hall")], START, {"desk": "boards/1"}
    )
    watch.expect(["desk"], START)
    watch.line_down("boards/1", START)
    assert watch.due(START + 10 * MINUTE) == ()
    watch.line_up("boards/1", START + 10 * MINUTE)
    assert watch.due(START + 10 * MINUTE + 89 * SECOND) == ()
    assert len(watch.due(START + 12 * MINUTE)) == 1


def test_what_speaks_only_when_pressed_is_never_lost_but_soon_unproven() -> None:
    watch = Watch()
    watch.configure([call_point("room-12")], START)
    watch.expect(["room-12"], START)
    assert watch.due(START + timedelta(days=100)) == ()
    assert watch.health("room-12", START).state is State.UNKNOWN
    watch.heard("room-12", START)
    assert watch.health("room-12", START).state is State.UNKNOWN, "it was not pressed"
    watch.pressed("room-12", START)
    assert watch.health("room-12", START + timedelta(days=30)).state is State.OK
    assert watch.health("room-12", START + timedelta(days=32)).state is State.UNKNOWN


def test_a_late_device_that_moves_to_another_line_is_judged_there() -> None:
    watch = Watch()
    watch.configure([badge("a")], START)
    watch.expect(["a"], START)
    watch.configure([badge("a")], START + SECOND, {"a": "other"})
    (lost,) = watch.due(START + 10 * MINUTE)
    assert (lost.trouble, lost.line) == (Trouble.SILENT, "other")


def test_devices_of_a_line_that_is_back_have_one_interval_to_be_heard() -> None:
    house = House("a")
    house.watch.line_down(OWN_LINE, START)
    house.due(119 * SECOND)
    (up,) = house.watch.line_up(OWN_LINE, START + 119 * SECOND)
    assert (up.key, up.over) == (f"line:{OWN_LINE}", True)
    assert house.watch.line_up(OWN_LINE, START + 119 * SECOND) == ()
    assert house.due(119 * SECOND + SILENT - SECOND) == []
    assert house.due(119 * SECOND + SILENT) == [("silent", ("a",), False)]


# Configuration


def test_another_configuration_keeps_what_is_known_of_those_that_stay() -> None:
    house = House("a", "b")
    house.beats("a", START, battery=0.5)
    house.due(SILENT)
    over = house.watch.configure([badge("a")], START + SILENT)
    assert [(f.trouble, f.devices, f.over) for f in over] == [(Trouble.SILENT, ("b",), True)]
    assert house.watch.health("a", START + SECOND).battery == 0.5
    assert house.watch.health("b", START + SECOND).state is State.UNKNOWN


def test_a_device_that_is_gone_while_its_loss_was_held_back_leaves_nothing_behind() -> None:
    house = House("a", "b", "c")
    house.beats("b", START + 50 * SECOND)
    house.beats("c", START + 50 * SECOND)
    assert house.due(SILENT) == []
    assert house.watch.configure([badge("b"), badge("c")], START + SILENT) == ()
    assert house.due(SILENT + HELD_FOR) == [("silent", ("b",), False), ("silent", ("c",), False)]


def test_an_unknown_device_is_nobodys_trouble() -> None:
    assert House().beats("ghost", START, battery=0.0) == []


moves = st.one_of(
    st.tuples(st.just("beat"), st.sampled_from(["a", "b", "c", "d"])),
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.just("expect"), st.sets(st.sampled_from(["a", "b", "c", "d"]))),
)


@given(st.lists(moves, max_size=60))
def test_whoever_is_expected_and_not_heard_for_long_stands_in_a_finding(
    told: list[tuple[str, object]],
) -> None:
    """Whatever happened before: 180 s on shift without a word is always found, and only that."""
    house, now, since = House("a", "b", "c", "d"), START, dict.fromkeys("abcd", START)
    standing: set[str] = set()
    for what, value in told:
        if what == "beat":
            assert isinstance(value, str)
            found = house.watch.heard(value, now)
            since[value] = now
            standing.discard(value)
        elif what == "wait":
            assert isinstance(value, int)
            now += value * SECOND
            found = house.watch.due(now)
        else:
            assert isinstance(value, set)
            for device in value - house.expected:
                since[device] = now
            house.expect(*sorted(value), at=now - START)
            found = ()
        for finding in found:
            for device in () if finding.over else finding.devices:
                fresh = device not in standing
                assert not fresh or device in house.expected
                assert not fresh or now - since[device] >= SILENT
                standing.add(device)
        for device in house.expected:
            if now - since[device] > SILENT + HELD_FOR + 90 * SECOND:
                assert device in standing


def badge(name: str) -> Device:
    return Device(name, "badge", "solbakken", "anna")


def call_point(name: str) -> Device:
    return Device(name, "call_point", "solbakken", zone="hall", wire=("espa444:12",))


class House:
    """A watch over some badges, all expected unless told otherwise."""

    def __init__(
        self,
        *names: str,
        fixed: tuple[str, ...] = (),
        expected: tuple[str, ...] | None = None,
    ) -> None:
        self.watch = Watch()
        buttons = [Device(name, "fixed_button", "solbakken", zone="hall") for name in fixed]
        self.watch.configure([*map(badge, names), *buttons], START)
        self.expected: set[str] = set()
        self.expect(*(names + fixed if expected is None else expected), at=timedelta())

    def expect(self, *names: str, at: timedelta) -> None:
        self.expected = set(names)
        self.watch.expect(names, START + at)

    def beats(
        self, name: str, when: datetime, battery: float | None = None
    ) -> list[tuple[str, tuple[str, ...], bool]]:
        found = self.watch.heard(name, when, battery=battery)
        return [(f.trouble.value, f.devices, f.over) for f in found]

    def due(self, after: timedelta) -> list[tuple[str, tuple[str, ...], bool]]:
        found = self.watch.due(START + after)
        return [(f.trouble.value, f.devices, f.over) for f in found]

    def every_second_until(self, end: timedelta) -> list[tuple[str, tuple[str, ...], bool]]:
        return [found for second in range(end // SECOND + 1) for found in self.due(second * SECOND)]

    def state(self, name: str, after: timedelta) -> State:
        return self.watch.health(name, START + after).state
