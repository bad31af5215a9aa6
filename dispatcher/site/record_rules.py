"""What a record must keep to beyond its single values, and the values only one kind has."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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
from devices.registry import OWN_PREFIX, Device, Line, RemoteGateway, is_own
from dispatcher.channels.numbers import normalised
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.model import Phone, Shift, Walk, Zone
from dispatcher.site.fields import Fields
from dispatcher.site.toml import Value

CALM_ROUND_LONGEST = timedelta(hours=1)
LISTENING = ("tcp", "tls", "udp")
LOGGED_IN = "mqtt"
DIALLED = ("socket", "rfc2217")
_TOKEN_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_country(fields: Fields, name: str) -> str:
    country = fields.text(name, "DK")
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        fields.mistake(name, f"is {country!r}; write two letters, like 'DK'")
    return country


def read_phones(fields: Fields, name: str) -> tuple[Phone, ...]:
    country = fields.countries.get(fields.above["site"], "DK")
    phones: list[Phone] = []
    for number, value in enumerate(fields.items(name), start=1):
        text = value.get("number") if isinstance(value, dict) else value
        shared = isinstance(value, dict) and value.get("shared") is True
        if not isinstance(text, str) or (isinstance(value, dict) and not _phone_keys(value)):
            hint = '"+4512345678" or { number = "+4512345678", shared = true }'
            fields.mistake(f"{name}[{number}]", f"is {value!r:.60}; write {hint}")
            continue
        try:
            phones.append(Phone(normalised(text, country), shared))
        except DomainError as refused:
            fields.mistake(f"{name}[{number}]", str(refused))
    return tuple(phones)


def _phone_keys(table: Mapping[str, object]) -> bool:
    known = all(key in ("number", "shared") for key in table)
    return known and isinstance(table.get("shared", False), bool)


def phone_values(phones: tuple[Phone, ...]) -> Value:
    return tuple({"number": p.number, "shared": True} if p.shared else p.number for p in phones)


def check_zone(fields: Fields, zone: Zone) -> None:
    if (zone.lat is None) != (zone.lon is None):
        missing = "lat" if zone.lat is None else "lon"
        fields.mistake(missing, "is missing; write lat and lon together")
    if zone.lat is not None and not zone.outdoor:
        fields.mistake("lat", "needs outdoor = true; indoors walks give the distance")


def read_between(fields: Fields, name: str) -> tuple[str, ...]:
    ends = fields.texts(name)
    if len(ends) != 2:
        fields.mistake(name, 'names no two zones; write between = ["hall", "garden"]')
        return ("", "")
    return ends


def walk_between(between: tuple[str, str], seconds: float | None) -> Walk:
    return Walk(*between, seconds or 0.0)


def check_shift(fields: Fields, _shift: Shift) -> None:
    if bool(fields.raw("days")) == bool(fields.raw("date")):
        fields.mistake("days", "and date: write the weekdays, or one date, not both")


def read_callee(fields: Fields, name: str) -> Callee:
    text = fields.text(name, required=True)
    try:
        return Callee.named(text)
    except ValueError as wrong:
        if text:
            fields.mistake(name, str(wrong))
        return Callee(Who.EVERYONE)  # nothing of a file with a mistake is taken over


def check_step(fields: Fields, step: Step) -> None:
    for channel in step.by:
        if channel not in CHANNELS:
            fields.mistake("by", f"{channel!r} is no channel; known: {', '.join(CHANNELS)}")
    if not step.by:
        fields.mistake("by", f"names no channel; write some of: {', '.join(CHANNELS)}")


def read_round(fields: Fields, name: str) -> timedelta:
    calm = is_calm(fields.above["levels"], fields.above["kinds"])
    longest = CALM_ROUND_LONGEST if calm else ROUND_LONGEST
    shortest = ROUND_SHORTEST.total_seconds()
    return fields.seconds(name, shortest, longest.total_seconds(), ROUND_LONGEST)


def is_calm(levels: Collection[Level], kinds: Collection[AlarmKind]) -> bool:
    """A plan for technical or green alarms alone: no life hangs on its rounds."""
    advice = bool(levels) and all(level.advice for level in levels)
    return advice or tuple(kinds) == (AlarmKind.TECHNICAL,)


def check_plan(fields: Fields, plan: Plan) -> None:
    if not 1 <= len(plan.steps) <= STEPS_MAX:
        count = len(plan.steps)
        fields.mistake("step", f"stands {count} times; a plan has 1 to {STEPS_MAX} steps")
    for number, (step, later) in enumerate(pairwise(plan.steps), start=2):
        if later.after < step.after:
            fields.mistake(f"step[{number}]", "comes before the step above it; sort by after_s")


def read_level(fields: Fields, name: str) -> Level | None:
    return fields.choice(name, Level, Level.RED) if fields.has(name) else None


def check_device(fields: Fields, device: Device) -> None:
    if is_own(device.id):
        fields.mistake("id", f"begins with {OWN_PREFIX!r}, as the service's own devices do")
    for identity in device.wire:
        if is_own(identity):
            fields.mistake("wire", f"{identity!r} is a device of the service's own")
        if not all(identity.partition(":")[::2]):
            fields.mistake("wire", f"{identity!r} is no identity; write protocol:identity")
    if device.password and not readable(device.password):
        fields.mistake("password", "starts like a digest but cannot be read as one")


def check_line(fields: Fields, line: Line) -> None:
    _check_url(fields, line.url)
    _check_protocol(fields, line)


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


def check_gateway(fields: Fields, gateway: RemoteGateway) -> None:
    if gateway.token and not _TOKEN_DIGEST.fullmatch(gateway.token):
        fields.mistake("token", "is no digest; make one: tilkald gateway --new-token")
