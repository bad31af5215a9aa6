"""Watching the process itself (law 12): loop lag, log, wall clock, the clock's mark, the auditor.

Each watcher is one small task; the supervisor in `serve` restarts one that dies and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from core import clock, log, log_line, metrics
from core.clock import ServiceClock

LAG_EVERY_S = 1.0
LAG_MOST_S = 0.25
"""A loop this late cannot keep a page within its seconds; people are told."""

LAG_CALM = 30
"""So many calm measurements in a row until the loop counts as well again."""

LOG_EVERY_S = 1.0
LOG_CALM = 30
"""So many looks in a row at a log that is written, until it counts as well again."""

TOO_SLOW = "it is read too slowly"

CLOCK_EVERY_S = 5.0
MARK_EVERY_S = 10.0
AUDIT_EVERY_S = 60.0


class Report(Protocol):
    """`dispatcher.engine.health.Health.report`."""

    def __call__(self, part: str, message: str, **fields: object) -> None: ...


Clear = Callable[[str], None]

_log = log.logger("tilkald.vitals")


async def watch_loop_lag(report: Report, clear: Clear, measured: Callable[[float], None]) -> None:
    """How late the loop runs what is due."""
    calm = LAG_CALM
    while True:
        before = clock.monotonic_s()
        await clock.sleep(LAG_EVERY_S)
        lag_s = max(0.0, clock.monotonic_s() - before - LAG_EVERY_S)
        measured(lag_s)
        calm = 0 if lag_s > LAG_MOST_S else calm + 1
        if calm == 0:
            report("loop", "The service is {seconds} s late.", seconds=f"{lag_s:.1f}")
        elif calm == LAG_CALM:
            clear("loop")


class LogWatch:
    """Nobody waits for the log, so that it is silent when it fails: it is told here instead."""

    def __init__(self, report: Report, clear: Clear) -> None:
        self._report = report
        self._clear = clear
        self._before = log.Standing(0, 0, "")
        self._calm = LOG_CALM

    def look(self, now: log.Standing) -> None:
        """Once a second."""
        lost, folded = now.lost - self._before.lost, now.folded - self._before.folded
        self._before = now
        metrics.LOG_LINES.labels("lost").inc(max(lost, 0))
        metrics.LOG_LINES.labels("folded").inc(max(folded, 0))
        trouble = now.trouble or (TOO_SLOW if lost > 0 else "")
        self._calm = 0 if trouble else self._calm + 1
        if trouble:
            message = "The log cannot be written: {why}. Alarms go on."
            self._report("log", message, why=trouble)
        elif self._calm == LOG_CALM:
            self._clear("log")


async def watch_log(standing: Callable[[], log.Standing], report: Report, clear: Clear) -> None:
    """How the log is, once a second."""
    watch = LogWatch(report, clear)
    while True:
        watch.look(standing())
        await clock.sleep(LOG_EVERY_S)


async def watch_wall_clock(service: ServiceClock, jumped: Callable[[timedelta], None]) -> None:
    """A wall clock that is set moves no step, but rosters read it: a person must know."""
    while True:
        await clock.sleep(CLOCK_EVERY_S)
        moved = service.jumped()
        if moved is not None:
            _log.warning("the wall clock was set", moved_s=moved.total_seconds())
            jumped(moved)


async def keep_clock_mark(mark: Callable[[], None]) -> None:
    """Service time goes on after a restart from the newest mark."""
    while True:
        mark()
        await clock.sleep(MARK_EVERY_S)


async def audit(
    look: Callable[[], Awaitable[list[str]]], found: Callable[[list[str]], None]
) -> None:
    """Law 2's second pair of eyes: every minute, with its own connection to the store."""
    while True:
        await clock.sleep(AUDIT_EVERY_S)
        found(await look())


async def supervised(
    name: str, task: Callable[[], Awaitable[None]], report: Report, restarted: Callable[[], None]
) -> None:
    """Run a watcher for ever. The place where any error is caught: it says so, and goes on."""
    while True:
        try:
            await task()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _log.error("a watcher died and is started again", watcher=name, error=error)
            _show(name, error, report, restarted)
        await clock.sleep(1.0)


def _show(name: str, error: Exception, report: Report, restarted: Callable[[], None]) -> None:
    """Where it cannot even be shown, the watcher is started again all the same."""
    try:
        message = "The service cannot watch itself: {name} ({why})"
        report(f"watcher:{name}", message, name=name, why=log_line.told(error))
        restarted()
    except Exception as second:
        _log.error("what a watcher died of cannot be shown", watcher=name, error=second)
