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
    stopped_store_bytes,
)
from firmware_sim.bench.versions import Code
from firmware_sim.drill.measure import statistic

PER_SECOND = 10.0
WARM_UP = 30
PRESSES, PRESSES_QUICK = 150, 30
RELAYED, RELAYED_QUICK = 50, 20
PRESSERS = 100
"""Devices that take turns: one that presses all the time would be a storm."""

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
    store_bytes: int


async def measure(code: Code, *, quick: bool) -> list[Row]:
    made = sized_site.organisation(sized_site.Size())
    who = taking_turns(made)
    async with serving(made, code) as service:
        async with connected(service.ready.broker, closing=True) as devices:
            await devices.connect_pressing(dict.fromkeys(n for n, _ in islice(who, PRESSERS)))
            await devices.connect(sized_site.on_duty(made))
            await devices.press_evenly(islice(who, WARM_UP), PER_SECOND)
            idle = await share_of_core(service.pid, IDLE_QUICK_S if quick else IDLE_S)
            before_s, count = cpu_s(service.pid), PRESSES_QUICK if quick else PRESSES
            presses = await devices.press_evenly(islice(who, count), PER_SECOND)
            used_s = cpu_s(service.pid) - before_s - idle * count / PER_SECOND
        stored = await stopped_store_bytes(service)
    relay_s = await relayed_s(RELAYED_QUICK if quick else RELAYED, PER_SECOND)
    return rows(Run(presses, relay_s, used_s, stored))


def taking_turns(made: Organisation) -> Iterator[tuple[str, str]]:
    """Buttons and their places, again and again."""
    buttons = sized_site.buttons(made)[:1_000]
    return cycle([(each.id, each.zone or "") for each in buttons[:: 1_000 // PRESSERS]])


def rows(run: Run) -> list[Row]:
    """A press without its notice or PUBACK is the slowest there is: it spoils the row."""
    noticed = [or_never(press.to_notice_s) for press in run.presses]
    acked = [or_never(press.to_puback_s) for press in run.presses]
    closed = sum(press.closed for press in run.presses)
    notice = {**spread_ms(noticed), "lost": float(len(run.presses) - closed)}
    later = sum(press.puback_is_later for press in run.presses)
    puback = {**spread_ms(acked), "after_notice": float(later)}
    life = {"cpu_ms": round(run.cpu_s * 1000 / max(1, closed), 2)}
    store = {"kilobytes": run.store_bytes / 1000}
    notice_reaches: tuple[Reach, ...] = NOTICE
    puback_reaches: tuple[Reach, ...] = PUBACK
    beside, note = {}, f"{len(run.presses)} alarms at {PER_SECOND:g}/s, each answered and closed"
    if run.relay_s is None:
        relay_note = f"{MOSQUITTO} is not installed (`make programs`): no relay to compare with"
    else:
        relay_s = statistic("median", run.relay_s)
        notice["relays"] = round(statistic("median", noticed) / relay_s, 2)
        puback["relays"] = round(statistic("median", acked) / relay_s, 2)
        notice_reaches, puback_reaches = (*NOTICE, NOTICE_RELAYS), (*PUBACK, PUBACK_RELAYS)
        beside = {"relay_median": round(relay_s * 1000, 3)}
        relay_note = f"a bare {MOSQUITTO} relay takes {relay_s * 1000:.2f} ms"
    return [
        Row(
            "notice",
            "press → first notice, 10/s, durable",
            notice,
            notice_reaches,
            f"{note}; {relay_note}",
            beside,
            ("median",),
        ),
        Row(
            "puback",
            "press → PUBACK, durable",
            puback,
            puback_reaches,
            "read by a process that does nothing else",
            beside,
            ("median",),
        ),
        Row(
            "life",
            "processor time of an alarm, press to closed",
            life,
            LIFE,
            "the service's, without what it does when nothing happens",
            judged=("cpu_ms",),
        ),
        Row(
            "store",
            "size of the store after the same run",
            store,
            (),
            f"after {WARM_UP + len(run.presses)} alarms",
            judged=("kilobytes",),
        ),
    ]


def or_never(seconds: float | None) -> float:
    """A press that never got so far takes for ever."""
    return float("inf") if seconds is None else seconds
