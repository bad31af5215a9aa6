"""What a line of the log may hold: short plain values, and of a mistake its kind and its place.

What an exception says may be a number, a text or a key, so its words stay out unless they are ours.
"""

from __future__ import annotations

import json
import math
import sys
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from core.errors import ConfigError, Conflict, StoreUnavailable
from core.outlet import LINE_BYTES_MAX

TEXT_CHARS_MAX = 300
ITEMS_MAX = 20
NUMBER_MAX = 2**63
"""Of one value; a whole number beyond is told as such."""

FRAMES_MAX = 12
CAUSES_MAX = 4

_ROOT = Path(__file__).resolve().parents[1]
_SAFE = (StoreUnavailable, Conflict, ConfigError)
"""Of these the text is ours, and holds nothing of anybody."""


def plain(event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Nothing but short plain values: no object is looked at once its line waits."""
    error = event.pop("exc_info", None) or event.pop("error", None)
    if error is True:
        error = sys.exc_info()[1]
    said: dict[str, Any] = {name: _plain(value) for name, value in event.items()}
    if isinstance(error, BaseException):
        said["error"] = told(error)
        said["at"] = _frames(error)
        said["because"] = _kinds(_causes(error))
    return said


def as_json(event: Mapping[str, Any]) -> str:
    line = json.dumps(event)
    if len(line) < LINE_BYTES_MAX:
        return line
    kept = {name: event.get(name) for name in ("part", "event", "level", "timestamp")}
    return json.dumps({**kept, "cut": len(line)})


def told(error: BaseException | None) -> str:
    """An exception in one line: its kind and where it came from; its words if they are ours."""
    if error is None:
        return "nothing was raised"
    if isinstance(error, _SAFE):
        return _clean(f"{type(error).__name__}: {error}")
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    frames = _frames(error)
    kind = type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        kind = f"{kind} of {', '.join(_kinds(error.exceptions))}"
    return f"{kind} at {frames[-1]}" if frames else kind


def _plain(value: object, *, deep: bool = True) -> object:
    match value:
        case None | bool():
            return value
        case int() if abs(value) < NUMBER_MAX:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case str():
            return _clean(str.__str__(value))
        case PurePath():
            return _clean(str(value))
        case int() | float():
            return "no number to write"
        case BaseException():
            return told(value)
        case list() | tuple() if deep:
            return [_plain(each, deep=False) for each in value[:ITEMS_MAX]] + _rest(len(value))
        case _:
            return f"a {type(value).__name__}"


def _rest(count: int) -> list[object]:
    return [f"and {count - ITEMS_MAX} more"] if count > ITEMS_MAX else []


def _clean(text: str) -> str:
    """No line break, no control code: neither another line nor a terminal's command."""
    short = text if len(text) <= TEXT_CHARS_MAX else f"{text[:TEXT_CHARS_MAX]}…"
    return short if short.isprintable() else "".join(c if c.isprintable() else "?" for c in short)


def _frames(error: BaseException) -> list[str]:
    """Where it came through, the newest last; no file is read for it."""
    if isinstance(error, BaseExceptionGroup) and error.exceptions:
        return _frames(error.exceptions[0])
    steps = list(traceback.walk_tb(error.__traceback__))[-FRAMES_MAX:]
    codes = [(frame.f_code, line) for frame, line in steps]
    return [f"{short_path(code.co_filename)}:{line} {code.co_name}" for code, line in codes]


def _kinds(errors: Sequence[BaseException]) -> list[str]:
    return [type(each).__name__ for each in errors[:CAUSES_MAX]]


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    if isinstance(error, BaseExceptionGroup):
        found += error.exceptions[:CAUSES_MAX]
    while len(found) < CAUSES_MAX:
        last = error.__cause__ or error.__context__
        if last is None or last in found:
            break
        found.append(last)
        error = last
    return found


def short_path(filename: str) -> str:
    """From the checkout or the library's folder on."""
    path = filename.removeprefix(f"{_ROOT}/")
    return path.rpartition("/site-packages/")[2] or path
