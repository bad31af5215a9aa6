"""Instants as the store keeps them: whole microseconds since 1970, exact and sortable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(when: datetime) -> int:
    """An aware datetime, exactly."""
    return (when - _BEGINNING) // _MICROSECOND


def instant(microseconds_: int) -> datetime:
    """The aware UTC datetime of `microseconds`."""
    return _BEGINNING + timedelta(microseconds=microseconds_)
