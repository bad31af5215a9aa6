"""What a wearer would know had their device never been away (law 7). Pure.

An alarm that is closed is not told again: a device that comes back may carry a press that is not
stored yet, and must not take the end of an older alarm for the end of that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alarms.model import Alarm, Notice, Standpoint, TellType
from alarms.turn import is_known_to_come
from core.words import Words
from dispatcher.channels.wearer import Tell

CALLS_MOST, TECHNICAL_MOST = 12, 3
"""Pages shown to a device that listens again."""


def present_state(alarm: Alarm, stored: bool, now: datetime) -> list[Tell]:
    """One open alarm as its pressers' devices should know it; `received` only once it is stored."""
    state = alarm.escalation
    if state is None or alarm.technical:
        return []
    coming = [call for call in state.calls if is_known_to_come(call, state)]
    kinds = [TellType.RECEIVED] if stored else []
    if any(call.standpoint is Standpoint.ARRIVED for call in coming):
        kinds.append(TellType.ARRIVED)
    elif coming:
        kinds.append(TellType.ACCEPTED)
    elif state.told_nobody_yet:
        kinds.append(TellType.NOBODY_YET)
    names = tuple(call.first_name for call in coming)
    etas = [call.expected_s for call in coming if call.expected_s is not None]
    return [
        Tell(
            device=presser.device,
            type=kind,
            alarm=alarm.id,
            rev=alarm.rev,
            at=now,
            boot=presser.boot,
            seq=presser.seq,
            by=names,
            eta_s=min(etas, default=None),
        )
        for presser in alarm.pressers
        for kind in kinds
    ]


def shown_again(standing: Sequence[Notice], say: Words) -> list[tuple[Notice, str]]:
    """The pages of a device that listens again: the most acute first, what is technical last.

    They are few, for a small screen and a slow reader; the last of each kind comes with a word that
    says how many more there are. `standing` is the newest first, one an alarm.
    """
    calls = sorted((n for n in standing if not n.technical), key=lambda n: -n.level.rank)
    technical = [n for n in standing if n.technical]
    more_calls = say.many(
        "+{count} more alarm: see the board.",
        "+{count} more alarms: see the board.",
        len(calls) - CALLS_MOST,
    )
    more_technical = say.many(
        "+{count} more technical alarm: see the board.",
        "+{count} more technical alarms: see the board.",
        len(technical) - TECHNICAL_MOST,
    )
    return [*_few(calls, CALLS_MOST, more_calls), *_few(technical, TECHNICAL_MOST, more_technical)]


def _few(pages: Sequence[Notice], most: int, more: str) -> list[tuple[Notice, str]]:
    shown = [(page, "") for page in pages[:most]]
    if len(pages) > most:
        shown[-1] = (shown[-1][0], more)
    return shown
