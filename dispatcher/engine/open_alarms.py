"""The open alarms in memory with their notices, found by sender, place, address and moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alarms.model import Alarm, Notice, Place, Presser
from alarms.turn import COMING
from alarms.view import View
from core.signals import Signal
from dispatcher.engine.closed_lately import ClosedLately
from dispatcher.engine.moments import Moments
from dispatcher.engine.victims import Victims
from dispatcher.store.ports import LinkWrite

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TECHNICAL_LETTERS = "TUVWXYZ"
"""Law 12: "A" is answered by a bare number, so it is kept for the calls for help."""


ALARM = "alarm"
"""The first kind of timed case: the others stand in `kinds.py`."""


class OpenAlarms:
    """Every open alarm at its newest state; closed ones leave with their notices."""

    def __init__(self) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.notices: dict[str, Notice] = {}
        self.views: dict[str, View] = {}
        self.pictured: dict[str, bytes] = {}
        self.links: dict[str, LinkWrite] = {}
        self.victims = Victims()
        self.closed = ClosedLately()
        self._by_sender: dict[str, dict[str, None]] = {}
        self._by_zone: dict[str, dict[str, None]] = {}
        self._by_cause: dict[str, str] = {}
        self._calling: dict[str, dict[str, None]] = {}
        self._notices_of: dict[str, dict[str, None]] = {}
        self._links_of: dict[str, dict[str, None]] = {}
        self._letters: dict[str, dict[str, str]] = {}
        self._coming: dict[str, dict[str, None]] = {}
        self.moments = Moments()
        self._aside: dict[str, None] = {}

    def get(self, alarm_id: str) -> Alarm | None:
        return self.alarms.get(alarm_id)

    def about(self, cause_key: str) -> Alarm | None:
        """The open technical alarm about one cause."""
        return self.alarms.get(self._by_cause.get(cause_key, ""))

    def related(self, signal: Signal, place: Place) -> list[Alarm]:
        """What this signal can be about: the alarms of its sender, then those at its place."""
        ids = list(self._by_sender.get(f"d:{signal.device}", ()))
        if signal.person is not None:
            ids += self._by_sender.get(f"p:{signal.person}", ())
        ids += self._by_sender.get(f"a:{signal.account}", ())
        if place.zone is not None:
            ids += self._by_zone.get(place.zone, ())
        return [self.alarms[i] for i in dict.fromkeys(ids)]

    def of_device(self, device: str) -> list[Alarm]:
        """The open alarms this device itself raised."""
        return [self.alarms[i] for i in self._by_sender.get(f"d:{device}", ())]

    def of_presser(self, device: str, point: str, person: str | None = None) -> Alarm | None:
        """The open alarm of who presses there; of several the one opened first."""
        here = (device, point, person)
        mine = (a for a in self.of_device(device) if any(p.is_still_at(*here) for p in a.pressers))
        return next(mine, None)

    def calling(self, person: str) -> list[Alarm]:
        """The open alarms in which this person has been called."""
        return [self.alarms[i] for i in self._calling.get(person, ())]

    def has_pressed(self, person: str) -> bool:
        """Whether this person is a victim in any open alarm."""
        return f"p:{person}" in self._by_sender

    def pressers(self) -> tuple[Presser, ...]:
        """Every victim of every open alarm, whatever its site."""
        return tuple(presser for alarm in self.alarms.values() for presser in alarm.pressers)

    def called(self) -> list[str]:
        """Everybody who has been called in an open alarm."""
        return list(self._calling)

    def asked_at(self, address: str) -> list[Alarm]:
        """The open alarms that sent something to one address."""
        return [self.alarms[i] for i in self._letters.get(address, ()) if i in self.alarms]

    def coming_elsewhere(self, alarm_id: str) -> list[str]:
        """People on their way to, or at, another alarm than this one."""
        return [p for p, ids in self._coming.items() if len(ids) > (alarm_id in ids)]

    def notices_of(self, alarm_id: str) -> list[Notice]:
        return [self.notices[i] for i in self._notices_of.get(alarm_id, ())]

    def links_of(self, alarm_id: str) -> list[LinkWrite]:
        return [self.links[token] for token in self._links_of.get(alarm_id, ())]

    def notice(self, notice_id: str) -> Notice | None:
        """A notice of an open alarm, or of one closed within the hour."""
        return self.notices.get(notice_id) or self.closed.get(notice_id)

    def sent_to(self, address: str) -> list[Notice]:
        """The notices of open alarms that went to one address, newest first."""
        alarms = self._letters.get(address, {})
        notices = [n for alarm_id in alarms for n in self.notices_of(alarm_id)]
        return sorted(
            (n for n in notices if n.address == address), key=lambda n: n.created, reverse=True
        )

    def letter(self, address: str, alarm_id: str, *, technical: bool) -> str:
        """Tells the alarms apart that one number is asked about; stays with the alarm."""
        taken = self._letters.setdefault(address, {})
        if alarm_id not in taken:
            lane = TECHNICAL_LETTERS if technical else LETTERS
            free = (letter for letter in lane if letter not in taken.values())
            taken[alarm_id] = next(free, LETTERS[-1])
        return taken[alarm_id]

    # Moments

    def overdue(self, now: datetime) -> list[Alarm]:
        """Every alarm whose moment has come."""
        states = ((alarm, alarm.escalation) for alarm in self.alarms.values())
        return [alarm for alarm, state in states if state is not None and state.wake_at <= now]

    def set_aside(self, alarms: Sequence[Alarm]) -> None:
        """These do not count as due: `pop_aside` gives them in this order, until one changes."""
        self._aside = dict.fromkeys(alarm.id for alarm in alarms)
        for alarm in alarms:
            self.moments.drop((ALARM, alarm.id))

    @property
    def any_aside(self) -> bool:
        return bool(self._aside)

    def pop_aside(self) -> Alarm | None:
        first = next(iter(self._aside), None)
        if first is None:
            return None
        del self._aside[first]
        return self.alarms[first]

    # Keeping

    def keep(self, alarm: Alarm) -> None:
        old = self.alarms.get(alarm.id)
        if not alarm.open:
            if old is not None:
                if alarm.times.closed is not None:
                    self.closed.keep(alarm.times.closed, self.notices_of(alarm.id))
                self._forget(old)
            return
        self.alarms[alarm.id] = alarm
        self._aside.pop(alarm.id, None)
        if old is None or _is_found_elsewhere(old, alarm):
            if old is not None:
                self._lose(old)
            self._find(alarm)
        for person, coming in _called(alarm):
            self._calling.setdefault(person, {})[alarm.id] = None
            if coming:
                self._coming.setdefault(person, {})[alarm.id] = None
            elif person in self._coming:
                _drop(self._coming, person, alarm.id)
        if alarm.escalation is not None:
            self.moments.put((ALARM, alarm.id), alarm.escalation.wake_at)

    def keep_notice(self, notice: Notice) -> None:
        if notice.alarm not in self.alarms:
            return
        if notice.id not in self.notices:
            self._notices_of.setdefault(notice.alarm, {})[notice.id] = None
            self._letters.setdefault(notice.address, {}).setdefault(notice.alarm, notice.letter)
        self.notices[notice.id] = notice

    def keep_link(self, link: LinkWrite) -> None:
        """Keep a link by its token's hash: it opens also while the store does not answer."""
        if link.alarm in self.alarms:
            self.links[link.token_hash] = link
            self._links_of.setdefault(link.alarm, {})[link.token_hash] = None

    def _find(self, alarm: Alarm) -> None:
        """Index an alarm by all but whom it calls, which changes with nearly every decision."""
        self.victims.add(alarm.pressers)
        for key in _sender_keys(alarm.pressers):
            self._by_sender.setdefault(key, {})[alarm.id] = None
        if alarm.place.zone is not None:
            self._by_zone.setdefault(alarm.place.zone, {})[alarm.id] = None
        if alarm.cause_key:
            self._by_cause[alarm.cause_key] = alarm.id

    def _lose(self, old: Alarm) -> None:
        self.victims.drop(old.pressers)
        for key in _sender_keys(old.pressers):
            _drop(self._by_sender, key, old.id)
        if old.place.zone is not None:
            _drop(self._by_zone, old.place.zone, old.id)
        if old.cause_key:
            self._by_cause.pop(old.cause_key, None)

    def _forget(self, old: Alarm) -> None:
        self._lose(old)
        for person, _ in _called(old):
            _drop(self._calling, person, old.id)
            _drop(self._coming, person, old.id)
        del self.alarms[old.id]
        self.moments.drop((ALARM, old.id))
        self._aside.pop(old.id, None)
        self.views.pop(old.id, None)
        self.pictured.pop(old.id, None)
        for token in self._links_of.pop(old.id, ()):
            del self.links[token]
        for notice_id in self._notices_of.pop(old.id, ()):
            notice = self.notices.pop(notice_id)
            letters = self._letters.get(notice.address)
            if letters is not None:
                letters.pop(old.id, None)
                if not letters:
                    del self._letters[notice.address]


def _called(alarm: Alarm) -> list[tuple[str, bool]]:
    """Everybody called, and whether they are coming."""
    calls = alarm.escalation.calls if alarm.escalation else ()
    return [(call.person, call.standpoint in COMING) for call in calls]


def _is_found_elsewhere(old: Alarm, new: Alarm) -> bool:
    """Whether its senders, its place or what it is about have changed."""
    return (
        old.pressers != new.pressers
        or old.place.zone != new.place.zone
        or old.cause_key != new.cause_key
        or old.site != new.site
    )


def _sender_keys(pressers: tuple[Presser, ...]) -> list[str]:
    keys = [f"d:{presser.device}" for presser in pressers]
    keys += [f"p:{presser.person}" for presser in pressers if presser.person is not None]
    keys += [f"a:{presser.account}" for presser in pressers if presser.account]
    return list(dict.fromkeys(keys))


def _drop(index: dict[str, dict[str, None]], key: str, alarm_id: str) -> None:
    ids = index.get(key)
    if ids is not None:
        ids.pop(alarm_id, None)
        if not ids:
            del index[key]
