"""The words people answer with: Danish, Norwegian, Swedish and English, one meaning a phrase.

Read by `replies`, which acts on nothing but these: what stands in no list is *unread*, and makes
it ask back. A word that could mean two things stands in none of the lists that call or send away
help; "ok" alone is only "seen". Swedish is written with the Danish letters (`reply_text` turns
ä, ö into æ, ø), and who has no such letters may write them as ae, oe, aa or leave the dots off.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import product

from core.signals import AnswerKind


class Means(StrEnum):
    """What one phrase of a message says."""

    YES = "yes"
    COMING = "coming"
    NO = "no"
    CANNOT = "cannot"  # a whole "cannot", "am not coming"
    NEGATION = "negation"
    ARRIVED = "arrived"
    HELP = "help"
    DANGER = "danger"
    CALLING = "calling"  # "ring", "send": with `rescue` it is a plea
    RESCUE = "rescue"
    OVER = "over"
    BESIDE_OVER = "beside_over"
    SELF = "self"
    IS = "is"
    NOW = "now"
    SOON = "soon"  # within minutes
    COME = "come"  # what somebody cannot
    REASON = "reason"  # why somebody cannot; alone it answers nothing
    SORRY = "sorry"
    THANKS = "thanks"
    OK = "ok"
    AGAINST = "against"  # another goal, time or person, a "but", a question
    UNREAD = "unread"
    KEY_1 = "1"
    KEY_2 = "2"
    KEY_3 = "3"
    KEY_4 = "4"
    KEY_5 = "5"


KEYS = {
    "1": AnswerKind.ACCEPT,
    "2": AnswerKind.DECLINE,
    "3": AnswerKind.ARRIVED,
    "4": AnswerKind.MORE_HELP,
    "5": AnswerKind.OVER,
}

MINUTES = "minutter"
"""Stands for "om 2 min"; a longer time stands as `LATER`, which is unread."""
LATER = "timer"
MINUTES_MOST = 10
"""Further off than this is no "on my way": an accept holds three minutes at most (law 2)."""
UNITS = {
    **dict.fromkeys("m min mins minut minutt minutter minuter minute minutes".split(), 60),
    **dict.fromkeys("s sek sekund sekunder sec secs second seconds".split(), 1),
}
NUMBERS = {
    **dict.fromkeys("en et ett one halvt".split(), 1),
    **dict.fromkeys("to två two par couple".split(), 2),
    **dict.fromkeys("tre three".split(), 3),
    **dict.fromkeys("fire fyra four".split(), 4),
    **dict.fromkeys("fem five".split(), 5),
    **dict.fromkeys("seks sex six".split(), 6),
    **dict.fromkeys("syv sju seven".split(), 7),
    **dict.fromkeys("otte åtte åtta eight".split(), 8),
    **dict.fromkeys("ni nio nine".split(), 9),
    **dict.fromkeys("ti tio ten".split(), 10),
}
BEFORE_A_NUMBER = frozenset("om in ca cirka about et ett a inden within".split())

_LETTERS = {"æ": ("æ", "ae", "a"), "ø": ("ø", "oe", "o"), "å": ("å", "aa", "a")}


def _spelled(phrases: str) -> frozenset[str]:
    """Phrases between `|`, each also in the letters of a phone that has no æ, ø, å."""
    spelled = []
    for phrase in phrases.split("|"):
        for letters in product(*(_LETTERS.get(letter, (letter,)) for letter in phrase.strip())):
            spelled.append("".join(letters))
    return frozenset(spelled)


def _words(words: str) -> frozenset[str]:
    return _spelled("|".join(words.split()))


YES = _words("ja jaa jah jaja jada jadå japp jep jeps jepp jo yes yep yeah y j 👍")
COMING = _words("kommer komer kommr kmr kjem løber løper coming comming omw otw") | _spelled(
    "på vej|på vei|på veg|på væg|på veien|på vejen|på vægen|påvej|påvei|"
    "på min vej|på min vei|på min væg|on my way|on the way|on way|"
    "i come|i will come|i am coming|we will come|we are coming"
)
NO = _words(
    "nej naj næ nei nah no nope nop nix n nein nie 👎 optaget opptatt upptagen busy desværre "
    "dessverre tyværr"
)
CANNOT = _spelled(
    "kan ikke|kan ikk|kan ik|kan ikek|kan inte|kan ikkje|kanikke|kan desværre ikke|"
    "kan dessverre ikke|kan tyværr inte|kan jeg ikke|kan jeg desværre ikke|cannot|can not|cant|"
    "i cannot|i can not|i cant|unable|kommer ikke|kommer ikk|kommer ik|kommer inte|kommer ikkje|"
    "kommer desværre ikke|kommer dessverre ikke|kommer jeg ikke|ikke kommer|not coming|wont come|"
    "i am not coming|will not come|ikke nu|ikke lige nu|ikke nå|inte nu|not now|har ikke tid|"
    "har inte tid|no time|ingen tid"
)
NEGATION = _words(
    "ikke ikk ik ikkje ikek inte ej aldrig aldri ingen intet inget inga not never cannot cant "
    "dont wont isnt arent nicht unable none no uden uten utan without"
)
ARRIVED = _words("her here fremme framme arrived") | frozenset(
    ("hær", "haer", "ok jeg er her", "okay jeg er her", "ok i am here", "ok jag er hær")
)
HELP = _words(
    "hjælp hjælpe hjelp hjelpe hjælpa hjlp hjæpl hælp help sos 🆘 mayday forstærkning forsterkning "
    "førstærkning undsætning assistance assistanse backup hjælpmig helpme"
)
DANGER = _words(
    "kniv kniven kniver knife våben våbnet våpen vapen vapnet weapon "
    "pistol gun gevær gidsel gissel gisslan hostage skyder skyter skjuter shooting stukket "
    "stabbed angriber angriper angripet angrebet attacked bløder blør "
    "bleeding bevidstløs bevisstløs medvetsløs unconscious livløs hjertestop hjertestans "
    "hjærtstopp brænder brinner emergency nødsituation overfald overfaldet overfall overfalt "
    "øverfallen vold våld violence truet truer hotad threatened 🚨"
) | _spelled(
    "i fare|in danger|han slår|hun slår|han slår mig|slår mig|slår meg|slår os|slår oss|slår ham|"
    "slår hende|slår henne|sparker mig|truer mig|truer meg|hotar mig|hits me|hitting me|attack|"
    "cant breathe|kan ikke trække vejret|kan ikke puste|kan inte andas|det brænner|"
    "bliver slået|blev slået|slået ned|blir slått|ble slått|slått ned|blir slagen|a fire|on fire|"
    "skynd jer|skynd dig|skynd dere|skynd deg|skynda er|skynda dig|kom hurtigt|kom fort|come quick"
)
ENOUGH = frozenset("nok nog enough".split())
"""Behind "help": "der er hjælp nok"."""

EMERGENCY_NUMBERS = ("112", "110", "113", "114", "911", "999", "1 1 2")
"""A plea alone or beside "ring"; else it may be a room: "på vej til 112"."""

CALLING = _words(
    "ring ringe tilkald tilkall tilkalle send skicka sende call get hent hæmta skaf kald brug "
    "bruge bruk trenger behøver need kontakt contact"
)
RESCUE = _words(
    "politi politiet police polis polisen ambulance ambulancen ambulanse ambulansen ambulans læge "
    "lægen lege legen lækare doctor brandvæsen brannvesen vagtcentral vagtcentralen alarmsentral "
    "vekter security"
) | frozenset(EMERGENCY_NUMBERS)
OVER = _words("ro rolig rolige roligt lugnt calm calmed afsluttet avsluttet avslutat over øver") | (
    _spelled("faldet til ro|falt til ro|lugnat sig|calmed down|calm now")
)
BESIDE_OVER = _words("det der alt all it its thats has har situasjonen situationen")
"""Words that may stand beside an "over"; any other word and it is not read as one."""

SELF = _words("jeg jag eg vi im iam we") | frozenset(("i am", "we are"))
IS = _words("er is") | frozenset(("ær", "aer"))
NOW = _words("nu nå now") | _spelled("lige nu|just nu|right now|akkurat nå")
SOON = _words(f"straks strax genast hurtigt hurtig fort quick quickly fast asap {MINUTES}") | (
    _spelled("med det samme|med en gang|right away|så hurtigt jeg kan|så fort jeg kan")
)
COME = _words("komme komma come") | _spelled("nå det|nå frem|nå fram|make it")
REASON = _words(
    "fri syg syk sjuk sick ill ferie semester holiday møde møte travlt hjemme hjemma home bil"
) | _spelled("har fri|har travlt|i møde|i møte|off duty|at home|kører bil|kjører bil")
SORRY = _words("sorry beklager undskyld unnskyld førlåt")
THANKS = _words(
    "tak takk tack thanks thx please pls hej hei hi hey 🙏 🙂 😊 😀 😃 😄 😁 😉 ☺ 🤗 ❤ "
    "♥ 🧡 💛 💚 💙 💪 🙌 👏 🤝 ✌ 🏃 🚶 ♂ ♀ 💨"
) | (frozenset(("thank you", "tusind tak", "mange tak", "tusen takk")))
OK = _words("ok okay oki okey k godt fint super perfekt 👌 ✅ ✔ selvfølgelig selvsagt klart")
AGAINST = _words(
    "men but hvis if om dog kun bare only senere later snart soon lidt litt morgen imorgen "
    "imorgon tomorrow kl klokken time timer hour uge week hjem hem hospital hospitalet sygehus "
    "butik butikken arbejde arbete work vej vei way til to fra from hos med i på at "
    "han hun hon den de dem du dere ni they he she you nogen noen nogon andre other en et a "
    "hvem hva hvad hvor hvornår når hvordan hvorfor hvilken vem vad var når who what where when "
    "why which måske kanskje kanske maybe skal ska skulle kan kunne can could shall should would "
    "må vil will ved vet know bad seng sengen fuld full drunk lige aldeles"
) | _spelled("over her|over here|rolig nu|rolig nå|ved ikke|vet ikke|vet inte|dont know")
"""Known to speak against an answer. They need not be known: what is unread does so too. But a
name under a message ("1 / mvh Bo") is only passed over where none of these words stands there."""

NO_PLEA = tuple(
    f"{opening} "
    for opening in sorted(
        _spelled(
            "skal jeg|skal vi|ska jag|ska vi|shall i|should i|do you|har i|har du|har ni|har dere|"
            "trenger du|trenger dere|behøver du|behøver i|behøver ni|kan jeg hjælpe|kan jeg hjelpe|"
            "kan vi hjælpe|jeg kan hjælpe|jeg kan hjelpe|vi kan hjælpe|jag kan hjælpa|can i help|"
            "i can help|we can help|tak for|tusind tak for|mange tak for|takk for|tusen takk for|"
            "tack før|tack så mycket før|thanks for|thank you for|many thanks for"
        )
    )
)
"""What opens like this offers help or thanks for it: "skal jeg hjælpe", "tak for hjælp"."""

OPENING = frozenset(("svar", "svarer", "reply"))
"""People copy the word before the key: "Svar 1"."""

_LISTS = {
    Means.AGAINST: AGAINST,
    Means.NEGATION: NEGATION,
    Means.OK: OK,
    Means.THANKS: THANKS,
    Means.SORRY: SORRY,
    Means.REASON: REASON,
    Means.COME: COME,
    Means.SOON: SOON,
    Means.NOW: NOW,
    Means.IS: IS,
    Means.SELF: SELF,
    Means.BESIDE_OVER: BESIDE_OVER,
    Means.OVER: OVER,
    Means.RESCUE: RESCUE,
    Means.CALLING: CALLING,
    Means.ARRIVED: ARRIVED,
    Means.COMING: COMING,
    Means.YES: YES,
    Means.NO: NO,
    Means.CANNOT: CANNOT,
    Means.DANGER: DANGER,
    Means.HELP: HELP,
}
"""Where a phrase stands in two lists the later one here has it: what calls help comes last."""

PHRASES: dict[tuple[str, ...], Means] = {
    tuple(phrase.split()): meaning for meaning, phrases in _LISTS.items() for phrase in phrases
} | {(key,): Means(key) for key in KEYS}

PHRASE_LONGEST = max(len(phrase) for phrase in PHRASES)
