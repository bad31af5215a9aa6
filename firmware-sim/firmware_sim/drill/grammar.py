"""How a scenario's sentences are matched: whole, against a table of examples and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from core.errors import ConfigError

WHO = r"([a-z0-9][a-z0-9_-]*)"
NUMBER = r"(\d+(?:\.\d+)?)"

Made = TypeVar("Made")
Row = tuple[str, str, Callable[[re.Match[str]], Made]]
"""Example, pattern, and what to make of a match."""


def matched(text: str, table: tuple[Row[Made], ...], what: str) -> Made:
    """What a sentence means. Raises ConfigError with the table's examples."""
    said = " ".join(text.split())
    for _, pattern, make in table:
        match = re.fullmatch(pattern, said)
        if match is not None:
            return _made(make, match, text)
    examples = "; ".join(f'"{example}"' for example, _, _ in table)
    raise ConfigError(f'"{text}" is nothing that {what}; try one of: {examples}')


def seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


def _made(make: Callable[[re.Match[str]], Made], match: re.Match[str], text: str) -> Made:
    try:
        return make(match)
    except ValueError as wrong:
        raise ConfigError(f'"{text}": {wrong}') from None
