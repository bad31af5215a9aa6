"""One alarm of a house that is cut off, what was paged about it, and what is to be said. Pure."""

from __future__ import annotations

from datetime import datetime

from alarms.model import Alarm, Call, Purpose, Standpoint
from alarms.turn import COMING, WAITING, counts
from core.values import value
from devices.buttons.native.messages import StandDownReason
from devices.catalogue import Down

PAGED_MAX = 1_000
"""Devices called about one alarm."""


@value(frozen=True)
class Press:
    """One press nobody there knows of. `at`: when it was pressed, else when it was heard.

    `tell_at`: when its wearer is told how it stands; None: they have been.
    """

    identity: str
    device: str
    boot: str | None
    seq: int | None
    at: datetime
    tell_at: datetime | None


@value(frozen=True)
class Paged:
    """What one device reads about an alarm; another page takes its place.

    `since`: when the first came.
    """

    notice: str
    device: str
    person: str
    purpose: Purpose
    since: datetime


@value(frozen=True)
class LocalAlarm:
    """An alarm nobody there knows of. It begins at `rings_at`, unless it is handed over before.

    `presses`: those not handed over, the oldest first. `times`: so often people were called.
    `told_of_help`: the last its pressers were told is that somebody comes, or is there.
    """

    alarm: Alarm
    rings_at: datetime
    presses: tuple[Press, ...] = ()
    paged: tuple[Paged, ...] = ()
    times: int = 0
    told_of_help: bool = False

    @property
    def rings(self) -> bool:
        """Whether people here are being called about it."""
        return self.alarm.escalation is not None

    @property
    def wake_at(self) -> datetime:
        state = self.alarm.escalation
        untold = (press.tell_at for press in self.presses if press.tell_at is not None)
        return min((self.rings_at if state is None else state.wake_at, *untold))

    @property
    def calls(self) -> tuple[Call, ...]:
        return () if self.alarm.escalation is None else self.alarm.escalation.calls

    @property
    def is_answered(self) -> bool:
        """Whether somebody is there, or on their way, and is waited for."""
        return any(counts(call) for call in self.calls)

    @property
    def pressed_at(self) -> datetime:
        """When somebody last pressed."""
        return max(press.at for press in self.presses)

    def page_of(self, device: str) -> Paged | None:
        return next((paged for paged in self.paged if paged.device == device), None)

    def standing(self, device: str) -> Paged | None:
        """What a device that listens again has to know: it is called, or its wearer is there or
        coming and is to say something."""
        paged, state = self.page_of(device), self.alarm.escalation
        call = next((c for c in self.calls if paged is not None and c.person == paged.person), None)
        if state is None or call is None:
            return None
        asked = call.standpoint in COMING and (state.need.due is not None or not call.counts)
        coming = len([one for one in self.calls if counts(one)])
        called = call.standpoint in WAITING and coming < state.needed
        return paged if asked or called else None


# What is to be said, after every event


@value(frozen=True)
class Page:
    """A colleague's device reads of an alarm, or reads something else of it now."""

    device: str
    notice: str
    purpose: Purpose
    local: LocalAlarm


@value(frozen=True)
class TakeBack:
    """The page on a device is taken back."""

    device: str
    notice: str
    reason: StandDownReason


@value(frozen=True)
class Tell:
    """A presser's device is told how it stands (law 7). `by`: first names of who comes."""

    device: str
    type: Down
    about: str
    by: tuple[str, ...] = ()
    boot: str | None = None
    seq: int | None = None


Effect = Page | TakeBack | Tell


def how_it_stands(local: LocalAlarm, press: Press) -> Tell:
    """Law 7: a colleague is there, or is coming; else that it is not sent."""
    coming = [call for call in local.calls if counts(call)]
    if any(call.standpoint is Standpoint.ARRIVED for call in coming):
        return Tell(press.device, Down.ARRIVED, local.alarm.id)
    if coming:
        names = tuple(call.first_name for call in coming)
        return Tell(press.device, Down.ACCEPTED, local.alarm.id, names)
    return Tell(press.device, Down.NOT_SENT, press.identity, boot=press.boot, seq=press.seq)


def stood_down(local: LocalAlarm) -> tuple[TakeBack, ...]:
    """The dispatcher calls now: who is there or on the way goes on, the others need not come."""
    on_the_way = (*COMING, Standpoint.LAPSED)
    going_on = [call.person for call in local.calls if call.standpoint in on_the_way]
    return tuple(
        TakeBack(one.device, one.notice, StandDownReason.ENOUGH)
        for one in local.paged
        if one.person not in going_on
    )
