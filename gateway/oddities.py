"""What the log and the metrics may say of an odd message: fields, protocols and our own words.

Never what somebody wrote: a name, a number or a text may stand in any field, and a remote gateway
names the protocol of what it hands over.
"""

from __future__ import annotations

import re

from core import metrics
from devices.protocols import FAMILIES

UNKNOWN = "unknown"
"""Whoever stands in no configuration: what they call themselves may be a number."""

GATEWAY = "gateway"
"""The protocol of what a remote gateway says of itself, and of its records nobody can read."""

ODD_FIELDS = (
    *("message", "topic", "type", "kind", "level", "seq", "boot", "at", "age_ms", "battery"),
    *("charging", "zone", "position", "text", "code", "cancels", "notice", "answer"),
)
"""What `Reading.odd` entries begin with, before their colon: the labels of the counter."""

_PROTOCOLS = (*FAMILIES, *(family.protocol for family in FAMILIES.values()), GATEWAY)

REASON_CHARS_MAX = 80
_STOOD_THERE = re.compile(r"[(:'\"<]")
_WORD = re.compile(r"[a-zA-Z,;/-]+|[0-9]{1,3}[,;]?")


def wrong_with(oddity: str) -> str:
    """What is wrong with which field, without what stood there.

    An entry of `Reading.odd` is `field: what is wrong (what stood there)`.
    """
    field = field_of(oddity)
    said = "" if field == metrics.OTHER else reason(oddity.partition(": ")[2])
    return f"{field}: {said or 'wrong'}"


def reason(why: str) -> str:
    """Our own words at the beginning of a reason. What stood there comes behind them, in brackets
    or quotes or after a colon; longer numbers are left out wherever they stand."""
    words = _STOOD_THERE.split(why, maxsplit=1)[0].split()
    return " ".join(word if _WORD.fullmatch(word) else "…" for word in words)[:REASON_CHARS_MAX]


def field_of(oddity: str) -> str:
    """One of `ODD_FIELDS`, or `other`."""
    return metrics.bounded(oddity.partition(":")[0], ODD_FIELDS)


def protocol_label(protocol: str) -> str:
    """One of the families that are spoken here, or `other`."""
    return metrics.bounded(protocol, _PROTOCOLS)
