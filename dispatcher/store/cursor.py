"""The opaque cursor of a page: where the next one begins."""

from __future__ import annotations

import base64
import binascii

from core.errors import DomainError
from dispatcher.store.limits import PAGE_MAX

BEGINNING = 2**63 - 1
"""Before the newest of all."""


def cursor_of(number: int) -> str:
    """Names the place after the alarm with this number."""
    return base64.urlsafe_b64encode(f"alarms:{number}".encode()).decode()


def number_of(cursor: str | None) -> int:
    """The number a page goes on below. Raises DomainError `invalid`."""
    if cursor is None:
        return BEGINNING
    try:
        kind, number = base64.urlsafe_b64decode(cursor.encode()).decode("ascii").split(":")
        if kind == "alarms" and 0 < int(number) <= BEGINNING:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise DomainError("invalid", "The cursor is not one of ours: start again without it.")


def page_size(limit: int) -> int:
    """How many alarms a page holds when somebody asks for `limit`."""
    return max(1, min(limit, PAGE_MAX))
