"""Logging: one line per fact, with ids, never names, numbers, tokens or what somebody wrote.

Levels say who must look: `error` somebody now, `warning` a technician today, `info` nobody.

A line is made plain and short where it is said, then an `Outlet` writes it: nobody waits for a log,
and no log fails a press (law 12). What comes too often is folded by its event and its `lane`, both
of which are ours to name: a stranger chooses neither.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from core import log_line
from core.clock import ServiceClock
from core.folding import EVERY_S, Folding
from core.outlet import CLOSE_WITHIN_S, Outlet, Spoken

_OUT, _ERR = 1, 2


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log is: lines lost and lines folded since the start, and why it cannot be written."""

    lost: int
    folded: int
    trouble: str


class _Log:
    """What `set_up` made: one for a process."""

    def __init__(self, out: int, err: int, *, as_json: bool) -> None:
        self.render = _renderer(as_json=as_json)
        self.folding = Folding()
        self.clock = ServiceClock()
        self.out = Outlet(out, self._lost)
        self.err = Outlet(err, self._lost, self.tell_folded)
        self.outlet = self.out if as_json else self.err
        self.err.release()
        if not as_json:
            self.out.release()

    def put(self, event: EventDict) -> None:
        self.outlet.put(partial(self.render, event))

    def tell_folded(self, *, all_of_it: bool = False) -> None:
        for folded in self.folding.due(self.clock.now(), all_of_it=all_of_it):
            self.put(self._own(folded.part, folded.event, more=folded.count, within_s=EVERY_S))

    def _lost(self, count: int) -> str:
        return self.render(self._own("log", f"{count} lines were not written", lost=count))

    def _own(self, part: str, event: str, **fields: Any) -> EventDict:
        stamp = self.clock.wall().isoformat().replace("+00:00", "Z")
        return {"part": part, **fields, "event": event, "level": "warning", "timestamp": stamp}


_log: _Log | None = None


def set_up(*, as_json: bool, level: str = "info", out: int = _OUT, err: int = _ERR) -> None:
    """Configure once, in the composition root.

    JSON lines go to `out` once it is released by `ready`, readable ones to `err`.
    """
    global _log
    for descriptor in (out, err):
        _open(descriptor)
    if _log is not None:
        atexit.unregister(close)
    _log = _Log(out, err, as_json=as_json)
    structlog.configure(
        processors=[
            partial(_folded, _log),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _made_plain,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=partial(_Way, _log),
        cache_logger_on_first_use=False,
    )
    atexit.register(close)


def _open(descriptor: int) -> None:
    """A descriptor somebody closed before us would soon be a socket or the store."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)


def take_over() -> None:
    """For a process that serves: whatever Python or a library would say by itself goes the same
    way. Called on the event loop."""
    assert _log is not None, "set up first"
    sys.stdout, sys.stderr = Spoken(_log.out, _OUT), Spoken(_log.err, _ERR)
    root = logging.getLogger()
    root.handlers[:] = [OfLibraries()]
    root.setLevel(logging.WARNING)
    sys.excepthook = lambda kind, error, trace: _uncaught("the process", error)
    threading.excepthook = lambda args: _uncaught("a thread", args.exc_value)
    sys.unraisablehook = lambda args: _uncaught("a clearing away", args.exc_value)
    warnings.showwarning = warned
    asyncio.get_running_loop().set_exception_handler(of_the_loop)


def ready(line: str) -> None:
    """The line that comes before all others."""
    if _log is not None:
        _log.out.release(line)


def close() -> None:
    """Write what waits, within a moment; what cannot be written by then is lost."""
    if _log is not None:
        _log.tell_folded(all_of_it=True)
        for outlet in (_log.out, _log.err):
            outlet.close(CLOSE_WITHIN_S)


def standing() -> Standing:
    """How the log stands, for whoever watches over the service."""
    if _log is None:
        return Standing(0, 0, "")
    both = (_log.out, _log.err)
    trouble = next((outlet.trouble for outlet in both if outlet.trouble), "")
    return Standing(sum(outlet.lost for outlet in both), _log.folding.folded, trouble)


def logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one part, e.g. `logger("gateway.mqtt")`.

    `lane` among the fields of a line names somebody who may be told apart because they have proven
    who they are, e.g. a registered device; without one all lines of an event share one pace.
    """
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=part)
    return bound


class OfLibraries(logging.Handler):
    """What libraries say by `logging`: the form of their words, without what they fill in."""

    def emit(self, record: logging.LogRecord) -> None:
        form = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        say = logger("library").error if record.levelno >= logging.ERROR else _warning()
        error = record.exc_info[1] if record.exc_info else None
        fields = {} if error is None else {"error": error}
        say("a library says", lane=record.name, library=record.name, what=form.strip(), **fields)


class _Way:
    """What structlog calls at the end: every level is the same way out."""

    def __init__(self, log: _Log, *_: object) -> None:
        self._log = log

    def _say(self, **event: Any) -> None:
        self._log.put(event)

    debug = info = warning = error = critical = exception = msg = _say


def _warning() -> Callable[..., Any]:
    return logger("library").warning


def _uncaught(where: str, error: BaseException | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        logger("python").error("an exception ended what ran", where=where, error=error)


def warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    where = f"{log_line.short_path(filename)}:{lineno}"
    logger("python").warning("a warning of Python", kind=category.__name__, where=where)


def of_the_loop(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """asyncio's own words hold whole objects with what is in them: only its kind of word stays."""
    what = " ".join(str(context.get("message", "")).split()[:3])
    logger("asyncio").error("the loop caught a mistake", lane=what, error=context.get("exception"))


# A line on its way


def _folded(log: _Log, _: WrappedLogger, method: str, event: EventDict) -> EventDict:
    lane = str(event.pop("lane", ""))
    part, what = str(event.get("part", "")), str(event.get("event", ""))
    try:
        passes = log.folding.passes(part, what, lane, log.clock.now())
    except (KeyError, RuntimeError):  # two threads at once, and no lock: this line is not counted
        passes = True
    if not passes:
        raise structlog.DropEvent
    return event


def _made_plain(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return log_line.plain(event)


def _renderer(*, as_json: bool) -> Callable[[EventDict], str]:
    if as_json:
        return log_line.as_json
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return lambda event: console(None, str(event.get("level", "")), dict(event))
