"""What a person means by a text message. Pure: the text comes in, a meaning or None goes out.

The law it keeps: a wrong accept lets a colleague wait for nobody, a wrong "unclear" costs one
question. So an accept is read only from a message that opens with a yes and has nothing against
it: no negation, no question, no "maybe", no second key. "Over" is stricter still, for it takes
help away; "more help" is believed in the middle of a sentence (law 6). Everything else is None,
and the caller asks back.

Keys, the same in every message: 1 on my way · 2 cannot · 3 I am here · 4 more help · 5 calmed
down. A letter beside the key names one of several notices ("1A", "1 a", "A1").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.signals import AnswerKind
from dispatcher.channels.reply_words import (
    ARRIVED,
    COMING,
    HELP,
    KEYS,
    NEGATION,
    NO,
    OPENING,
    OTHERS,
    OVER,
    OVER_BESIDE,
    POLITE,
    UNSURE,
    YES,
)

TEXT_MOST = 200
"""A longer message is not read at all: a "not" behind the cut would be lost."""

NEGATION_REACH = 4
"""A negation this many words before "help" belongs to it: "ikke brug for mere hjælp"."""

_CONTRADICTS_NO = frozenset(("1", "3", "4", "5", "ved", "vet", "know"))  # also "ved ikke"

_LATER = "minutter"  # stands for "2 min": such a number is no key, and later is not yet
_DURATION = re.compile(r"\b\d{1,3}\s*(?:min\w*|m|sek\w*|s|sec\w*)\b")
_KEY_LETTER = re.compile(r"([1-5])\s*[.:)\-]?\s*([a-z])?|([a-z])\s*[.:)\-]?\s*([1-5])")
_TOKEN = re.compile(r"[^\W_]+|👍|👎|🆘")
_APOSTROPHES = re.compile(r"['’`´]")
_DECORATION = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f\ufe0e\u200d]")  # skin tones, joiners
_ASKS_OR_QUOTES = re.compile('[?"“”„«»]')  # a phone's reaction quotes the message it is about


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the letter of the notice it names, upper case; None: it names none."""

    answer: AnswerKind
    letter: str | None = None


def parse_reply(text: str) -> Reply | None:
    """What a text message answers, or None when it is not clear enough to act on."""
    if len(text) > TEXT_MOST:
        return None
    said = _DECORATION.sub("", unicodedata.normalize("NFKC", text)).casefold().strip()
    bare = _bare_key(said)
    if bare is not None:
        return bare
    tokens = _TOKEN.findall(_DURATION.sub(f" {_LATER} ", _APOSTROPHES.sub("", said)))
    if not tokens or _ASKS_OR_QUOTES.search(said) or len(_glued(tokens)) > 1:
        return None
    tokens, letter = _without_letter(tokens)
    answer = _meaning(tokens)
    return None if answer is None else Reply(answer, letter)


def _bare_key(said: str) -> Reply | None:
    """Nothing but a key, with or without its letter: the usual reply."""
    match = _KEY_LETTER.fullmatch(said.strip(" .,!:;()'"))
    if match is None:
        return None
    letter = match[2] or match[3]
    return Reply(KEYS[match[1] or match[4]], letter.upper() if letter else None)


def _glued(tokens: list[str]) -> list[str]:
    return [token for token in tokens if len(token) == 2 and _KEY_LETTER.fullmatch(token)]


def _without_letter(tokens: list[str]) -> tuple[list[str], str | None]:
    """Take the notice's letter off: "1a jeg kommer", "1 a tak", "ja a", "b nej"."""
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else ""
    if _glued(tokens[:1]):
        key, letter = sorted(first)  # digits sort before letters
        return [key, *tokens[1:]], letter.upper()
    if _is_letter(second) and (first in KEYS or len(tokens) == 2):
        return [first, *tokens[2:]], second.upper()
    if _is_letter(first) and (second in KEYS or second in YES or second in NO):
        return tokens[1:], first.upper()
    return tokens, None


def _is_letter(token: str) -> bool:
    return len(token) == 1 and "a" <= token <= "z" and token not in ("i", "j", "n", "y")


def _meaning(tokens: list[str]) -> AnswerKind | None:
    if _calls_help(tokens):
        return AnswerKind.MORE_HELP
    if any(_against(token) for token in tokens):
        return AnswerKind.DECLINE if _declines(tokens) else None
    if len({token for token in tokens if token in KEYS}) > 1:
        return None
    if _has(tokens, OVER | frozenset("5")):
        return AnswerKind.OVER if _says_over(tokens) else None
    return None if _has(tokens, UNSURE) else _opened_with(tokens)


def _opened_with(tokens: list[str]) -> AnswerKind | None:
    start = next((i for i, token in enumerate(tokens) if token not in OPENING), None)
    if start is None:
        return None
    opening, rest = tokens[start], tokens[start + 1 :]
    answer = KEYS.get(opening)
    if answer is AnswerKind.ARRIVED or opening in ARRIVED:
        return AnswerKind.ARRIVED if _only(rest, ARRIVED | OPENING | POLITE) else None
    if answer is not None:
        return answer if _only(rest, YES | COMING | OPENING | POLITE | {_LATER}) else None
    if opening in YES | COMING and not _has(rest, ARRIVED) and _comes_oneself(tokens):
        return AnswerKind.ACCEPT
    return None


def _comes_oneself(tokens: list[str]) -> bool:
    """False for "ja, Bo kommer" and "kommer I": somebody else is meant."""
    before = YES | OPENING | COMING | KEYS.keys()
    for number, token in enumerate(tokens):
        if token in COMING:
            after = tokens[number + 1 : number + 2]
            if (number and tokens[number - 1] not in before) or _has(after, OTHERS):
                return False
    return True


def _declines(tokens: list[str]) -> bool:
    """A "no" that nothing contradicts. A wrong decline only calls the next colleague sooner."""
    if _has(tokens, YES | HELP | OVER | ARRIVED | _CONTRADICTS_NO):
        return False
    negated = any(token in NEGATION or "ikke" in token for token in tokens)
    return negated or not _has(tokens, COMING)


def _calls_help(tokens: list[str]) -> bool:
    if tokens[0] == "4":
        return not any(_against(token) for token in tokens)
    for number, token in enumerate(tokens):
        if token in HELP:
            near = tokens[max(0, number - NEGATION_REACH) : number + 2]
            if not any(_against(word) for word in near):
                return True
    return False


def _says_over(tokens: list[str]) -> bool:
    """Strict: "over i hus 2" and "5 mand her" close nothing."""
    return _only(tokens, OVER | OVER_BESIDE | {"5"}) and (tokens[0] == "5" or _has(tokens, OVER))


def _against(token: str) -> bool:
    return token in NEGATION or token in NO or token == "2" or "ikke" in token


def _has(tokens: list[str], words: frozenset[str]) -> bool:
    return any(token in words for token in tokens)


def _only(tokens: list[str], words: frozenset[str]) -> bool:
    return all(token in words for token in tokens)
