"""Time as people read it: the site's wall clock, honest about another day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dispatcher.web.moments import Moments, ago, stopwatch, zone_of
from dispatcher.web.pages import words_of

NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def test_a_moment_is_shown_on_the_wall_clock_of_the_site() -> None:
    moments = Moments(NOW, NOW + timedelta(minutes=5), zone_of("Europe/Copenhagen"))
    assert moments.clock(NOW - timedelta(seconds=1)) == "23:34:59"
    assert moments.iso(NOW) == "2026-11-21T22:35:00.000Z"


def test_another_day_is_named() -> None:
    moments = Moments(NOW, NOW, zone_of("Europe/Copenhagen"))
    assert moments.clock(NOW - timedelta(days=1)) == "20.11. 23:30:00"
    assert moments.clock(NOW + timedelta(hours=1)) == "22.11. 00:30:00"


def test_a_zone_this_machine_does_not_know_takes_nothing_down() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd", "/etc/localtime"):
        assert zone_of(name) is UTC


def test_the_stopwatch_reads_like_the_one_in_the_browser() -> None:
    assert [stopwatch(s) for s in (-1, 0, 42, 727, 3600, 3803)] == [
        "0:00",
        "0:00",
        "0:42",
        "12:07",
        "1:00:00",
        "1:03:23",
    ]


def test_how_long_ago_grows_coarser() -> None:
    w = words_of("en")
    spans = (timedelta(seconds=-3), timedelta(seconds=90), timedelta(minutes=3), timedelta(hours=3))
    said = [ago(w, span) for span in (*spans, timedelta(days=3))]
    assert said == ["0 s ago", "90 s ago", "3 min ago", "3 h ago", "3 days ago"]
