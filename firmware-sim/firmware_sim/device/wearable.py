"""A simulated wearable: events in with `now`, what it does out, and when it wants to be woken.

It keeps law 7 on its side of the wire: the wearer always knows whether the press was sent, whether
a colleague is coming, or that nobody knows. And it never gives a press up: not for a lost link, an
empty queue, a reboot, or a service that takes it without saying `received`.

    press held -> pending -> said, again and again -> `received`      felt: sent
                     |                                `accepted`      felt: coming
                     +-- 5 s without `received`                       felt: not sent
                         22 s without `accepted`, or `nobody_yet`     felt: nobody yet
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from core.errors import PeerError
from core.signals import AlarmKind, AnswerKind, Level, MessageRef, SignalType
from core.values import replace
from firmware_sim.device.state import (
    ALARMS_REMEMBERED_MAX,
    LIT,
    NOBODY_YET_AFTER,
    NOT_SENT_AFTER,
    PAGES_MAX,
    PENDING_MAX,
    REPEAT_FIRST,
    REPEAT_LONGEST,
    TEST_FAILED_AFTER,
    Acked,
    Act,
    Answered,
    ButtonDown,
    ButtonUp,
    Came,
    CancelPress,
    Charged,
    Died,
    Due,
    Event,
    Feel,
    Felt,
    Held,
    LinkDown,
    LinkUp,
    Make,
    Moved,
    Odd,
    Own,
    Page,
    Pending,
    Pressed,
    Publish,
    Rebooted,
    Step,
    TestPress,
    Wearable,
)
from firmware_sim.device.wire import Down, Up, body, read_down


def switched_on(
    device: str, boot: int, now: datetime, make: Make | None = None, battery: float = 1.0
) -> Wearable:
    """A device as its wearer takes it from the charger. `boot` is best random."""
    return Wearable(device, make or Make(), boot, battery, now)


def advance(wearable: Wearable, event: Event, now: datetime) -> Step:
    """What the device is and does after `event`. Call it again at `wake_at`, with `Due`."""
    if not wearable.on:
        return _while_off(wearable, event, now)
    step = _happens(_time_passes(Step(wearable), now), event, now)
    return _time_passes(step, now)


def wake_at(wearable: Wearable) -> datetime | None:
    """When time alone changes something next. None only for a device that is off or idle."""
    if not wearable.on:
        return None
    own = wearable.own
    moments = [
        wearable.held.since + wearable.make.hold if wearable.held else None,
        own.not_sent_due if own else None,
        own.nobody_yet_due if own else None,
        wearable.test_due,
        wearable.beat_due,
        None if wearable.low_told else _battery_reaches(wearable, wearable.make.low_at),
        _battery_reaches(wearable, 0.0),
        *(page.expires for page in wearable.pages if not page.taken),
        *(pending.due for pending in wearable.pending if wearable.linked),
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def battery(wearable: Wearable, now: datetime) -> float:
    """The charge left, 0 to 1."""
    hours = (now - wearable.battery_at) / timedelta(hours=1)
    return max(0.0, wearable.battery - wearable.make.drain_per_hour * hours)


def _while_off(wearable: Wearable, event: Event, now: datetime) -> Step:
    match event:
        case Charged(level):
            return Step(replace(wearable, battery=level, battery_at=now))
        case Rebooted(boot) if battery(wearable, now) > 0:
            return Step(_rebooted(wearable, boot))
        case _:
            return Step(wearable)


def _happens(step: Step, event: Event, now: datetime) -> Step:
    wearable = step.wearable
    if not wearable.on:
        return step
    match event:
        case ButtonDown(level, kind):
            held = wearable.held or Held(now, level, kind)
            return _did(step, replace(wearable, held=held))
        case ButtonUp():
            return _did(step, replace(wearable, held=None))
        case TestPress():
            testing = _say(wearable, SignalType.TEST, now)
            return _did(step, replace(testing, test_due=now + TEST_FAILED_AFTER))
        case CancelPress():
            return _cancel(step, now)
        case Answered(notice, answer):
            return _answer(step, notice, answer, now)
        case Came(payload):
            return _came(step, payload, now)
        case LinkUp():
            pending = tuple(replace(each, due=now) for each in wearable.pending)
            return _did(step, replace(wearable, linked=True, beat_due=now, pending=pending))
        case LinkDown():
            return _did(step, replace(wearable, linked=False, beat_due=None))
        case Acked(boot, seq):
            return _did(step, _acked(wearable, boot, seq))
        case Moved(zone):
            return _did(step, replace(wearable, zone=zone))
        case Charged(level):
            charged = replace(wearable, battery=level, battery_at=now, low_told=False)
            return _did(step, charged)
        case Rebooted(boot):
            return _did(step, _rebooted(wearable, boot))
        case Due():
            return step
        case _:
            assert_never(event)


# Time


def _time_passes(step: Step, now: datetime) -> Step:
    empty = _battery_reaches(step.wearable, 0.0)
    if empty is not None and now >= empty:
        off = replace(step.wearable, on=False, linked=False, held=None, beat_due=None, pages=())
        return _did(step, off, Died())
    step = _hold_passes(step, now)
    step = _answers_fail_to_come(step, now)
    step = _pages_expire(step, now)
    step = _battery_sinks(step, now)
    return _speak(step, now) if step.wearable.linked else step


def _hold_passes(step: Step, now: datetime) -> Step:
    """A second press while the own alarm stands raises it: no device asks for less help.

    What rings on the device of somebody in danger falls silent (law 7).
    """
    wearable, held = step.wearable, step.wearable.held
    if held is None or now < held.since + wearable.make.hold:
        return step
    at, own = held.since + wearable.make.hold, wearable.own
    level = held.level if own is None else max(own.level, Level.RED, key=lambda each: each.rank)
    wearable = _say(wearable, SignalType.ALARM, at, kind=held.kind, level=level)
    first = own or Own(wearable.boot, wearable.seq, level, at, None, None, at + NOBODY_YET_AFTER)
    own = replace(first, level=level, not_sent_due=at + NOT_SENT_AFTER)
    pressed = Pressed(wearable.boot, wearable.seq, level, at)
    silent = tuple(replace(page, ringing=False) for page in wearable.pages)
    return _did(step, replace(wearable, held=None, own=own, pages=silent), pressed)


def _answers_fail_to_come(step: Step, now: datetime) -> Step:
    own = step.wearable.own
    if own and own.not_sent_due and now >= own.not_sent_due:
        step = _feel(step, Feel.NOT_SENT, replace(own, not_sent_due=None))
    own = step.wearable.own
    if own and own.nobody_yet_due and now >= own.nobody_yet_due:
        step = _feel(step, Feel.NOBODY_YET, replace(own, nobody_yet_due=None))
    if step.wearable.test_due and now >= step.wearable.test_due:
        step = _did(step, replace(step.wearable, test_due=None), Felt(Feel.TEST_FAILED))
    return step


def _pages_expire(step: Step, now: datetime) -> Step:
    over = tuple(page for page in step.wearable.pages if _expired(page, now))
    if not over:
        return step
    left = tuple(page for page in step.wearable.pages if page not in over)
    felt = (Felt(Feel.EXPIRED, page.alarm, page.notice) for page in over)
    return _did(step, replace(step.wearable, pages=left), *felt)


def _expired(page: Page, now: datetime) -> bool:
    return page.expires is not None and not page.taken and now >= page.expires


def _battery_sinks(step: Step, now: datetime) -> Step:
    wearable = step.wearable
    low = _battery_reaches(wearable, wearable.make.low_at)
    if wearable.low_told or low is None or now < low:
        return step
    return _did(step, replace(_say(wearable, SignalType.LOW_BATTERY, now), low_told=True))


def _battery_reaches(wearable: Wearable, level: float) -> datetime | None:
    if wearable.make.drain_per_hour <= 0:
        return None
    hours = max(0.0, wearable.battery - level) / wearable.make.drain_per_hour
    return wearable.battery_at + timedelta(hours=hours)


# Speaking


def _say(
    wearable: Wearable,
    type: SignalType,
    now: datetime,
    *,
    kind: AlarmKind | None = None,
    level: Level | None = None,
    cancels: MessageRef | None = None,
    notice: str | None = None,
    answer: AnswerKind | None = None,
) -> Wearable:
    """Put one message into flash, due at once."""
    seq = wearable.seq + 1
    place = wearable.zone if type is SignalType.ALARM else None
    charge = round(battery(wearable, now), 2)
    up = Up(type, seq, wearable.boot, now, kind, level, place, charge, notice, answer, cancels)
    pending = (*_with_room(wearable.pending), Pending(up, due=now))
    return replace(wearable, seq=seq, pending=pending)


def _with_room(pending: tuple[Pending, ...]) -> tuple[Pending, ...]:
    """Full: the oldest message that is no press goes; with presses only, the oldest but the first.

    The first press stays whatever happens, and so does the newest, which has the highest level.
    """
    if len(pending) < PENDING_MAX:
        return pending
    goes = next((each for each in pending if not each.up.is_press), pending[1])
    return tuple(each for each in pending if each is not goes)


def _speak(step: Step, now: datetime) -> Step:
    """Everything due, presses first, then a heartbeat."""
    wearable = step.wearable
    due = [each for each in wearable.pending if each.due <= now]
    said = {id(each): _said(each, wearable.make, now) for each in due}
    pending = tuple(said.get(id(each), each) for each in wearable.pending)
    order = sorted(said.values(), key=lambda each: not each.up.is_press)
    acts: list[Act] = [
        Publish("up", _bytes(each, now), each.up.boot, each.up.seq) for each in order
    ]
    wearable = replace(wearable, pending=pending)
    if wearable.beat_due is not None and now >= wearable.beat_due:
        acts.append(_beat(wearable, now))
        seq, beat_due = wearable.seq + 1, now + wearable.make.heartbeat
        wearable = replace(wearable, seq=seq, beat_due=beat_due)
    return _did(step, wearable, *acts)


def _said(pending: Pending, make: Make, now: datetime) -> Pending:
    wait = min(REPEAT_FIRST * 2 ** min(pending.tries, 10), REPEAT_LONGEST)
    said = pending.said
    if not make.has_clock and said is None:
        said = body(pending.up, now, has_clock=False)
    return replace(pending, due=now + wait, tries=pending.tries + 1, said=said)


def _bytes(pending: Pending, now: datetime) -> bytes:
    return pending.said or body(pending.up, now, has_clock=True)


def _beat(wearable: Wearable, now: datetime) -> Publish:
    charge = round(battery(wearable, now), 2)
    seq = wearable.seq + 1
    up = Up(SignalType.HEARTBEAT, seq, wearable.boot, now, battery=charge)
    return Publish("beat", body(up, now, has_clock=wearable.make.has_clock), wearable.boot, seq)


def _acked(wearable: Wearable, boot: int, seq: int) -> Wearable:
    """A PUBACK ends everything but a press: that waits for `received` (docs/contract.md)."""
    left = tuple(
        each
        for each in wearable.pending
        if each.up.is_press or (each.up.boot, each.up.seq) != (boot, seq)
    )
    return replace(wearable, pending=left)


# Listening


def _came(step: Step, payload: bytes, now: datetime) -> Step:
    try:
        down = read_down(payload)
    except PeerError as wrong:
        return _did(step, step.wearable, Odd(str(wrong)))
    if _older_than_known(step.wearable, down):
        return step
    new = down.alarm is not None and down.alarm not in dict(step.wearable.revs)
    step = Step(_remembered(step.wearable, down), step.acts)
    match down.type:
        case "received":
            return _received(step, down)
        case "test_ok":
            return _test_ok(step, down)
        case "accepted":
            return _told(step, down, Feel.COMING, new=new)
        case "arrived":
            return _told(step, down, Feel.HERE, new=new)
        case "nobody_yet":
            return _told(step, down, Feel.NOBODY_YET, new=new)
        case "not_sent":
            return _not_sent(step, down)
        case "closed":
            return _closed(step, down, new=new)
        case "page":
            return _paged(step, down, now)
        case "stand_down":
            return _stood_down(step, down)
        case _:
            return step  # clients tolerate new types


def _older_than_known(wearable: Wearable, down: Down) -> bool:
    if down.alarm is None or down.rev is None:
        return False
    return down.rev < dict(wearable.revs).get(down.alarm, down.rev)


def _remembered(wearable: Wearable, down: Down) -> Wearable:
    if down.alarm is None or down.rev is None:
        return wearable
    others = tuple(each for each in wearable.revs if each[0] != down.alarm)
    revs = (*others, (down.alarm, down.rev))[-ALARMS_REMEMBERED_MAX:]
    return replace(wearable, revs=revs)


def _received(step: Step, down: Down) -> Step:
    wearable, own = step.wearable, step.wearable.own
    stored = tuple(each for each in wearable.pending if _is_meant(each.up, down))
    left = tuple(each for each in wearable.pending if each not in stored)
    step = _did(step, replace(wearable, pending=left))
    if own is None or not stored:
        return step
    waiting = any(each.up.type is SignalType.ALARM for each in left)
    due = own.not_sent_due if waiting else None
    return _feel(step, Feel.SENT, replace(own, alarm=down.alarm or own.alarm, not_sent_due=due))


def _test_ok(step: Step, down: Down) -> Step:
    wearable = step.wearable
    left = tuple(each for each in wearable.pending if not _is_meant(each.up, down))
    if len(left) == len(wearable.pending):
        return step
    return _did(step, replace(wearable, pending=left, test_due=None), Felt(Feel.TEST_OK))


def _is_meant(up: Up, down: Down) -> bool:
    same_boot = down.boot is None or str(down.boot) == str(up.boot)
    return up.is_press and same_boot and up.seq == down.seq


def _told(step: Step, down: Down, feel: Feel, *, new: bool) -> Step:
    own = step.wearable.own
    if own is None or not _is_about(own, down, new=new):
        return step
    own = replace(own, alarm=down.alarm, nobody_yet_due=None)
    return _feel(step, feel, own, by=down.names, eta_s=down.eta_s)


def _closed(step: Step, down: Down, *, new: bool) -> Step:
    own = step.wearable.own
    if own is None or not _is_about(own, down, new=new):
        return step
    return _feel(step, Feel.CLOSED, None, alarm=down.alarm)


def _not_sent(step: Step, down: Down) -> Step:
    own = step.wearable.own
    waiting = any(_is_meant(each.up, down) for each in step.wearable.pending)
    if own is None or own.not_sent_due is None or not waiting:
        return step  # its own clock has said so already
    return _feel(step, Feel.NOT_SENT, replace(own, not_sent_due=None))


def _is_about(own: Own, down: Down, *, new: bool) -> bool:
    """Before `received` only an alarm never heard of can be ours, not the one closed before."""
    return down.alarm == own.alarm or (own.alarm is None and new)


def _paged(step: Step, down: Down, now: datetime) -> Step:
    if down.notice is None:
        return _did(step, step.wearable, Odd("a page without `notice` cannot be answered"))
    known = next((each for each in step.wearable.pages if each.notice == down.notice), None)
    page = _page(down, known)
    if _expired(page, now):
        return _did(step, step.wearable, Felt(Feel.EXPIRED, page.alarm, page.notice))
    rang = AnswerKind.RANG
    wearable = _say(step.wearable, SignalType.ANSWER, now, notice=down.notice, answer=rang)
    others = tuple(each for each in wearable.pages if each.notice != down.notice)
    wearable = replace(wearable, pages=(*others, page)[-PAGES_MAX:])
    if page == known:
        return _did(step, wearable)
    feel = Feel.RINGS_QUIETLY if page.quiet else Feel.RINGS
    felt = Felt(feel, page.alarm, page.notice, text=page.text)
    return _did(step, replace(wearable, felt=feel), felt)


def _page(down: Down, known: Page | None) -> Page:
    """The same page come again does not ring again; a changed one does (glossary)."""
    assert down.notice is not None
    page = Page(down.notice, down.alarm, down.text, down.level, down.zone, down.quiet, down.expires)
    if known is None:
        return page
    page = replace(page, taken=known.taken)
    unchanged = replace(page, ringing=known.ringing, expires=known.expires) == known
    return known if unchanged else page


def _stood_down(step: Step, down: Down) -> Step:
    gone = next((each for each in step.wearable.pages if each.notice == down.notice), None)
    if gone is None:
        return step
    left = tuple(each for each in step.wearable.pages if each is not gone)
    felt = Felt(Feel.STOOD_DOWN, gone.alarm, gone.notice, text=down.reason)
    return _did(step, replace(step.wearable, pages=left, felt=Feel.STOOD_DOWN), felt)


# The wearer's own doing


def _answer(step: Step, notice: str, answer: AnswerKind, now: datetime) -> Step:
    page = next((each for each in step.wearable.pages if each.notice == notice), None)
    if page is None:
        return _did(step, step.wearable, Odd(f"there is no page {notice} to answer any more"))
    taken = page.taken or answer in (AnswerKind.ACCEPT, AnswerKind.ARRIVED)
    answered = replace(page, ringing=False, taken=taken)
    pages = tuple(answered if each is page else each for each in step.wearable.pages)
    wearable = replace(step.wearable, pages=pages)
    return _did(step, _say(wearable, SignalType.ANSWER, now, notice=notice, answer=answer))


def _cancel(step: Step, now: datetime) -> Step:
    own = step.wearable.own
    if own is None:
        return _did(step, step.wearable, Odd("there is no alarm of this device to cancel"))
    first = MessageRef(own.seq, str(own.boot))
    return _did(step, _say(step.wearable, SignalType.CANCEL, now, cancels=first))


def _rebooted(wearable: Wearable, boot: int) -> Wearable:
    return replace(
        wearable,
        boot=boot,
        seq=0,
        on=True,
        linked=False,
        held=None,
        pages=(),
        revs=(),
        beat_due=None,
        low_told=False,
    )


def _feel(
    step: Step,
    feel: Feel,
    own: Own | None,
    *,
    alarm: str | None = None,
    by: str = "",
    eta_s: float | None = None,
) -> Step:
    lamp = step.wearable.make.light and feel in LIT
    wearable = replace(step.wearable, own=own, felt=feel, lamp=lamp)
    return _did(step, wearable, Felt(feel, own.alarm if own else alarm, by=by, eta_s=eta_s))


def _did(step: Step, wearable: Wearable, *acts: Act) -> Step:
    return Step(wearable, (*step.acts, *acts))
