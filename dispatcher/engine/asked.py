"""What an address has been asked: which notice a bare answer from there is about."""

from __future__ import annotations

from collections.abc import Callable

from alarms.model import Alarm, Notice, call_of
from alarms.turn import COMING
from core.signals import ReceiptState
from dispatcher.engine.answering import ASKING, waits_for_answer
from dispatcher.engine.open_alarms import OpenAlarms


def standing(open_alarms: OpenAlarms, address: str, also_failed: bool = False) -> list[Notice]:
    """What this address was sent and may still answer, newest first, one an alarm.

    `also_failed`: what could not be shown while the device was away is shown now.
    """
    return _one_an_alarm(
        open_alarms, address, lambda notice, alarm: waits_for_answer(notice, alarm, also_failed)
    )


def asked(open_alarms: OpenAlarms, address: str) -> list[Notice]:
    """What this address was asked in any open alarm, whatever has become of it since.

    Stood down, declined, reported as failed: who answers all the same has been reached, and an
    answer that crosses a stand-down is about the alarm it crosses.
    """
    return _one_an_alarm(open_alarms, address, lambda notice, _: _has_left(notice))


def only_one(open_alarms: OpenAlarms, address: str) -> str | None:
    """The notice that an answer without its id is about; None when it could be several.

    Beside a call for help technical alarms do not count (law 12).
    """
    for notices in (standing(open_alarms, address), asked(open_alarms, address)):
        meant = [notice for notice in notices if not notice.technical] or notices
        if meant:
            return meant[0].id if len(meant) == 1 else None
    return None


def _one_an_alarm(
    open_alarms: OpenAlarms, address: str, counts: Callable[[Notice, Alarm], bool]
) -> list[Notice]:
    """Of several people called on one phone, whoever is coming answers on it, else the newest."""
    chosen: dict[str, Notice] = {}
    for notice in open_alarms.sent_to(address):
        alarm = open_alarms.get(notice.alarm)
        if alarm is None or not counts(notice, alarm):
            continue
        known = chosen.setdefault(notice.alarm, notice)
        if _is_coming(notice, alarm) and not _is_coming(known, alarm):
            chosen[notice.alarm] = notice
    return list(chosen.values())


def _has_left(notice: Notice) -> bool:
    return notice.purpose in ASKING and notice.state is not ReceiptState.WITHDRAWN


def _is_coming(notice: Notice, alarm: Alarm) -> bool:
    call = call_of(alarm, notice.person)
    return call is not None and call.standpoint in COMING
