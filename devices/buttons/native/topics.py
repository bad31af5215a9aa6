"""Where a device published, and what is wrong with that place. Pure.

Whatever a device that is logged in publishes is its own word, wherever it puts it: a slash too
many must not cost a press. A topic never makes it somebody else's.
"""

from __future__ import annotations

import re

from devices.buttons.native.codec import Leaf

DOWN = "down"
"""What the service says; a device only listens there."""

NOT_OURS = "not one of ours"

_LETTERS = re.compile(r"[a-z]+")
_LEAVES = {leaf.value: leaf.value for leaf in Leaf}


def placed(prefix: str, device: str, topic: str) -> tuple[str, str]:
    """The leaf that was meant, and what is wrong with the topic in words; empty when it is right.

    The words name the kind of fault and nothing of the topic: it may hold a name or a number. What
    hangs below a device's own name is its own, whatever it is called; its leaf is given as it is.
    """
    leaf = own_leaf(prefix, device, topic)
    if leaf in _LEAVES:
        return leaf, ""
    parts = [part.strip() for part in topic.split("/") if part.strip()]
    plain = [part.casefold() for part in parts]
    mine, house = [*prefix.casefold().split("/"), device], prefix.casefold().split("/")
    if plain == mine:
        return Leaf.UP, "without its last part"
    last = "".join(_LETTERS.findall(plain[-1])) if plain else ""
    meant = _LEAVES.get(last, "")
    if leaf and not meant and leaf.partition("/")[0] != DOWN:
        return leaf, ""
    if plain[:-1] == mine:
        return meant or last, _misspelt(prefix, device, topic, parts, last)
    if plain[: len(house)] == house and len(plain) > len(house):
        return meant, "another device's"
    return meant, "with another beginning" if meant else NOT_OURS


def own_leaf(prefix: str, device: str, topic: str) -> str:
    """What follows the device's own part of a topic; empty when the topic is not its own."""
    own = f"{prefix}/{device}/"
    return topic.removeprefix(own) if topic.startswith(own) else ""


def _misspelt(prefix: str, device: str, topic: str, parts: list[str], last: str) -> str:
    if last == DOWN:
        return "where only the service speaks"
    if topic.startswith("/"):
        return "a slash before it"
    if topic.endswith("/"):
        return "a slash behind it"
    if "//" in topic:
        return "two slashes in a row"
    return "capital letters or blanks"
