"""Who is called, on which routes, and why others are not. Law 3: never the victim, anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alarms.channel import Capabilities, Rings
from alarms.plan import Callee, Plan, Step
from alarms.view import Candidate, LeftOut, Reason, Route, Unusual, View
from alarms.vocabulary import LeftOutWhy, Who
from core.signals import Level
from core.values import replace
from devices.registry import Assignment, Device
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.model import Duty, Person, Phone, Presence, Shift, Unit, Walk, Weekday, Zone
from dispatcher.roster.nearest import LivePlace
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.roster.pressing import Pressing
from dispatcher.roster.views import NEAREST_MOST, Situation, Views

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENING = datetime(2026, 6, 1, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = tuple(Weekday)
DUTY_PHONE = "+4500000090"
EVERYBODY = ["anna", "bo", "ida", "karen", "ole", "tove", "viggo"]

pressings = st.builds(
    Pressing,
    persons=st.lists(st.sampled_from(EVERYBODY), max_size=3, unique=True).map(tuple),
    devices=st.lists(st.sampled_from([f"badge-{p}" for p in EVERYBODY]), max_size=2).map(tuple),
    addresses=st.lists(st.sampled_from([DUTY_PHONE, "+4500000003"]), max_size=1).map(tuple),
)
situations = st.builds(
    Situation,
    unhealthy=st.dictionaries(st.sampled_from(["badge-bo", DUTY_PHONE]), st.just("silent")),
    busy=st.lists(st.sampled_from(EVERYBODY), max_size=3),
    places=st.dictionaries(
        st.sampled_from(EVERYBODY), st.just(LivePlace(NOON, zone="house-2")), max_size=2
    ),
)


@given(
    pressing=pressings,
    situation=situations,
    hour=st.integers(0, 23),
    zone=st.sampled_from(["house-1", "house-2", "garden", "no-such-zone", None]),
)
def test_no_presser_and_no_address_a_presser_holds_is_in_any_list(
    pressing: Pressing, situation: Situation, hour: int, zone: str | None
) -> None:
    view = _view(pressing, zone=zone, wall=NOON.replace(hour=hour), situation=situation)
    held = {*pressing.persons, *pressing.devices, *pressing.addresses}
    for person in pressing.persons:
        held.add(f"+450000000{EVERYBODY.index(person) + 1}")
        if person != "tove":
            held.add(f"badge-{person}")
        if person in ("anna", "bo"):
            held.add(DUTY_PHONE)
    for candidate in _all(view):
        assert candidate.person not in pressing.persons
        assert candidate.routes
        assert not {route.address for route in candidate.routes} & held
    assert held <= {*view.barred}


@given(pressing=pressings, situation=situations, hour=st.integers(0, 23))
def test_what_is_kept_between_alarms_is_what_a_fresh_look_gives(
    pressing: Pressing, situation: Situation, hour: int
) -> None:
    wall = NOON.replace(hour=hour)
    used = Views(OrganisationIndex(_organisation(), CHANNELS))
    for zone in ("house-2", "house-1", "house-2"):
        kept = _view(pressing, views=used, zone=zone, wall=wall, situation=situation)
        assert kept == _view(pressing, zone=zone, wall=wall, situation=situation)


@given(pressing=pressings, situation=situations, hour=st.integers(0, 23), data=st.data())
def test_a_view_gives_the_same_however_far_and_in_whatever_order_one_looks(
    pressing: Pressing, situation: Situation, hour: int, data: st.DataObject
) -> None:
    wall = NOON.replace(hour=hour)
    whole, looked = (_view(pressing, wall=wall, situation=situation) for _ in range(2))
    names = ("nearest", "leaders", "deputies", "on_call", "last_resort", "named", "left_out")
    lists = {name: tuple(getattr(whole, name)) for name in names}
    for name in data.draw(st.lists(st.sampled_from(names), max_size=9)):
        seen, all_of_it = getattr(looked, name), lists[name]
        first, count = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 4))
        assert seen[first : first + count] == all_of_it[first : first + count]
        assert next(iter(seen), None) == next(iter(all_of_it), None)
        assert bool(seen) == bool(all_of_it)
    assert looked == whole
    assert [len(getattr(looked, name)) for name in names] == [len(lists[name]) for name in names]


@given(pressing=pressings, hour=st.integers(0, 23))
def test_what_is_barred_is_what_a_walk_over_all_pressers_gives(
    pressing: Pressing, hour: int
) -> None:
    wall = NOON.replace(hour=hour)
    loan = Assignment("badge-viggo", "ida", NOON - HOUR, NOON + HOUR)
    index = OrganisationIndex(replace(_organisation(), assignments=(loan,)), CHANNELS)
    held = {*pressing.devices, *pressing.addresses}
    held |= {a for person in pressing.persons for a in index.addresses(person, wall)}
    everything = {a for person in EVERYBODY for a in index.addresses(person, wall)} | {"nothing"}
    for site in ("home", "nowhere"):
        barred = _view(pressing, views=Views(index), site=site, wall=wall).barred
        assert {address for address in everything | held if address in barred} == held
        assert set(barred) == held
        assert len(barred) == len(held)


@given(pressing=pressings, situation=situations)
def test_everybody_on_shift_who_did_not_press_can_be_called(
    pressing: Pressing, situation: Situation
) -> None:
    view = _view(pressing, situation=situation)
    at_work = {"anna", "bo", "ida", "karen"} - set(pressing.persons)
    assert {candidate.person for candidate in view.nearest} == at_work


def test_the_nearest_come_first_with_their_routes_in_order_and_say_why() -> None:
    view = _view(Pressing(("anna",), ("badge-anna",)))
    bo, ida = view.nearest[0], view.nearest[1]
    assert bo == Candidate(
        "bo",
        "Bo",
        10.0,
        (Route("wearable", "badge-bo"), Route("sms", "+4500000002"), Route("console", "bo")),
        tuple(map(Reason.read, ("runner", "roster_unit:house-1", "walk_s:0"))),
        unit_name="House 1",
    )
    assert (ida.person, ida.expected_s) == ("ida", 50.0)


def test_a_new_channel_is_a_row_and_is_tried_where_it_stands_in_the_table() -> None:
    voice = Capabilities(Rings.NUMBER, leaves_site=True)
    rows = {"voice": voice, **CHANNELS}
    views = Views(OrganisationIndex(_organisation(), rows))
    bo = _of(_view(Pressing(("anna",)), views=views).nearest, "bo")
    assert [(route.channel, route.address) for route in bo.routes] == [
        ("voice", "+4500000002"),
        ("wearable", "badge-bo"),
        ("sms", "+4500000002"),
        ("console", "bo"),
    ]


def test_a_shared_duty_phone_the_presser_holds_rings_at_nobody() -> None:
    assert Route("sms", DUTY_PHONE) in _view(Pressing(("ida",))).nearest[0].routes
    bo = _of(_view(Pressing(("anna",))).nearest, "bo")
    assert [route.address for route in bo.routes] == ["badge-bo", "+4500000002", "bo"]


def test_a_route_that_does_not_work_now_comes_last_and_says_why() -> None:
    situation = Situation(unhealthy={"badge-bo": "silent for 140 s"})
    bo = _of(_view(Pressing(("ida",)), situation=situation).nearest, "bo")
    assert bo.routes[0] == Route("sms", "+4500000002")
    assert bo.routes[-1] == Route("wearable", "badge-bo", False, "silent for 140 s")


def test_somebody_nothing_rings_at_comes_after_everybody_something_does() -> None:
    silent = {"badge-bo": "silent", "+4500000002": "opted out", DUTY_PHONE: "off"}
    view = _view(Pressing(("anna",)), situation=Situation(unhealthy=silent))
    assert [candidate.person for candidate in view.nearest][-1] == "bo"


def test_a_borrowed_device_rings_at_whoever_wears_it_now() -> None:
    loan = Assignment("badge-viggo", "ida", NOON - HOUR, NOON + HOUR)
    index = OrganisationIndex(replace(_organisation(), assignments=(loan,)), CHANNELS)
    views = Views(index)
    during = _of(_view(Pressing(("anna",)), views=views).nearest, "ida")
    assert [r.address for r in during.routes if r.channel == "wearable"] == [
        "badge-ida",
        "badge-viggo",
    ]
    later = _view(Pressing(("anna",)), views=views, wall=NOON + HOUR)
    assert Route("wearable", "badge-viggo") not in _of(later.nearest, "ida").routes
    assert index.wearer("badge-viggo", NOON) == "ida"
    assert index.wearer("badge-viggo", NOON + HOUR) == "viggo"


def test_the_shifts_own_leader_leads_and_the_sites_when_there_is_none() -> None:
    assert _names(_view(Pressing(("anna",))).leaders) == ["karen", "ole"]
    evening = _view(Pressing(("bo",)), wall=EVENING)
    assert _names(evening.leaders) == ["tove", "ole"]
    assert evening.leaders[0].unusual == (Unusual.OFF_DUTY,)


def test_a_leader_who_pressed_is_followed_by_the_sites_leader_and_the_deputies() -> None:
    assert _names(_view(Pressing(("karen",))).leaders) == ["tove", "ole"]
    assert _names(_view(Pressing(("karen", "tove"))).leaders) == ["ole"]


def test_a_leader_without_a_device_is_still_reached_by_phone() -> None:
    tove = _view(Pressing(("karen",))).leaders[0]
    assert tove.routes == (Route("sms", "+4500000006"), Route("console", "tove"))


def test_off_duty_people_stand_only_in_the_lists_that_name_them_and_are_marked() -> None:
    view = _view(Pressing(("anna",)))
    assert _names(view.named) == ["viggo"]
    assert _names(view.last_resort) == ["tove", "ole"]
    for candidate in (*view.named, *view.last_resort):
        assert Unusual.OFF_DUTY in candidate.unusual
        assert candidate not in view.nearest


def test_bagvagt_is_on_duty_away_and_in_no_other_list() -> None:
    view = _view(Pressing(("anna",)), wall=EVENING)
    [viggo] = view.on_call
    assert (viggo.person, viggo.expected_s, viggo.unusual) == ("viggo", None, ())
    assert "viggo" not in _names(view.nearest)


def test_whoever_runs_to_another_alarm_is_called_after_the_others_and_says_so() -> None:
    view = _view(Pressing(("anna",)), situation=Situation(busy=["bo"]))
    assert _names(view.nearest) == ["ida", "karen", "bo"]
    assert view.nearest[-1].unusual == (Unusual.ELSEWHERE,)


def test_who_is_left_out_is_said_with_the_reason() -> None:
    gone = (Presence("ida", here=False, at=NOON - HOUR),)
    view = _view(Pressing(("anna",)), situation=Situation(presence=gone))
    assert view.left_out[:2] == (
        LeftOut("anna", LeftOutWhy.PRESSED),
        LeftOut("ida", LeftOutWhy.NOT_HERE),
    )
    assert LeftOut("ole", LeftOutWhy.OFF_SHIFT) in view.left_out
    assert "ida" not in _names(view.nearest)


def test_a_new_word_about_presence_counts_at_once_and_its_end_too() -> None:
    views = Views(OrganisationIndex(_organisation(), CHANNELS))
    assert "ida" in _names(_view(Pressing(), views=views).nearest)
    gone = Situation(presence=(Presence("ida", False, NOON, until=NOON + HOUR),))
    assert "ida" not in _names(_view(Pressing(), views=views, situation=gone).nearest)
    later = _view(Pressing(), views=views, situation=gone, wall=NOON + HOUR)
    assert "ida" in _names(later.nearest)


def test_asked_about_an_earlier_moment_a_word_that_has_ended_stands_again() -> None:
    views = Views(OrganisationIndex(_organisation(), CHANNELS))
    gone = Situation(presence=(Presence("ida", False, NOON, until=NOON + HOUR),))
    later = _view(Pressing(), views=views, situation=gone, wall=NOON + HOUR)
    assert "ida" in _names(later.nearest)
    assert "ida" not in _names(_view(Pressing(), views=views, situation=gone).nearest)


def test_where_nobody_knows_the_place_everybody_is_still_called_runners_first() -> None:
    view = _view(Pressing(("ida",)), zone=None)
    assert _names(view.nearest) == ["bo", "karen", "anna"]
    assert view.nearest[-1].unusual == (Unusual.MINIMUM_STAFF,)
    assert [candidate.expected_s for candidate in view.nearest] == [None] * 3


def test_people_of_another_site_are_not_near() -> None:
    other = Organisation(
        sites=(*_organisation().sites, Site("away", "Away", "UTC")),
        people=(*_organisation().people, Person("per", "Per Borg", "away")),
        units=(*_organisation().units, Unit("far", "Far", "away", "house-1")),
        zones=_organisation().zones,
        shifts=(*_organisation().shifts, Shift("per", "far", time(0), time(0), days=ALWAYS)),
    )
    view = _view(Pressing(), views=Views(OrganisationIndex(other, CHANNELS)))
    assert "per" not in _names(view.nearest)
    assert "per" not in [out.person for out in view.left_out]


def test_a_leader_at_work_at_another_site_is_not_off_duty() -> None:
    organisation = _organisation()
    both = replace(
        organisation,
        sites=(*organisation.sites, Site("away", "Away", "UTC")),
        units=(*organisation.units, Unit("far", "Far", "away", "house-1")),
        shifts=(*organisation.shifts, Shift("tove", "far", time(8), time(13), days=ALWAYS)),
    )
    views = Views(OrganisationIndex(both, CHANNELS))
    assert _of(_view(Pressing(), views=views).last_resort, "tove").unusual == ()
    later = _view(Pressing(), views=views, wall=NOON + HOUR)
    assert _of(later.last_resort, "tove").unusual == (Unusual.OFF_DUTY,)


def test_an_unknown_site_gives_an_empty_view_and_never_an_error() -> None:
    view = _view(Pressing(("anna",), ("badge-x",)), site="nowhere")
    assert _all(view) == []
    assert "badge-x" in view.barred


def test_a_view_of_a_huge_site_holds_the_nearest_up_to_a_named_limit() -> None:
    many = [Person(f"p{n}", f"P{n}", "home", instructed=("alarm",)) for n in range(400)]
    shifts = [Shift(p.id, "house-2", time(0), time(0), days=ALWAYS) for p in many]
    organisation = _organisation()
    crowd = replace(
        organisation,
        people=(*organisation.people, *many),
        shifts=(*organisation.shifts, *shifts),
        devices=(
            *organisation.devices,
            *(Device(f"badge-{p.id}", "badge", "home", p.id) for p in many),
        ),
    )
    view = _view(Pressing(("anna",)), views=Views(OrganisationIndex(crowd, CHANNELS)))
    assert len(view.nearest) == NEAREST_MOST
    assert view.nearest[0].person == "bo"


def test_a_beacons_name_leads_to_its_zone_and_a_strangers_to_none() -> None:
    index = OrganisationIndex(_organisation(), CHANNELS)
    assert index.zone_named("home", "beacon-2") == index.zone_named("home", "house-2")
    assert index.zone_named("home", "nowhere") is None


def _organisation() -> Organisation:
    """Two houses 40 s apart; Anna, Bo, Ida, and Karen who leads, by day; Bo alone at night."""

    def person(name: str, *, shared: bool = False) -> Person:
        own = Phone(f"+450000000{EVERYBODY.index(name) + 1}")
        phones = (own, Phone(DUTY_PHONE, shared=True)) if shared else (own,)
        return Person(name, f"{name.title()} Holm", "home", phones, instructed=("alarm",))

    day, night = (time(7), time(15)), (time(15), time(7))
    viggo = Callee(Who.PERSON, "viggo")
    return Organisation(
        sites=(
            Site("home", "Home", "UTC", leaders=("tove",), deputies=("ole",),
                 last_resort=("tove", "ole")),
        ),
        people=tuple(person(name, shared=name in ("anna", "bo")) for name in EVERYBODY),
        units=(Unit("house-1", "House 1", "home", "house-1", min_staff=1),
               Unit("house-2", "House 2", "home", "house-2")),
        zones=(
            Zone("house-1", "House 1", "home", unit="house-1"),
            Zone("house-2", "House 2", "home", unit="house-2", wire=("beacon-2",)),
            Zone("garden", "Garden", "home"),
        ),
        walks=(Walk("house-1", "house-2", 40), Walk("house-2", "garden", 20)),
        shifts=(
            Shift("anna", "house-1", *day, days=ALWAYS),
            Shift("bo", "house-1", time(0), time(0), days=ALWAYS, runner=True),
            Shift("ida", "house-2", *day, days=ALWAYS),
            Shift("karen", "house-2", *day, days=ALWAYS, duty=Duty.LEADER),
            Shift("viggo", "house-1", *night, days=ALWAYS, duty=Duty.ON_CALL),
        ),
        plans=(
            Plan("red", "home", (Step(timedelta(), viggo, ("sms",)),), (Level.RED,)),
        ),
        devices=tuple(
            Device(f"badge-{name}", "badge", "home", name) for name in EVERYBODY if name != "tove"
        ),
    )  # fmt: skip


def _view(
    pressing: Pressing,
    *,
    views: Views | None = None,
    site: str = "home",
    zone: str | None = "house-1",
    wall: datetime = NOON,
    situation: Situation | None = None,
) -> View:
    return (views or Views(OrganisationIndex(_organisation(), CHANNELS))).view(
        site=site,
        zone=zone,
        pressing=pressing,
        now=NOON,
        wall=wall,
        situation=situation,
    )


def _all(view: View) -> list[Candidate]:
    lists = (view.nearest, view.leaders, view.deputies, view.on_call, view.last_resort, view.named)
    return [candidate for people in lists for candidate in people]


def _names(people: Sequence[Candidate]) -> list[str]:
    return [candidate.person for candidate in people]


def _of(people: Sequence[Candidate], person: str) -> Candidate:
    return next(candidate for candidate in people if candidate.person == person)
