"""One turn of the ring: a working copy that collects what one event changes.

A turn lives inside one call of `gateway.outpost.ring` and never outlives it. It lets `alarms/`
decide and turns what that asks for into what devices of the house are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import assert_never

from alarms import escalate
from alarms.model import (
    Alarm,
    Annotate,
    Decision,
    Event,
    Exhausted,
    Notice,
    Notify,
    Presser,
    Purpose,
    StandDown,
    Standpoint,
    TellType,
    TellWearer,
    call_of,
)
from alarms.view import View
from core.ids import derived
from core.values import replace
from devices.buttons.native.messages import StandDownReason
from devices.catalogue import Down
from gateway.outpost.here import Here
from gateway.outpost.local_alarm import (
    PAGED_MAX,
    Effect,
    LocalAlarm,
    Page,
    Paged,
    TakeBack,
    Tell,
)

_CALLS = (Purpose.CALL, Purpose.ASK_AGAIN)

_TOLD = {
    TellType.ACCEPTED: Down.ACCEPTED,
    TellType.ARRIVED: Down.ARRIVED,
    TellType.NOBODY_YET: Down.NOBODY_YET,
}
"""What a presser is told from here. That it is closed is the dispatcher's to say: it will have the
press yet."""


class RingTurn:
    """Every alarm of the house as this event has made it so far, and what is to be said."""

    def __init__(self, alarms: Iterable[LocalAlarm], here: Here) -> None:
        self.here = here
        self.alarms = {local.alarm.id: local for local in alarms}
        self._effects: dict[object, Effect] = {}

    @cached_property
    def _listening(self) -> dict[str, None]:
        return dict.fromkeys(colleague.device for colleague in self.here.colleagues)

    @cached_property
    def view(self) -> View:
        """One for all alarms: nobody who has pressed about any of them is called."""
        return self.here.view(self.pressers())

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(self._effects.values())

    def say(self, *effects: Effect) -> None:
        """A page takes the place of one this event has said to the same device before it."""
        for effect in effects:
            name = effect.notice if isinstance(effect, Page) else len(self._effects)
            self._effects.pop(name, None)
            self._effects[name] = effect

    def pressers(self) -> list[Presser]:
        return [p for local in self.alarms.values() for p in local.alarm.pressers]

    def has_pressed(self, device: str, person: str | None) -> bool:
        """Whether whoever speaks there is a victim."""
        return any(
            p.device == device or (person is not None and p.person == person)
            for p in self.pressers()
        )

    def put(self, local: LocalAlarm) -> LocalAlarm:
        """Somebody may have pressed: who can be called is looked at afresh."""
        self.alarms[local.alarm.id] = local
        self.__dict__.pop("view", None)
        return local

    def begin(self, local: LocalAlarm) -> None:
        self._perform(local, escalate.begin(local.alarm, self.view, self.here.now))

    def advance(self, local: LocalAlarm, alarm: Alarm, event: Event) -> None:
        """`alarm` has taken in what the event is about already."""
        self._perform(local, escalate.advance(alarm, event, self.view, self.here.now))

    def page(self, local: LocalAlarm, page: Paged) -> None:
        """Where nobody listens it is kept for when somebody does."""
        if page.device in self._listening:
            self.say(Page(page.device, page.notice, page.purpose, local))

    def _perform(self, before: LocalAlarm, decision: Decision) -> None:
        local = replace(before, alarm=decision.alarm)
        if any(isinstance(e, Notify) and e.notice.purpose in _CALLS for e in decision.effects):
            local = replace(local, times=local.times + 1)
        pages = {page.device: page for page in local.paged}
        for effect in decision.effects:
            match effect:
                case Notify(notice=notice):
                    page = self._paged(local, notice, pages.pop(notice.address, None))
                    pages[page.device] = page
                    self.page(local, page)
                case StandDown():
                    self._stand_down(before, effect)
                case TellWearer():
                    local = self._tell(local, effect)
                case Exhausted() | Annotate():
                    pass  # sirens sound as long as nobody answers; the story is told there
                case _:
                    assert_never(effect)
        if decision.alarm.open:
            kept = tuple(pages.values())[-PAGED_MAX:]
            self.alarms[decision.alarm.id] = replace(local, paged=kept)
        else:
            del self.alarms[decision.alarm.id]
            self.__dict__.pop("view", None)

    def _paged(self, local: LocalAlarm, notice: Notice, known: Paged | None) -> Paged:
        """A device's page of an alarm keeps its name, so that an answer to it is known."""
        device, since = notice.address, self.here.now if known is None else known.since
        name = derived("local", local.alarm.id, device)
        return Paged(name, device, notice.person, notice.purpose, since)

    def _stand_down(self, local: LocalAlarm, effect: StandDown) -> None:
        """Who is there knows; what rings at somebody who presses themselves falls silent."""
        call, presses = call_of(local.alarm, effect.person), effect.reason.untold
        if call is not None and call.standpoint is Standpoint.ARRIVED and not presses:
            return
        reason = StandDownReason.CANCELLED if presses else StandDownReason(effect.reason)
        theirs = (one for one in local.paged if one.person == effect.person)
        self.say(*(TakeBack(one.device, one.notice, reason) for one in theirs))

    def _tell(self, local: LocalAlarm, effect: TellWearer) -> LocalAlarm:
        """Who was told *not sent* knows that nobody comes yet."""
        helps = effect.type is not TellType.NOBODY_YET
        if effect.type not in _TOLD or not (helps or local.told_of_help):
            return local
        devices = dict.fromkeys(presser.device for presser in local.alarm.pressers)
        about = (_TOLD[effect.type], local.alarm.id, effect.by)
        self.say(*(Tell(device, *about) for device in devices))
        return replace(local, told_of_help=helps)
