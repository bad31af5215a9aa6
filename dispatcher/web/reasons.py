"""Why Bo was called and Ida was not: the tokens of a View in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alarms.view import Candidate, LeftOut, Reason, View
from alarms.vocabulary import ChosenWhy, LeftOutWhy
from core.words import Words
from dispatcher.web import labels
from dispatcher.web.names import Names

PLAIN: Mapping[ChosenWhy, str] = {
    ChosenWhy.RUNNER: "runner of this shift",
    ChosenWhy.LEADER: "duty leader",
    ChosenWhy.DEPUTY: "deputy",
    ChosenWhy.ON_CALL: "on call",
    ChosenWhy.LAST_RESORT: "on the site's last list",
    ChosenWhy.NAMED: "named by the alarm plan",
    ChosenWhy.PLACE_UNKNOWN: "place unknown",
    ChosenWhy.NO_WAY: "no known way there",
    ChosenWhy.TEMP: "temp",
}
"""Tokens that stand alone."""

VALUED: Mapping[ChosenWhy, str] = {
    ChosenWhy.ROSTER_UNIT: "in {value} by the roster",
    ChosenWhy.WALK_S: "{value} s away",
    ChosenWhy.SEEN: "seen in {value}",
    ChosenWhy.SEEN_S: "seen {value} s ago",
    ChosenWhy.PENALTY_S: "{value} s added for an old place",
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


def reason(w: Words, one: Reason, names: Names) -> str:
    """One reason. An unknown token is shown readable: the picture hides nothing."""
    if one.value and one.why in VALUED:
        return w(VALUED[one.why], value=_in_words(one, names))
    if one.why in PLAIN:
        return w(PLAIN[one.why])
    return str(one).replace("_", " ").replace(":", ": ")


def _chosen(w: Words, people: Iterable[Candidate], names: Names) -> tuple[Chosen, ...]:
    return tuple(
        Chosen(
            one.first_name or names.person(one.person),
            (
                *(reason(w, why, names) for why in one.why),
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


def _in_words(one: Reason, names: Names) -> str:
    match one.why:
        case ChosenWhy.ROSTER_UNIT:
            return names.unit(one.value)
        case ChosenWhy.SEEN:
            return names.zone(one.value)
        case _:
            return one.value
