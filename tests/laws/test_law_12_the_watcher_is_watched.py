"""Law 12, the deciding's half: one cause is one technical alarm, apart from life-safety."""

from __future__ import annotations

from core.log import Standing
from tests.support.story import story
from tilkald.vitals import LOG_CALM, TOO_SLOW, LogWatch


def test_losses_with_one_cause_are_one_technical_alarm() -> None:
    stage = story("""
    Bo 35 s | Lone leader
    plan: 0 s leader wearable | round 900
    0:00 | Service | reports broker:gone | call Lone: wearable
    0:10 | Service | reports broker:gone | nothing
    """)
    assert len(stage.core.open_alarms.alarms) == 1


def test_a_press_never_joins_a_technical_alarm() -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan green technical: 0 s leader wearable | round 900
    plan: 0 s nearest wearable
    0:00 | Service | reports broker:gone | call Lone: wearable
    0:10 | Anna    | presses             | [2] call Bo: wearable; [2] Anna feels: sent
    """)
    assert len(stage.core.open_alarms.alarms) == 2


def test_a_technical_alarm_closes_by_itself_when_all_is_well_again() -> None:
    stage = story("""
    Bo 35 s | Lone leader
    plan: 0 s leader wearable | round 900
    0:00 | Service | reports broker:gone | call Lone: wearable
    0:10 | Service | hears broker:gone   | stand down Lone: closed
                                         ; closed by service: restored
    """)
    assert not stage.core.open_alarms.alarms


def test_a_log_that_cannot_be_written_is_shown_until_it_has_been_well_for_a_while() -> None:
    shown: dict[str, object] = {}
    watch = showing_in(shown)
    watch.look(Standing(0, 0, ""))
    assert not shown
    watch.look(Standing(0, 0, "nobody reads it"))
    assert shown == {"log": "nobody reads it"}
    for _ in range(LOG_CALM - 1):
        watch.look(Standing(0, 0, ""))
        assert shown
    watch.look(Standing(0, 0, ""))
    assert not shown


def test_a_log_that_is_written_but_loses_lines_is_shown_too() -> None:
    shown: dict[str, object] = {}
    watch = showing_in(shown)
    watch.look(Standing(7, 0, ""))
    assert shown == {"log": TOO_SLOW}


def showing_in(shown: dict[str, object]) -> LogWatch:
    def report(part: str, message: str, **fields: object) -> None:
        shown[part] = fields["why"]

    def clear(part: str) -> None:
        del shown[part]

    return LogWatch(report, clear)
