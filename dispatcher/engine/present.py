"""What a wearer would know had their device never been away (law 7). Pure.

An alarm that is closed is not told again: a device that comes back may carry a press that is not
stored yet, and must not take the end of an older alarm for the end of that one.
"""

from __future__ import annotations

from datetime import datetime

from dispatcher.alarms.model import Alarm, Standpoint, TellType
from dispatcher.alarms.turn import COMING
from dispatcher.engine.work import Tell


def present_state(alarm: Alarm, stored: bool, now: datetime) -> list[Tell]:
    """One open alarm as its pressers' devices should know it; `received` only once it is stored."""
    state = alarm.escalation
    if state is None or alarm.technical:
        return []
    coming = [call for call in state.calls if call.standpoint in COMING]
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
