"""What applying a configuration would change, in lines a person can read. Pure.

The caller shows the lines, stops there on `--dry-run`, and otherwise stores `result` as the next
numbered version. Applying the same twice changes nothing; applying an older version (with
`prune`) is undo. Presence, loans given out by hand and everything else operational is not here.

Shifts, walks and loans have no id of their own: the shifts of one person, the walk between two
places, the loans of one device are each one thing, replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from core.errors import ConfigError
from dispatcher.site.model import Organisation
from dispatcher.site.references import broken_references

VALUE_MOST = 60
"""Longer values are cut in a difference; the files hold them whole."""

_SECRET = ("password",)


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


@dataclass(frozen=True, slots=True)
class Proposal:
    """What applying would do. `result` is the next version, or the current one: nothing changes."""

    changes: tuple[Change, ...]
    kept: tuple[Change, ...]
    result: Organisation

    @property
    def anything(self) -> bool:
        return bool(self.changes)

    def lines(self) -> list[str]:
        """Everything, for a person; one line when there is nothing."""
        if not self.changes and not self.kept:
            return ["Nothing changes."]
        return [str(change) for change in (*self.changes, *self.kept)]


def propose(current: Organisation, wanted: Organisation, *, prune: bool = False) -> Proposal:
    """The difference from `current` to `wanted`, and the version that results.

    Without `prune` nothing is removed: what `wanted` does not mention stays. Raises ConfigError
    when what stays and what is new do not fit together.
    """
    changes: list[Change] = []
    kept: list[Change] = []
    parts: dict[str, tuple[Any, ...]] = {}
    for part in _PARTS:
        old, new = part.of(current), part.of(wanted)
        changes += part.changes(old, new)
        gone = [key for key in old if key not in new]
        did = Did.REMOVED if prune else Did.KEPT
        (changes if prune else kept).extend(Change(did, part.kind, key) for key in gone)
        staying = [] if prune else [row for key in gone for row in old[key]]
        parts[part.name] = (*getattr(wanted, part.name), *staying)
    if not changes:
        return Proposal((), tuple(kept), current)
    result = replace(current, version=current.version + 1, **parts)
    _refuse_broken(result)
    return Proposal(tuple(changes), tuple(kept), result)


def undo(current: Organisation, older: Organisation) -> Proposal:
    """Back to an older version, as a new one."""
    return propose(current, older, prune=True)


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

    def changes(
        self, old: Mapping[str, tuple[Any, ...]], new: Mapping[str, tuple[Any, ...]]
    ) -> Iterable[Change]:
        for key, rows in new.items():
            if key not in old:
                yield Change(Did.ADDED, self.kind, key)
            elif old[key] != rows:
                yield Change(Did.CHANGED, self.kind, key, tuple(_what(old[key], rows)))


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
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before == after:
            continue
        if field.name in _SECRET:
            yield f"{field.name} changed"
        else:
            yield f"{field.name} {_shown(before)} → {_shown(after)}"


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
        case _ if is_dataclass(value):
            parts = (getattr(value, f.name) for f in fields(value) if f.name not in _SECRET)
            return " ".join(_words(one) for one in parts if one not in (None, "", (), False))
        case _:
            return str(value)


def _refuse_broken(result: Organisation) -> None:
    broken = broken_references(result)
    if broken:
        lines = "\n".join(str(one) for one in broken)
        raise ConfigError(f"What stays and what is new do not fit together:\n{lines}")
