"""The example site: complete at every hour, safe to try out, and what the README says it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.signals import AlarmKind, Level
from devices.passwords import is_plain
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.model import Duty
from dispatcher.roster.pressing import Pressing
from dispatcher.roster.views import Views
from dispatcher.site.export import export_files
from dispatcher.site.files import read_directory, read_files
from tests.support.tries import QUICK

EXAMPLE = Path(__file__).parents[3] / "config" / "example"
SITE = "lindegaarden"
STEP = timedelta(hours=5 if QUICK else 1)
"""Five hours come by every hour of every weekday ten times a year."""

FIRST_LINE_MOST = 24


def test_at_every_hour_of_the_year_a_press_finds_a_colleague_a_leader_and_somebody_on_call() -> (
    None
):
    views = Views(OrganisationIndex(read_directory(EXAMPLE), CHANNELS))
    wall = datetime(2026, 1, 1, tzinfo=UTC)
    while wall.year == 2026:
        staffing = views.staffing(SITE, wall)
        awake = [p for p, row in staffing.rows.items() if row.duty is not Duty.SLEEPING]
        presser = awake[0]
        zone = staffing.post_of(presser).zone
        pressing = Pressing((presser,), (f"badge-{presser}",))
        view = views.view(site=SITE, zone=zone, pressing=pressing, now=wall, wall=wall)
        assert view.nearest[0].expected_s is not None
        assert view.nearest[0].routes[0].channel == "wearable"
        assert view.leaders
        assert view.on_call
        assert view.last_resort
        wall += STEP


def test_every_badge_belongs_to_the_first_name_it_carries() -> None:
    organisation = read_directory(EXAMPLE)
    people = {person.id: person for person in organisation.people}
    badges = [device for device in organisation.devices if device.kind == "badge"]
    for badge in badges:
        assert badge.person is not None
        assert badge.id == f"badge-{people[badge.person].first_name.lower()}"
        assert badge.id.isascii()
    assert len({person.first_name for person in organisation.people}) == len(people)
    assert len(badges) == 14


def test_no_number_of_it_can_be_anybodys_and_every_password_is_for_trying_out() -> None:
    organisation = read_directory(EXAMPLE)
    numbers = [phone.number for person in organisation.people for phone in person.phones]
    assert all(number.startswith("+450000") for number in numbers)
    assert len(set(numbers)) == len(organisation.people)
    assert all(device.password and is_plain(device.password) for device in organisation.devices)


def test_it_has_a_plan_for_every_level_and_for_technical_alarms() -> None:
    plans = read_directory(EXAMPLE).plans
    assert {level for plan in plans for level in plan.levels} == set(Level)
    assert any(plan.kinds == (AlarmKind.TECHNICAL,) for plan in plans)


def test_every_place_fits_the_first_line_of_a_call() -> None:
    for zone in read_directory(EXAMPLE).zones:
        assert len(zone.label) <= FIRST_LINE_MOST, zone.label


def test_it_exports_and_applies_as_it_stands() -> None:
    organisation = read_directory(EXAMPLE)
    files = {name: text.encode() for name, text in export_files(organisation).items()}
    assert read_files(files) == organisation
