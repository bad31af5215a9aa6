"""Topic names and filters: what is well formed, what matches what, and who subscribed [4.7]."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from core.errors import PeerError

TOPIC_BYTES_MOST = 65_535
"""What the length field of the wire can say; a listener's own limit is lower."""

Subscriber = TypeVar("Subscriber")


def check_topic(topic: str, bytes_max: int = TOPIC_BYTES_MOST) -> None:
    """Raise PeerError unless `topic` may name a message."""
    _check_length(topic, bytes_max)
    if "+" in topic or "#" in topic:
        raise PeerError(f"topic {_short(topic)} holds a wildcard [MQTT-3.3.2-2]")


def check_filter(topic_filter: str, bytes_max: int = TOPIC_BYTES_MOST) -> None:
    """Raise PeerError unless `topic_filter` may be subscribed to."""
    _check_length(topic_filter, bytes_max)
    if "+" not in topic_filter and "#" not in topic_filter:
        return
    levels = topic_filter.split("/")
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        raise PeerError(f"filter {_short(topic_filter)}: # not alone at the end [MQTT-4.7.1-2]")
    if any("+" in level and level != "+" for level in levels):
        raise PeerError(f"filter {_short(topic_filter)}: + not alone in its level [MQTT-4.7.1-3]")


def has_wildcard(topic_filter: str) -> bool:
    return "+" in topic_filter or "#" in topic_filter


def matcher(topic_filter: str) -> Callable[[str], bool]:
    """A test for topics, made once for many: a scan of all retained messages uses it."""
    if not has_wildcard(topic_filter):
        return topic_filter.__eq__
    # Levels are divided by a character no level can hold, so the pattern cannot backtrack far.
    pattern = re.compile(_guard(topic_filter) + _levels(topic_filter), re.DOTALL)
    return lambda topic: pattern.fullmatch(topic) is not None


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a subscription of `topic_filter` gets a message on `topic`; both well formed."""
    return matcher(topic_filter)(topic)


class SubscriptionIndex(Generic[Subscriber]):
    """Who wants a topic, in time that depends on the topic's levels, not on how many subscribed.

    Filters without wildcards (a device's own `down`, 20,000 of them) are one look-up in a dict;
    the others stand in a tree of levels. A subscriber with several matching filters is named once,
    with the highest QoS granted [MQTT-3.3.5-1].
    """

    def __init__(self) -> None:
        self._exact: dict[str, dict[Subscriber, int]] = {}
        self._root: _Level[Subscriber] = _Level()

    def add(self, topic_filter: str, subscriber: Subscriber, qos: int) -> None:
        """Subscribe; an identical filter of the same subscriber is replaced [MQTT-3.8.4-3]."""
        if has_wildcard(topic_filter):
            level = self._root
            for name in topic_filter.split("/"):
                level = level.below.setdefault(name, _Level())
            level.subscribers[subscriber] = qos
        else:
            self._exact.setdefault(topic_filter, {})[subscriber] = qos

    def remove(self, topic_filter: str, subscriber: Subscriber) -> None:
        """Take a subscription back; one that is not there is no error."""
        if has_wildcard(topic_filter):
            _prune(self._root, topic_filter.split("/"), subscriber)
        elif subscribers := self._exact.get(topic_filter):
            subscribers.pop(subscriber, None)
            if not subscribers:
                del self._exact[topic_filter]

    def match(self, topic: str) -> dict[Subscriber, int]:
        """Each subscriber of `topic` with its QoS, in the order they subscribed."""
        found = dict(self._exact.get(topic, {}))
        if self._root.below:
            levels = topic.split("/")
            for level in _reached(self._root, levels, hidden=topic.startswith("$")):
                for subscriber, qos in level.subscribers.items():
                    if qos > found.get(subscriber, -1):
                        found[subscriber] = qos
        return found


class _Level(Generic[Subscriber]):
    """One level of the wildcard tree; `subscribers` are those whose filter ends here."""

    __slots__ = ("below", "subscribers")

    def __init__(self) -> None:
        self.below: dict[str, _Level[Subscriber]] = {}
        self.subscribers: dict[Subscriber, int] = {}


def _reached(
    root: _Level[Subscriber], levels: list[str], *, hidden: bool
) -> list[_Level[Subscriber]]:
    """Every tree level at which a filter for these topic levels can end."""
    reached: list[_Level[Subscriber]] = []
    front = [root]
    for depth, name in enumerate(levels):
        # A wildcard first does not see topics that begin with $ [MQTT-4.7.2-1].
        wild = not (hidden and depth == 0)
        ahead: list[_Level[Subscriber]] = []
        for level in front:
            if wild and (rest := level.below.get("#")):
                reached.append(rest)
            if wild and (one := level.below.get("+")):
                ahead.append(one)
            if same := level.below.get(name):
                ahead.append(same)
        if not ahead:
            return reached
        front = ahead
    for level in front:
        reached.append(level)
        # "sport/#" is also a filter for "sport" itself [4.7.1.2].
        if rest := level.below.get("#"):
            reached.append(rest)
    return reached


def _prune(root: _Level[Subscriber], names: list[str], subscriber: Subscriber) -> None:
    path = [root]
    for name in names:
        below = path[-1].below.get(name)
        if below is None:
            return
        path.append(below)
    path[-1].subscribers.pop(subscriber, None)
    for level, name in zip(reversed(path[:-1]), reversed(names), strict=True):
        below = level.below[name]
        if below.subscribers or below.below:
            return
        del level.below[name]


def _check_length(topic: str, bytes_max: int) -> None:
    if not topic:
        raise PeerError("an empty topic [MQTT-4.7.3-1]")
    if "\0" in topic:
        raise PeerError(f"topic {_short(topic)} holds a null character [MQTT-4.7.3-2]")
    if len(topic) > bytes_max or len(topic.encode()) > bytes_max:
        raise PeerError(f"topic {_short(topic)} is longer than {bytes_max} bytes")


def _guard(topic_filter: str) -> str:
    return r"(?!\$)" if topic_filter[0] in "+#" else ""


def _levels(topic_filter: str) -> str:
    if topic_filter == "#":
        return ".*"
    # "sport/#" is also a filter for "sport" itself [4.7.1.2].
    stem = topic_filter.removesuffix("/#")
    rest = "" if stem == topic_filter else "(?:/.*)?"
    return "/".join("[^/]*" if name == "+" else re.escape(name) for name in stem.split("/")) + rest


def _short(topic: str) -> str:
    return repr(topic if len(topic) <= 60 else f"{topic[:60]}…")
