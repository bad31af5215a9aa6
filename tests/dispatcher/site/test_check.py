"""`check` finds each hole in a site that is otherwise whole, and says what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from alarms.plan import Callee, Plan, Step
from core.signals import Level
from core.values import replace
from devices.registry import Device, Line
from dispatcher.roster.model import Duty, Person, Phone, Shift, Walk, Weekday, Zone
from dispatcher.roster.organisation import Organisation
from dispatcher.site.check import check_organisation
from dispatcher.site.files import read_directory

EXAMPLE = Path(__file__).parents[3] / "config" / "example"
Change = Callable[[Organisation], Organisation]


def test_the_example_site_has_no_findings_at_all() -> None:
    assert check_organisation(_example()) == []


def test_an_empty_site_says_what_everything_needs() -> None:
    site = replace(_example().sites[0], leaders=(), deputies=(), last_resort=())
    lines = _lines(Organisation(sites=(site,)))
    for line in (
        "error: site lindegaarden: has no plan for level red: add one that names no kinds",
        "error: site lindegaarden: last_resort names 0: name two people or more",
        "error: site lindegaarden: has no shifts, every alarm finds nobody: add shifts",
        "error: site lindegaarden: has no units, so no place and no shifts: add one",
    ):
        assert line in lines


def test_errors_come_before_warnings() -> None:
    site = replace(_example().sites[0], deputies=(), last_resort=())
    severities = [f.severity for f in check_organisation(replace(_example(), sites=(site,)))]
    assert severities == sorted(severities)
    assert set(severities) == {"error", "warning"}


def _plan(**changes: object) -> Change:
    """The red plan of the example, changed."""

    def change(o: Organisation) -> Organisation:
        red = replace(o.plans[0], **changes)  # type: ignore[arg-type]
        return replace(o, plans=(red, *o.plans[1:]))

    return change


def _steps(*steps: tuple[float, str, str]) -> Change:
    made = tuple(
        Step(timedelta(seconds=s), Callee.named(call), tuple(by.split())) for s, call, by in steps
    )
    return _plan(steps=made)


def _site(**changes: object) -> Change:
    return lambda o: replace(o, sites=(replace(o.sites[0], **changes),))  # type: ignore[arg-type]


def _person(person: str, **changes: object) -> Change:
    def change(o: Organisation) -> Organisation:
        changed = (replace(p, **changes) if p.id == person else p for p in o.people)  # type: ignore[arg-type]
        return replace(o, people=tuple(changed))

    return change


def _without_shifts(holds: Callable[[Shift], bool]) -> Change:
    return lambda o: replace(o, shifts=tuple(s for s in o.shifts if not holds(s)))


def _unit(**changes: object) -> Change:
    return lambda o: replace(o, units=(replace(o.units[0], **changes), *o.units[1:]))  # type: ignore[arg-type]


def _all_of(*changes: Change) -> Change:
    def change(o: Organisation) -> Organisation:
        for one in changes:
            o = one(o)
        return o

    return change


@pytest.mark.parametrize(
    ("change", "line"),
    [
        # plans that can end in silence
        (_steps((0, "nearest", "wearable"), (15, "everyone", "wearable sms")),
         "error: plan red: never reaches anybody outside the shift and can end in silence: add a "
         "step that calls leader, on_call or last_resort"),
        (_steps((0, "nearest", "wearable"), (15, "everyone", "sms"), (200, "leader", "sms")),
         "error: plan red: leaves the shift only after 200 s: no alarm without a human at 180 s"),
        (_steps((0, "nearest", "wearable"), (15, "everyone", "sms"), (90, "person:tove", "sms")),
         "warning: plan red: leaves the shift only after 90 s: 60 s is the goal"),
        (_plan(round=timedelta(seconds=60)),
         "error: plan red: goes round every 60 s: write round_s from 5 to 30"),
        (_steps((20, "nearest", "wearable"), (30, "leader", "sms")),
         "error: plan red: calls nobody for 20 s: let it begin at 0 s"),
        (_plan(levels=()),
         "error: site lindegaarden: has no plan for level red: add one that names no kinds"),
        (_plan(levels=(), kinds=()),
         "error: plan red: names neither levels nor kinds and is never used: name its levels"),
        (_plan(levels=(Level.RED, Level.BLUE)),
         "warning: plan blue: is never used for blue: red stands before it"),
        (_plan(steps=()), "error: plan red: has 0 steps: write 1 to 20"),
        (_steps((0, "nearest", "pigeon"), (15, "leader", "sms")),
         "error: plan red: step 1 rings by pigeon: write some of wearable, sms, console"),
        (_steps((15, "nearest", "wearable"), (0, "leader", "sms")),
         "error: plan red: its steps are not in order of time: sort them by after_s"),
        # one wire
        (_steps((0, "nearest", "sms"), (15, "leader", "sms")),
         "error: plan red: rings by sms alone, which needs the Internet: add wearable"),
        (_steps((0, "nearest", "console"), (15, "leader", "console")),
         "error: plan red: rings at the console alone: add wearable or sms"),
        (_steps((0, "nearest", "wearable"), (15, "leader", "wearable")),
         "warning: plan red: reaches nobody who is away from the site: add a step by sms"),
        # what the standards ask for
        (_steps((0, "nearest", "wearable"), (20, "leader", "sms")),
         "warning: plan red: does not widen at 15 s: let the second step begin by then"),
        (_steps((0, "nearest", "wearable"), (15, "everyone", "wearable"), (45, "leader", "sms")),
         "warning: plan red: rings no phone before 45 s: 30 s is the goal"),
        (_plan(responders=1),
         "warning: plan red: is content with one who comes: a red alarm wants responders = 2"),
        # people
        (_person("bo", phones=(Phone("+45112"),)),
         "error: person bo: +45112 reaches 112: a person calls there, take it out"),
        (_person("bo", phones=(Phone("12345"),)),
         "error: person bo: '12345' is no phone number; write it as +4512345678"),
        (_person("tove", phones=()), "error: person tove: is a leader and has no phone: add one"),
        (_person("viggo", phones=()),
         "error: person viggo: works and cannot be reached: add a device or a phone"),
        (_person("viggo", phones=()), "error: person viggo: is on call and has no phone: add one"),
        (_person("bo", instructed=()),
         'warning: person bo: works without alarm instruction and is called last: instruct, then '
         '"alarm"'),
        (_person("bo", phones=(Phone("+4500000004"),)),
         "warning: phone +4500000004: is carried by bo, ida: write shared = true at each of them"),
        (_all_of(_person("tove", phones=(Phone("+4500000099", shared=True),)),
                 _person("viggo", phones=(Phone("+4500000099", shared=True),))),
         "warning: phone +4500000099: is the only way to tove, viggo, who cannot be called when "
         "tove, viggo press: give them a device or a number of their own"),
        (_site(leaders=()),
         "error: site lindegaarden: names no leaders: hours without a duty leader have nobody"),
        (_site(last_resort=("karen",)),
         "error: site lindegaarden: last_resort names 1: name two people or more"),
        (_all_of(_person("karen", phones=(Phone("+4500000016"),))),
         "error: site lindegaarden: last_resort hangs on one number: give each person a number of "
         "their own"),
        (_site(last_resort=("tove", "viggo")),
         "warning: site lindegaarden: last_resort is reached by phone alone, which needs the "
         "Internet: put somebody with a badge on it as well"),
        (_plan(ring_locally=True),
         "warning: plan red: rings locally, and nothing at lindegaarden can: set sounder on a line "
         "of boards, or take ring_locally out"),
        # devices
        (lambda o: replace(o, devices=(*o.devices, Device("badge-9", "badge", o.sites[0].id))),
         "warning: device badge-9: is worn by nobody and hangs nowhere: assign it, or withdraw it"),
        (lambda o: replace(o, devices=(*o.devices, Device("x", "toaster", "s", person="bo"))),
         "warning: device x: 'toaster' is no known kind: one of badge, pager, fixed_button, phone, "
         "call_point, receiver, pendant"),
        (lambda o: replace(o, devices=(*o.devices, Device("x", "fixed_button", "s", person="bo"))),
         "error: device x: hangs in no zone, nobody would know where to go: write its zone"),
        (lambda o: replace(o, devices=tuple(d for d in o.devices if d.person != "bo")),
         "warning: person bo: works without an alarm: assign a device"),
        # hours
        (_without_shifts(lambda s: s.person == "emil"),
         "warning: site lindegaarden: one person awake Mon 00:00–Mon 07:00, Fri 23:00–Sat 07:00, "
         "Sat 23:00–Sun 07:00, Sun 23:00–Mon 00:00: who presses then has no colleague"),
        (_without_shifts(lambda s: s.person in ("emil", "thomas")),
         "error: site lindegaarden: nobody awake Mon 00:00–Mon 07:00, Fri 23:00–Sat 07:00, "
         "Sat 23:00–Sun 07:00, Sun 23:00–Mon 00:00: roster somebody"),
        (_all_of(_site(leaders=()), _without_shifts(lambda s: s.person == "karen")),
         "error: site lindegaarden: nobody leads Mon 07:00–Mon 15:00, Tue 07:00–Tue 15:00, "
         "Wed 07:00–Wed 15:00, Thu 07:00–Thu 15:00, Fri 07:00–Fri 15:00: roster a leader or name "
         "leaders"),
        (_without_shifts(lambda s: s.duty is Duty.ON_CALL),
         "warning: site lindegaarden: nobody on call at all hours: roster a bagvagt"),
        (lambda o: replace(o, shifts=(*o.shifts, Shift("bo", "hus-1", time(14), time(16),
                                                       days=(Weekday.MON,)))),
         "warning: person bo: is in two shifts at once Mon 14:00–Mon 15:00: both stand, correct "
         "the roster"),
        (_unit(min_staff=2),
         "warning: unit hus-1: has fewer than its min_staff of 2 awake Mon 00:00–Mon 07:00, "
         "Mon 15:00–Tue 07:00, Tue 15:00–Wed 07:00, Wed 15:00–Thu 07:00, Thu 15:00–Fri 07:00, and "
         "1 more times: correct the roster or the minimum"),
        # places
        (_unit(meeting=None), "warning: unit hus-1: has no meeting: say where colleagues meet"),
        (lambda o: replace(o, zones=(*o.zones, Zone("loft", "Loftet", o.sites[0].id))),
         "warning: zone loft: cannot be reached from any unit: add a walk to it"),
        (lambda o: replace(o, zones=(*o.zones, Zone("loft", "Loftet", o.sites[0].id, floor=3)),
                           walks=(*o.walks, Walk("h1-stue", "loft", 5))),
         "warning: walk h1-stue – loft: takes 5 s over 3 floors and counts as 18 s: measure it"),
        (lambda o: replace(o, walks=tuple(w for w in o.walks if "h3-stue" not in (w.a, w.b))),
         "warning: zone h3-stue: cannot be reached from h1-stue, h2-stue: add the walk between"),
    ],
)  # fmt: skip
def test_each_hole_is_found_and_named(change: Change, line: str) -> None:
    assert line in _lines(change(_example()))


def test_a_plan_may_ring_locally_where_a_board_has_a_siren() -> None:
    ringing = _plan(ring_locally=True)(_example())
    settings = (("point.1/3", "closes"), ("sounder", "1/16"))
    boards = Line("boards", "lindegaarden", "modbus", "/dev/ttyUSB0", settings=settings)
    assert not any("rings locally" in line for line in _lines(replace(ringing, lines=(boards,))))
    elsewhere = replace(boards, site="elsewhere")
    assert any("rings locally" in line for line in _lines(replace(ringing, lines=(elsewhere,))))


def test_a_roster_of_dates_is_looked_at_over_its_own_days() -> None:
    example = _example()
    day = date(2026, 12, 24)
    shifts = tuple(
        Shift(person, "hus-1", time(0), time(0), date=day, duty=duty)
        for person, duty in (("karen", Duty.LEADER), ("bo", Duty.STAFF), ("tove", Duty.ON_CALL))
    )
    later = tuple(replace(shift, date=date(2026, 12, 26)) for shift in shifts)
    lines = _lines(replace(example, shifts=(*shifts, *later)))
    assert (
        "error: site lindegaarden: nobody awake 2026-12-25 00:00–2026-12-26 00:00: roster somebody"
        in lines
    )


def test_a_withdrawn_device_may_lie_in_a_drawer() -> None:
    drawer = Device("badge-old", "badge", "lindegaarden", withdrawn=True)
    assert _lines(replace(_example(), devices=(*_example().devices, drawer))) == []


def test_people_who_are_on_no_roster_and_no_list_need_nothing() -> None:
    former = Person("per", "Per Holm", "lindegaarden")
    assert _lines(replace(_example(), people=(*_example().people, former))) == []


def test_every_plan_of_the_example_can_be_broken_without_a_crash() -> None:
    empty = Plan("empty", "lindegaarden", ())
    for n in range(len(_example().plans)):
        plans = list(_example().plans)
        plans[n] = replace(empty, levels=plans[n].levels, kinds=plans[n].kinds)
        assert "has 0 steps" in "\n".join(_lines(replace(_example(), plans=tuple(plans))))


def _example() -> Organisation:
    return read_directory(EXAMPLE)


def _lines(organisation: Organisation) -> list[str]:
    return [str(finding) for finding in check_organisation(organisation)]
