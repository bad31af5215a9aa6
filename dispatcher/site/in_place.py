"""Exporting over files that are there: comments, order and writing of what stays are a person's.

A file is cut into its tables, each with the comment right above it. A table whose record is the
same stays byte for byte; in one that differs only the keys that differ are written; one whose
record is gone goes with its comment; a new one stands behind the last of its kind. What would not
read back as the configuration is refused, so nothing a person wrote is lost unseen.
"""

from __future__ import annotations

import pathlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, AoT, Array

from core.errors import ConfigError
from core.values import replace
from devices.registry import Assignment
from dispatcher.roster.model import Walk
from dispatcher.roster.organisation import Organisation
from dispatcher.site.export import export_files, write_directory
from dispatcher.site.files import FILES, SHIFT_FILES, contents, read_files
from dispatcher.site.lines import Path, record_spans

ORDERED = "plans"
"""Of a site's plans the first that fits is taken: they stand in the configuration's order."""


@dataclass(slots=True)
class _Piece:
    """One table of a file: the comment right above it, itself, and what stands before the next."""

    part: str
    record: Any
    above: list[str]
    body: list[str]
    below: list[str]


def export_to(directory: pathlib.Path, organisation: Organisation) -> None:
    """Write the configuration as files, into those that are there. Raises ConfigError."""
    found = contents(directory) if directory.exists() else {}
    there = {name: raw for name, raw in found.items() if name in FILES}
    files = export_in_place(there, organisation) if there else export_files(organisation)
    write_directory(directory, files)


def export_in_place(there: Mapping[str, bytes], organisation: Organisation) -> dict[str, str]:
    """Name → content of every file to write where `there` stands. Raises ConfigError."""
    texts = {name: raw.decode("utf-8-sig", "replace") for name, raw in there.items()}
    files = export_files(organisation)
    try:
        before = read_files(there)
        for name, text in texts.items():
            if name not in SHIFT_FILES:
                files[name] = _changed(name, text, before, organisation)
        if before.shifts == organisation.shifts:
            files = {name: text for name, text in files.items() if name not in SHIFT_FILES}
            files |= {name: text for name, text in texts.items() if name in SHIFT_FILES}
        again = read_files({name: text.encode() for name, text in files.items()})
        if _sorted(again) != _sorted(organisation):
            raise ConfigError("it would read otherwise")
    except (ConfigError, TOMLKitError) as wrong:
        why = str(wrong).partition("\n")[0]
        raise ConfigError(
            f"What stands there cannot be changed in place ({why}), and what a person wrote is not "
            "written over; move it away, or export to an empty directory"
        ) from None
    return files


def _changed(name: str, text: str, before: Organisation, after: Organisation) -> str:
    head, pieces = _cut(name, text, before)
    for part, described in FILES[name].items():
        wanted = {_key(one): one for one in getattr(after, part)}
        for piece in [piece for piece in pieces if piece.part == part]:
            record = wanted.pop(_key(piece.record), None)
            if record is None:
                _take_out(piece, head, pieces)
                continue
            old = described.text(piece.record, one_site=len(before.sites) == 1)
            new = described.text(record, one_site=len(after.sites) == 1)
            if old != new:
                piece.body = _edited("\n".join(piece.body), described.table, old, new)
        for record in wanted.values():
            new = described.text(record, one_site=len(after.sites) == 1)
            _put_in(_Piece(part, record, [], new.rstrip("\n").split("\n"), []), pieces)
    _arrange(pieces, [_key(plan) for plan in after.plans])
    lines = head + [line for one in pieces for line in (*one.above, *one.body, *one.below)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _cut(name: str, text: str, before: Organisation) -> tuple[list[str], list[_Piece]]:
    """What stands above the first table, and the tables in the order of the file."""
    lines = text.split("\n")
    spans = record_spans(text)
    records: dict[Path, tuple[str, Any]] = {
        (described.table, number): (part, record)
        for part, described in FILES[name].items()
        for number, record in enumerate(getattr(before, part))
    }
    if spans.keys() != records.keys():
        raise ConfigError(f"{name} writes its records otherwise than as [[tables]]")
    head: list[str] = []
    pieces: list[_Piece] = []
    done = 0
    for path, (first, last) in sorted(spans.items(), key=lambda span: span[1]):
        start = first - 1
        while start > done and lines[start - 1].lstrip().startswith("#"):
            start -= 1
        if start == 0:  # what a file begins with is about the file
            start = first - 1
        (pieces[-1].below if pieces else head).extend(lines[done:start])
        part, record = records[path]
        pieces.append(_Piece(part, record, lines[start : first - 1], lines[first - 1 : last], []))
        done = last
    (pieces[-1].below if pieces else head).extend(lines[done:])
    return head, pieces


def _key(record: Any) -> tuple[object, ...]:
    """What tells a record of a part from its like."""
    match record:
        case Walk():
            return record.between
        case Assignment():
            return (record.device, record.start)
    return (record.id,)


def _take_out(piece: _Piece, head: list[str], pieces: list[_Piece]) -> None:
    """A table goes; a comment that stands on its own below it stays."""
    at = next(number for number, one in enumerate(pieces) if one is piece)
    pieces.pop(at)
    below = "\n".join(piece.below).strip("\n")
    if below:
        (pieces[at - 1].below if at else head).extend([*below.split("\n"), ""])


def _put_in(new: _Piece, pieces: list[_Piece]) -> None:
    """A new table stands right behind the last of its kind, or at the end of the file."""
    like = [number for number, one in enumerate(pieces) if one.part == new.part]
    at = like[-1] if like else len(pieces) - 1
    if at >= 0:
        new.below, pieces[at].below = pieces[at].below, [""]
    pieces.insert(at + 1, new)


def _arrange(pieces: list[_Piece], order: Sequence[object]) -> None:
    """The plans in this order, each with the comment above it, in the places of plans."""
    plans = [one for one in pieces if one.part == ORDERED]
    wanted = sorted(plans, key=lambda one: order.index(_key(one.record)))
    texts = [(one.record, one.above, one.body) for one in wanted]
    for place, text in zip(plans, texts, strict=True):
        place.record, place.above, place.body = text


def _edited(body: str, table: str, old: str, new: str) -> list[str]:
    """The table with what differs between `old` and `new`, both as an export writes them."""
    document = tomlkit.parse(body + "\n")
    _write(
        document[table][0],
        tomllib.loads(old)[table][0],
        tomllib.loads(new)[table][0],
        tomlkit.parse(new)[table][0],
    )
    return tomlkit.dumps(document).rstrip("\n").split("\n")


def _write(there: Any, was: Mapping[str, Any], wanted: Mapping[str, Any], items: Any) -> None:
    """Change the keys of one table that differ; `items` are the wanted values as TOML."""
    for name in was:
        if name not in wanted:
            there.pop(name)
    for name, value in wanted.items():
        if name in was and was[name] == value:
            continue
        held = there.get(name)
        if isinstance(held, AbstractTable) and isinstance(value, dict):
            _write(held, was.get(name, {}), value, items[name])
        elif isinstance(held, AoT) and len(held) == len(value):
            for number, row in enumerate(value):
                _write(held[number], was[name][number], row, items[name][number])
        elif isinstance(held, Array) and len(held) == len(was.get(name, ())):
            _write_list(held, was[name], value)
        else:
            there[name] = items[name]


def _write_list(there: Array, was: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Take out what is gone, put what is new at the end: comments beside the others stay."""
    staying = [one for one in was if one in wanted]
    new = [one for one in wanted if one not in was]
    if staying + new != list(wanted):
        there.clear()
        there.extend(wanted)
        return
    for number in reversed(range(len(was))):
        if was[number] not in wanted:
            del there[number]
    there.extend(new)


def _sorted(organisation: Organisation) -> Organisation:
    """The same for two that differ in the order of their records alone, where it says nothing."""
    parts = {
        part: tuple(sorted(getattr(organisation, part), key=repr))
        for kinds in FILES.values()
        for part in kinds
        if part != ORDERED
    }
    return replace(organisation, version=0, **parts)
