"""The picture an alarm's last decision used, read back from its timeline when it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from alarms.view import Candidate, LeftOut, Reason, Route, Unusual, View
from alarms.vocabulary import LeftOutWhy
from dispatcher.store.ports import ChainedEntry
from dispatcher.web.console.timeline import read_body


@dataclass(frozen=True, slots=True)
class KeptCandidate:
    """As the engine keeps it: `routes` are channels, one that did not work ends in `?`."""

    person: str
    expected_s: float | None = None
    why: tuple[str, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    routes: tuple[str, ...] = ()

    def candidate(self) -> Candidate:
        routes = tuple(Route(one.rstrip("?"), "", not one.endswith("?")) for one in self.routes)
        why = tuple(Reason.read(text) for text in self.why)
        return Candidate(self.person, "", self.expected_s, routes, why, self.unusual)


@dataclass(frozen=True, slots=True)
class KeptPicture:
    nearest: tuple[KeptCandidate, ...] = ()
    leaders: tuple[KeptCandidate, ...] = ()
    on_call: tuple[KeptCandidate, ...] = ()
    left_out: tuple[tuple[str, LeftOutWhy], ...] = ()


def newest_picture(timeline: Sequence[ChainedEntry]) -> View | None:
    """None when no entry holds a picture that can be read (an older release, or erased)."""
    for entry in reversed(timeline):
        body = {} if entry.body is None else read_body(entry.body)
        try:
            kept = msgspec.convert(body["view"], KeptPicture)
        except (KeyError, msgspec.ValidationError):
            continue
        return View(
            at=entry.at,
            wall=entry.wall,
            nearest=tuple(one.candidate() for one in kept.nearest),
            leaders=tuple(one.candidate() for one in kept.leaders),
            on_call=tuple(one.candidate() for one in kept.on_call),
            left_out=tuple(LeftOut(person, why) for person, why in kept.left_out),
        )
    return None
