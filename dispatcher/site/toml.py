"""Writing TOML the way a person would, and always the same way. Reads back as the same values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

Value = str | bool | int | float | datetime | date | tuple["Value", ...] | Mapping[str, "Value"]

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
_ONE_LINE_MOST = 80


def table(header: str, values: Iterable[tuple[str, Value]]) -> str:
    """One `[[table]]` and its keys, with a blank line behind."""
    lines = (f"{key(name)} = {written(value)}" for name, value in values)
    return "\n".join((header, *lines, "", ""))


def key(name: str) -> str:
    """A key, in quotes where it needs them."""
    bare = name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    return name if bare else _quoted(name)


def written(value: Value) -> str:
    """A value on one line, but long texts and long lists over several."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime() | date():
            return value.isoformat()
        case tuple():
            return _list([written(one) for one in value])
        case Mapping():
            inner = (f"{key(name)} = {written(one)}" for name, one in value.items())
            return f"{{ {', '.join(inner)} }}"


def _list(items: list[str]) -> str:
    line = f"[{', '.join(items)}]"
    if len(line) <= _ONE_LINE_MOST:
        return line
    return "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def _text(text: str) -> str:
    if "\n" not in text:
        return _quoted(text)
    # A newline right behind the opening quotes is not part of the text.
    return '"""\n' + "\n".join(_escaped(line) for line in text.split("\n")) + '"""'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter) or _visible(letter) for letter in text)


def _visible(letter: str) -> str:
    return letter if letter >= " " and letter != "\x7f" else f"\\u{ord(letter):04x}"
