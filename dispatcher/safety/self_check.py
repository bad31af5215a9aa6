"""When the service presses for itself, and what came of it (law 12). Pure.

One press a minute goes device → store → back to a device. No answer within five seconds is a
failure; a failure is tried again after five seconds. It is a timed case, so the press itself hangs
on what every alarm hangs on: the heap, the commit, what follows the commit. Whoever watches the
process hears only of presses that came back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias, assert_never

import msgspec

from core.moment import Moment
from core.values import replace, value
from dispatcher.safety.timed_case import CaseDue, TimedCase

SELF_CHECK = "self_check"
THE_SERVICE = "service"

EVERY = timedelta(seconds=60)
ANSWER_WITHIN = timedelta(seconds=5)
AGAIN_AFTER = timedelta(seconds=5)
_VERSION = 1


class Wakes(StrEnum):
    """Why the case wants to be looked at."""

    PRESS = "press"
    ANSWER = "no_answer"


@value(frozen=True)
class State:
    """`seq` counts presses; `pressed_at`: one is under way since then."""

    seq: int = 0
    pressed_at: datetime | None = None
    worked_at: datetime | None = None


@value(frozen=True)
class Ready:
    """Whoever carries presses out is there: press now."""


@value(frozen=True)
class CameBack:
    """The press of that number is confirmed at a device."""

    seq: int


@value(frozen=True)
class NotTaken:
    """It could not even be made."""

    seq: int
    why: str


@value(frozen=True)
class Press:
    """Press, and say what came of it."""

    seq: int


@value(frozen=True)
class Worked:
    """It went the whole way in so many seconds."""

    seconds: float


@value(frozen=True)
class Failed:
    """It did not. `why` is for a person."""

    why: str


Effect: TypeAlias = Press | Worked | Failed
_Event: TypeAlias = CaseDue | Ready | CameBack | NotTaken
_STATES = msgspec.json.Decoder(State)


class SelfCheckKind:
    """The service's own press, as a kind of timed case."""

    name = SELF_CHECK

    def standing(self, at: Moment) -> Iterable[TimedCase]:
        first = at.now + EVERY
        yield TimedCase(SELF_CHECK, THE_SERVICE, "", 1, first, Wakes.PRESS, _VERSION, "{}")

    def advance(
        self, case: TimedCase, event: object, at: Moment
    ) -> tuple[TimedCase, tuple[object, ...]]:
        try:
            state = _STATES.decode(case.state)
        except msgspec.MsgspecError:
            # Of another release. Nothing hangs on what was: a check that never presses again would
            # have the watchdog end the service over and over.
            state = State()
        assert isinstance(event, CaseDue | Ready | CameBack | NotTaken), "an event of another kind"
        new, wake_at, why, effects = _advanced(state, event, case.wake_at or at.now, at.now)
        if new == state and wake_at == case.wake_at:
            return case, ()
        content = msgspec.json.encode(new).decode()
        return (
            replace(case, rev=case.rev + 1, wake_at=wake_at, wake_why=why, state=content),
            effects,
        )


def _advanced(
    state: State, event: _Event, wake_at: datetime, now: datetime
) -> tuple[State, datetime, Wakes, tuple[Effect, ...]]:
    pressed_at = state.pressed_at
    match event:
        case Ready():
            return _press(state, now)
        case CaseDue() if pressed_at is None:
            return _press(state, now)
        case CaseDue():
            late = f"no answer to the test press within {ANSWER_WITHIN.total_seconds():g} s"
            return _failed(state, late, now)
        case CameBack(seq=seq) if pressed_at is not None and seq == state.seq:
            worked = replace(state, pressed_at=None, worked_at=now)
            took_s = (now - pressed_at).total_seconds()
            return worked, pressed_at + EVERY, Wakes.PRESS, (Worked(took_s),)
        case NotTaken(seq=seq, why=why) if pressed_at is not None and seq == state.seq:
            return _failed(state, why, now)
        case CameBack() | NotTaken():
            # Of a press that was given up already.
            return state, wake_at, Wakes.PRESS if pressed_at is None else Wakes.ANSWER, ()
        case _:
            assert_never(event)


def _press(state: State, now: datetime) -> tuple[State, datetime, Wakes, tuple[Effect, ...]]:
    pressed = replace(state, seq=state.seq + 1, pressed_at=now)
    return pressed, now + ANSWER_WITHIN, Wakes.ANSWER, (Press(pressed.seq),)


def _failed(
    state: State, why: str, now: datetime
) -> tuple[State, datetime, Wakes, tuple[Effect, ...]]:
    return replace(state, pressed_at=None), now + AGAIN_AFTER, Wakes.PRESS, (Failed(why),)
