"""Law 3: never the victim, on any address a presser holds; order never empties the list."""

from __future__ import annotations

from alarms import escalate
from alarms.model import Alarm, Notify, Place, Presser, Times
from alarms.view import Candidate, Route, View
from alarms.vocabulary import NotSentWhy, PlaceSource
from core.signals import AlarmKind, Level, Standing
from core.values import replace
from tests.support.house import house_of
from tests.support.press import START
from tests.support.story import story


def test_even_a_wrong_picture_does_not_make_the_deciding_call_a_victim() -> None:
    """The view names Anna and her phone; the last guard of the deciding stands alone."""
    anna = Candidate(
        "anna", "Anna", 0.0, (Route("wearable", "badge-anna"), Route("sms", "+4520000077"))
    )
    shared = (Route("sms", "+4520999999"), Route("sms", "+4520000002"))
    view = View(
        at=START,
        wall=START,
        nearest=(anna, Candidate("bo", "Bo", 9.0, shared)),
        barred=("badge-anna", "+4520999999"),
    )
    plan = house_of("Anna in lejl-12", ["plan: 0 s everyone"]).plans[0]
    presser = Presser("badge-anna", "anna", "Anna", Standing.ASSIGNED, START)
    place = Place("lejl-12", "lejl-12", PlaceSource.BEACON)
    times = Times(stored=START)
    alarm = Alarm("a", "bosted", AlarmKind.CALL, Level.RED, place, (presser,), plan, times)
    effects = escalate.begin(alarm, view, START).effects
    called = [effect.notice.address for effect in effects if isinstance(effect, Notify)]
    assert called == ["+4520000002"]


def test_a_notice_on_its_way_to_somebody_who_presses_does_not_leave() -> None:
    stage = story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | presses | [2] call Ida: wearable; call Ida: wearable; Bo's badge falls silent
                          ; [2] Bo feels: sent
    """)
    page = next(n for w in stage.works for n in w.send if n.person == "bo")
    assert stage.core.why_not(page, stage.at) == NotSentWhy.PRESSED
    on_his_badge = replace(page, person="ida")
    assert stage.core.why_not(on_his_badge, stage.at) == NotSentWhy.PRESSED


def test_a_stand_down_is_kept_from_a_victim_too() -> None:
    stage = story("""
    Anna in lejl-12 | Bo in hall-2 35 s | Ida 60 s
    plan: 0 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; call Ida: wearable; Anna feels: sent
    0:05 | Ida  | accepts | stand down Bo: enough; Anna feels: Ida is coming, 60 s
    0:06 | Bo   | presses | [2] call Ida: wearable (elsewhere); Bo's badge falls silent
                          ; [2] Bo feels: sent
    """)
    down = next(n for w in stage.works for n in w.send if n.purpose == "stand_down")
    assert stage.core.why_not(down, stage.at) == NotSentWhy.PRESSED


def test_people_something_is_unusual_about_are_called_last_and_never_left_out() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s minimum_staff | Ida 60 s not_instructed
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable (minimum_staff); Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:30 |      |         | call Ida: wearable (not_instructed)
    """)


def test_when_nobody_else_is_left_the_last_resort_is_called() -> None:
    story("""
    Anna in lejl-12 | Dan last_resort | Vera last_resort
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses | round 1; call Dan: sms; call Vera: sms; Anna feels: sent
    """)
