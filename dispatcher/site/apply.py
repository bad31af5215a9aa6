"""What applying a configuration would change, in lines a person can read. Pure.

`merged` is the version that would result, `difference` says what it changes: the caller shows the
lines, stops there on `--dry-run`, writes nothing when there are none, and otherwise stores the
result as the next numbered version. Undo is the difference to an older version. What is
operational (presence, overrides, sessions) is not here.

Shifts, walks and loans have no id of their own: the shifts of one person, the walk between two
places, the loans of one device are each one thing, replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from core.errors import ConfigError
from core.values import field_names, is_value, replace
from dispatcher.roster.organisation import Organisation
from dispatcher.site.references import broken_references

VALUE_MOST = 60
"""Longer values are cut in a difference; the files hold them whole."""

_SECRET = ("password", "settings")  # a line's settings may hold its key


class Did(StrEnum):
    """What happens to one thing."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    KEPT = "kept"  # it is missing in what was applied, and stays without --prune


_SIGNS = {Did.ADDED: "+", Did.CHANGED: "~", Did.REMOVED: "-", Did.KEPT: "="}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes. `what` says, per value, what it was and what it becomes."""

    did: Did
    kind: str
    id: str
    what: tuple[str, ...] = ()

    def __str__(self) -> str:
        line = f"{_SIGNS[self.did]} {self.kind} {self.id}"
        if self.did is Did.KEPT:
            return f"{line}: not in the files; stays (--prune removes it)"
        return f"{line}: {'; '.join(self.what)}" if self.what else line


def merged(stored: Organisation, wanted: Organisation, *, prune: bool = False) -> Organisation:
    """What results from applying `wanted`, still with the version of `stored`.

    Without `prune` nothing is removed: what `wanted` does not mention stays. Raises ConfigError
    when what stays and what is new do not fit together.
    """
    parts: dict[str, Any] = {}
    for part in _PARTS:
        old, new = part.of(stored), part.of(wanted)
        staying = [] if prune else [row for key in old if key not in new for row in old[key]]
        parts[part.name] = (*getattr(wanted, part.name), *staying)
    result = replace(stored, **parts)
    _refuse_broken(result)
    return result


def difference(stored: Organisation, wanted: Organisation) -> tuple[Change, ...]:
    """Everything that is not the same in both; empty when applying would change nothing."""
    return tuple(change for part in _PARTS for change in part.changes(stored, wanted))


def left_standing(stored: Organisation, wanted: Organisation) -> tuple[Change, ...]:
    """What `wanted` does not mention and only `prune` would remove."""
    gone = (change for change in difference(stored, wanted) if change.did is Did.REMOVED)
    return tuple(replace(change, did=Did.KEPT) for change in gone)


@dataclass(frozen=True, slots=True)
class _Part:
    """One tuple of the Organisation: how its rows are told apart."""

    name: str
    kind: str
    key: Callable[[Any], str]

    def of(self, organisation: Organisation) -> dict[str, tuple[Any, ...]]:
        """Key → the rows that are one thing, in order."""
        found: dict[str, tuple[Any, ...]] = {}
        for row in getattr(organisation, self.name):
            found[self.key(row)] = (*found.get(self.key(row), ()), row)
        return found

    def changes(self, stored: Organisation, wanted: Organisation) -> Iterable[Change]:
        old, new = self.of(stored), self.of(wanted)
        for key, rows in new.items():
            if key not in old:
                yield Change(Did.ADDED, self.kind, key)
            elif old[key] != rows:
                yield Change(Did.CHANGED, self.kind, key, tuple(_what(old[key], rows)))
        for key in old:
            if key not in new:
                yield Change(Did.REMOVED, self.kind, key)


_PARTS = (
    _Part("sites", "site", lambda row: row.id),
    _Part("people", "person", lambda row: row.id),
    _Part("units", "unit", lambda row: row.id),
    _Part("zones", "zone", lambda row: row.id),
    _Part("walks", "walk", lambda row: " – ".join(sorted((row.a, row.b)))),
    _Part("shifts", "shifts of", lambda row: row.person),
    _Part("plans", "plan", lambda row: row.id),
    _Part("devices", "device", lambda row: row.id),
    _Part("assignments", "loans of", lambda row: row.device),
    _Part("lines", "line", lambda row: row.id),
    _Part("gateways", "gateway", lambda row: row.id),
)


def _what(old: Sequence[Any], new: Sequence[Any]) -> Iterable[str]:
    """Value by value for one row; row by row for several."""
    if len(old) == len(new) == 1:
        yield from _values(old[0], new[0])
        return
    for row in old:
        if row not in new:
            yield f"without {_shown(row)}"
    for row in new:
        if row not in old:
            yield f"with {_shown(row)}"
    if [row for row in old if row in new] != [row for row in new if row in old]:
        yield "in another order"


def _values(old: Any, new: Any) -> Iterable[str]:
    for name in field_names(old):
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if name in _SECRET:
            yield f"{name} changed"
        else:
            yield f"{name} {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    text = _words(value)
    return text if len(text) <= VALUE_MOST else text[: VALUE_MOST - 1] + "…"


def _words(value: Any) -> str:
    match value:
        case None | "" | ():
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return f"{value.total_seconds():g} s"
        case datetime() | date():
            return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
        case time():
            return value.isoformat("auto").removesuffix(":00")
        case tuple():
            return " ".join(_words(one) for one in value)
        case _ if is_value(value):
            parts = (getattr(value, n) for n in field_names(value) if n not in _SECRET)
            return " ".join(_words(one) for one in parts if one not in (None, "", (), False))
        case _:
            return str(value)


def _refuse_broken(result: Organisation) -> None:
    broken = broken_references(result)
    if broken:
        lines = "\n".join(str(one) for one in broken)
        raise ConfigError(f"What stays and what is new do not fit together:\n{lines}")
