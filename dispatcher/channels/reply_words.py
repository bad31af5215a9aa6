"""The words people answer with: Danish, Norwegian and English, and a few a temp may bring along.

Read by `replies`. A word that could mean two things stands in none of the lists that call or send
away help; "ok" alone is only "seen".
"""

from __future__ import annotations

from core.signals import AnswerKind

KEYS = {
    "1": AnswerKind.ACCEPT,
    "2": AnswerKind.DECLINE,
    "3": AnswerKind.ARRIVED,
    "4": AnswerKind.MORE_HELP,
    "5": AnswerKind.OVER,
}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


YES = _set("ja jah jaja jada japp jep jeps jepp jo yes yep yeah y j 👍")
COMING = _set("kommer løber coming omw vej vei way")
NO = _set("nej naj næ nei nah no nope nop nix n nein nie 👎 optaget opptatt busy desværre")
NEGATION = _set(
    "ikke ikk ikkje ikek inte ej aldrig aldri ingen intet not never cannot cant dont wont isnt "
    "arent nicht unable none uden uten without"
)
ARRIVED = _set("her here fremme framme arrived")
HELP = _set("hjælp hjælpe hjelp hjelpe help sos 🆘 forstærkning forsterkning")
OVER = _set("ro rolig rolige roligt afsluttet avsluttet over calm calmed")
OVER_BESIDE = _set("faldet falt til det der er alt all is it down has nu nå now her here tak takk")
"""Words that may stand beside an "over"; any other word and it is not read as one."""

UNSURE = _set(
    "hvem hva hvad hvor hvornår når hvordan hvorfor hvilken hvis måske kanskje skal du dere nogen "
    "noen who what where when why which if maybe should shall could would you anyone ved vet know"
)
"""Words of a question or a condition: they make "kommer" no promise ("hvem kommer")."""

OTHERS = _set("i du dere de dem han hun der det they he she police politi politiet ambulancen")
"""Who else may be coming: "kommer I", "kommer politiet" is not "I am on my way"."""

OPENING = _set("jeg vi er ok okay oki okey i im am we on my på min godt fint hej hei hi nu nå og")
"""Words that may stand before the one that counts: "ok jeg kommer", "er på vej"."""

POLITE = _set("tak takk thanks thank please straks snart nu nå now hurtigt fort samme med det")
