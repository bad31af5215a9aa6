"""Who is at work and whose alarm is proven (law 9), and every device with its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.words import Words
from devices.findings import State
from dispatcher.engine.ports import DeviceState, PersonState
from dispatcher.web import labels
from dispatcher.web.api.shapes import protected
from dispatcher.web.console.board import Reader
from dispatcher.web.moments import ago

_AS_IT_SHOULD_BE = (State.OK, State.WITHDRAWN, State.REVOKED)


BATTERY_LOW = 0.2


@dataclass(frozen=True, slots=True)
class DeviceRow:
    id: str
    kind: str
    who: str
    state: str
    said: str
    heard: str
    battery: str
    low: bool
    good: bool


@dataclass(frozen=True, slots=True)
class Member:
    """One person at work or off it."""

    id: str
    name: str
    unit: str
    duty: str
    runner: bool
    protected: bool
    devices: tuple[DeviceRow, ...]


@dataclass(frozen=True, slots=True)
class Crew:
    """Everybody, those at work first. `unproven` counts people at work without a tested alarm."""

    at_work: tuple[Member, ...]
    off: tuple[Member, ...]

    @property
    def runners(self) -> list[str]:
        return [one.name for one in self.at_work if one.runner]

    @property
    def unproven(self) -> list[str]:
        return [one.name for one in self.at_work if not one.protected]


def crew(people: Sequence[PersonState], reader: Reader) -> Crew:
    at_work = sorted((p for p in people if p.on_shift), key=lambda p: (not p.runner, p.first_name))
    off = sorted((p for p in people if not p.on_shift), key=lambda p: p.first_name)
    return Crew(
        tuple(_member(one, reader) for one in at_work), tuple(_member(one, reader) for one in off)
    )


def device_rows(devices: Iterable[DeviceState], reader: Reader) -> tuple[DeviceRow, ...]:
    """Those that need somebody first."""
    ranked = sorted(devices, key=lambda d: (d.state in _AS_IT_SHOULD_BE, d.device))
    return tuple(_row(one, reader) for one in ranked)


def _member(state: PersonState, reader: Reader) -> Member:
    return Member(
        id=state.person,
        name=state.first_name,
        unit=reader.names.unit(state.unit) if state.unit else "",
        duty=labels.known(reader.w, labels.DUTIES, state.duty) if state.duty else "",
        runner=state.runner,
        protected=protected(state),
        devices=tuple(_row(one, reader) for one in state.devices),
    )


def _row(state: DeviceState, reader: Reader) -> DeviceRow:
    w = reader.w
    battery = "" if state.battery is None else f"{round(state.battery * 100)}\u00a0%"
    return DeviceRow(
        id=state.device,
        kind=state.kind,
        who=reader.names.person(state.person) if state.person else "",
        state=state.state,
        said=labels.known(w, labels.DEVICE_STATES, state.state),
        heard=_heard(w, state.heard_s),
        battery=battery,
        low=state.battery is not None and state.battery < BATTERY_LOW,
        good=state.state is State.OK,
    )


def _heard(w: Words, heard_s: float | None) -> str:
    if heard_s is None:
        return w("not heard since the start")
    return w("heard {ago}", ago=ago(w, timedelta(seconds=heard_s)))
