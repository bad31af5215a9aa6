"""What a page does about a finger: once, not by accident, and never out of date.

Whatever takes help away is asked once more, apart from where the finger is, and a yes within the
first second is the same touch. An answer given twice within a moment is one answer.
"""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from alarms.model import Alarm
from core.errors import DomainError
from core.signals import AnswerKind

T = TypeVar("T")

TAKES_AWAY = (AnswerKind.OVER, AnswerKind.DECLINE, AnswerKind.WITHDRAW)
"""What may leave somebody without help: it names the `rev` it saw, and pages ask once more."""

SURE_AFTER = timedelta(seconds=1)
"""A yes sooner after its question is a finger that was on its way already."""

SURE_WITHIN = timedelta(minutes=10)
"""A yes later is to a question nobody has in mind any more. In between a note may be written; what
happens meanwhile is held by the `rev`."""

SAME_TOUCH_S = 1.5
"""The same answer again within this is a second tap of the same touch. Double taps of cold fingers
are up to 0.9 s apart, and the first one's page is loaded in between."""

TOUCHES_MAX = 10_000

UNDO_S = 5
"""How long a page holds back an end, with a button that takes it back."""


def refuse_what_saw_less(alarm: Alarm, rev: int) -> None:
    """Raises DomainError `stale`: somebody pressed or joined, or it rose, after what was seen."""
    if rev > alarm.rev:
        raise DomainError("invalid", f"The alarm is at rev {alarm.rev}, not {rev}.")
    if rev < alarm.grew_rev:
        raise DomainError(
            "stale", "Somebody pressed or joined, or the level rose, since you saw it. Look again."
        )


def asked_at(now: datetime) -> str:
    """The moment a question is asked, for the form that carries the yes."""
    return str(round(now.timestamp() * 1_000))


def is_sure(asked: str, now: datetime) -> bool:
    """Whether a yes came to a question a person has had time to read."""
    if not asked.isdecimal() or len(asked) > len(str(2**53)):
        return False
    since = timedelta(milliseconds=int(asked_at(now)) - int(asked))
    return SURE_AFTER <= since <= SURE_WITHIN


class Touches(Generic[T]):
    """The newest answers of everybody: a second tap of the same touch waits for the first.

    Both get one outcome. An answer that was not taken is forgotten: the next tap is a new try.
    """

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._newest: OrderedDict[tuple[str, str, str], tuple[float, Task[T]]] = OrderedDict()

    async def once(
        self, touch: tuple[str, str, str], answer: Callable[[], Coroutine[None, None, T]]
    ) -> T:
        """`touch`: who answers, to which alarm, what."""
        now = self._clock_s()
        at, taking = self._newest.pop(touch, (now - SAME_TOUCH_S, None))
        if taking is None or now - at >= SAME_TOUCH_S:
            at, taking = now, asyncio.create_task(answer())
        self._newest[touch] = at, taking
        if len(self._newest) > TOUCHES_MAX:
            self._newest.popitem(last=False)
        try:
            return await asyncio.shield(taking)  # whoever asked may go: the answer was given
        except Exception:
            if self._newest.get(touch, (0.0, None))[1] is taking:
                del self._newest[touch]
            raise
