"""One record of each kind, read from the fields of its table. `export` writes the same keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from itertools import pairwise
from urllib.parse import urlsplit

from alarms.plan import ROUND_LONGEST, ROUND_SHORTEST, STEPS_MAX, Callee, Plan, Step
from alarms.vocabulary import Who
from core.errors import ConfigError, DomainError
from core.signals import AlarmKind, Level
from devices.family import open_line
from devices.passwords import readable
from devices.protocols import FAMILIES, LINE_PROTOCOLS
from devices.registry import OWN_PREFIX, Assignment, Device, Line, Parity, RemoteGateway, is_own
from dispatcher.channels.numbers import normalised
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.model import (
    Duty,
    Language,
    Person,
    Phone,
    Shift,
    Unit,
    Walk,
    Weekday,
    Zone,
)
from dispatcher.roster.organisation import Site
from dispatcher.site.fields import Fields

CALM_ROUND_LONGEST = timedelta(hours=1)
STEP_AFTER_S_MOST = 3_600.0
WALK_S_MOST = 86_400.0
RESPONDERS_MOST = 20
COUNT_MOST = 250
FLOORS = (-20, 200)
SPEEDS_BD = (50, 4_000_000)
SILENT_S_MOST = 7 * 86_400.0
LISTENING = ("tcp", "tls", "udp")
LOGGED_IN = "mqtt"
_TOKEN_DIGEST = re.compile(r"[0-9a-f]{64}")
DIALLED = ("socket", "rfc2217")


@dataclass(frozen=True, slots=True)
class Home:
    """What a record needs to know of the sites: which there are, and how they write numbers."""

    countries: Mapping[str, str]

    def site_of(self, fields: Fields) -> str:
        """The record's `site`; an installation with one site need not name it."""
        named = fields.reference("site")
        if named is not None:
            return named
        if len(self.countries) == 1:
            return next(iter(self.countries))
        fields.mistake("site", f"is missing; write one of: {', '.join(self.countries)}")
        return ""


def read_site(fields: Fields) -> Site:
    country = fields.text("country", "DK")
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        fields.mistake("country", f"is {country!r}; write two letters, like 'DK'")
    return Site(
        id=fields.id("id", "lindegaarden"),
        name=fields.text("name", required=True),
        timezone=fields.timezone("timezone"),
        country=country,
        language=fields.choice("language", Language, Language.DANISH),
        leaders=fields.texts("leaders"),
        deputies=fields.texts("deputies"),
        last_resort=fields.texts("last_resort"),
        words=fields.pairs("words"),
        manual_routine=fields.text("manual_routine", lines=True),
        wearer_light=fields.flag("wearer_light"),
    )


def read_person(fields: Fields, home: Home) -> Person:
    site = home.site_of(fields)
    return Person(
        id=fields.id("id", "anna"),
        name=fields.text("name", required=True),
        site=site,
        phones=_phones(fields, home.countries.get(site, "DK")),
        language=fields.choice("language", Language, Language.DANISH),
        instructed=fields.texts("instructed"),
        temp=fields.flag("temp"),
    )


def read_unit(fields: Fields, home: Home) -> Unit:
    return Unit(
        id=fields.id("id", "house-1"),
        name=fields.text("name", required=True),
        site=home.site_of(fields),
        zone=fields.text("zone", required=True),
        min_staff=fields.whole("min_staff", 0, 0, 1_000),
        meeting=fields.reference("meeting"),
        safe_room=fields.reference("safe_room"),
    )


def read_zone(fields: Fields, home: Home) -> Zone:
    lat, lon = fields.number("lat", -90, 90), fields.number("lon", -180, 180)
    outdoor = fields.flag("outdoor")
    if (lat is None) != (lon is None):
        fields.mistake("lat" if lat is None else "lon", "is missing; write lat and lon together")
    if lat is not None and not outdoor:
        fields.mistake("lat", "needs outdoor = true; indoors walks give the distance")
    return Zone(
        id=fields.id("id", "h1-hall"),
        label=fields.text("label", required=True),
        site=home.site_of(fields),
        unit=fields.reference("unit"),
        floor=fields.whole("floor", 0, *FLOORS),
        outdoor=outdoor,
        lat=lat,
        lon=lon,
        wire=fields.texts("wire"),
    )


def read_walk(fields: Fields) -> Walk:
    ends = fields.texts("between")
    if len(ends) != 2:
        fields.mistake("between", 'names no two zones; write between = ["hall", "garden"]')
        ends = ("", "")
    seconds = fields.number("seconds", 0, WALK_S_MOST, required=True)
    return Walk(ends[0], ends[1], seconds or 0.0)


def read_shift(fields: Fields) -> Shift:
    shift = Shift(
        person=fields.text("person", required=True),
        unit=fields.text("unit", required=True),
        start=fields.clock("start"),
        end=fields.clock("end"),
        days=fields.choices("days", Weekday),
        date=fields.day("date"),
        duty=fields.choice("duty", Duty, Duty.STAFF),
        runner=fields.flag("runner"),
    )
    if bool(fields.raw("days")) == bool(fields.raw("date")):
        fields.mistake("days", "and date: write the weekdays, or one date, not both")
    return shift


def read_plan(fields: Fields, home: Home) -> Plan:
    levels, kinds = fields.choices("levels", Level), fields.choices("kinds", AlarmKind)
    shortest, longest = ROUND_SHORTEST.total_seconds(), ROUND_LONGEST.total_seconds()
    if is_calm(levels, kinds):
        longest = CALM_ROUND_LONGEST.total_seconds()
    steps = tuple(_step(table) for table in fields.tables("step"))
    plan = Plan(
        id=fields.id("id", "red"),
        site=home.site_of(fields),
        steps=steps,
        levels=levels,
        kinds=kinds,
        responders=fields.whole("responders", 1, 1, RESPONDERS_MOST),
        round=_seconds(fields.number("round_s", shortest, longest), ROUND_LONGEST),
        ring_locally=fields.flag("ring_locally"),
    )
    if not 1 <= len(steps) <= STEPS_MAX:
        fields.mistake("step", f"stands {len(steps)} times; a plan has 1 to {STEPS_MAX} steps")
    for number, (step, later) in enumerate(pairwise(steps), start=2):
        if later.after < step.after:
            fields.mistake(f"step[{number}]", "comes before the step above it; sort by after_s")
    return plan


def is_calm(levels: Collection[Level], kinds: Collection[AlarmKind]) -> bool:
    """A plan for technical or green alarms alone: no life hangs on its rounds."""
    advice = bool(levels) and all(level.advice for level in levels)
    return advice or tuple(kinds) == (AlarmKind.TECHNICAL,)


def read_device(fields: Fields, home: Home) -> Device:
    device = Device(
        id=fields.id("id", "badge-anna"),
        kind=fields.text("kind", required=True),
        site=home.site_of(fields),
        person=fields.reference("person"),
        zone=fields.reference("zone"),
        level=fields.choice("level", Level, Level.RED) if fields.has("level") else None,
        wire=fields.texts("wire"),
        password=fields.text("password"),
        withdrawn=fields.flag("withdrawn"),
        revoked=fields.flag("revoked"),
    )
    if is_own(device.id):
        fields.mistake("id", f"begins with {OWN_PREFIX!r}, as the service's own devices do")
    for identity in device.wire:
        if is_own(identity):
            fields.mistake("wire", f"{identity!r} is a device of the service's own")
        if not all(identity.partition(":")[::2]):
            fields.mistake("wire", f"{identity!r} is no identity; write protocol:identity")
    if device.password and not readable(device.password):
        fields.mistake("password", "starts like a digest but cannot be read as one")
    return device


def read_assignment(fields: Fields) -> Assignment:
    return Assignment(
        device=fields.text("device", required=True),
        person=fields.text("person", required=True),
        start=fields.instant("start"),
        end=fields.instant("end"),
    )


def read_line(fields: Fields, home: Home) -> Line:
    line = Line(
        id=fields.id("id", "nurse-call"),
        site=home.site_of(fields),
        protocol=fields.text("protocol", required=True),
        url=fields.text("url", required=True),
        speed_bd=fields.whole("speed_bd", 9_600, *SPEEDS_BD),
        data_bits=fields.whole("data_bits", 8, 7, 8),
        parity=fields.choice("parity", Parity, Parity.NONE),
        stop_bits=fields.whole("stop_bits", 1, 1, 2),
        silent_after=_seconds(fields.number("silent_s", 0, SILENT_S_MOST), timedelta()),
        closes=fields.flag("closes"),
        only_registered=fields.flag("only_registered"),
        gateway=fields.reference("gateway") or "",
        settings=fields.pairs("settings"),
    )
    _check_url(fields, line.url)
    _check_protocol(fields, line)
    return line


def read_gateway(fields: Fields, home: Home) -> RemoteGateway:
    token = fields.text("token")
    if token and not _TOKEN_DIGEST.fullmatch(token):
        fields.mistake("token", "is no digest; make one: tilkald gateway --new-token")
    return RemoteGateway(fields.id("id", "house-b"), home.site_of(fields), token)


def _check_url(fields: Fields, url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        fields.mistake("url", f"{url!r} has no port that is one, like tcp://127.0.0.1:10000")
        return
    if parts.scheme == LOGGED_IN:
        if not parts.hostname or port is not None or parts.path:
            fields.mistake("url", f"{url!r} names no device that logs in, like mqtt://rtl-hall")
    elif parts.scheme in (*LISTENING, *DIALLED):
        if parts.hostname is None or port is None:
            fields.mistake("url", f"{url!r} needs host and port, like tcp://127.0.0.1:10000")
    elif url and (parts.scheme or not url.startswith("/")):
        known = "/dev/…, socket://, rfc2217://, tcp://, tls://, udp:// or mqtt://"
        fields.mistake("url", f"{url!r} is no line; write {known}")


def _check_protocol(fields: Fields, line: Line) -> None:
    """The protocol is known, and opens a line with these settings."""
    if line.protocol not in LINE_PROTOCOLS:
        if line.protocol:
            close = get_close_matches(line.protocol, LINE_PROTOCOLS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(LINE_PROTOCOLS)}"
            fields.mistake("protocol", f"{line.protocol!r} is no protocol of a line; {hint}")
        return
    if line.closes and FAMILIES[line.protocol].radio:
        fields.mistake("closes", "is for no radio: anybody can record and repeat it; leave it out")
    try:
        open_line(FAMILIES[line.protocol], line)
    except ConfigError as wrong:
        fields.mistake("settings", str(wrong))


def _phones(fields: Fields, country: str) -> tuple[Phone, ...]:
    phones: list[Phone] = []
    for number, value in enumerate(fields.items("phones"), start=1):
        text = value.get("number") if isinstance(value, dict) else value
        shared = isinstance(value, dict) and value.get("shared") is True
        if not isinstance(text, str) or (isinstance(value, dict) and not _phone_keys(value)):
            hint = '"+4512345678" or { number = "+4512345678", shared = true }'
            fields.mistake(f"phones[{number}]", f"is {value!r:.60}; write {hint}")
            continue
        try:
            phones.append(Phone(normalised(text, country), shared))
        except DomainError as refused:
            fields.mistake(f"phones[{number}]", str(refused))
    return tuple(phones)


def _phone_keys(table: Mapping[str, object]) -> bool:
    known = all(key in ("number", "shared") for key in table)
    return known and isinstance(table.get("shared", False), bool)


def _step(fields: Fields) -> Step:
    after = fields.number("after_s", 0, STEP_AFTER_S_MOST, required=True)
    step = Step(
        after=_seconds(after, timedelta()),
        call=_callee(fields),
        by=fields.texts("by"),
        count=fields.whole("count", 1, 1, COUNT_MOST),
    )
    for channel in step.by:
        if channel not in CHANNELS:
            fields.mistake("by", f"{channel!r} is no channel; known: {', '.join(CHANNELS)}")
    if not step.by:
        fields.mistake("by", f"names no channel; write some of: {', '.join(CHANNELS)}")
    fields.done()
    return step


def _callee(fields: Fields) -> Callee:
    text = fields.text("call", required=True)
    try:
        return Callee.named(text)
    except ValueError as wrong:
        if text:
            fields.mistake("call", str(wrong))
        return Callee(Who.EVERYONE)  # nothing of a file with a mistake is taken over


def _seconds(value: float | None, default: timedelta) -> timedelta:
    return default if value is None else timedelta(seconds=value)
