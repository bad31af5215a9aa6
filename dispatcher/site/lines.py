"""Where in a TOML file each table and key stands: the reader in the standard library does not say.

The text has already been read as TOML, so this walks over it trusting its shape. Whatever it should
misread costs a wrong line number in a message, never a wrong value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
"""E.g. `("person", 1, "phones")`: the key `phones` of the second `[[person]]`."""

_KEY_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_SKIPPED = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*''',
    re.DOTALL,
)
"""Everything that can hold a bracket or a newline which means nothing: strings and comments."""


def line_numbers(text: str) -> Mapping[Path, int]:
    """The line (from 1) of every table and of every key of one."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            table = _table(statement, counts)
            found.setdefault(table, number)
        else:
            keys, _ = _key(statement, 0)
            for depth in range(1, len(keys) + 1):
                found.setdefault((*table, *keys[:depth]), number)
    return found


def record_spans(text: str) -> Mapping[Path, tuple[int, int]]:
    """First and last line of every `[[table]]`, with the tables that belong to it."""
    found: dict[Path, tuple[int, int]] = {}
    counts: dict[Path, int] = {}
    record: Path = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            record = _table(statement, counts)[:2]
        if record:
            first, _ = found.get(record, (number, number))
            found[record] = (first, number + statement.count("\n"))
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of `path`, or of what it is part of."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Every table header and every `key = value`, which may go over many lines."""
    number, position = 1, 0
    while position < len(text):
        end = _end_of_statement(text, position)
        statement = text[position:end].strip()
        if statement and not statement.startswith("#"):
            blank = len(text[position:end]) - len(text[position:end].lstrip())
            yield number + text.count("\n", position, position + blank), statement
        number += text.count("\n", position, end + 1)
        position = end + 1


def _end_of_statement(text: str, position: int) -> int:
    """The newline outside every string, comment and bracket."""
    depth = 0
    while position < len(text):
        letter = text[position]
        if letter in "\"'#":
            skipped = _SKIPPED.match(text, position)
            position = skipped.end() if skipped else position + 1
            continue
        if letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "\n" and depth <= 0:
            return position
        position += 1
    return position


def _table(header: str, counts: dict[Path, int]) -> Path:
    """`[[plan.step]]` is one more step of the last plan so far."""
    many = header.startswith("[[")
    names, _ = _key(header, 2 if many else 1)
    path: Path = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        if many and depth == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _key(text: str, position: int) -> tuple[list[str], int]:
    """The parts of a dotted key."""
    parts: list[str] = []
    while part := _KEY_PART.match(text, position):
        parts.append(next(group for group in part.groups() if group is not None))
        position = part.end()
        if position >= len(text) or text[position] != ".":
            break
        position += 1
    return parts, position
