"""One alarm in full: what happened, who was chosen and who not and why, what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from alarms.model import Alarm, Cause, Notice
from alarms.view import View
from core.signals import ReceiptState
from dispatcher.store.ports import ChainedEntry
from dispatcher.web import labels
from dispatcher.web.answer_bar import NOTHING, Bar, bar_of, only_more_help
from dispatcher.web.console.board import Card, Reader, card
from dispatcher.web.console.stored_view import newest_picture
from dispatcher.web.console.timeline import Line, story
from dispatcher.web.moments import stopwatch
from dispatcher.web.reasons import Picture, picture

LINES_MAX = 200
"""An alarm nobody answers writes lines for hours; the page shows the newest, the API has all."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    name: str
    way: str
    about: str
    state: str
    at: str
    failed: bool
    arrived: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One clock point: its name, when, and seconds after the press (or after it was received)."""

    name: str
    clock: str
    after: str


@dataclass(frozen=True, slots=True)
class End:
    by: str
    cause: str
    text: str
    clock: str


@dataclass(frozen=True, slots=True)
class AlarmPage:
    """Everything `alarm.html` shows. `bar`: the buttons this viewer may press, in their places.

    `pressed`: the viewer is the victim of another alarm.
    """

    card: Card
    rev: int
    open: bool
    bar: Bar
    pressed: bool
    causes: tuple[tuple[Cause, str], ...]
    picture: Picture | None
    notices: tuple[NoticeRow, ...]
    story: tuple[Line, ...]
    not_told: int
    points: tuple[Point, ...]
    odd: tuple[str, ...]
    end: End | None


def alarm_page(
    alarm: Alarm,
    viewer: str,
    reader: Reader,
    *,
    view: View | None,
    notices: Sequence[Notice],
    timeline: Sequence[ChainedEntry],
    pressed: bool = False,
) -> AlarmPage:
    w, own = reader.w, reader.own
    known = view or newest_picture(timeline)
    return AlarmPage(
        card=card(alarm, reader),
        rev=alarm.rev,
        open=alarm.open,
        bar=_bar(alarm, viewer, reader, pressed),
        pressed=pressed and may_answer(alarm, viewer),
        causes=tuple((one, labels.cause(w, one, own)) for one in labels.CAUSES_OFFERED),
        picture=picture(w, known, reader.names) if known else None,
        notices=tuple(_notice(one, reader) for one in notices[-LINES_MAX:]),
        story=story(w, timeline[-LINES_MAX:], reader.moments, reader.names),
        not_told=max(0, len(timeline) - LINES_MAX),
        points=_points(alarm, reader),
        odd=alarm.odd,
        end=_end(alarm, reader),
    )


def may_answer(alarm: Alarm, viewer: str) -> bool:
    """A presser has no buttons, and a closed alarm none for anybody."""
    return alarm.open and all(one.person != viewer for one in alarm.pressers)


def _bar(alarm: Alarm, viewer: str, reader: Reader, pressed: bool) -> Bar:
    if not may_answer(alarm, viewer):
        return NOTHING
    if pressed:
        return only_more_help(reader.w)
    calls = alarm.escalation.calls if alarm.escalation else ()
    mine = next((call for call in calls if call.person == viewer), None)
    return bar_of(reader.w, alarm, mine, may_end=False)


def _notice(notice: Notice, reader: Reader) -> NoticeRow:
    w = reader.w
    way = labels.known(w, labels.CHANNELS, notice.channel)
    address = labels.masked(notice.channel, notice.address)
    return NoticeRow(
        name=reader.names.person(notice.person),
        way=f"{way} {address}".strip(),
        about=w(labels.PURPOSES[notice.purpose]),
        state=w(labels.RECEIPTS[notice.state]),
        at=reader.moments.clock(notice.created),
        failed=notice.state.failed,
        arrived=notice.state in (ReceiptState.DELIVERED, ReceiptState.READ),
    )


def _points(alarm: Alarm, reader: Reader) -> tuple[Point, ...]:
    w, times, moments = reader.w, alarm.times, reader.moments
    named = (
        (w("Pressed"), times.pressed),
        (w("Received"), times.stored),
        (w("First phone rang"), times.rang),
        (w("First one saw it"), times.acknowledged),
        (w("First one is coming"), times.accepted),
        (w("First one is there"), times.arrived),
        (w("Over"), times.closed),
    )
    zero = times.pressed or times.stored
    return tuple(
        Point(name, moments.clock(at), _after(at - zero))
        for name, at in named
        if at is not None and zero is not None
    )


def _after(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"+{seconds:.1f} s" if seconds < 100 else f"+{stopwatch(round(seconds))}"


def _end(alarm: Alarm, reader: Reader) -> End | None:
    end = alarm.closing
    if end is None:
        return None
    closed = alarm.times.closed
    return End(
        by=reader.names.person(end.by),
        cause=labels.cause(reader.w, end.cause, reader.own),
        text=end.text,
        clock=reader.moments.clock(closed) if closed else "",
    )
