"""What is degraded right now, for every page (law 12); one problem a part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from core import log
from core.words import Words
from dispatcher.engine.ports import Problem

LOCALES = Path(__file__).parent / "locales"
"""What the service says about itself, to people: problems and technical alarms."""

_log = log.logger("dispatcher.health")


class Health:
    """The open problems. Reporting the same again changes nothing; `clear` ends one.

    A problem is told in the site's language: `message` is a message id, `fields` fill it.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        changed: Callable[[], None],
        say: Callable[[], Words],
    ) -> None:
        self._now = now
        self._changed = changed
        self._say = say
        self._problems: dict[str, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems.values())

    def report(self, part: str, message: str, **fields: object) -> None:
        text = self._say()(message, **fields)
        known = self._problems.get(part)
        if known is not None and known.text == text:
            return
        since = known.since if known is not None else self._now()
        self._problems[part] = Problem(part, text, since)
        _log.error("degraded", degraded=part, why=text)
        self._changed()

    def clear(self, part: str) -> None:
        if self._problems.pop(part, None) is not None:
            _log.info("well again", degraded=part)
            self._changed()
