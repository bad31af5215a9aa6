"""Every channel there is, as a table: what the engine, `check` and the simulations decide by.

A new channel is a row here, a file of its own beside this one, its words (`web/labels.py`, and the
catalogues), and a line where `dispatcher/app.py` opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from alarms.channel import UNKNOWN, Capabilities, Rings

WEARABLE, SMS, CONSOLE = "wearable", "sms", "console"

CHANNELS: Mapping[str, Capabilities] = MappingProxyType(
    {
        WEARABLE: Capabilities(
            Rings.DEVICE,
            immediate=True,
            withdraws=True,
            says_rang=True,
            # A connected device sends its PUBACK in well under a second.
            receipt_within=timedelta(seconds=3),
        ),
        SMS: Capabilities(
            Rings.NUMBER,
            links=True,
            withdraws=True,
            leaves_site=True,
            # Most carriers report delivery within seconds.
            receipt_within=timedelta(seconds=15),
        ),
        CONSOLE: Capabilities(Rings.PERSON, immediate=True, withdraws=True, personal=False),
    }
)
"""In the order a person's routes are tried."""


def row(channel: str) -> Capabilities:
    """Also of a channel that is none of ours any more: old notices are still read."""
    return CHANNELS.get(channel, UNKNOWN)


def named(rows: Mapping[str, Capabilities], **wanted: object) -> tuple[str, ...]:
    """The channels whose rows say so, e.g. `leaves_site=False`."""
    return tuple(
        name
        for name, can in rows.items()
        if all(getattr(can, field) == this for field, this in wanted.items())
    )
