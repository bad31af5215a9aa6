"""Every kind of record in a site's files, described once: by it `files` reads and `export` writes.

What a record must keep to beyond its single values stands in `record_rules`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from alarms.plan import ROUND_LONGEST, Plan, Step
from core.signals import AlarmKind, Level
from devices.registry import Assignment, Device, Line, Parity, RemoteGateway
from dispatcher.roster.model import Duty, Language, Person, Shift, Unit, Weekday, Zone
from dispatcher.roster.organisation import Site
from dispatcher.site import record_rules as rules
from dispatcher.site.description import Description, key, rows
from dispatcher.site.fields import Fields

STEP_AFTER_S_MOST = 3_600.0
WALK_S_MOST = 86_400.0
RESPONDERS_MOST = 20
COUNT_MOST = 250
SILENT_S_MOST = 7 * 86_400.0

SITE = Description(
    "site",
    Site,
    key("id", Fields.id, example="lindegaarden"),
    key("name", Fields.text, required=True),
    key("timezone", Fields.timezone),
    key("country", rules.read_country),
    key("language", partial(Fields.choice, kinds=Language, default=Language.DANISH)),
    key("leaders", Fields.texts, ()),
    key("deputies", Fields.texts, ()),
    key("last_resort", Fields.texts, ()),
    key("manual_routine", Fields.text, default="", lines=True),
    key("wearer_light", Fields.flag, False),
    key("words", Fields.pairs, (), value=dict),
)

PERSON = Description(
    "person",
    Person,
    key("id", Fields.id, example="anna"),
    key("name", Fields.text, required=True),
    key("site", Fields.site),
    key("phones", rules.read_phones, (), value=rules.phone_values),
    key("language", Fields.choice, kinds=Language, default=Language.DANISH),
    key("instructed", Fields.texts, ()),
    key("temp", Fields.flag, False),
)

UNIT = Description(
    "unit",
    Unit,
    key("id", Fields.id, example="house-1"),
    key("name", Fields.text, required=True),
    key("site", Fields.site),
    key("zone", Fields.text, required=True),
    key("min_staff", Fields.whole, default=0, least=0, most=1_000),
    key("meeting", Fields.reference, None),
    key("safe_room", Fields.reference, None),
)

ZONE = Description(
    "zone",
    Zone,
    key("id", Fields.id, example="h1-hall"),
    key("label", Fields.text, required=True),
    key("site", Fields.site),
    key("unit", Fields.reference, None),
    key("floor", Fields.whole, default=0, least=-20, most=200),
    key("outdoor", Fields.flag, False),
    key("lat", Fields.number, None, least=-90, most=90),
    key("lon", Fields.number, None, least=-180, most=180),
    key("wire", Fields.texts, ()),
    check=rules.check_zone,
)

WALK = Description(
    "walk",
    rules.walk_between,
    key("between", rules.read_between),
    key("seconds", Fields.number, least=0, most=WALK_S_MOST, required=True),
)

SHIFT = Description(
    "shift",
    Shift,
    key("person", Fields.text, required=True),
    key("unit", Fields.text, required=True),
    key("start", Fields.clock),
    key("end", Fields.clock),
    key("days", Fields.choices, (), kinds=Weekday),
    key("date", Fields.day, None),
    key("duty", Fields.choice, kinds=Duty, default=Duty.STAFF),
    key("runner", Fields.flag, False),
    check=rules.check_shift,
)

STEP = Description(
    "plan.step",
    Step,
    key("after_s", Fields.seconds, field="after", least=0, most=STEP_AFTER_S_MOST, required=True),
    key("call", rules.read_callee, value=str),
    key("count", Fields.whole, default=1, least=1, most=COUNT_MOST),
    key("by", Fields.texts),
    check=rules.check_step,
)

PLAN = Description(
    "plan",
    Plan,
    key("id", Fields.id, example="red"),
    key("site", Fields.site),
    key("levels", Fields.choices, (), kinds=Level),
    key("kinds", Fields.choices, (), kinds=AlarmKind),
    key("responders", Fields.whole, default=1, least=1, most=RESPONDERS_MOST),
    key("round_s", rules.read_round, ROUND_LONGEST, field="round"),
    key("ring_locally", Fields.flag, False),
    rows("step", STEP, field="steps"),
    check=rules.check_plan,
)

DEVICE = Description(
    "device",
    Device,
    key("id", Fields.id, example="badge-anna"),
    key("kind", Fields.text, required=True),
    key("site", Fields.site),
    key("person", Fields.reference, None),
    key("zone", Fields.reference, None),
    key("level", rules.read_level, None),
    key("wire", Fields.texts, ()),
    key("password", Fields.text, default=""),
    key("withdrawn", Fields.flag, False),
    key("revoked", Fields.flag, False),
    check=rules.check_device,
)

ASSIGNMENT = Description(
    "assignment",
    Assignment,
    key("device", Fields.text, required=True),
    key("person", Fields.text, required=True),
    key("start", Fields.instant),
    key("end", Fields.instant),
)

LINE = Description(
    "line",
    Line,
    key("id", Fields.id, example="nurse-call"),
    key("site", Fields.site),
    key("protocol", Fields.text, required=True),
    key("url", Fields.text, required=True),
    key("speed_bd", Fields.whole, default=9_600, least=50, most=4_000_000),
    key("data_bits", Fields.whole, default=8, least=7, most=8),
    key("parity", Fields.choice, kinds=Parity, default=Parity.NONE),
    key("stop_bits", Fields.whole, default=1, least=1, most=2),
    key("silent_s", Fields.seconds, timedelta(), field="silent_after", least=0, most=SILENT_S_MOST),
    key("closes", Fields.flag, False),
    key("only_registered", Fields.flag, False),
    key("gateway", Fields.text, default=""),
    key("settings", Fields.pairs, (), value=dict),
    check=rules.check_line,
)

GATEWAY = Description(
    "gateway",
    RemoteGateway,
    key("id", Fields.id, example="house-b"),
    key("site", Fields.site),
    key("token", Fields.text, default=""),
    check=rules.check_gateway,
)
