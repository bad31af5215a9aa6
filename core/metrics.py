"""What is counted, for `/metrics`. Labels are closed lists: never a device, a person or a text.

A label value that comes from outside goes through `bounded` first.
"""

from __future__ import annotations

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Histogram

OTHER = "other"

SETS_MAX = 300
"""Sets of labels of one count. Each of ours has fewer; past this, whatever is named anew counts as
`other`, so that the page stays short whoever names it."""

LABEL_CHARS_MAX = 64

REGISTRY = CollectorRegistry()
"""Ours alone, so that what a library counts on its own does not appear on our page."""


class Count(Counter):
    """A counter whose sets of labels have a limit."""

    def labels(self, *values: object) -> Count:  # type: ignore[override]
        made: dict[tuple[object, ...], Count] = self.__dict__.setdefault("_made", {})
        if (known := made.get(values)) is not None:
            return known
        named: tuple[object, ...] = tuple(_label(value) for value in values)
        if len(made) >= SETS_MAX:
            named = (OTHER,) * len(named)
            return made.get(named) or made.setdefault(named, super().labels(*named))
        return made.setdefault(values, super().labels(*named))


MESSAGES = Count(
    "tilkald_messages",
    "Messages of devices that were read",
    ["protocol", "type"],
    registry=REGISTRY,
)
ODD = Count(
    "tilkald_odd_fields",
    "Fields of messages that were wrong and read past",
    ["protocol", "field"],
    registry=REGISTRY,
)
UNREADABLE = Count(
    "tilkald_unreadable_messages",
    "Messages nobody could read: kept as bytes, or only counted past the limit",
    ["protocol", "kept"],
    registry=REGISTRY,
)
REPEATS = Count(
    "tilkald_repeated_messages", "Copies of messages already taken", ["protocol"], registry=REGISTRY
)
FOLDED = Count(
    "tilkald_folded_messages",
    "Messages of a storming device that a newer one stands for",
    ["protocol"],
    registry=REGISTRY,
)
UNACKNOWLEDGED = Count(
    "tilkald_unacknowledged_messages",
    "Messages not acknowledged because they are not stored",
    ["protocol"],
    registry=REGISTRY,
)
TAKING = Histogram(
    "tilkald_taking_seconds",
    "From a message's arrival to its commit",
    ["protocol"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
LOGINS = Count("tilkald_device_logins", "Logins of devices", ["outcome"], registry=REGISTRY)
NOTICED = Count(
    "tilkald_listener_noticed", "What the MQTT listener found wrong", ["what"], registry=REGISTRY
)
LOG_LINES = Count(
    "tilkald_log_lines_missing",
    "Lines that are not in the log: it could not be written, or too many said the same",
    ["why"],
    registry=REGISTRY,
)
HTTP_TURNED_OUT = Count(
    "tilkald_http_turned_out",
    "Connections that made room at a full HTTP port, or found none",
    registry=REGISTRY,
)
LOOP_LAG = Histogram(
    "tilkald_loop_lag_seconds",
    "How late the event loop ran what was due",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
SELFCHECK = Histogram(
    "tilkald_selfcheck_seconds",
    "The synthetic press: device to store and back to a device",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
CHANNEL_NOTICED = Count(
    "tilkald_channel_noticed", "What channels found wrong", ["what"], registry=REGISTRY
)
FINDINGS = Count(
    "tilkald_supervision_findings",
    "What supervision found, and its end",
    ["trouble", "over"],
    registry=REGISTRY,
)


def bounded(value: str, known: Collection[str]) -> str:
    """`value` if it is one of `known`, else `other`: a label must not grow with its input."""
    return value if value in known else OTHER


def _label(value: object) -> str:
    """Text that can be written, whatever it holds."""
    return str(value)[:LABEL_CHARS_MAX].encode(errors="replace").decode()
