"""Logging: one line per fact, with ids, never names, numbers or tokens.

Levels say who must look: `error` somebody now, `warning` a technician today, `info` nobody.
"""

from __future__ import annotations

import sys

import structlog


def set_up(*, as_json: bool, level: str = "info") -> None:
    """Configure once, in the composition root. JSON lines to stdout, or readable ones to stderr."""
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
        logger_factory=structlog.PrintLoggerFactory(sys.stdout if as_json else sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one part, e.g. `logger("gateway.mqtt")`."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=part)
    return bound
