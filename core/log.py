"""Logging: one line per fact, with ids, never names, numbers or tokens.

Levels say who must look: `error` somebody now, `warning` a technician today, `info` nobody.
"""

from __future__ import annotations

import sys
from io import StringIO
from typing import TextIO, cast

import structlog


class HeldLines:
    """Standard output that keeps its lines back until `release`: the ready line comes first."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._held: StringIO | None = StringIO()

    def write(self, text: str) -> int:
        return (self._held or self._out).write(text)

    def flush(self) -> None:
        if self._held is None:
            self._out.flush()

    def release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._out.write(held.getvalue())
            self._out.flush()


stdout = HeldLines(sys.stdout)
"""Where JSON log lines go."""


def set_up(*, as_json: bool, level: str = "info") -> None:
    """Configure once, in the composition root.

    JSON lines go to standard output once it is released, readable ones to standard error.
    """
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(
            cast(TextIO, stdout) if as_json else sys.stderr
        ),
        cache_logger_on_first_use=False,
    )


def logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one part, e.g. `logger("gateway.mqtt")`."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=part)
    return bound
