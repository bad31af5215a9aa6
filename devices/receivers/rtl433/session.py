"""rtl_433 events as they come over MQTT or a pipe: bytes in, readings out; nobody is answered.

**Its law: a press is one reading, however often it is received; and a code that hops is one press
for ever.** rtl_433 says a JSON object for each reception and keeps no state, so a button is heard
two to twenty times; `devices.receivers.copies` makes one press of what a device says with one
meaning within the window. A rolling code is more: it never comes twice but from a recorder, so such
a press is called by its code (`boot` `hop-…`, `seq` 0), and the same code later is the same press
wherever it is remembered. Nothing is authenticated: the fields of a message are what a radio
heard, not what a device proved.

What cannot be read and carries a word for a call is one (`unknown`), as native messages are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.receivers.copies import Copies
from devices.receivers.rtl433.codec import Broken, Event, Fields, Reader, picked
from devices.receivers.rtl433.meanings import (
    BUTTON_FIELDS,
    CALL_WORDS,
    HOP_FIELD,
    ID_FIELDS,
    MEASURE_ENDINGS,
    MEASURE_FIELDS,
    PRESS_FIELDS,
    RULES,
    SAYS_WHAT,
    Rule,
)
from devices.session import Heard

PROTOCOL = "rtl433"

COPIES_WITHIN = timedelta(seconds=2)
"""Two to twenty receptions of one press, within a second; buttons held go on for longer."""

LATE_FROM = timedelta(seconds=30)
LATE_MAX = timedelta(days=1)
"""An event this old by its own time was kept by a broker on the way; older, its clock is wrong."""

NAME_CHARS_MAX = 64
CODE_CHARS_MAX = 64

_BY_MODEL: dict[str, tuple[Rule, ...]] = {
    model: tuple(rule for rule in RULES if rule.model == model)
    for model in dict.fromkeys(rule.model for rule in RULES)
}
_FIELDS: dict[str, tuple[str, ...]] = {
    model: tuple(dict.fromkeys(rule.field for rule in rules)) for model, rules in _BY_MODEL.items()
}
_PICKED: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *("model", "battery_ok", "tamper", HOP_FIELD, *ID_FIELDS, *SAYS_WHAT, *BUTTON_FIELDS),
            *(rule.field for rule in RULES),
        )
    )
)
"""The fields that are looked for in what is no JSON."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]+")


class Rtl433Session:
    """One rtl_433, or one topic of its events."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._copies = Copies(COPIES_WITHIN)

    @property
    def wake_at(self) -> datetime | None:
        return self._reader.wake_at

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        return self._heard(self._reader.feed(data, now), now, wall)

    def wake(self, now: datetime) -> Sequence[Heard]:
        return self._heard(self._reader.stale(now), now, None)

    def ended(self, now: datetime) -> Sequence[Heard]:
        return self._heard(self._reader.ended(), now, None)

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """Radio is not acknowledged: no ticket is ever given."""

    def to_send(self) -> bytes:
        return b""

    def _heard(
        self, found: Sequence[Event | Broken], now: datetime, wall: datetime | None
    ) -> list[Heard]:
        heard: list[Heard] = []
        for one in found:
            if isinstance(one, Broken):
                heard += self._broken(one, now)
            else:
                heard += self._event(one, now, wall)
        return heard

    def _event(self, event: Event, now: datetime, wall: datetime | None) -> list[Heard]:
        fields = event.fields
        model = _model(fields.get("model"))
        if not model:
            return self._broken(Broken("no model", event.raw), now)
        return self._said(event, model, now, wall)

    def _said(
        self,
        event: Event,
        model: str,
        now: datetime,
        wall: datetime | None,
        odd: tuple[str, ...] = (),
    ) -> list[Heard]:
        fields = event.fields
        device = f"{model}/{_number(fields)}"
        first = self._reading(event, device, model, now, wall)
        heard = []
        for reading in (replace(first, odd=odd), *_also(first, fields)):
            content = (device, reading.type, reading.kind, reading.code, reading.boot)
            if not self._copies.is_one(content, now):
                heard.append(Heard(reading, raw=event.raw))
        return heard

    def _reading(
        self, event: Event, device: str, model: str, now: datetime, wall: datetime | None
    ) -> Reading:
        fields = event.fields
        type_, kind = _meaning(model, fields)
        code = _code(fields)
        hop = fields.get(HOP_FIELD)
        hops = isinstance(hop, str) and 0 < len(hop) <= NAME_CHARS_MAX
        text = code
        if type_ is SignalType.ALARM and kind is AlarmKind.UNKNOWN:
            text = f"unknown code {code or model} from {device}"
        return Reading(
            protocol=PROTOCOL,
            device=device,
            type=type_,
            kind=kind,
            age=_age(fields.get("time"), wall),
            seq=0 if hops else self._copies.seq(now),
            boot=f"hop-{_UNSAFE.sub('-', str(hop))}" if hops else None,
            battery=_battery(fields.get("battery_ok")),
            text=text,
            code=code,
            raw=event.raw,
        )

    def _broken(self, broken: Broken, now: datetime) -> list[Heard]:
        """Half a message may be the half that matters: its fields are read, or words for a call."""
        fields = picked(broken.raw, _PICKED)
        model = _model(fields.get("model"))
        model = model if model in _BY_MODEL else _named(broken.raw) or model
        if model and _meaning(model, fields)[0] is not SignalType.UNKNOWN:
            odd = (f"message: {broken.why}",)
            return self._said(Event(fields, broken.raw), model, now, None, odd)
        low = broken.raw.replace(b"\0", b"").lower()
        pressed = not model and any(name in fields for name in PRESS_FIELDS)
        if not pressed and not any(word.encode() in low for word in CALL_WORDS):
            return [Heard(error=f"{broken.why}: {len(broken.raw)} bytes", raw=broken.raw)]
        number = _number(fields)
        device = f"{model or 'unreadable'}/{number}"
        if self._copies.is_one((device, broken.raw), now):
            return []
        reading = Reading(
            protocol=PROTOCOL,
            device=device,
            type=SignalType.ALARM,
            kind=AlarmKind.UNKNOWN,
            seq=self._copies.seq(now),
            text=f"unreadable message that may be a call from {device}",
            odd=(f"message: {broken.why}",),
            raw=broken.raw,
        )
        return [Heard(reading, raw=broken.raw)]


def _meaning(model: str, fields: Fields) -> tuple[SignalType, AlarmKind | None]:
    rules = _BY_MODEL.get(model, ())
    said = {name: _plain(fields[name]) for name in _FIELDS.get(model, ()) if name in fields}
    for rule in rules:
        if rule.field in said and rule.value in (None, said[rule.field]):
            return rule.type, rule.kind
    if any(_calls(name, value) for name, value in fields.items()):
        return SignalType.ALARM, AlarmKind.UNKNOWN
    if any(rule.type is SignalType.ALARM for rule in rules):
        return SignalType.ALARM, AlarmKind.UNKNOWN
    if rules:
        return SignalType.UNKNOWN, None
    if any(name.endswith(MEASURE_ENDINGS) or name in MEASURE_FIELDS for name in fields):
        return SignalType.HEARTBEAT, None
    if any(name in fields for name in BUTTON_FIELDS):
        return SignalType.ALARM, AlarmKind.UNKNOWN
    return SignalType.UNKNOWN, None


def _plain(value: object) -> str:
    """A value as the tables write it: text without case, yes and no as 1 and 0."""
    return str(int(value) if isinstance(value, bool) else value).casefold()


def _calls(name: str, value: object) -> bool:
    """A word for a call, in a text or as the name of a field that says yes."""
    if isinstance(value, str):
        low = value.casefold()
        return name != "model" and any(word in low for word in CALL_WORDS)
    return bool(value) and any(word in name.casefold() for word in CALL_WORDS)


def _also(first: Reading, fields: Fields) -> Iterator[Reading]:
    """What the same message says besides: its housing, its battery."""
    said = ((SignalType.TAMPER, _yes(fields.get("tamper"))), (SignalType.LOW_BATTERY, _low(fields)))
    for type_, is_so in said:
        if is_so and first.type is not type_:
            yield replace(first, type=type_, kind=None, text=type_.value.replace("_", " "))


def _yes(value: object) -> bool:
    return value in (1, True, "1", "true", "yes")


def _low(fields: Fields) -> bool:
    if "battery_ok" in fields:
        return fields["battery_ok"] in (0, False, "0")
    return _plain(fields.get("battery", "")) == "low"


def _battery(value: object) -> float | None:
    """1 is "good" and 0 "low", which are no shares; what stands between them is one."""
    if isinstance(value, float) and 0 < value < 1:
        return value
    return None


def _code(fields: Fields) -> str:
    said = (fields[name] for name in SAYS_WHAT if name in fields)
    words = dict.fromkeys(str(value) for value in said if isinstance(value, str | int))
    return " ".join(word for word in words if word.isprintable())[:CODE_CHARS_MAX]


def _model(value: object) -> str:
    return _spelled(value) if isinstance(value, str) else ""


@lru_cache(maxsize=256)
def _spelled(model: str) -> str:
    """Releases before 19 wrote spaces where today's write hyphens; both are one model."""
    spelled = _UNSAFE.sub("-", model)
    said = spelled.strip("-")[:NAME_CHARS_MAX]
    if said in _BY_MODEL:
        return said
    return next((known for known in _BY_MODEL if _is_but_for_a_letter(known, spelled)), said)


def _is_but_for_a_letter(known: str, said: str) -> bool:
    same_length = len(known) == len(said)
    return same_length and sum(one != other for one, other in zip(known, said, strict=True)) == 1


def _named(raw: bytes) -> str:
    """The model, where the name of its field was lost."""
    return next((model for model in _BY_MODEL if model.encode() in raw), "")


def _number(fields: Fields) -> str:
    for name in ID_FIELDS:
        value = fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return _UNSAFE.sub("-", str(value))[:NAME_CHARS_MAX] or "unknown"
    return "unknown"


def _age(said: object, wall: datetime | None) -> timedelta | None:
    """How late the event is, where its time names a zone (rtl_433 -M time:iso:tz or :utc)."""
    if wall is None or not isinstance(said, str) or len(said) > NAME_CHARS_MAX:
        return None
    try:
        at = datetime.fromisoformat(said)
        late = wall - at if at.tzinfo is not None else timedelta()
    except (ValueError, OverflowError):
        return None
    return late if LATE_FROM <= late <= LATE_MAX else None
