"""A start with ten thousand open alarms, as after a power cut that lasted some minutes.

Most have somebody on the spot and only wait to be closed; some had nobody yet; some stood for more
than half an hour, which the duty leader gets as one list. The database is filled by the service's
own deciding and its own store; afterwards it is read what the started process did, and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from core.clock import ServiceClock, sleep
from core.ids import derived
from core.signals import AnswerKind, Level, Reading, ReceiptState, Signal, SignalType, Standing
from devices.findings import State
from devices.registry import NATIVE, Device
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.channels.rows import CHANNELS
from dispatcher.engine.core import Core
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.organisation import Organisation
from dispatcher.store.ports import Store
from dispatcher.store.sqlite.store import open_sqlite
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row
from firmware_sim.bench.inside import found_inside
from firmware_sim.bench.mqtt_device import BenchDevice, connect_all
from firmware_sim.bench.service_process import STORE
from firmware_sim.bench.versions import Code
from firmware_sim.drill.measure import statistic
from firmware_sim.service import PrivateService

ALARMS, ALARMS_QUICK = 10_000, 1_000
SITES = 20
WATCHED_S = 90.0
"""How long the started service is given to go through all of them."""

LOOKS_APART_S = 3.0
SETTLED = timedelta(seconds=3)
UNDER_WAY_MAX = 500
"""Transactions of the filling that wait for the store together."""

REACHES = (Reach("first_step", 2.0, "s"), Reach("left_over", 0, "alarms"))


@dataclass(frozen=True, slots=True)
class _Age:
    """`share` of the alarms were raised `ago`; `arrived`: somebody is there."""

    share: float
    ago: timedelta
    arrived: bool


AGES = (
    _Age(0.40, timedelta(minutes=5), arrived=True),  # "is it over?" lies ahead
    _Age(0.29, timedelta(minutes=15), arrived=True),  # ... fell due in the down time
    _Age(0.30, timedelta(hours=2), arrived=True),  # ... long ago: the duty leader's list
    _Age(0.01, timedelta(minutes=4), arrived=False),  # nobody had answered
)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the started process did, in seconds after its start."""

    first_steps_s: list[float]
    held: int
    left_over: int


async def measure(code: Code, *, quick: bool) -> list[Row]:
    return [
        Row(each.name, each.title, each.figures, REACHES, each.note, each.beside, ("first_step",))
        for each in await found_inside(code, "starting", quick=quick)
    ]


async def inside(*, quick: bool) -> list[Row]:
    alarms = ALARMS_QUICK if quick else ALARMS
    size = sized_site.Size(people=100, on_duty=20, places=alarms // SITES, buttons=alarms // SITES)
    made = sized_site.organisation(size, SITES)
    with TemporaryDirectory(prefix="tilkald-bench-") as name:
        folder = Path(name)
        await _fill(folder, made)
        settings = await _as_installed(folder)
        began = ServiceClock().wall()
        service = PrivateService(None, folder, settings)
        await service.start()
        served_s = (ServiceClock().wall() - began).total_seconds()
        try:
            badges = await connect_all(
                sized_site.on_duty(made), service.ready.broker, sized_site.PASSWORD, _deaf
            )
            await _gone_through(folder, began)
            for badge in badges.values():
                badge.close()
        finally:
            await service.kill()
        found = await _found(folder, began)
    return [_row(alarms, served_s, found)]


async def _as_installed(folder: Path) -> dict[str, str]:
    """An installed service does not compile its code at the start: here it was started before."""
    settings = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    small = sized_site.write(
        folder / "small", sized_site.organisation(sized_site.Size(4, 3, 20, 0))
    )
    async with PrivateService(small, folder / "before", settings):
        return settings


def _row(alarms: int, served_s: float, found: _Found) -> Row:
    steps = sorted(found.first_steps_s)
    figures = {"left_over": float(found.left_over)}
    beside = {"serving_after_s": round(served_s, 2), "held_for_leader": float(found.held)}
    if steps:
        figures = {"first_step": round(steps[0], 2), **figures}
        beside["median_step_s"] = round(statistic("median", steps), 2)
        beside["last_step_s"] = round(steps[-1], 2)
    note = (
        f"from the start of the process; it served after {served_s:.1f} s; {len(steps)} overdue "
        f"alarms ran their step once, the last after {steps[-1] if steps else 0:.1f} s; "
        f"{found.held} went to the duty leader as one list"
    )
    title = f"start with {alarms:,} open alarms"
    return Row("starting", title, figures, REACHES, note, beside)


# Filling the database


async def _fill(folder: Path, made: Organisation) -> None:
    now = ServiceClock().wall()
    store = open_sqlite(folder / STORE, clock_wall=now)
    await store.write_organisation(made, "bench", now)
    pictures = SitePictures(made, (), _NoStates())
    core = Core(pictures, CHANNELS)
    pictures.watch_over(core.open_alarms)
    buttons = sized_site.buttons(made)
    waiting = []
    for device, age in zip(buttons, _ages(len(buttons)), strict=True):
        pressed = now - age.ago
        signal = _signal(device, pressed)
        waiting.append(store.submit(_lived(core, signal, age).transaction))
        if len(waiting) >= UNDER_WAY_MAX:
            await waiting[-1]
            waiting.clear()
    for each in waiting:
        await each
    await store.close()


def _ages(count: int) -> Iterator[_Age]:
    """Mixed as they would be, not one kind after the other."""
    left = {age: round(age.share * count) for age in AGES}
    left[AGES[0]] += count - sum(left.values())
    for _ in range(count):
        age = max(left, key=lambda one: left[one] / one.share)
        left[age] -= 1
        yield age


def _lived(core: Core, signal: Signal, age: _Age) -> Outcome:
    """One alarm's life until the cut, as one transaction."""
    at = Moment(signal.at, signal.wall)
    work = core.signal(signal, at)
    alarm = work.transaction.alarms[-1].alarm
    for notice in work.transaction.notices:
        heard = CHANNELS[notice.channel].says_rang
        state = ReceiptState.DELIVERED if heard else ReceiptState.FAILED_TEMPORARY
        work = work.and_then(core.receipt(notice.id, state, "", "", at))
    if age.arrived:
        nearest = work.transaction.notices[0]
        source = Source(SourceKind.STAFF, nearest.person)
        _, more = core.answer_from(nearest, AnswerKind.ARRIVED, source, at)
        work = work.and_then(more)
    assert core.open_alarms.get(alarm.id) is not None
    return work


def _signal(device: Device, at: datetime) -> Signal:
    reading = Reading(NATIVE, device.id, SignalType.ALARM, level=Level.RED, seq=1, boot="1")
    identity = f"{device.id}:1:1"
    return Signal(
        id=derived("s", identity),
        identity=identity,
        reading=reading,
        site=device.site,
        device=device.id,
        standing=Standing.ASSIGNED,
        at=at,
        wall=at,
        zone=device.zone,
        level=Level.RED,
    )


def _deaf(device: BenchDevice, payload: bytes, at_s: float) -> None:
    """A badge nobody looks at: what was decided is read from the store."""


class _NoStates:
    """Nothing was heard of any device: the filling needs no supervision."""

    def state_of(self, device: str) -> tuple[State, float | None, float | None]:
        return State.UNKNOWN, None, None


# What the started process did


async def _gone_through(folder: Path, began: datetime) -> None:
    """Until no alarm waits for a moment that has passed, or the time is up."""
    clock = ServiceClock()
    while (clock.wall() - began).total_seconds() < WATCHED_S:
        await sleep(LOOKS_APART_S)
        store = open_sqlite(folder / STORE, clock_wall=began)
        late = await _overdue(store, clock.wall() - SETTLED)
        await store.close()
        if not late:
            return


async def _found(folder: Path, began: datetime) -> _Found:
    store = open_sqlite(folder / STORE, clock_wall=began)
    steps, held = [], 0
    for alarm in await store.open_alarms():
        since = [e for e in await store.timeline(alarm.id) if e.at >= began]
        if any(entry.what == "held_after_down_time" for entry in since):
            held += 1
        elif since and not alarm.technical:
            steps.append((since[0].at - began).total_seconds())
    left_over = await _overdue(store, began)
    await store.close()
    return _Found(steps, held, left_over)


async def _overdue(store: Store, now: datetime) -> int:
    states = [alarm.escalation for alarm in await store.open_alarms()]
    return sum(state is None or state.wake_at < now for state in states)
