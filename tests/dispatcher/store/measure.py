"""Measures the SQLite store on the disk of a folder: `python measure.py DIR`.

Not a test: figures depend on the machine, and it is run by hand.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from core.values import replace
from dispatcher.store.ports import AlarmWrite, Store, Transaction
from dispatcher.store.sqlite.store import open_sqlite
from tests.dispatcher.store.samples import T, alarm, entry, notice, opening, signal

SINGLE = 2_000
CONCURRENT = 100
ROUNDS = 30
BULK = 20_000
OPEN = 10_000
BUSY_SLICE_S = 0.0005


async def main(folder: Path) -> None:
    for name, measure in (
        ("one press at a time", _single),
        ("one at a time, loop busy half the time", _single_busy),
        (f"{CONCURRENT} at once", _concurrent),
    ):
        store = open_sqlite(
            folder / f"{name[:12].replace(' ', '-')}-{measure.__name__}.db", clock_wall=T
        )
        _print(name, await measure(store))
        await store.close()
    await _bulk(folder / "bulk.db")
    await _open_alarms(folder / "open.db")


async def _single(store: Store) -> Sequence[float]:
    took = []
    for number in range(SINGLE):
        took.append(await _timed(store, number))
        await asyncio.sleep(0.0005)  # noqa: TID251
    return took


async def _single_busy(store: Store) -> Sequence[float]:
    """With other work on the event loop, as a service under load has it."""
    going_on = True

    async def work() -> None:
        while going_on:
            until = perf_counter() + BUSY_SLICE_S
            while perf_counter() < until:
                pass
            await asyncio.sleep(BUSY_SLICE_S)  # noqa: TID251

    worker = asyncio.create_task(work())
    took = await _single(store)
    going_on = False
    await worker
    return took


async def _concurrent(store: Store) -> Sequence[float]:
    took: list[float] = []
    for number in range(ROUNDS):
        numbers = range(number * CONCURRENT, (number + 1) * CONCURRENT)
        took += await asyncio.gather(*(_timed(store, one) for one in numbers))
    return took


async def _timed(store: Store, number: int) -> float:
    unit = opening(f"alm_{number}", number=number)
    begun = perf_counter()
    await store.submit(unit)
    return perf_counter() - begun


async def _bulk(path: Path) -> None:
    store = open_sqlite(path, clock_wall=T)
    signals = [Transaction(signals=(signal(number),)) for number in range(BULK)]
    presses = [opening(f"alm_{number}", number=BULK + number) for number in range(BULK // 4)]
    for name, units in (("signals alone", signals), ("whole presses", presses)):
        begun = perf_counter()
        await asyncio.gather(*map(store.submit, units))
        print(f"{name:40} {len(units) / (perf_counter() - begun):10,.0f} units/s")
    await store.close()


async def _open_alarms(path: Path) -> None:
    store = open_sqlite(path, clock_wall=T)
    full = alarm()
    assert full.escalation is not None
    calls = tuple(replace(full.escalation.calls[0], person=f"p{number}") for number in range(6))
    full = replace(full, escalation=replace(full.escalation, calls=calls))
    await asyncio.gather(
        *(
            store.submit(
                Transaction(
                    alarms=(AlarmWrite(replace(full, id=f"alm_{number}"), 0),),
                    notices=(notice(f"ntc_{number}", alarm_id=f"alm_{number}"),),
                    signals=(signal(number, device=f"badge-{number}"),),
                    timeline=(entry(alarm_id=f"alm_{number}"),),
                )
            )
            for number in range(OPEN)
        )
    )
    await store.close()
    begun = perf_counter()
    store = open_sqlite(path, clock_wall=T)
    print(f"{'opening the store':40} {perf_counter() - begun:10.3f} s")
    for read in (
        store.open_alarms,
        store.unreadable_alarms,
        store.unfinished_notices,
        store.last_heard,
        store.verify,
        store.checkpoint,
    ):
        begun = perf_counter()
        await read()
        print(f"{read.__name__ + f', {OPEN:,} open alarms':40} {perf_counter() - begun:10.3f} s")
    await store.close()


def _print(name: str, took: Sequence[float]) -> None:
    ms = sorted(one * 1000 for one in took)
    p99 = ms[int(len(ms) * 0.99)]
    print(f"{name:40} median {statistics.median(ms):.3f} ms, p99 {p99:.3f}, worst {ms[-1]:.3f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        asyncio.run(main(Path(folder)))
