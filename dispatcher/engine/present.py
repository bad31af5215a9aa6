"""What a wearer would know had their device never been away (law 7). Pure."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from dispatcher.alarms.model import Alarm, Standpoint, TellType
from dispatcher.alarms.turn import COMING
from dispatcher.engine.work import Tell

CLOSED_TOLD_FOR = timedelta(hours=1)
CLOSED_KEPT_MOST = 10_000
"""How long, and to how many devices, the end of their alarm is told again when they are back."""


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


class LastClosed:
    """The newest end of an alarm per device, for one that was out of reach when it was over."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, Tell] = OrderedDict()

    def note(self, tell: Tell) -> None:
        self._told[tell.device] = tell
        self._told.move_to_end(tell.device)
        if len(self._told) > CLOSED_KEPT_MOST:
            self._told.popitem(last=False)

    def of(self, device: str, now: datetime) -> Tell | None:
        tell = self._told.get(device)
        return tell if tell is not None and now - tell.at < CLOSED_TOLD_FOR else None
