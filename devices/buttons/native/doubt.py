"""Whether a word nobody defined may be a call for help that was written wrongly. Pure.

A firmware's typing error, or one bad byte, must not cost a press: a word close to one for an alarm
calls. But a word a newer firmware may say every minute must not ring a house, so what is known to
be harmless stands in a table, and of what is close to neither a person is told.
"""

from __future__ import annotations

import re

from devices.buttons.native.meanings import (
    ALARM_ALIASES,
    ALARM_WORDS,
    HARMLESS_WORDS,
    KINDS,
    KINDS_THAT_ARE_TYPES,
    TYPES,
)

WORD_CHARS_MAX = 24
"""Longer words are close to none of ours."""

LOOKED_AT_MAX = 100
"""So much of a text is compared letter by letter; the rest is looked through for whole words."""

BEGUN_CHARS_LEAST = 2
"""So many letters of a type that was cut off are enough to be the beginning of an alarm."""

_BEGUN_TYPE = re.compile(r"""["']?type["']?\s*:\s*([^,}\]]{1,40})""")
_ONE_WORD = re.compile(r"\W*\w{1,24}\W*")
_WORDS = re.compile(r"[^\W\d_]+")


def is_harmless(word: str) -> bool:
    """Whether every part of it is known to call nobody: `heartbeat2`, `battery_status`."""
    parts = _WORDS.findall(word.casefold()) if len(word) <= LOOKED_AT_MAX else []
    return bool(parts) and all(part in _HARMLESS for part in parts)


def may_call(word: str) -> bool:
    """Whether it says, or nearly says, that somebody needs help."""
    plain = word.casefold()
    if any(said in plain for said in ALARM_WORDS):
        return True
    looked_at = plain[:LOOKED_AT_MAX]
    parts = [part for part in _WORDS.findall(looked_at) if part not in _HARMLESS]
    # A byte inside a word that is no letter must not make two words of it.
    whole = [part for part in ("".join(parts),) if part not in _HARMLESS]
    return any(_is_close(part, said) for part in (*parts, *whole) for said in _CALLS)


def calls_for_help(text: str) -> bool:
    """Whether a word for an alarm stands anywhere in it."""
    plain = text.casefold()
    return any(word in plain for word in ALARM_WORDS)


def nearly_calls(payload: bytes) -> bool:
    """A broken object whose type, or a message whose only word, is nearly one for an alarm.

    The type may be cut off with the message: "al" may have become an alarm.
    """
    text = payload.decode("latin-1").strip("\0 \t\r\n")
    found = _BEGUN_TYPE.search(text)
    if found is not None:
        word, is_cut = found[1].strip("\"' ").casefold(), found.end() == len(text)
        is_begun = is_cut and len(word) >= BEGUN_CHARS_LEAST
        return (is_begun and any(said.startswith(word) for said in ALARM_WORDS)) or may_call(word)
    return _ONE_WORD.fullmatch(text) is not None and may_call(text)


def _is_close(word: str, said: str) -> bool:
    most = _ERRORS_MOST.get(said, 1 if len(said) < 7 else 2)
    return len(word) <= WORD_CHARS_MAX and _errors(word, said, most) <= most


def _errors(word: str, said: str, most: int) -> int:
    """Letters wrong, missing, too many, or changed with their neighbour; more than `most` is more.

    The optimal string alignment distance.
    """
    if abs(len(word) - len(said)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(said) + 1))
    for place, letter in enumerate(word):
        above, row = row, [place + 1]
        for at, meant in enumerate(said):
            best = min(above[at] + (letter != meant), above[at + 1] + 1, row[at] + 1)
            swapped = place and at and letter == said[at - 1] and word[place - 1] == meant
            row.append(min(best, before[at - 1] + 1) if swapped else best)
        before = above
    return row[-1]


_ERRORS_MOST = {"alarm": 2}
"""The word of the contract: any two letters of it may be wrong."""

_CALLS = tuple(
    dict.fromkeys(
        word
        for word in (*ALARM_WORDS, *ALARM_ALIASES, *KINDS)
        if word not in KINDS_THAT_ARE_TYPES and "_" not in word
    )
)
_HARMLESS = dict.fromkeys(
    part
    for word in (*HARMLESS_WORDS, *(word for word in TYPES if word != "alarm"))
    for part in word.split("_")
)
