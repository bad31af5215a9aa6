"""Whether a message asks its reader to come, as a person sees from its words.

The wire does not say it: a call, a question and "keep an eye on the residents" are all pages.
"""

from __future__ import annotations

from core.words import LANGUAGES, words
from dispatcher.channels.wording import LOCALES

_ASK_NOBODY_TO_COME = (
    "Keep an eye on the residents.",
    "Is it over now?",
    "Still go and see {who}.",
    "DO NOT GO IN.",
)


def asks_to_come(text: str) -> bool:
    """False for what only informs, asks, or tells people to stay away."""
    return not any(phrase in text for phrase in _PHRASES)


_PHRASES = tuple(
    words(language, LOCALES)(message).partition("{")[0].strip()
    for language in LANGUAGES
    for message in _ASK_NOBODY_TO_COME
)
