"""When bytes that cannot be right are taken as they are: the same came a third time.

Noise is never the same twice. A sender whose sum never fits says the same again and again, gets no
answer, and waits with everything behind it; whoever pressed there would be heard by nobody. So the
third copy is raised in doubt, with all that can be read of it. Every family that checks a sum or a
length has one of these, and shares it between the connections of a port: a panel that hears nothing
hangs up and calls again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TypeVar

Value = TypeVar("Value")

COPIES = 3
"""The first may be noise, the second the same cable; protocols repeat three times or more."""

WITHIN = timedelta(minutes=10)
"""From one copy to the next. The slowest dialler known repeats after some minutes."""

REMEMBERED_MAX = 4_000
"""Different damaged messages remembered that came once, and as many that came again; of more the
one heard longest ago is forgotten. So noise without end forgets no panel that repeats."""


class Doubts:
    """What one port has refused lately."""

    __slots__ = ("_more", "_once")

    def __init__(self) -> None:
        self._once: dict[bytes, datetime] = {}
        self._more: dict[bytes, tuple[int, datetime]] = {}

    def again(self, now: datetime, *said: str | bytes) -> bool:
        """Count one more copy of this; true from the third on."""
        name = _name(said)
        once = self._once.pop(name, None)
        count, at = self._more.pop(name, (0, now)) if once is None else (1, once)
        count = 1 if now - at > WITHIN else count + 1
        if count == 1:
            _remember(self._once, name, now)
        else:
            _remember(self._more, name, (count, now))
        return count >= COPIES


def _remember(kept: dict[bytes, Value], name: bytes, value: Value) -> None:
    if len(kept) >= REMEMBERED_MAX:
        del kept[next(iter(kept))]
    kept[name] = value


def _name(said: tuple[str | bytes, ...]) -> bytes:
    """Short, however long the message is."""
    digest = hashlib.blake2b(digest_size=16)
    for part in said:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.digest()
