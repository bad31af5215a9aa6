"""A simulated colleague's own telephone: reads an SMS as a person does, replies, taps the link."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from core.errors import PeerError
from core.signals import AnswerKind
from firmware_sim.people.colleague import Called, Way
from firmware_sim.twilio_double import Phone

FIRST_LETTER = "A"
"""The letter of a call whose SMS showed none."""

PAGE_WAIT_S = 10.0
PAGE_CHARS_MAX = 200_000

_ASKED = re.compile(r"\b(?:Svar|Reply) 1([A-Z]?):")
_ASKED_IF_OVER = re.compile(r"\b(?:Svar|Reply) 5[A-Z]?:")
_LINK = re.compile(r"https?://\S+/n/\S+")
_HIDDEN = re.compile(r'name="(form|rev)" value="([^"]*)"')

_KEYS = {
    AnswerKind.ACCEPT: "1",
    AnswerKind.DECLINE: "2",
    AnswerKind.ARRIVED: "3",
    AnswerKind.MORE_HELP: "4",
    AnswerKind.OVER: "5",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an SMS asks of its reader. `letter` tells several outstanding calls apart."""

    letter: str
    link: str | None


def understood(body: str) -> Asked | None:
    """The call in an SMS, or None for one that calls nobody (a stand-down, a question)."""
    asked = _ASKED.search(body)
    if asked is None:
        return None
    link = _LINK.search(body)
    return Asked(asked[1], link[0] if link else None)


def called(body: str, number: str, *, by_link: bool) -> Called | None:
    """The call an SMS is to the person who reads it, answered as they like to answer."""
    asked = understood(body)
    if asked is None:
        return None
    if by_link and asked.link:
        return Called(asked.link, Way.LINK)
    return Called(f"{number} {asked.letter}", Way.SMS)


def place(body: str) -> str:
    """Where a call sends its reader: its first line."""
    return body.partition("\n")[0].strip()


def takes_back(body: str, called_to: str) -> bool:
    """Whether an SMS stands down the call to this place: its first line ends in the same place.

    The line may be cut, so its last words need only begin the place.
    """
    if _ASKED.search(body) or _ASKED_IF_OVER.search(body):
        return False
    spoken = place(body).split()
    ends = (" ".join(spoken[start:]) for start in range(1, len(spoken)))
    return any(called_to.startswith(end) for end in ends)


async def reply(phone: Phone, letter: str, answer: AnswerKind) -> None:
    """Answer by SMS, and again with the letter when the service asks which call was meant.

    Looking at a message is no reply.
    """
    key = _KEYS.get(answer)
    if key is None:
        return
    back = await phone.reply(f"{key}{letter}")
    first = f"{key}{FIRST_LETTER}"
    if not letter and any(first in text for text in back):
        await phone.reply(first)


async def tap(client: httpx.AsyncClient, link: str, answer: AnswerKind) -> None:
    """Answer on the notice page as its form does. Raises PeerError when the page refuses."""
    shown = await client.get(link)
    if shown.status_code != httpx.codes.OK:
        raise PeerError(f"the notice page answered {shown.status_code} instead of opening")
    if answer not in _KEYS:
        return
    fields = dict(_HIDDEN.findall(shown.text[:PAGE_CHARS_MAX]))
    said = await client.post(link, data={**fields, "answer": answer.value})
    if said.status_code != httpx.codes.SEE_OTHER:
        raise PeerError(f"the notice page answered {said.status_code} to {answer.value}")
