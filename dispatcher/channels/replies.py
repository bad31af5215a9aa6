"""What a person means by a text message. Pure: the text comes in, a meaning or None goes out.

The law it keeps: a wrong accept lets a colleague wait for nobody, a wrong "unclear" costs one
question. So the message is split into phrases whose meaning is known, and it is an answer only if
*every* phrase agrees with it (`GRAMMAR`). One phrase nobody has listed, a question, a second key:
None, and the caller asks back. Only "more help" is believed from the middle of any text (law 6),
for a plea that is overheard costs more than a colleague called for nothing.

Keys, the same in every message: 1 on my way · 2 cannot · 3 I am here · 4 more help · 5 calmed
down. A letter beside the key names one of several notices ("1A", "1 a", "A1").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.signals import AnswerKind
from dispatcher.channels.reply_text import is_automatic, plain, written
from dispatcher.channels.reply_words import (
    BEFORE_A_NUMBER,
    CALLING,
    DANGER,
    EMERGENCY_NUMBERS,
    ENOUGH,
    HELP,
    KEYS,
    LATER,
    MINUTES,
    MINUTES_MOST,
    NEGATION,
    NO,
    NO_PLEA,
    NUMBERS,
    OPENING,
    PHRASE_LONGEST,
    PHRASES,
    RESCUE,
    UNITS,
    YES,
    Means,
)

TEXT_MOST = 200
"""A longer message is looked through for a plea only: it is no answer to anything."""

NEGATION_REACH = 4
"""A negation this many words before "help" belongs to it: "ikke brug for mere hjælp"."""

DANGER_REACH = 2
"""Nearer before a danger, for "kan ikke, han har en kniv" is one: "ikke en kniv"."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the letter of the notice it names, upper case; None: it names none."""

    answer: AnswerKind
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An answer: something of `says` is there, and everything else is of `beside`."""

    answer: AnswerKind
    says: frozenset[Means]
    beside: frozenset[Means]

    def reads(self, said: frozenset[Means]) -> bool:
        return bool(said & self.says) and said <= self.says | self.beside


def _rule(answer: AnswerKind, says: str, beside: str) -> Rule:
    return Rule(answer, *(frozenset(map(Means, words.split())) for words in (says, beside)))


GRAMMAR = (
    _rule(AnswerKind.ACCEPT, "1 yes coming", "self is now soon thanks ok"),
    _rule(AnswerKind.DECLINE, "2 no cannot", "self is now come reason sorry thanks ok"),
    _rule(AnswerKind.ARRIVED, "3 arrived", "self is now thanks"),
    _rule(AnswerKind.MORE_HELP, "4", "1 3 yes coming self is now soon thanks ok"),
    _rule(AnswerKind.OVER, "over", "5 beside_over is now arrived thanks"),
    _rule(AnswerKind.OVER, "5", "thanks"),
)

_KEY_LETTER = re.compile(r"([1-5])\s*[.:)\-]?\s*([a-z])?|([a-z])\s*[.:)\-]?\s*([1-5])")
_GLUED = re.compile(r"([1-5])([a-z])|([a-z])([1-5])")
_DURATION = re.compile(r"(\d{1,3})([a-z]+)")


def parse_reply(text: str) -> Reply | None:
    """What a text message answers, or None when it is not clear enough to act on."""
    bare = _bare_key(plain(text))
    if bare is not None:
        return bare
    if is_automatic(text):
        return None
    message = written(text)
    words, letter = _without_letter(_with_durations(message.words))
    if any(_pleads(clause) for clause in message.clauses) or _fourth_key(words):
        return Reply(AnswerKind.MORE_HELP, letter)
    if message.doubtful or message.length > TEXT_MOST:
        return None
    said = frozenset(_meanings(words))
    answer = next((rule.answer for rule in GRAMMAR if rule.reads(said)), None)
    return None if answer is None else Reply(answer, letter)


def _bare_key(said: str) -> Reply | None:
    """Nothing but a key, with or without its letter: the usual reply."""
    match = _KEY_LETTER.fullmatch(said.strip(" .,!:;()'#"))
    if match is None:
        return None
    letter = match[2] or match[3]
    return Reply(KEYS[match[1] or match[4]], letter.upper() if letter else None)


def _with_durations(words: Sequence[str]) -> list[str]:
    """Put one word for each duration: "om 2 min", "5min", "et par minutter" are no keys."""
    put: list[str] = []
    number: float | None = None
    for word in words:
        glued = _DURATION.fullmatch(word)
        unit = UNITS.get(glued[2] if glued else word)
        count = float(glued[1]) if glued else number
        if unit is None or count is None:
            number = float(word) if word.isdecimal() else NUMBERS.get(word)
            put.append(word)
            continue
        if not glued:
            put.pop()
        while put and put[-1] in BEFORE_A_NUMBER:
            put.pop()
        put.append(MINUTES if count * unit <= MINUTES_MOST * 60 else LATER)
        number = None
    return put


def _without_letter(words: list[str]) -> tuple[list[str], str | None]:
    """Take the notice's letter off: "1a jeg kommer", "1 a tak", "ja a", "b nej", "svar 1b"."""
    words = words[1:] if words[:1] and words[0] in OPENING else words
    if not words:
        return [], None
    first, second = words[0], words[1] if len(words) > 1 else ""
    if _GLUED.fullmatch(first):
        key, letter = sorted(first)  # digits sort before letters
        return [key, *words[1:]], letter.upper()
    if _is_letter(second) and (first in KEYS or len(words) == 2):
        return [first, *words[2:]], second.upper()
    if _is_letter(first) and (second in KEYS or second in YES or second in NO):
        return words[1:], first.upper()
    return words, None


def _is_letter(word: str) -> bool:
    return len(word) == 1 and "a" <= word <= "z" and word not in ("i", "j", "k", "n", "y")


def _meanings(words: Sequence[str]) -> list[Means]:
    """The longest known phrase at each place; a word in none is unread."""
    said: list[Means] = []
    at = 0
    while at < len(words):
        lengths = range(min(PHRASE_LONGEST, len(words) - at), 0, -1)
        known = next((n for n in lengths if tuple(words[at : at + n]) in PHRASES), 0)
        said.append(PHRASES[tuple(words[at : at + known])] if known else Means.UNREAD)
        at += known or 1
    return said


def _pleads(clause: tuple[str, ...]) -> bool:
    """Whether these words ask for help or speak of a danger, and do not deny it."""
    said = " ".join(clause)
    polite = f"{said} ".startswith(NO_PLEA)
    calls = any(word in CALLING for word in clause)
    return (
        (not polite and _stands(clause, HELP, NEGATION_REACH))
        or _stands(clause, DANGER, DANGER_REACH)
        or (calls and _stands(clause, RESCUE, NEGATION_REACH))
        or said in EMERGENCY_NUMBERS
    )


def _stands(clause: tuple[str, ...], phrases: frozenset[str], reach: int) -> bool:
    """Whether one of these phrases is said, with no negation near before it or right behind it."""
    for at in range(len(clause)):
        for end in range(at + 1, min(at + PHRASE_LONGEST, len(clause)) + 1):
            if " ".join(clause[at:end]) not in phrases:
                continue
            before, behind = clause[max(0, at - reach) : at], clause[end : end + 1]
            denied = any(_denies(word) for word in (*before, *behind))
            if not denied and not ENOUGH.intersection(behind):
                return True
    return False


def _denies(word: str) -> bool:
    return word in NEGATION or "ikke" in word


def _fourth_key(words: Sequence[str]) -> bool:
    """ "4" first, and nothing that takes it back."""
    against = (word in NO or word == "2" or _denies(word) for word in words)
    return words[:1] == ["4"] and not any(against)
