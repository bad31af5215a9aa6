"""Which technical alarm a cause belongs to: one of its own, or the one that stands for many. Pure.

A device that reports ever new troubles would fill the board, and the badge of whoever leads, until
nobody reads them. So past a limit the further causes of one source are put together in one alarm
that says how many. Nothing is dropped: what was said is stored, and the alarm stands until its
causes are over or a person has looked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

CAUSES_MOST = 12
"""Open technical alarms of one device: a panel has some, nobody reads more."""

CAUSES_OF_HOUSE_MOST = 40
"""And of one part of the service that is no device: lines, channels, one gateway."""

FOLDED_MOST = 1_024
"""Further causes of one source that are told apart; past this they are not counted any more."""

SOURCES_MOST = 10_000
"""Sources remembered; past this the one met first is forgotten and may raise a few more."""

EXACT_MOST = 15
"""A greater number is said in steps, so that a flood does not write one alarm anew each time."""


@dataclass(slots=True)
class _Source:
    """`uncounted`: its alarm of many stands for others too, which are not known any more."""

    own: dict[str, None] = field(default_factory=dict)
    folded: dict[str, None] = field(default_factory=dict)
    uncounted: bool = False


class Causes:
    """The causes of every source since the start. `is_open`: whether a cause has its alarm."""

    def __init__(self, is_open: Callable[[str], bool]) -> None:
        self._is_open = is_open
        self._sources: dict[str, _Source] = {}
        self._source_of: dict[str, str] = {}

    def folded(self, key: str, device: str) -> tuple[str, str] | None:
        """The alarm that stands for this cause, and how many it stands for. None: its own alarm."""
        if self._is_open(key):
            return None
        name = device or key.partition(":")[0]
        source, many = self._of(name), many_key(name)
        source.own = {one: None for one in source.own if self._is_open(one)}
        if not self._is_open(many):
            self._forget(source)
            if len(source.own) < (CAUSES_MOST if device else CAUSES_OF_HOUSE_MOST):
                source.own[key] = None
                return None
        elif not source.folded:
            source.uncounted = True  # from before the start
        if len(source.folded) < FOLDED_MOST:
            source.folded[key] = None
            self._source_of[key] = name
        elif key not in source.folded:
            source.uncounted = True
        return many, said(len(source.folded), more=source.uncounted)

    def over(self, key: str) -> str:
        """The alarm of many that is over with this cause, or empty."""
        name = self._source_of.pop(key, "")
        source = self._sources.get(name)
        if source is None or source.folded.pop(key, ...) is ... or source.folded:
            return ""
        return "" if source.uncounted else many_key(name)

    def _of(self, name: str) -> _Source:
        source = self._sources.get(name)
        if source is None:
            if len(self._sources) >= SOURCES_MOST:
                self._forget(self._sources.pop(next(iter(self._sources))))
            source = self._sources[name] = _Source()
        return source

    def _forget(self, source: _Source) -> None:
        """A person has closed the alarm that stood for these."""
        for key in source.folded:
            self._source_of.pop(key, None)
        source.folded.clear()
        source.uncounted = False


def many_key(source: str) -> str:
    return f"many:{source}"


def said(count: int, *, more: bool = False) -> str:
    """How many, exactly while they are few: "7", "16+"; with `more`, at least so many."""
    if count > EXACT_MOST:
        return f"{1 << count.bit_length() - 1}+"
    return f"{count}+" if more else str(count)
