"""The opaque cursor of a page: where the next one begins.

It names the last alarm that was shown, so that it holds for one that was not stored yet.
"""

from __future__ import annotations

import base64
import binascii

from core.errors import DomainError
from dispatcher.store.limits import PAGE_MAX

_KIND = "alarm:"


def cursor_of(alarm_id: str) -> str:
    """Names the place after this alarm."""
    return base64.urlsafe_b64encode(f"{_KIND}{alarm_id}".encode()).decode()


def alarm_of(cursor: str | None) -> str | None:
    """The alarm a page goes on after; None: it begins. Raises DomainError `invalid`."""
    if cursor is None:
        return None
    try:
        named = base64.urlsafe_b64decode(cursor.encode()).decode("ascii")
    except (binascii.Error, ValueError):
        named = ""
    if not named.startswith(_KIND):
        raise not_ours()
    return named.removeprefix(_KIND)


def not_ours() -> DomainError:
    """A cursor that names nothing that is stored."""
    return DomainError("invalid", "The cursor is not one of ours: start again without it.")


def page_size(limit: int) -> int:
    """How many alarms a page holds when somebody asks for `limit`."""
    return max(1, min(limit, PAGE_MAX))
