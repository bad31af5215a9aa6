"""What a text message means, and above all what is never read as a yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import AnswerKind
from dispatcher.channels import reply_words
from dispatcher.channels.replies import Reply, parse_reply
from dispatcher.channels.reply_words import (
    AGAINST,
    COMING,
    NEGATION,
    NO,
    OPENING,
    PHRASES,
    YES,
    Means,
)

ACCEPT, DECLINE = AnswerKind.ACCEPT, AnswerKind.DECLINE
ARRIVED, MORE_HELP, OVER = AnswerKind.ARRIVED, AnswerKind.MORE_HELP, AnswerKind.OVER


@pytest.mark.parametrize(
    "text",
    "1|1.| 1 |1!|ja|JA|Ja!|ja jeg kommer|Ja, jeg kommer nu|yes|Yes please|kommer|jeg kommer|"
    "ok jeg kommer|er på vej|på vej|på vei|on my way|I'm coming|jo|👍|👍🏽|👍👍|１|①|1 jeg kommer|"
    "1 tak|ja 2 min|ja tak|jeg løber nu".split("|"),
)
def test_a_yes_is_read_as_on_my_way(text: str) -> None:
    assert parse_reply(text) == Reply(ACCEPT)


@pytest.mark.parametrize(
    "text",
    "2|2.|nej|NEI|no|nej tak|kan ikke|jeg kan ikke|kommer ikke|jeg kommer ikke|Kan ikke nå det|"
    "I can't|cannot|no sorry|👎|２|ikke nu|desværre|n".split("|"),
)
def test_a_no_is_read_as_cannot(text: str) -> None:
    assert parse_reply(text) == Reply(DECLINE)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("1A", Reply(ACCEPT, "A")),
        ("1 a", Reply(ACCEPT, "A")),
        ("A1", Reply(ACCEPT, "A")),
        ("a 1", Reply(ACCEPT, "A")),
        ("1b tak", Reply(ACCEPT, "B")),
        ("1 B jeg kommer", Reply(ACCEPT, "B")),
        ("ja b", Reply(ACCEPT, "B")),
        ("2B", Reply(DECLINE, "B")),
        ("b nej", Reply(DECLINE, "B")),
        ("１Ａ", Reply(ACCEPT, "A")),
        ("3c", Reply(ARRIVED, "C")),
        ("4 a", Reply(MORE_HELP, "A")),
        ("5a", Reply(OVER, "A")),
    ],
)
def test_a_letter_names_one_of_several_notices(text: str, reply: Reply) -> None:
    assert parse_reply(text) == reply


@pytest.mark.parametrize("text", ["3", "her", "jeg er her", "here", "fremme", "I am here"])
def test_here_is_read_as_arrived(text: str) -> None:
    assert parse_reply(text) == Reply(ARRIVED)


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "hjælp",
        "mere hjælp",
        "more help",
        "help!",
        "hjælp jeg kan ikke holde ham",
        "vi skal bruge hjælp nu",
        "🆘",
    ],
)
def test_a_plea_for_help_is_believed_in_the_middle_of_a_sentence(text: str) -> None:
    assert parse_reply(text) == Reply(MORE_HELP)


@pytest.mark.parametrize(
    "text",
    (
        "5|faldet til ro|her er faldet til ro|over|Avsluttet|Situasjonen er rolig|it's over|"
        "der er ro nu|5 tak"
    ).split("|"),
)
def test_over_is_read_from_a_message_that_says_nothing_else(text: str) -> None:
    assert parse_reply(text) == Reply(OVER)


@pytest.mark.parametrize(
    "text",
    "over i hus 2|5 mand her|faldet|Anna er faldet|ikke faldet til ro|det er ikke over|"
    "over 5 min|5?|ja her er ro|5 min".split("|"),
)
def test_nothing_uncertain_is_read_as_over(text: str) -> None:
    assert parse_reply(text) is None or parse_reply(text) == Reply(DECLINE)


@pytest.mark.parametrize("text", ["her om 5 min", "3 mand her", "3 min", "er du her", "her 2 min"])
def test_nothing_uncertain_is_read_as_arrived(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    "text",
    "ja nej|nej jeg kommer|1 2|1A 2B|1A 1B|ja?|kommer du|kommer I|hvem kommer|kommer der nogen|"
    "ja bo kommer|ja hvad sker der|måske|ja hvis jeg kan|ok|okay|k|set|2 min|1 mand er såret|"
    "skal jeg komme|ved ikke|ingen hjælp|ikke brug for mere hjælp|4 ikke|ja kommerikke|hej|"
    "Liked “LEJL 12 HUS 2. Svar 1: Jeg kommer.”|👍 to “LEJL 12. Jeg kommer”|12|11|||🙂".split("|"),
)
def test_what_is_unclear_is_asked_back(text: str) -> None:
    assert parse_reply(text) is None


def test_a_message_too_long_to_see_the_end_of_is_asked_back() -> None:
    assert parse_reply("ja " + "x " * 200 + "nej") is None


NOT_COMING = """
På vej hjem|på vej hjem nu|PAA VEJ HJEM|pa vej hjem|pavej hjem|er på vej til hospitalet
ja på vej i butik|på vej på arbejde i morgen|jeg kommer hjem|kører hjem nu|jeg løber hjem
ja jeg er på hospitalet
kommer senere|kommer om en time|kommer i morgen|kommer kl. 8|kommer kl 1|ja kl. 15.30|kommer 08:30
kommer om 2 timer|kommer om 45 min|ja om et kvarter|kommer snart|kommer om lidt|kommer når jeg kan
kommer efter vagten|ja på mandag|kommer først kl 7|1 i morgen|1 kl 20|1 senere|ja om 20 minutter
ja Bo tager den|ja Karen kommer|han kommer|ja han kommer|hun er på vej|Bo er på vej|de kommer
ja Bo|1 Bo|1 Bo kommer|ja spørg Bo|ja det gør Karen|politiet kommer|vagten er på vej|ja de andre
ja men jeg har fri|ja men|1 men jeg har fri|jeg kommer men først om lidt|ja hvis du henter mig
kun hvis ingen andre|1 hvis det er nødvendigt|ja dog ikke nu|ja bare ring|ja måske|1 hvis
ja jeg er syg|ja ligger i sengen|ja jeg er i bad|ja er fuld|1 jeg ligger syg|ja jeg har fri|ja ferie
ja jeg har drukket|1 med feber|ja, sidder i bilen til Aarhus|ja er hos tandlægen|1 fri|ja syg|1 🤒
skal jeg komme|skal jeg komme?|kommer du|kommer du?|kommer I|kommer i nu|er du på vej|ja?|1?|på vej?
må jeg komme|kan jeg komme|er der nogen på vej|hvem kommer|kommer der nogen|kommer Bo
ikke på vej|jeg er ikke på vej|jeg er IKKE her|er ikke kommet|ja ikke|1 ikke|ikke 1|ja kommerikke
ja nej|nej ja|1 nej|1 2|1-2|1/2|1 og 2|12|21|11|1A 1B|1A 2B|1 eller 2|0|6|10|1½|ja 7
på vei hjem|jeg er på vei hjem|kommer seinere|kommer i morgen tidlig|ja men jeg har fri i dag
ja Kari tar den|kommer om en time|ja hvis du må|ja jeg er syk|ligger i senga|ja er på sykehuset
skal jeg komme nå|kommer dere|jeg kommer kanskje|ja, men ikke nå|er ikke på vei|jeg er på hytta
på väg hem|jag är på väg hem|kommer senare|kommer imorgon|kommer om en timme|ja men jag är ledig
ja Lasse tar den|ja om jag måste|ja jag är sjuk|ligger i sängen|ska jag komma|ska jag komma?
kommer ni|jag kommer kanske|är inte på väg|pa vag hem|ja på lasarettet|jag kommer strax efter maten
on my way home|on my way to work|coming later|coming tomorrow|coming at 8|I'm coming in an hour
yes but I'm off|yes if you need me|yes Bob is coming|he is coming|they are on the way|yes, I'm ill
yes in bed|yes I'll come tomorrow|should I come|should I come?|are you coming|yes not me
I am not on my way|yes no|yes maybe|coming soon|yes drunk|yes at the hospital|I'll ask Bob|ill come
jeg kommer later|ja but I have fri|yes men har fri|yes hjemme|1 tomorrow|on my way hjem|coming hjem
ok|okay|k|set|tak|modtaget|forstået|hej|2 min|5 min|om 2 min|👌|🙂|🏃|❤️|🏠|🚗|???|...|1€ nu|-1%
vej|way|min vej|er|jeg|jeg er|vi|nu|straks|svar|Svar|A|b|kan|jeg kan|ja a b|ja 1b|jeg kommer 1b
Jeg kører bil, autosvar|Out of office|Autosvar: jeg kommer ikke|Automatisk svar: Ja, på vej
Auto-reply: I'm driving. On my way.|Frånvaromeddelande: ja|ja, I'm out of office
"""
LIKED = """
Liked “LEJL 12 HUS 2. Svar 1: Jeg kommer. 2: Kan ikke.”|👍 to “LEJL 12. Jeg kommer”
Synes godt om “LEJL 12 HUS 2. Svar 5: Faldet til ro. 4: Mere hjælp.”|Elskede “Svar 4: Mere hjælp.”
Likte «LEJL 12 HUS 2. Svar 5: Har roet seg. 4: Mer hjelp.»|Gillade ”4: Mere hjælp.”
Loved “Reply 4: More help.”|Reacted 👍 to “5: Calmed down. 4: More help.”|Questioned “1: On my way.”
Reagerte med 👍 på «4: Mer hjelp.»|Satte spørgsmålstegn ved “Svar 1: Jeg kommer”
"""


def several(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", several(NOT_COMING))
def test_another_goal_time_person_or_a_but_makes_a_yes_unclear(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize("text", several(LIKED))
def test_a_reaction_quotes_us_and_says_nothing(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    "text",
    several("""
kommer om 2 min|ja 5 min|5 min, kommer|jeg kommer om 2 minutter|ja om et par minutter
kommer om 30 sek|kommer om fem minutter|ja 2min|1 om 5 min|er på vej nu|pa vej|paa vej|pavej
PÅ VEJ!!|på vej 🏃|på vej.|jeg loeber nu|lober|jaaaa|jaa jeg kommmmer
ja med det samme|ja lige nu|kommer straks|ja ok|ja fint
Svar 1|svar: 1|svar 1 jeg kommer|#1|(1)|1)|1 1|1 ja|1 👍|1 🙂|1 :)|1 :D|1️⃣|１．
1\u00a0|\u200b1|\ufeff1|1\u200b!|j\u200ba|ja\u00a0jeg\u00a0kommer
١|ja 🙏|👍🏿|1!!!|jo tak|hej, jeg kommer|ja! 👍👍|ja 😀|1 🏃‍♂️
jeg er på vei|på veien|jeg løper|eg kjem|kommer nå|ja, kommer med en gang|ja takk|på min vei
på väg|pa vag|jag kommer|jag är på väg|ja, kommer strax|kommer nu|ja tack
I'm coming|I’m on my way|yes, coming now|I'll come|on the way|yep omw|we are coming
coming in 2 minutes|ok I'm on my way|yes thank you|ja I'm coming nu|yes, på vej|OMW
"""),
)
def test_a_yes_in_which_every_word_agrees_is_on_my_way(text: str) -> None:
    assert parse_reply(text) == Reply(ACCEPT)


@pytest.mark.parametrize(
    "text",
    several("""
nej jeg har fri|2 har fri|nej jeg er syg|kan ikke komme|jeg kan desværre ikke|nej, er i møde|2 nej
kan ikke nå det|har ikke tid|nei, kan ikke|jeg kan ikke komme|nej tyvärr|kan inte|jag kan inte komma
kommer inte|I can't come|sorry, no|no, I'm sick|not coming|not now|can not|jeg kommer desværre ikke
"""),
)
def test_a_no_in_which_every_word_agrees_is_cannot(text: str) -> None:
    assert parse_reply(text) == Reply(DECLINE)


@pytest.mark.parametrize(
    "text",
    several("""
nej jeg kommer|ikke|nej Bo|2 Bo tager den|ikke nej|jeg er syg|har fri|nej?|2?|kan ikke høre jer
ja ikke nej|nej men Karen kommer|2 og 3|ikke mig|kan ikke sige nej|jeg er ikke her|2 mand er her
"""),
)
def test_no_decline_is_guessed(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    "text",
    several("""
hjælp|HJÆLP!|hjaelp|hjalp mig|hjelp|hjälp|ring 112|Ring til 112 nu|112|1 1 2|han har en kniv
hun har en kniv!|ring politiet|tilkald ambulance|call the police|vi skal bruge en læge|send politi
han slår mig|Kommer ikke. Hjælp!|nej! hjælp!|kan ikke, han har kniv|kan nogen hjælpe?|hjælp?
kan du hjælpe mig|kan jeg få hjælp|hvis I har brug for hjælp
ja men hjælp mig først|jeg kan ikke trække vejret|han er bevidstløs|gun|knife
han har et våben|trenger hjelp|vi trenger politi|vi behöver hjälp|han har kniven|han har nok en kniv
need an ambulance|mere hjælp|send mere hjælp Bo bløder|4|4!|4 hjælp|4 nu|4 mand kommer
3 4|3, 4|ja 4|hjælpmig|SOS|please help|help me|jeg bliver overfaldet|ring 1-1-2|we are on fire
we are in danger|vi er i fare|han siger "jeg slår dig ihjel" hjælp
overfaldet|OVERFALD|Vi er overfalt|jeg bliver slået|vold|skynd jer|🚨|han truer med kniv|Come quick
"""),
)
def test_a_plea_or_a_danger_is_heard_in_any_text(text: str) -> None:
    assert parse_reply(text) == Reply(MORE_HELP)


@pytest.mark.parametrize(
    "text",
    ["ja " + "x " * 300 + "hjælp", "1\nhjælp", "mvh Bo\nhjælp", "ja\nhan skrev: jeg har en kniv"],
)
def test_a_plea_is_heard_behind_anything(text: str) -> None:
    assert parse_reply(text) == Reply(MORE_HELP)


@pytest.mark.parametrize(
    "text",
    several("""
ingen hjælp|ikke brug for mere hjælp|no help needed|4 ikke|skal jeg hjælpe?|har I brug for hjælp?
do you need help?|ingen kniv|han har ikke en kniv|uden våben|trenger ikke hjelp|behöver ingen hjälp
Autosvar: For akut hjælp ring 112|1 mand er såret|jeg kan hjælpe|kan jeg hjælpe?|can I help?
tak for hjælp|Tusind tak for jeres hjælp!|takk for hjelp
thanks for your help|der er hjælp nok|på vej til 112|ja lejl 114
"""),
)
def test_a_plea_that_is_denied_or_offered_or_said_by_a_machine_is_none(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    "text",
    several("over her|come over here|over om 5 min|calm down|rolig nu|bare rolig|snart over")
    + several(
        "5 her|ro?|5 mand|her snart|snart her|er her om 2 min|her er fint|3 min|er her hjemme"
    ),
)
def test_nothing_that_takes_help_away_is_guessed(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "1\n> LEJL 12 HUS 2\n> Svar 1: Jeg kommer. 2: Kan ikke.",
        "> LEJL 12 HUS 2\n> 4: Mere hjælp.\n1",
        "1\n\nDen 21. nov. 2026 20.01 skrev Tilkald:\nLEJL 12. Svar 4: Mere hjælp.",
        "1\nOn Sat, Nov 21, 2026 Tilkald wrote:\n4: More help.",
        "1\n-----Original Message-----\n4: More help.",
        "1\nMvh Bo",
        "1\n/Bo",
        "1\n-- \nBo Hansen\nHjemmeplejen",
        "Ja\nSendt fra min iPhone",
        "ja\n\nSent from Outlook for iOS",
        "ja\nVenlig hilsen\nBo Hansen",
    ],
)
def test_what_a_phone_puts_around_an_answer_is_not_read(text: str) -> None:
    assert parse_reply(text) == Reply(ACCEPT)


@pytest.mark.parametrize(
    "text",
    [
        "1\nmvh men ikke",
        "1\nmvh Bo, sygemeldt",
        "ja\n--- men ikke nu",
        "1\n-- nede ved bageren",
        "1\nden mand skrev at han bliver hjemme",
        "1\n/Bo syg",
        "1\nhilsen Bo, han kommer",
        "1\n-- kommer ikke",
        "1\nBo",
    ],
)
def test_a_signature_that_says_more_than_a_name_makes_it_unclear(text: str) -> None:
    assert parse_reply(text) is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("svar 1b", Reply(ACCEPT, "B")),
        ("1.b", Reply(ACCEPT, "B")),
        ("B 1!", Reply(ACCEPT, "B")),
        ("1A på vej", Reply(ACCEPT, "A")),
        ("4b hjælp", Reply(MORE_HELP, "B")),
        ("2 b har fri", Reply(DECLINE, "B")),
    ],
)
def test_a_letter_is_found_beside_its_key(text: str, reply: Reply) -> None:
    assert parse_reply(text) == reply


def test_no_phrase_that_sends_help_away_is_listed_under_two_meanings() -> None:
    believed = {
        Means.YES: YES,
        Means.COMING: COMING,
        Means.NO: NO,
        Means.ARRIVED: reply_words.ARRIVED,
        Means.OVER: reply_words.OVER,
    }
    for meaning, phrases in believed.items():
        others = [other for known, other in believed.items() if known is not meaning]
        assert not [p for p in phrases if p in AGAINST or any(p in other for other in others)]


agreeing = st.sampled_from(
    ["ja", "1", "på vej", "jeg kommer", "yes", "on my way", "kommer nu", "ja tak", "1A", "👍", "jo"]
)
unlisted = st.from_regex(r"[a-zæøå]{2,12}", fullmatch=True).filter(
    lambda word: (
        (word,) not in PHRASES
        and word not in OPENING
        and not any(letter * 3 in word for letter in word)
    )
)


@given(agreeing, unlisted, st.sampled_from([" ", ", ", "\n", ". ", " - ", " 🙂 ", "\u00a0"]))
def test_a_yes_beside_a_word_nobody_knows_is_never_an_accept(yes: str, word: str, by: str) -> None:
    for text in (f"{yes}{by}{word}", f"{word}{by}{yes}", f"{yes}{by}{word}{by}{yes}"):
        reply = parse_reply(text)
        assert reply is None or reply.answer is not ACCEPT, text


words = st.sampled_from(
    sorted(YES | COMING | {"jeg", "1", "1a", "her", "tak", "nu", "straks", "ok", "a", "hus"})
)
against = st.sampled_from(sorted(NEGATION | NO | {"2", "IKKE", "Nej", "can't", "２"}))


@given(st.lists(words, max_size=6), against, st.lists(words, max_size=6))
def test_a_negation_anywhere_is_never_read_as_a_yes(
    before: list[str], no: str, after: list[str]
) -> None:
    reply = parse_reply(" ".join([*before, no, *after]))
    assert reply is None or reply.answer is not ACCEPT


@given(st.lists(words, max_size=5), st.lists(words, max_size=5))
def test_a_question_is_never_read_as_a_yes(before: list[str], after: list[str]) -> None:
    assert parse_reply(" ".join([*before, "?", *after])) is None


@given(st.text(max_size=300))
def test_any_text_is_read_or_asked_back(text: str) -> None:
    reply = parse_reply(text)
    assert reply is None or reply.answer in AnswerKind
