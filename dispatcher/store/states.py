"""Stored states: whole values as JSON, each with the version it was written in.

A version that was ever released stays readable: its reader stands in the table here and its fixture
in the tests. What cannot be read is `Unreadable` with the reason, to be raised to a person.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from alarms.model import STATE_VERSION, Alarm, Notice
from alarms.plan import Plan
from core.signals import Position, ReceiptState
from core.values import field_names, is_value, replace
from dispatcher.roster.organisation import Organisation
from dispatcher.store.ports import Transaction

NOTICE_VERSION = 2
"""Since 2 a state holds nothing of what the columns say."""

ORGANISATION_VERSION = 2

PLANS_CACHED = 256
"""Plans whose JSON is remembered: a site has some ten."""

DIGEST_CHARS = 16
"""Of the digest that names a plan: enough that no two plans share one."""

_RECEIPTS = {state.value: state for state in ReceiptState}
_NO_PLAN = Plan("", "", ())
_INTEGER_MOST = 2**63 - 1
_T = TypeVar("_T")
_Readers = Mapping[int, Callable[[bytes], _T]]

_ENCODER = msgspec.json.Encoder()
_TRANSACTIONS = msgspec.json.Decoder(Transaction)


class Unreadable(ValueError):
    """A stored state that this version cannot read; the text says why."""


def written(value: object) -> bytes:
    """The JSON of one frozen value."""
    return _ENCODER.encode(value)


def read_alarm(version: int, state: bytes) -> Alarm:
    """An alarm whose state holds its plan too. Raises Unreadable."""
    return _read(_ALARMS, version, state)


def read_alarm_of_plan(version: int, state: bytes, plan: bytes | None) -> Alarm:
    """The alarm and the plan it runs. Raises Unreadable."""
    if plan is None:
        raise Unreadable("the plan it runs is not stored")
    return replace(_read(_ALARMS, version, state), plan=_plan_of(version, plan))


def written_alarm(alarm: Alarm) -> bytes:
    """The JSON of what no column says of an alarm, without its plan."""
    # Once it can be read, it is stored.
    return _ENCODER.encode(replace(alarm, plan=_NO_PLAN, unstored=False))


def read_notice(
    version: int, state: bytes, receipt: str, provider_ref: str, **columns: Any
) -> Notice:
    """The notice as it was written, as far as it has come since. Raises Unreadable.

    `columns`: what they alone say since version 2.
    """
    notice = _read(_NOTICES, version, state)
    come_to = _RECEIPTS.get(receipt)
    if come_to is None:
        raise Unreadable(f"its receipt {receipt!r} is none that this release knows")
    return replace(notice, state=come_to, provider_ref=provider_ref, **columns)


def written_notice(notice: Notice) -> bytes:
    """The JSON of what no column says of a notice."""
    rest = replace(
        notice,
        id="",
        alarm="",
        channel="",
        address="",
        state=ReceiptState.PENDING,
        provider_ref="",
    )
    return _ENCODER.encode(rest)


def read_organisation(version: int, state: bytes) -> Organisation:
    """Raises Unreadable."""
    return _read(_ORGANISATIONS, version, state)


def read_transaction(line: bytes) -> Transaction:
    """A line of the emergency journal, also one that an earlier release wrote.

    Raises MsgspecError, ValueError or RecursionError.
    """
    try:
        return _TRANSACTIONS.decode(line)
    except msgspec.ValidationError:
        kept = msgspec.json.decode(line)
        _name_callees(kept)
        return msgspec.convert(kept, Transaction)


def storable(value: _T) -> _T:
    """The same value without what no database or JSON can hold: a press is never lost to it.

    Halves of surrogate pairs become U+FFFD, numbers beyond 64 bits the largest there is, and a
    position that is no number becomes none at all.
    """
    cleaned: Any = _storable(value)
    result: _T = cleaned
    return result


@lru_cache(PLANS_CACHED)
def written_plan(plan: Plan) -> tuple[str, bytes]:
    """A plan's digest and its JSON."""
    state = _ENCODER.encode(plan)
    return hashlib.sha256(state).hexdigest()[:DIGEST_CHARS], state


@lru_cache(PLANS_CACHED)
def _plan_of(version: int, state: bytes) -> Plan:
    """A plan is of the version of the alarms that name it: each write of them writes it too."""
    try:
        return _read(_PLANS, version, state)
    except Unreadable as why:
        raise Unreadable(f"its plan: {why}") from None


def _read(readers: _Readers[_T], version: int, state: bytes) -> _T:
    reader = readers.get(version)
    if reader is None:
        raise Unreadable(f"it was written in version {version}, which this release does not know")
    try:
        return reader(state)
    except (msgspec.MsgspecError, ValueError) as problem:
        raise Unreadable(str(problem)) from None


def _alarm_of_version_1(state: bytes) -> Alarm:
    kept = msgspec.json.decode(state)
    _name_callees(kept)
    alarm = msgspec.convert(kept, Alarm)
    running = alarm.escalation and replace(alarm.escalation, version=STATE_VERSION)
    return replace(alarm, version=STATE_VERSION, escalation=running)


def _organisation_of_version_1(state: bytes) -> Organisation:
    kept = msgspec.json.decode(state)
    _name_callees(kept)
    return msgspec.convert(kept, Organisation)


def _name_callees(kept: Any) -> None:
    """Version 1 named whom a step calls in one text: `nearest`, `person:bo`."""
    match kept:
        case {"after": _, "call": str(text)}:
            who, _, person = text.partition(":")
            kept["call"] = {"who": who, "person": person}
        case dict():
            for part in kept.values():
                _name_callees(part)
        case list():
            for part in kept:
                _name_callees(part)


_ALARMS: _Readers[Alarm] = {1: _alarm_of_version_1, 2: msgspec.json.Decoder(Alarm).decode}
_NOTICES: _Readers[Notice] = dict.fromkeys((1, 2), msgspec.json.Decoder(Notice).decode)
_ORGANISATIONS: _Readers[Organisation] = {
    1: _organisation_of_version_1,
    2: msgspec.json.Decoder(Organisation).decode,
}
_PLANS: _Readers[Plan] = {2: msgspec.json.Decoder(Plan).decode}
"""Those that stand by themselves; in version 1 every alarm held its own."""

assert STATE_VERSION in _ALARMS, "the version we write must be one we read"


def _storable(value: Any) -> Any:
    match value:
        case bool():
            return value
        case str():
            return _without_surrogates(value)
        case int():
            return max(-_INTEGER_MOST, min(_INTEGER_MOST, value))
        case Position(lat=lat, lon=lon) if not (math.isfinite(lat) and math.isfinite(lon)):
            return None
        case tuple():
            return tuple(_storable(part) for part in value)
        case _ if is_value(value):
            parts = {name: _storable(getattr(value, name)) for name in field_names(value)}
            return replace(value, **parts)
        case _:
            return value


def _without_surrogates(text: str) -> str:
    # Tokens of a StrEnum are ours and stay what they are.
    if type(text) is not str:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
