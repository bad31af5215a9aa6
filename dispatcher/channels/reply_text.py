"""What a person wrote in a text message, without what their phone put around it. Pure.

Taken off: the message quoted below an answer, a phone's or a person's signature, the quotation of
a reaction ("Liked “…”"), invisible characters, the form of letters and digits. Nothing is taken
off that could change an answer: a signature with a known word in it stays, and asks back.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from dispatcher.channels.reply_words import PHRASES, Means

READ_MOST = 2_000
"""So many characters are looked through for a plea; a provider's longest message has 1,600."""

SIGNED_MOST = 6
"""Words of a signature under an answer; more is a text of its own."""

_DANISH = str.maketrans("äö’`´", "æø'''")
_SHORT_FORMS = (("'ll", " will"), ("'re", " are"), ("'m", " am"), ("'", ""))
_EMOTICON = re.compile(r"(?<!\w)[:;=]-?[dpo3](?!\w)")
_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[.!?,;:\n]+")
_QUOTE_MARKS = '"“”„«»'
_PUNCTUATION = frozenset(f".,!?;:()'#*-–—~^/\\…•·{_QUOTE_MARKS}")
"""What stands between words and says nothing; any other mark is a word nobody knows ("1 %")."""

_QUOTED = re.compile(f"[{_QUOTE_MARKS}].*[{_QUOTE_MARKS}]", re.DOTALL)
_OUR_KEYS = re.compile(r"\b[1-5][a-z]?:")

_REACTION = re.compile(
    r"\W*(reager(te|ede|ade)|liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted|"
    r"removed an?|to|til|till|"
    r"synt?es (ikke )?godt om|elskede?|grinede ad|fremhævede|satte spørgsmålstegn ved|"
    r"(mis)?likte|elsket|lo av|understreket|stilte spørsmål ved|"
    r"(o)?gillade|ælskade|skrattade åt|framhævde|ifrågasatte)\b"
)
_SIGN_OFF = re.compile(
    r"--$|/|(mvh|vh|kh|br|hilsen|hilsner|hälsning\w*|(de )?(med )?(venlig|vennlig|bedste|beste|"
    r"vänlig|kærlig)\w* h\w+|(best |kind )?regards)\b",
    re.IGNORECASE,
)
_PHONE_SIGNATURE = re.compile(
    r"(sendt|sent|skickat) (fra|from|från|via) (min|my|mitt|mit|outlook|yahoo|mail)\b[\w ]{0,30}|"
    r"(hent|get|skaffa) outlook\b[\w ]{0,20}",
    re.IGNORECASE,
)
_HEAD_OF_QUOTE = re.compile(
    r".*\b(wrote|skrev)\b.*:$|(from|fra|från): |"
    r"-{3,}\s*(original|oprindelig|opprinnelig|ursprung|forwarded|videresend)",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"auto-?\s?(svar|reply|response)|automati\w* (svar|reply|response|besked|melding)|"
    r"out of (the )?office|fraværs(besked|melding)|frånvaromeddelande"
)


@dataclass(frozen=True, slots=True)
class Written:
    """The clauses a person wrote, as words. `doubtful`: asked or quoted, so it answers nothing."""

    clauses: tuple[tuple[str, ...], ...]
    doubtful: bool
    length: int

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for clause in self.clauses for word in clause)


def written(text: str) -> Written:
    """What the person wrote themselves."""
    own = _folded(_own_lines(_shown(text)))
    said = _without_reaction(own)
    for short, long in _SHORT_FORMS:
        said = said.replace(short, long)
    clauses = (tuple(_words(clause)) for clause in _CLAUSE.split(said))
    doubtful = any(mark in own for mark in f"?{_QUOTE_MARKS}")
    return Written(tuple(clause for clause in clauses if clause), doubtful, len(own))


def is_automatic(text: str) -> bool:
    """Whether a machine answered; nobody has read anything, and an answer would go round."""
    return _AUTOMATIC.search(plain(text)) is not None


def plain(text: str) -> str:
    """One form of each letter and digit, small, without what cannot be seen."""
    return _folded(_shown(text))


def _folded(shown: str) -> str:
    return _EMOTICON.sub(" ", shown.casefold().translate(_DANISH)).strip()


def _shown(text: str) -> str:
    return "".join(_glyph(c) for c in unicodedata.normalize("NFKC", text[:READ_MOST]))


def _glyph(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in ("Cf", "Mn", "Me") or "\U0001f3fb" <= character <= "\U0001f3ff":
        return ""  # joiners, marks, the box of a keycap, the colour of a skin
    return "\n" if category == "Cc" else character


def _own_lines(text: str) -> str:
    """Without the message quoted below (or above) the answer, and without a signature."""
    lines = [line.strip() for line in text.split("\n")]
    own: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith(">") or _PHONE_SIGNATURE.fullmatch(line):
            continue
        if own and (_HEAD_OF_QUOTE.match(line) or _is_signature(lines[number:])):
            break
        if line:
            own.append(line)
    return "\n".join(own)


def _is_signature(lines: list[str]) -> bool:
    """A name under the answer, in capitals. A word that could change the answer is part of it."""
    sign_off = _SIGN_OFF.match(lines[0])
    if sign_off is None:
        return False
    words = _WORD.findall("\n".join([lines[0][sign_off.end() :], *lines[1:]]))
    telling = (PHRASES.get((_folded(word),), Means.THANKS) for word in words)
    return (
        len(words) <= SIGNED_MOST
        and all(word[0].isupper() for word in words)
        and all(meaning is Means.THANKS for meaning in telling)
    )


def _without_reaction(text: str) -> str:
    """A phone's reaction quotes our own message, which speaks of help and of keys."""
    quoted = _QUOTED.search(text)
    if quoted is None:
        return text
    ours = _REACTION.match(text[: quoted.start()]) or _OUR_KEYS.search(quoted[0])
    return text[: quoted.start()] + "\n" + text[quoted.end() :] if ours else text


def _words(clause: str) -> list[str]:
    """Words, and marks and pictures that are no mere punctuation."""
    parts = re.findall(r"[^\W_]+|[^\w\s]", clause)
    return [_without_runs(part) for part in parts if part not in _PUNCTUATION]


def _without_runs(word: str) -> str:
    """ "jaaaa" is "ja"; two equal letters may be right, and one letter alone names a notice."""
    short = re.sub(r"([^\W\d])\1{2,}", r"\1", word)
    return short if len(short) > 1 else word
