"""What a far gateway has to say beside its spool, and how much of it is kept."""

from __future__ import annotations

from datetime import timedelta

from core.clock import VirtualClock
from core.signals import Reading, Signal, SignalType, Standing
from devices.findings import Finding, Trouble
from gateway.handover import LIGHT_MAX
from gateway.outpost.reports import AGAIN_MAX, FINDINGS_MAX, PROBLEMS_MAX, Reports
from tests.support.gateway import NOW


def test_of_every_device_the_newest_sign_of_life_is_told_with_its_age() -> None:
    reports = told_by(("anna", 0.2), ("anna", 0.8))
    reports.clock.move_to(NOW + timedelta(seconds=3))  # type: ignore[attr-defined]
    (light,) = reports.take().light
    assert (light.reading.battery, light.age_s) == (0.8, 3.0)
    assert light.reading.raw == b""
    assert reports.take().light == ()


def test_signs_of_life_of_a_whole_town_are_told_piece_by_piece() -> None:
    reports = told_by(*((f"badge-{n}", 0.5) for n in range(LIGHT_MAX + 10)))
    assert reports.waits
    assert len(reports.take().light) == LIGHT_MAX
    assert not reports.waits
    assert len(reports.take().light) == 10


def test_what_did_not_arrive_is_told_again_the_oldest_first() -> None:
    reports = Reports(VirtualClock(NOW))
    reports.again(signal("one"))
    reports.listens("anna")
    reports.acknowledged(1)
    reports.report([finding("a")])
    first = reports.take()
    reports.acknowledged(2)
    reports.report([finding("b")])
    reports.give_back(first)
    again = reports.take()
    assert again.acknowledged == (1, 2)
    assert [one.key for one in again.findings] == ["a", "b"]
    assert again.listening == ("anna",)
    assert [one.signal.identity for one in again.again] == ["one"]


def test_everything_has_a_limit_and_the_newest_stays() -> None:
    reports = Reports(VirtualClock(NOW))
    for number in range(PROBLEMS_MAX + 5):
        reports.problem(f"storm:{number}", "it storms")
    for number in range(AGAIN_MAX + 5):
        reports.again(signal(str(number)))
    first = reports.take()
    reports.report(finding(str(number)) for number in range(FINDINGS_MAX))
    full = reports.take()
    reports.report([finding("newest")])
    reports.give_back(full)
    assert len(reports.problems) == PROBLEMS_MAX
    assert f"storm:{PROBLEMS_MAX + 4}" in reports.problems
    assert len(first.again) == AGAIN_MAX
    found = reports.take().findings
    assert len(found) == FINDINGS_MAX
    assert found[-1].key == "newest"


def test_boards_of_a_line_that_stays_keep_their_state_and_others_are_forgotten() -> None:
    reports = Reports(VirtualClock(NOW))
    reports.line_up("hall")
    reports.line_down("hall/2")
    reports.line_down("cellar/1")
    reports.has_lines(["hall", "attic"])
    assert reports.lines == {"hall": True, "hall/2": False}, "the attic has not said yet"


def told_by(*beats: tuple[str, float]) -> Reports:
    reports = Reports(VirtualClock(NOW))
    for device, battery in beats:
        beat = Reading("native", device, SignalType.HEARTBEAT, battery=battery, raw=b"x" * 2_000)
        reports.heard(beat, device)
    return reports


def signal(identity: str) -> Signal:
    reading = Reading("native", "anna", SignalType.ALARM, raw=b"x" * 2_000)
    return Signal(identity, identity, reading, "far", "anna", Standing.ASSIGNED, NOW, NOW)


def finding(key: str) -> Finding:
    return Finding(key, Trouble.TWO_CLAIM, ("anna",), NOW)
