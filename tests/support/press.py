"""What devices say, as `Signal`s the way intake makes them: numbered, named, owned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core import ids
from core.signals import (
    AlarmKind,
    Level,
    MessageRef,
    Reading,
    Signal,
    SignalType,
    Standing,
)
from dispatcher.engine.outcome import Moment
from tests.support.house import SITE

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
BOOT = "b1"


@dataclass(frozen=True, slots=True)
class Panel:
    """An alarm panel that speaks for many. `registered`: as one device, else as nobody's."""

    name: str
    registered: bool
    point: str = ""
    text: str = ""
    authenticated: bool = False
    closes: bool = False


class Presses:
    """The messages of all devices of a story, each device with its own counter."""

    def __init__(self) -> None:
        self._seq: dict[str, int] = {}

    def signal(
        self,
        who: str,
        type_: SignalType,
        at: Moment,
        *,
        level: Level | None = None,
        kind: AlarmKind | None = None,
        zone: str | None = None,
        ago_s: float | None = None,
        press: int | None = None,
        authenticated: bool = True,
        spare: bool = False,
        repeat: bool = False,
        standing: Standing = Standing.ASSIGNED,
        panel: Panel | None = None,
    ) -> Signal:
        """`press` is the number of the press a cancel names; a repeat has its original's seq."""
        if panel is not None:
            return self._of_panel(panel, type_, at, level, kind, zone)
        named = standing is Standing.ASSIGNED
        device = f"{'spare' if spare else 'badge'}-{who.lower()}" if named else who
        seq = self._seq.get(device, 0) + (0 if repeat else 1)
        self._seq[device] = seq
        identity = f"{device}/{BOOT}/{seq}"
        return Signal(
            id=ids.derived("s", identity),
            identity=identity,
            reading=Reading(
                protocol="native",
                device=device,
                type=type_,
                kind=kind,
                level=level,
                seq=seq,
                boot=BOOT,
                cancels=MessageRef(press, BOOT) if press is not None else None,
                authenticated=authenticated,
            ),
            site=SITE,
            device=device,
            standing=standing,
            at=at.now,
            wall=at.wall,
            person=who.lower() if named else None,
            zone=zone,
            pressed_at=None if ago_s is None else at.now - timedelta(seconds=ago_s),
            level=level,
            repeat=repeat,
        )

    def _of_panel(
        self,
        panel: Panel,
        type_: SignalType,
        at: Moment,
        level: Level | None,
        kind: AlarmKind | None,
        zone: str | None,
    ) -> Signal:
        """A message of a wire: nobody's press, with the number of its point."""
        name = f"dc09:1234/{panel.point}".rstrip("/")
        seq = self._seq[panel.name] = self._seq.get(panel.name, 0) + 1
        identity = f"{panel.name}/{seq}"
        return Signal(
            id=ids.derived("s", identity),
            identity=identity,
            reading=Reading(
                protocol="dc09",
                device="1234",
                type=type_,
                kind=kind,
                level=level,
                seq=seq,
                point=panel.point,
                text=panel.text,
                authenticated=panel.authenticated,
                closes=panel.closes,
            ),
            site=SITE,
            device=panel.name if panel.registered else name,
            standing=Standing.ASSIGNED if panel.registered else Standing.UNKNOWN,
            at=at.now,
            wall=at.wall,
            zone=zone,
            level=level,
            point=panel.point if panel.registered else "",
        )
