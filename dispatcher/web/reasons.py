"""Why Bo was called and Ida was not: the tokens of a View in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alarms.view import Candidate, LeftOut, View
from alarms.vocabulary import LeftOutWhy
from core.words import Words
from dispatcher.web import labels
from dispatcher.web.names import Names

PLAIN = {
    "runner": "runner of this shift",
    "leader": "duty leader",
    "deputy": "deputy",
    "on_call": "on call",
    "last_resort": "on the site's last list",
    "named": "named by the alarm plan",
    "place_unknown": "place unknown",
    "no_way": "no known way there",
    "temp": "temp",
}
"""Tokens that stand alone."""

VALUED = {
    "roster_unit": "in {value} by the roster",
    "walk_s": "{value} s away",
    "seen": "seen in {value}",
    "seen_s": "seen {value} s ago",
    "penalty_s": "{value} s added for an old place",
}
"""Tokens with a value behind a colon."""

LEFT_OUT: Mapping[str, str] = {
    LeftOutWhy.PRESSED: "pressed the alarm",
    LeftOutWhy.OFF_SHIFT: "not on shift",
    LeftOutWhy.NO_ROUTE: "no alarm and no phone",
    LeftOutWhy.NOT_HERE: "not here now",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A person the picture knew: the list they stood in, and every reason in words."""

    name: str
    reasons: tuple[str, ...]
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """The View of the newest decision, in words."""

    lists: tuple[tuple[str, tuple[Chosen, ...]], ...]
    left_out: tuple[Chosen, ...]


def picture(w: Words, view: View, names: Names) -> Picture:
    """Every list that has somebody in it, in calling order, and who is left out."""
    lists = (
        (w("Nearest on shift"), view.nearest),
        (w("Duty leader"), view.leaders),
        (w("Deputies"), view.deputies),
        (w("On call"), view.on_call),
        (w("Named by the plan"), view.named),
        (w("Last list"), view.last_resort),
    )
    return Picture(
        tuple((title, _chosen(w, people, names)) for title, people in lists if people),
        tuple(_left_out(w, one, names) for one in view.left_out),
    )


def reason(w: Words, token: str, names: Names) -> str:
    """One reason. An unknown token is shown readable: the picture hides nothing."""
    name, _, value = token.partition(":")
    if value and name in VALUED:
        return w(VALUED[name], value=_in_words(name, value, names))
    if name in PLAIN:
        return w(PLAIN[name])
    return token.replace("_", " ").replace(":", ": ")


def _chosen(w: Words, people: Iterable[Candidate], names: Names) -> tuple[Chosen, ...]:
    return tuple(
        Chosen(
            one.first_name or names.person(one.person),
            (
                *(reason(w, token, names) for token in one.why),
                *(w(labels.UNUSUALS_OF_ANOTHER[unusual]) for unusual in one.unusual),
            ),
            tuple(_way(w, route.channel, healthy=route.healthy) for route in one.routes),
        )
        for one in people
    )


def _left_out(w: Words, one: LeftOut, names: Names) -> Chosen:
    return Chosen(names.person(one.person), (labels.known(w, LEFT_OUT, one.why),))


def _way(w: Words, channel: str, *, healthy: bool) -> str:
    label = labels.known(w, labels.CHANNELS, channel)
    return label if healthy else w("{way} (does not work now)", way=label)


def _in_words(name: str, value: str, names: Names) -> str:
    match name:
        case "roster_unit":
            return names.unit(value)
        case "seen":
            return names.zone(value)
        case _:
            return value
