"""Ten presses a second, each from the press to its end; a bare relay beside it.

Every alarm is durable, with roster, plan, escalation and timeline, and is answered and closed while
the next ones come, so that few are open at a time. Its first notice and its PUBACK are timed; the
processor time and the size of the store are of its whole life.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.presses import Press, connected
from firmware_sim.bench.relay import MOSQUITTO, relayed_s
from firmware_sim.bench.service_process import (
    cpu_s,
    serving,
    share_of_core,
    store_bytes,
)
from firmware_sim.bench.versions import Code
from firmware_sim.drill.measure import statistic

PER_SECOND = 10.0
WARM_UP = 30
PRESSES, PRESSES_QUICK = 150, 30
RELAYED, RELAYED_QUICK = 50, 10
PRESSERS = 100
"""Devices that take turns: one that presses all the time would be a storm."""

SIZE_QUICK = sized_site.Size(people=100, on_duty=20, places=PRESSERS, buttons=PRESSERS)

IDLE_S, IDLE_QUICK_S = 5.0, 1.0
"""What the service does by itself in that time is not counted as work for an alarm."""

NOTICE = Reach("median", 2.5, "ms"), Reach("lost", 0, "alarms")
PUBACK = Reach("median", 2.0, "ms"), Reach("after_notice", 0, "presses")
NOTICE_RELAYS = Reach("relays", 10.0, "× bare")
PUBACK_RELAYS = Reach("relays", 8.0, "× bare")
LIFE = (Reach("cpu_ms", 4.9, "ms"),)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave. `relay_s` None: no mosquitto here."""

    presses: Sequence[Press]
    relay_s: Sequence[float] | None
    cpu_s: float
    empty_bytes: int
    stored_bytes: int


async def measure(code: Code, *, quick: bool) -> list[Row]:
    made = sized_site.organisation(SIZE_QUICK if quick else sized_site.Size())
    who = taking_turns(made)
    async with serving(made, code) as service:
        async with connected(service.ready.broker, closing=True) as devices:
            await devices.connect_pressing(name for name, _ in islice(who, PRESSERS))
            await devices.connect(sized_site.on_duty(made))
            empty = store_bytes(service)
            await devices.press_evenly(islice(who, WARM_UP), PER_SECOND)
            idle = await share_of_core(service.pid, IDLE_QUICK_S if quick else IDLE_S)
            before_s, count = cpu_s(service.pid), PRESSES_QUICK if quick else PRESSES
            presses = await devices.press_evenly(islice(who, count), PER_SECOND)
            stored = store_bytes(service)
            used_s = cpu_s(service.pid) - before_s - idle * count / PER_SECOND
    relay_s = await relayed_s(RELAYED_QUICK if quick else RELAYED, PER_SECOND)
    return rows(Run(presses, relay_s, used_s, empty, stored))


def taking_turns(made: Organisation) -> Iterator[tuple[str, str]]:
    """Buttons and their places, again and again."""
    buttons = sized_site.buttons(made)[:1_000]
    apart = len(buttons) // PRESSERS
    return cycle([(each.id, each.zone or "") for each in buttons[::apart]])


def rows(run: Run) -> list[Row]:
    return [_notice(run), _puback(run), _life(run), _store(run)]


def _notice(run: Run) -> Row:
    """A press without its notice is the slowest there is: it spoils the row."""
    seconds = [or_never(press.to_notice_s) for press in run.presses]
    lost = sum(not press.closed or press.puback_s is None for press in run.presses)
    figures = {**spread_ms(seconds), "lost": float(lost), **_relays(seconds, run.relay_s)}
    note = f"{len(run.presses)} alarms at {PER_SECOND:g}/s, each answered and closed; "
    reaches: tuple[Reach, ...] = NOTICE
    if run.relay_s is None:
        note += f"{MOSQUITTO} is not installed (`make programs`): no bare relay to compare with"
    else:
        note += f"a bare {MOSQUITTO} relay takes {statistic('median', run.relay_s) * 1000:.2f} ms"
        reaches = (*NOTICE, NOTICE_RELAYS)
    title = "press → first notice, 10/s, durable"
    return Row("notice", title, figures, reaches, note, judged=("median",))


def _puback(run: Run) -> Row:
    seconds = [or_never(press.to_puback_s) for press in run.presses]
    later = sum(press.puback_is_later for press in run.presses)
    figures = {**spread_ms(seconds), "after_notice": float(later)}
    figures |= _relays(seconds, run.relay_s)
    reaches = PUBACK if run.relay_s is None else (*PUBACK, PUBACK_RELAYS)
    note = f"read by a process that does nothing else; {len(run.presses)} presses"
    return Row("puback", "press → PUBACK, durable", figures, reaches, note, judged=("median",))


def _relays(seconds: Sequence[float], relay_s: Sequence[float] | None) -> dict[str, float]:
    """How many bare relays the median takes."""
    if relay_s is None:
        return {}
    return {"relays": round(statistic("median", seconds) / statistic("median", relay_s), 2)}


def _life(run: Run) -> Row:
    closed = sum(press.closed for press in run.presses)
    figures = {"cpu_ms": round(run.cpu_s * 1000 / closed, 2)} if closed else {}
    title = "processor time of an alarm, press to closed"
    note = "the service's, less what it uses when nothing happens"
    return Row("life", title, figures, LIFE, note, judged=("cpu_ms",))


def _store(run: Run) -> Row:
    alarms = WARM_UP + len(run.presses)
    grown = run.stored_bytes - run.empty_bytes
    figures = {
        "kb_an_alarm": round(grown / 1000 / alarms, 2),
        "kb_whole": round(run.stored_bytes / 1000),
    }
    note = f"after {alarms} alarms, each closed"
    title = "size of the store after the same run"
    return Row("store", title, figures, (), note, judged=("kb_an_alarm",))


def or_never(seconds: float | None) -> float:
    """A press that never got so far takes for ever."""
    return float("inf") if seconds is None else seconds
