"""The people, places and shifts of a site, as its configuration names them."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

from core.values import value


class Language(StrEnum):
    """The languages people read (ISO 639-1); a person has one, a site has a default."""

    DANISH = "da"
    NORWEGIAN = "nb"
    ENGLISH = "en"


@value(frozen=True)
class Phone:
    """A number in E.164. `shared` marks a duty phone that several people may carry."""

    number: str
    shared: bool = False


@value(frozen=True)
class Person:
    """One employee. `name` is the full name; calls carry only `first_name` (glossary).

    `instructed` names what they have been instructed in, e.g. "alarm"; `temp` people are
    instructed before each shift. `removed` people keep their history and are never called.
    """

    id: str
    name: str
    site: str
    phones: tuple[Phone, ...] = ()
    language: Language = Language.DANISH
    instructed: tuple[str, ...] = ()
    temp: bool = False

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]


@value(frozen=True)
class Zone:
    """A place one can be told to go to. `label` is the place as staff say it; never translated.

    `wire` are names devices use for it (beacons). `lat`/`lon` for outdoor zones.
    """

    id: str
    label: str
    site: str
    unit: str | None = None
    floor: int = 0
    outdoor: bool = False
    lat: float | None = None
    lon: float | None = None
    wire: tuple[str, ...] = ()


@value(frozen=True)
class Walk:
    """An edge of the walking graph: seconds a colleague in a hurry needs, both ways."""

    a: str
    b: str
    seconds: float

    @property
    def between(self) -> tuple[str, str]:
        return self.a, self.b


@value(frozen=True)
class Unit:
    """A house or ward. Its people are in `zone` by default (law 10). `min_staff` must stay behind.

    `meeting` is where colleagues meet before they go in, `safe_room` where one can lock the door.
    """

    id: str
    name: str
    site: str
    zone: str
    min_staff: int = 0
    meeting: str | None = None
    safe_room: str | None = None


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Duty(StrEnum):
    """What a person does in a shift, as far as an alarm is concerned."""

    STAFF = "staff"
    SLEEPING = "sleeping"  # sleeping night duty: on site, called after those awake
    LEADER = "leader"  # duty leader of the shift
    ON_CALL = "on_call"  # bagvagt: away, called when the shift's own people do not suffice


@value(frozen=True)
class Shift:
    """Planned work of one person in one unit: weekly (`days`) or on one `date`.

    Times are the wall clock in the site's zone; `end` at or before `start` is the next day.
    `runner` names them for the response runs of this shift.
    """

    person: str
    unit: str
    start: time
    end: time
    days: tuple[Weekday, ...] = ()
    date: date | None = None
    duty: Duty = Duty.STAFF
    runner: bool = False


@value(frozen=True)
class OnShift:
    """One shift as it stands now: start and end in wall-clock UTC."""

    person: str
    unit: str
    duty: Duty
    runner: bool
    start: datetime
    end: datetime


@value(frozen=True)
class Presence:
    """Whether a person is really here, over what the roster plans. `until` None: till shift end."""

    person: str
    here: bool
    at: datetime
    until: datetime | None = None
