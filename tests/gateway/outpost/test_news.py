"""What a far gateway has to say beside its spool, and how much of it is kept."""

from __future__ import annotations

from datetime import timedelta

from core.clock import VirtualClock
from core.signals import Reading, Signal, SignalType, Standing
from devices.watch import Finding, Trouble
from gateway.handover import LIGHT_MAX
from gateway.outpost.news import AGAIN_MAX, FINDINGS_MAX, PROBLEMS_MAX, News
from tests.support.gateway import NOW


def test_of_every_device_the_newest_sign_of_life_is_told_with_its_age() -> None:
    news = told_by(("anna", 0.2), ("anna", 0.8))
    news.clock.move_to(NOW + timedelta(seconds=3))  # type: ignore[attr-defined]
    (light,) = news.take().light
    assert (light.reading.battery, light.age_s) == (0.8, 3.0)
    assert light.reading.raw == b""
    assert news.take().light == ()


def test_signs_of_life_of_a_whole_town_are_told_piece_by_piece() -> None:
    news = told_by(*((f"badge-{n}", 0.5) for n in range(LIGHT_MAX + 10)))
    assert news.waits
    assert len(news.take().light) == LIGHT_MAX
    assert not news.waits
    assert len(news.take().light) == 10


def test_what_did_not_arrive_is_told_again_the_oldest_first() -> None:
    news = News(VirtualClock(NOW))
    news.again(signal("one"))
    news.listens("anna")
    news.acknowledged(1)
    news.report([finding("a")])
    first = news.take()
    news.acknowledged(2)
    news.report([finding("b")])
    news.give_back(first)
    again = news.take()
    assert again.acknowledged == (1, 2)
    assert [one.key for one in again.findings] == ["a", "b"]
    assert again.listening == ("anna",)
    assert [one.signal.identity for one in again.again] == ["one"]


def test_everything_has_a_limit_and_the_newest_stays() -> None:
    news = News(VirtualClock(NOW))
    for number in range(PROBLEMS_MAX + 5):
        news.problem(f"storm:{number}", "it storms")
    for number in range(AGAIN_MAX + 5):
        news.again(signal(str(number)))
    first = news.take()
    news.report(finding(str(number)) for number in range(FINDINGS_MAX))
    full = news.take()
    news.report([finding("newest")])
    news.give_back(full)
    assert len(news.problems) == PROBLEMS_MAX
    assert f"storm:{PROBLEMS_MAX + 4}" in news.problems
    assert len(first.again) == AGAIN_MAX
    found = news.take().findings
    assert len(found) == FINDINGS_MAX
    assert found[-1].key == "newest"


def test_boards_of_a_line_that_stays_keep_their_state_and_others_are_forgotten() -> None:
    news = News(VirtualClock(NOW))
    news.line_up("hall")
    news.line_down("hall/2")
    news.line_down("cellar/1")
    news.has_lines(["hall", "attic"])
    assert news.lines == {"hall": True, "hall/2": False}, "the attic has not said yet"


def told_by(*beats: tuple[str, float]) -> News:
    news = News(VirtualClock(NOW))
    for device, battery in beats:
        beat = Reading("native", device, SignalType.HEARTBEAT, battery=battery, raw=b"x" * 2_000)
        news.heard(beat, device)
    return news


def signal(identity: str) -> Signal:
    reading = Reading("native", "anna", SignalType.ALARM, raw=b"x" * 2_000)
    return Signal(identity, identity, reading, "far", "anna", Standing.ASSIGNED, NOW, NOW)


def finding(key: str) -> Finding:
    return Finding(key, Trouble.TWO_CLAIM, ("anna",), NOW)
