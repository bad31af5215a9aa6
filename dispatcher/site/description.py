"""One description per kind of record: its table's keys, by which it is read and written.

A key says once what it is called, how `Fields` reads it and what it usually is. What stands at its
usual value is not written, as a person would leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

from dispatcher.site import toml
from dispatcher.site.fields import Fields
from dispatcher.site.toml import Value

SITE = "site"
"""The key that is written only where there are several sites."""

_NOTHING_USUAL = object()
_Record = TypeVar("_Record")


def plain(held: Any) -> Value:
    """A value of a record as TOML knows it."""
    match held:
        case StrEnum():
            return held.value
        case timedelta():
            return held.total_seconds()
        case tuple():
            return tuple(plain(one) for one in held)
    value: Value = held
    return value


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `field` is the record's name for it."""

    name: str
    field: str
    read: Callable[[Fields, str], Any]
    usual: object = _NOTHING_USUAL
    value: Callable[[Any], Value] = plain
    rows: Description[Any] | None = None

    @property
    def has_usual(self) -> bool:
        return self.usual is not _NOTHING_USUAL


def key(
    name: str,
    read: Callable[..., Any],
    usual: object = _NOTHING_USUAL,
    *,
    field: str = "",
    value: Callable[[Any], Value] = plain,
    **how: Any,
) -> Key:
    """A key read by `read(fields, name, **how)`; a `default` in `how` is what it usually is."""
    usual = how.get("default", usual)
    return Key(name, field or name, partial(read, **how), usual, value)


def rows(name: str, described: Description[Any], *, field: str) -> Key:
    """A key whose records stand in tables of their own below, `[[plan.step]]`."""

    def read(fields: Fields, name: str) -> tuple[Any, ...]:
        return tuple(map(described.read, fields.tables(name)))

    return Key(name, field, read, rows=described)


class Description(Generic[_Record]):
    """A kind of record. `check` notes what is wrong with one whose values each can be read."""

    def __init__(
        self,
        table: str,
        made: Callable[..., _Record],
        *keys: Key,
        check: Callable[[Fields, _Record], None] | None = None,
    ) -> None:
        self.table = table
        self.keys = keys
        self._made = made
        self._check = check

    def read(self, fields: Fields) -> _Record:
        """The record of a table; each mistake is noted, and what it stands for is harmless."""
        for one in self.keys:
            fields.above[one.field] = one.read(fields, one.name)
        record = self._made(**fields.above)
        if self._check:
            self._check(fields, record)
        fields.done()
        return record

    def text(self, record: _Record, *, one_site: bool) -> str:
        """The record as it stands in a file, with the tables that belong to it."""
        own, below = [], ""
        for one in self.keys:
            held = getattr(record, one.field)
            if held == one.usual or (one_site and one.name == SITE):
                continue
            if one.rows:
                below += "".join(one.rows.text(row, one_site=one_site) for row in held)
            elif isinstance(value := one.value(held), Mapping):
                below += toml.table(f"[{self.table}.{one.name}]", value.items())
            else:
                own.append((one.name, value))
        return toml.table(f"[[{self.table}]]", own) + below
