"""Telling in the terminal what happens among the staff, in the site's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import assert_never

from core.signals import AnswerKind
from core.words import Words, words
from dispatcher.roster.organisation import Organisation
from firmware_sim.device.state import Died, Feel, Felt, Odd, Pressed, Publish
from firmware_sim.people.colleague import Act as Did
from firmware_sim.people.events import CalledOn, CallTaken, Fact, PluggedIn, Texted, Unplugged

LOCALES = Path(__file__).parents[1] / "locales"

_SAID = {
    AnswerKind.ACCEPT: "On my way",
    AnswerKind.DECLINE: "I cannot",
    AnswerKind.WITHDRAW: "I cannot after all",
    AnswerKind.ARRIVED: "I am here",
    AnswerKind.MORE_HELP: "More help",
    AnswerKind.OVER: "Calmed down",
}

_FELT = {
    Feel.SENT: "{name} feels: sent.",
    Feel.NOT_SENT: "{name} feels: not sent. Get out, shout.",
    Feel.NOBODY_YET: "{name} feels: nobody yet. Get out, shout.",
    Feel.HERE: "{name} feels: a colleague is here.",
    Feel.CLOSED: "{name} feels: it is over. Well done to press.",
    Feel.TEST_OK: "{name} feels: the alarm works.",
    Feel.TEST_FAILED: "{name} feels: the alarm does not work.",
    Feel.STOOD_DOWN: "{name} is stood down.",
}


class Narrator:
    """Turns facts into lines people can follow. `since` makes the clock in front of each line."""

    def __init__(self, organisation: Organisation, language: str | None = None) -> None:
        chosen = language or (str(organisation.sites[0].language) if organisation.sites else "en")
        self._words = words(chosen, LOCALES)
        self._names = {person.id: person.first_name for person in organisation.people}
        self._own: Mapping[str, str] = (
            dict(organisation.sites[0].words) if organisation.sites else {}
        )

    @property
    def words(self) -> Words:
        return self._words

    def name(self, person: str) -> str:
        return self._names.get(person, person)

    def line(self, fact: Fact) -> str | None:
        """One line, or None for what nobody needs to read."""
        name = self.name(fact.person) or fact.device
        match fact.what:
            case Pressed(level=level):
                word = self._own.get(f"level_{level}") or self._words(level.word)
                return self._words("{name} presses: {level}.", name=name, level=word)
            case Felt():
                return self._felt(name, fact.what)
            case Texted(body=body):
                return self._words("SMS to {name}: {text}", name=name, text=_flat(body))
            case Did(answer=answer):
                return self._did(name, answer)
            case Died():
                return self._words("{name}: the battery is empty.", name=name)
            case Odd(text):
                return f"{fact.device or name}: {text}"
            case Publish() | CalledOn() | CallTaken() | Unplugged() | PluggedIn():
                return None
            case _:
                assert_never(fact.what)

    def _felt(self, name: str, felt: Felt) -> str | None:
        match felt.feel:
            case Feel.RINGS:
                return self._words("It rings at {name}: {text}", name=name, text=_flat(felt.text))
            case Feel.RINGS_QUIETLY:
                return self._words("It buzzes at {name}: {text}", name=name, text=_flat(felt.text))
            case Feel.COMING:
                by = felt.by or self._words("a colleague")
                return self._words("{name} feels: {by} is coming.", name=name, by=by)
            case Feel.EXPIRED:
                return None
            case _:
                return self._words(_FELT[felt.feel], name=name)

    def _did(self, name: str, answer: AnswerKind) -> str | None:
        match answer:
            case AnswerKind.RANG:
                return None
            case AnswerKind.SEEN:
                return self._words("{name} looks at it.", name=name)
            case _:
                return f"{name}: “{self._words(_SAID[answer])}”"


def clock(at: datetime, since: datetime) -> str:
    """Seconds since the start, as they stand before a line."""
    return f"{(at - since).total_seconds():7.2f} s"


def _flat(text: str) -> str:
    return " · ".join(line.strip() for line in text.splitlines() if line.strip())
