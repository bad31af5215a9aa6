"""What is degraded right now, for every page (law 12); one problem a part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from core import log
from core.words import Words
from dispatcher.engine.ports import Problem

LOCALES = Path(__file__).parent / "locales"
"""What the service says about itself, to people: problems and technical alarms."""

TEXT_CHARS_MAX = 1_000
OF_A_KIND_MAX = 200
"""Problems of one kind shown at once: they stand on every page, and a stranger may bring some."""

_NAMED_BY_US = ("alarm", "watcher", "revoked")
"""Parts with a name of ours behind their colon; behind others there may be what a panel calls
itself, or what a gateway says."""

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
        text = self._in_words(message, fields)
        known = self._problems.get(part)
        if known is not None and known.text == text:
            return
        if known is None and self._count(_kind(part)) >= OF_A_KIND_MAX:
            _log.error("too many problems to show", kind=_kind(part))
            return
        since = known.since if known is not None else self._now()
        self._problems[part] = Problem(part, text, since)
        _log.error("degraded", lane=_kind(part), degraded=_named(part), why=message)
        self._changed()

    def clear(self, part: str) -> None:
        if self._problems.pop(part, None) is not None:
            _log.info("well again", lane=_kind(part), degraded=_named(part))
            self._changed()

    def _count(self, kind: str) -> int:
        return sum(_kind(part) == kind for part in self._problems)

    def _in_words(self, message: str, fields: Mapping[str, object]) -> str:
        """A part that is degraded is shown, whatever it has to say: if need be in English."""
        try:
            text = self._say()(message, **fields)
        except Exception as error:
            _log.error("a problem could not be put into words", why=message, error=error)
            text = message
        return text[:TEXT_CHARS_MAX].encode(errors="replace").decode()


def _kind(part: str) -> str:
    return part.partition(":")[0]


def _named(part: str) -> str:
    """For the log: what degraded, with its name if that is ours."""
    return part if _kind(part) in _NAMED_BY_US else _kind(part)
