"""What a signal means: a new alarm, a second victim, a repeat, an update, a word that it is over.

The law kept here: *in doubt it is a new press* (docs/contract.md). Another point of one alarm
panel is somebody else, unless the site says whose both are. What calls help is believed
from anyone; what takes help away needs an authenticated source and names what it means (law 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from alarms.device_text import is_told, text_of
from alarms.late_presses import came_late
from alarms.model import Alarm, Place, Presser
from alarms.troubles import is_of_equipment
from alarms.vocabulary import PlaceSource
from core.freshness import Lowers, is_fresh, said_at
from core.signals import AlarmKind, Level, Signal, SignalType, Standing
from core.values import replace, value

JOIN_WITHIN = timedelta(minutes=2)
"""Two presses at one place this close together are one alarm with two victims."""

_TOLD_BY_DEVICE = (PlaceSource.DEVICE, PlaceSource.BEACON, PlaceSource.POSITION)
_SAYS_LITTLE = (AlarmKind.CALL, AlarmKind.SOS, AlarmKind.ASSIST, AlarmKind.UNKNOWN)


@value(frozen=True)
class Open:
    """A new alarm. `orphan`: the duty leader first, with what is known."""

    kind: AlarmKind
    level: Level
    presser: Presser
    late: timedelta
    orphan: bool


@value(frozen=True)
class Join:
    """A second victim at the same place; level and kind are those of the more acute press."""

    alarm: str
    presser: Presser
    level: Level
    kind: AlarmKind


@value(frozen=True)
class Repeat:
    """The same press once more: the wearer is answered again, nothing else happens."""

    alarm: str
    device: str


@value(frozen=True)
class Update:
    """The same wearer again, with news: another press, a higher level, another place.

    `again`: it is another press, not the one before it told in more words.
    `other_words`: a device nobody wears says what it has not said before. Somebody else may stand
    behind it, so everybody who was called hears it.
    """

    alarm: str
    presser: Presser
    level: Level
    kind: AlarmKind
    place_changed: bool
    other_words: bool = False
    again: bool = True


@value(frozen=True)
class SayOver:
    """The wearer says it is over: heard by the responders, it closes nothing acute."""

    alarm: str
    presser: Presser


@value(frozen=True)
class CloseIt:
    """A cancel of a green or yellow alarm by its own authenticated wearer closes it."""

    alarm: str
    device: str


@value(frozen=True)
class NothingToDo:
    """Kept in the log with its reason; a copy of a press still gets its `received`."""

    why: str


Verdict = Open | Join | Repeat | Update | SayOver | CloseIt | NothingToDo


def triage(
    signal: Signal, open_alarms: Sequence[Alarm], on_shift: bool, place: Place, first_name: str
) -> Verdict:
    """Decide what an alarm, cancel or restore means beside the alarms now open at its site."""
    if signal.type in (SignalType.CANCEL, SignalType.RESTORE):
        return _cancel(signal, open_alarms)
    mine = _own_alarm(signal, open_alarms)
    if signal.repeat:
        return Repeat(mine.id, signal.device) if mine else NothingToDo("repeat of a closed alarm")
    presser = _presser(signal, place, first_name)
    if mine is not None:
        return _again(signal, mine, presser, place)
    level = signal.level or Level.RED
    same_place = _same_place(signal, open_alarms, place)
    if same_place is not None:
        kind = _kind(same_place, signal.reading.kind, level)
        return Join(same_place.id, presser, max(same_place.level, level, key=_rank), kind)
    orphan = signal.standing is not Standing.ASSIGNED or signal.person is None or not on_shift
    kind = signal.reading.kind or AlarmKind.CALL
    if kind is AlarmKind.TECHNICAL:
        kind = AlarmKind.UNKNOWN  # somebody pressed: that is never a matter for the technical lane
    fixed = signal.standing is Standing.ASSIGNED and signal.zone is not None
    return Open(kind, level, presser, came_late(presser), orphan and not (fixed and on_shift))


def _own_alarm(signal: Signal, open_alarms: Sequence[Alarm]) -> Alarm | None:
    """The open alarm this device, or its wearer on another device, already has."""
    return next((a for a in open_alarms if any(_is_of(signal, p) for p in a.pressers)), None)


def _again(signal: Signal, alarm: Alarm, fresh: Presser, place: Place) -> Verdict:
    """Another press of somebody who has pressed already: never a second alarm for one person."""
    here = (signal.device, signal.point, signal.person)
    was = next((p for p in alarm.pressers if p.is_still_at(*here)), None)
    said = signal.level or alarm.level
    level = max(said, alarm.level, key=_rank)
    kind = _kind(alarm, signal.reading.kind, said)
    moved = place.source in _TOLD_BY_DEVICE and place.zone != alarm.place.zone
    presser, again = fresh, True  # their second device: it is answered too
    if was is not None:
        again = not _is_same_press(was, fresh)
        presser = _pressed_again(was, fresh) if again else replace(was, says_over_at=None)
    other_words = signal.person is None and not is_told(text_of(signal), alarm.text)
    changed = moved and place.zone is not None
    return Update(alarm.id, presser, level, kind, changed, other_words, again)


def _is_same_press(was: Presser, fresh: Presser) -> bool:
    """One press in other words, e.g. with a position by now; what has no number is a new one."""
    named = (was.boot, was.epoch, was.seq)
    return fresh.seq is not None and named == (fresh.boot, fresh.epoch, fresh.seq)


def _pressed_again(was: Presser, fresh: Presser) -> Presser:
    named = fresh if was.person is None else was  # what nobody wore may have a wearer by now
    return replace(
        was,
        person=named.person,
        first_name=named.first_name,
        standing=named.standing,
        boot=fresh.boot,
        epoch=fresh.epoch,
        seq=fresh.seq,
        presses=was.presses + 1,
        says_over_at=None,
        pressed_anew=was.pressed_anew or not (came_late(fresh) or fresh.age_unknown),
    )


def _kind(alarm: Alarm, said: AlarmKind | None, level: Level) -> AlarmKind:
    """What the alarm is about after another press: news that says more, never less."""
    if said is None or alarm.kind is AlarmKind.WEAPON:
        return alarm.kind
    if said is AlarmKind.WEAPON or _rank(level) > _rank(alarm.level):
        return said
    says_little = said in _SAYS_LITTLE or _rank(level) < _rank(alarm.level)
    return alarm.kind if says_little else said


def _same_place(signal: Signal, open_alarms: Sequence[Alarm], place: Place) -> Alarm | None:
    if place.zone is None:
        return None
    for alarm in open_alarms:
        newest = max(presser.at for presser in alarm.pressers) if alarm.pressers else None
        close = newest is not None and signal.at - newest <= JOIN_WITHIN
        if close and alarm.place.zone == place.zone and not alarm.technical and not alarm.drill:
            return alarm
    return None


def _cancel(signal: Signal, open_alarms: Sequence[Alarm]) -> Verdict:
    if signal.repeat:
        return NothingToDo("a copy of a cancel")
    if is_of_equipment(signal):
        return NothingToDo("a thing is well again, which says nothing of a person")
    meant = _own_press(signal, open_alarms) or _press_of_account(signal, open_alarms)
    if meant is None:
        return NothingToDo("a cancel of nothing that is open")
    alarm, presser = meant.alarm, meant.presser
    others = any(
        p is not presser and not _is_of(signal, p) and p.says_over_at is None
        for p in alarm.pressers
    )
    proven = signal.reading.authenticated and not alarm.level.only_people_close
    if others or not meant.certain or not (proven or signal.reading.closes):
        return SayOver(alarm.id, presser)
    return CloseIt(alarm.id, signal.device)


@value(frozen=True)
class _Meant:
    """The press a cancel speaks of; `certain`: it can be no other one."""

    alarm: Alarm
    presser: Presser
    certain: bool = True


def _own_press(signal: Signal, open_alarms: Sequence[Alarm]) -> _Meant | None:
    """A cancel that names its press means exactly that one; else it must be fresh.

    A device that has changed hands takes back nothing of who wore it before.
    """
    names = signal.reading.cancels
    for alarm in open_alarms:
        for presser in alarm.pressers:
            if not presser.is_at(signal.device, signal.point) or _is_anothers(signal, presser):
                continue
            if names is not None:
                same = presser.seq == names.seq and names.boot in (None, presser.boot)
            else:
                same = _is_fresh(signal)
            if same:
                return _Meant(alarm, presser)
    return None


def _press_of_account(signal: Signal, open_alarms: Sequence[Alarm]) -> _Meant | None:
    """A panel that names no point, or the point without its area, means the newest press there."""
    if signal.reading.cancels is not None or not _is_fresh(signal):
        return None
    pressed = [
        (presser.at, number)
        for number, (_, presser) in enumerate(_presses(open_alarms))
        if presser.account == signal.account
        and not _is_anothers(signal, presser)
        and _covers(signal.reading.point, presser.account_point)
    ]
    if not pressed:
        return None
    alarm, presser = _presses(open_alarms)[max(pressed)[1]]
    return _Meant(alarm, presser, certain=len(pressed) == 1)


def _presses(open_alarms: Sequence[Alarm]) -> list[tuple[Alarm, Presser]]:
    return [(alarm, presser) for alarm in open_alarms for presser in alarm.pressers]


def _covers(said: str, point: str) -> bool:
    """Whether a panel that says this may mean that point: both name an area only if they like."""
    area, _, number = said.rpartition("/")
    of_area, _, of_number = point.rpartition("/")
    same_area = not area or not of_area or area == of_area
    by_user = number.startswith("user")  # somebody at the panel, whatever was pressed
    return same_area and (number in ("", "*", of_number) or by_user)


def _is_fresh(signal: Signal) -> bool:
    cancels = signal.type is SignalType.CANCEL
    what = Lowers.CANCEL if cancels else Lowers.RESTORE
    return is_fresh(said_at(signal), signal.at, what)


def _is_anothers(signal: Signal, presser: Presser) -> bool:
    """Whether it comes from the presser's device, which by now is another's or nobody's."""
    if presser.device != signal.device or presser.person in (None, signal.person):
        return False
    return signal.person is not None or signal.standing is not Standing.ASSIGNED


def _is_of(signal: Signal, presser: Presser) -> bool:
    same_person = signal.person is not None and presser.person == signal.person
    return same_person or presser.is_still_at(signal.device, signal.point, signal.person)


def _presser(signal: Signal, place: Place, first_name: str) -> Presser:
    return Presser(
        device=signal.device,
        person=signal.person,
        first_name=first_name,
        standing=signal.standing,
        at=signal.at,
        zone=place.zone,
        boot=signal.reading.boot,
        seq=signal.reading.seq,
        epoch=signal.epoch,
        pressed_at=signal.pressed_at,
        point=signal.point,
        account=signal.account,
        account_point=signal.reading.point,
        age_unknown=signal.reading.retained and signal.said_at is None,
    )


def _rank(level: Level) -> int:
    return level.rank
