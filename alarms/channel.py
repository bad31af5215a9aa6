"""What deciding knows of a channel: its row. The rows themselves stand in `dispatcher/channels`.

No rule asks for a channel by its name: a new one is another row.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from core.values import value


class Rings(StrEnum):
    """What an address of the channel is, and so by what else its person can be reached."""

    DEVICE = "device"  # a worn device, by its id
    NUMBER = "number"  # a telephone, by its E.164 number
    PERSON = "person"  # a page somebody has open, by who has signed in


@value(frozen=True)
class Capabilities:
    """What a channel declares it can do.

    `immediate`: sending is a local hand-over that never waits (its notices are committed as
    `sending` with the decision). `links`: the message carries a notice link. `withdraws`: an
    unread message can be taken back or answered by a stand-down. `leaves_site`: needs the Internet.
    `personal`: reaches its person wherever they are; else only where they look (and is left out
    where nobody looks and there is another way). `says_rang`: the far end says itself that it has
    rung; else a delivery counts as that. `receipt_within`: no receipt by then means the next route
    is due now.
    """

    rings: Rings = Rings.NUMBER
    immediate: bool = False
    links: bool = False
    withdraws: bool = False
    leaves_site: bool = False
    personal: bool = True
    says_rang: bool = False
    receipt_within: timedelta | None = None


UNKNOWN = Capabilities()
"""A channel another release had: its messages are past, and nothing is expected of it."""
