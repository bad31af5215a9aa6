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

_PROTOCOLS = (*FAMILIES, *(name.partition("-")[0] for name in FAMILIES), GATEWAY)
_PLAIN_WORDS = re.compile(r"[a-zA-Z0-9 ,;-]{1,60}")


def wrong_with(oddity: str) -> str:
    """What is wrong with which field, without what stood there.

    An entry of `Reading.odd` is `field: what is wrong (what stood there)`.
    """
    what = oddity.partition(": ")[2].partition(" (")[0]
    return f"{field_of(oddity)}: {what if _PLAIN_WORDS.fullmatch(what) else 'wrong'}"


def field_of(oddity: str) -> str:
    """One of `ODD_FIELDS`, or `other`."""
    return metrics.bounded(oddity.partition(":")[0], ODD_FIELDS)


def protocol_label(protocol: str) -> str:
    """One of the families that are spoken here, or `other`."""
    return metrics.bounded(protocol, _PROTOCOLS)
