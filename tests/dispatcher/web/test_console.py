"""The console: what the board says, one alarm in full, refusals, language, hostile text."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from httpx import AsyncClient

from alarms.model import Cause, Place, Presser
from alarms.vocabulary import PlaceSource
from core.errors import ChannelError, StoreUnavailable
from core.signals import AlarmKind, AnswerKind, Level, Standing
from core.values import replace
from dispatcher.roster.model import Language
from dispatcher.store.ports import TimelineEntry, Transaction
from dispatcher.web.asking import asked_at
from dispatcher.web.staff import staff_app
from tests.support.bosted import NOW, WIDENS_AFTER, configuration
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.stored import a_notice, an_alarm, kept
from tests.support.web import Presses, browser_client, web_deps

SHAPES = {"red": "Akutalarm", "orange": "Stille alarm", "yellow": "Kom forbi", "blue": "Sygdom"}


async def test_each_level_has_its_word_its_colour_and_a_shape_of_its_own(house: Lindehuset) -> None:
    for level, zone in zip(Level, (zone.id for zone in configuration().zones), strict=True):
        await house.press(None, zone, device=f"box-{level}", level=level, kind=AlarmKind.CALL)
    board = (await of(house).get("/")).text
    shapes = {}
    for card in cards(board):
        level_shown = re.search(r'data-level="(\w+)"', card)
        assert level_shown is not None
        shapes[level_shown[1]] = "".join(
            re.findall(r'<(?:path|circle) [^>]+fill="[^>]+>', card)[:1]
        )
        assert SHAPES.get(level_shown[1], "Sparring") in card
    assert len(shapes) == 5
    assert len(set(shapes.values())) == 5


async def test_the_most_acute_comes_first_and_technical_stands_in_its_own_lane(
    house: Lindehuset,
) -> None:
    house.engine.technical("silent:badge-ida", "badge tavs", "lind")
    await house.press("eva", "stue-1", level=Level.YELLOW)
    await house.press()
    board = (await of(house).get("/")).text
    technical = house.alarm.id
    assert re.findall(r'data-alarm="(\w+)"', board) == ["a_2", "a_1", technical]
    lane = board.index("Teknik og sparring")
    assert board.index('data-alarm="a_1"') < lane < board.index(f'data-alarm="{technical}"')
    assert "badge tavs" in board[lane:]


@pytest.mark.parametrize(
    ("said", "later", "says"),
    [
        ([], timedelta(), "Ingen har svaret endnu"),
        ([("bo", AnswerKind.SEEN)], timedelta(), "Ingen kommer endnu"),
        ([("bo", AnswerKind.SEEN)], WIDENS_AFTER, "Ingen kommer endnu"),
        ([("bo", AnswerKind.DECLINE)], timedelta(), "Ingen kommer endnu"),
        ([("ida", AnswerKind.ACCEPT)], timedelta(seconds=50), "Ingen kommer endnu"),
        ([("per", AnswerKind.ACCEPT)], timedelta(), "Per kommer"),
        ([("bo", AnswerKind.ACCEPT), ("per", AnswerKind.ACCEPT)], timedelta(), "Bo og Per kommer"),
        ([("bo", AnswerKind.ACCEPT), ("per", AnswerKind.ARRIVED)], timedelta(), "Per er der"),
    ],
)
async def test_the_board_says_in_one_line_whether_somebody_comes(
    house: Lindehuset, said: list[tuple[str, AnswerKind]], later: timedelta, says: str
) -> None:
    await house.press()
    for person, answer in said:
        await house.says(person, answer)
    await house.time_passes(later)
    assert status_of((await of(house).get("/")).text) == says


async def test_who_was_rung_or_could_not_be_reached_has_not_answered(house: Lindehuset) -> None:
    await house.press()
    await house.rings("bo")
    for channel in house.channels:
        channel.fails = ChannelError("out of order", temporary=False)
    await house.time_passes(WIDENS_AFTER)
    board = (await of(house).get("/")).text
    assert status_of(board) == "Ingen har svaret endnu"
    assert re.findall(r"at-(rang|unreached)", board) == ["rang", "unreached"]


@pytest.mark.parametrize(
    ("answer", "then", "says"),
    [
        (AnswerKind.ARRIVED, "presses again", "er der · svarer ikke nu"),
        (AnswerKind.ACCEPT, "presses again", "kommer · svarer ikke nu"),
        (AnswerKind.ACCEPT, "waits in vain", "kommer · nåede ikke frem sidst"),
    ],
)
@pytest.mark.parametrize("page", ["/", "/alarms/a_1"])
async def test_who_is_waited_for_no_more_is_not_shown_as_if_they_counted(
    house: Lindehuset, page: str, answer: AnswerKind, then: str, says: str
) -> None:
    await house.press()
    await house.says("bo", answer)
    if then == "presses again":
        await house.press()
        await house.time_passes(timedelta(seconds=21))
    else:
        await house.time_passes(timedelta(seconds=75))
        await house.says("bo", answer)
    shown = (await of(house).get(page)).text
    assert says in shown
    assert "Der ventes ikke længere på Bo. Andre tilkaldes." in shown
    assert "at-arrived" not in shown
    assert "at-accepted" not in shown
    assert 'class="card red nobody"' in shown
    await house.says("per", AnswerKind.ACCEPT)
    shown = (await of(house).get(page)).text
    assert ">Per kommer<" in shown
    assert says in shown


async def test_the_board_tells_who_comes_with_their_walk_and_the_clock_since_the_press(
    house: Lindehuset,
) -> None:
    await house.press()
    await house.says("bo", AnswerKind.ACCEPT)
    await house.time_passes(timedelta(seconds=42))
    board = (await of(house).get("/")).text
    assert "ca. 35 s at gå" in board
    assert 'data-seconds="42">0:42<' in board
    assert "trykkede kl. 19:02:11" in board


async def test_an_unknown_press_time_is_never_guessed(house: Lindehuset) -> None:
    await house.press(ago=None)
    board = (await of(house).get("/")).text
    assert "modtaget kl." in board
    assert "trykkede kl." not in board


async def test_a_quiet_board_says_so_and_names_who_has_no_tested_alarm(house: Lindehuset) -> None:
    board = (await of(house).get("/")).text
    assert "Ingen alarmer" in board
    assert re.search(r"Uden testet alarm:.*<b>Ida, Per</b>", board)
    assert re.search(r"Løbere:.*<b>Bo</b>", board)


async def test_what_the_wearer_says_and_what_is_unusual_stands_on_the_card(
    house: Lindehuset,
) -> None:
    for _ in range(3):
        await house.press(ago=timedelta(minutes=40))
    house.store.fail_with = StoreUnavailable("the disk is full")
    await house.says_over()
    board = (await of(house).get("/")).text
    for words in (
        "Anna siger, det er faldet til ro",
        "Trykket 3 gange",
        "trykket 40 min før",
        "Ikke gemt. Skriv det ned.",
    ):
        assert words in board
    house.store.fail_with = None
    await house.time_passes(timedelta(seconds=2))
    assert "Ikke gemt." not in (await of(house).get("/")).text


async def test_a_drill_is_called_one() -> None:
    async with lindehuset(before=kept(an_alarm(drill=True))) as house:
        assert "Alarmøvelse" in (await of(house).get("/")).text


async def test_a_script_in_a_zone_label_a_name_or_a_text_is_shown_and_never_run() -> None:
    evil = '"><script>alert(1)</script>'
    alarm = an_alarm(
        place=Place(None, evil, PlaceSource.UNKNOWN),
        pressers=(Presser(evil, None, evil, Standing.UNKNOWN, NOW),),
        text=evil,
        odd=(evil,),
    )
    notice = a_notice(alarm, channel=evil, address=evil)
    told = TimelineEntry("a_1", NOW, NOW, evil, json.dumps({"person": evil}))
    async with lindehuset(before=kept(alarm, notices=(notice,), timeline=(told,))) as house:
        await house.says("bo", AnswerKind.SEEN)
        house.degrade(evil)
        client = of(house)
        for path in ("/", "/wall", "/alarms/a_1", "/alarms", "/people", "/devices", "/lines"):
            page = (await client.get(path)).text
            assert "<script>alert" not in page, path
            assert "&lt;script&gt;alert(1)" in page, path


async def test_one_alarm_tells_its_story_who_was_chosen_and_who_not_and_why(
    house: Lindehuset,
) -> None:
    await house.press()
    await house.fails(house.sms_to("bo"))
    await house.says("bo", AnswerKind.ACCEPT)
    page = (await of(house).get("/alarms/a_1")).text
    for words in (
        "Trin 1: tilkaldt Bo",
        "Bo kommer",
        "løber i denne vagt, i Hus 1 efter vagtplanen, 25 s væk",
        "<b>Anna</b>: trykkede på alarmen",
        "<b>Eva</b>: har fri",
        "SMS ••42 · Tilkald",
        "ikke sendt",
    ):
        assert words in page
    assert "+45" not in page


async def test_a_closed_alarm_says_godt_du_trykkede_and_still_shows_who_was_chosen(
    house: Lindehuset,
) -> None:
    await house.press()
    await house.ends(cause=Cause.UNINTENDED_PRESS)
    page = (await of(house).get("/alarms/a_1")).text
    assert "Godt du trykkede." in page
    assert "Utilsigtet tryk" in page
    assert "25 s væk" in page
    assert "<b>Eva</b>: har fri" in page
    assert "Afslut alarmen" not in page
    assert 'name="answer"' not in page


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '{"view": 3}', '{"person": {"a": 1}}'])
async def test_an_odd_timeline_entry_hides_nothing_else(house: Lindehuset, body: str) -> None:
    await house.press()
    await house.ends(cause=Cause.TEST)
    await house.store.erase("a_1", NOW, NOW, "asked for")
    entry = TimelineEntry("a_1", NOW, NOW, "accepted", '{"person": "bo"}')
    odd = replace(entry, what="arrived", body=body)
    newer = replace(entry, what="a_new_token", body=json.dumps({"speed": 3}))
    house.store.commit_now(Transaction(timeline=(entry, odd, newer)))
    page = (await of(house).get("/alarms/a_1")).text
    assert "Bo kommer" in page
    assert "A new token: speed 3" in page
    assert "Slettet" in page


async def test_answering_at_the_console_counts_as_the_person_signed_in(house: Lindehuset) -> None:
    await house.press()
    client = of(house, "token-of-bo")
    done = await client.post("/alarms/a_1/answer", data={"answer": "accept"})
    assert done.headers["location"] == "/alarms/a_1?said=sent"
    assert house.asked == [("a_1", AnswerKind.ACCEPT, "bo")]
    page = (await client.get(done.headers["location"])).text
    assert "Dit svar er modtaget." in page
    assert re.search(r'value="accept"[^>]*aria-pressed="true"', page)


async def test_whoever_pressed_gets_no_answer_buttons(house: Lindehuset) -> None:
    await house.press("per")
    assert 'name="answer"' not in (await of(house).get("/alarms/a_1")).text


async def test_whoever_pressed_elsewhere_is_told_so_and_may_only_ask_for_more_help(
    house: Lindehuset,
) -> None:
    await house.press()
    await house.press("per", "stue-1")
    page = (await of(house).get("/alarms/a_1?ask=decline")).text
    assert "Du har selv trykket" in page
    assert re.findall(r'name="answer" value="(\w+)"', page) == ["more_help"]
    assert 'class="yes"' not in page


async def test_a_close_on_a_stale_screen_shows_the_reason_and_the_alarm_as_it_is_now(
    house: Lindehuset,
) -> None:
    await house.press()
    await house.press("ida")
    client = of(house)
    form = {"rev": "1", "cause": "calmed_down", "asked": a_moment_ago()}
    refused = await client.post("/alarms/a_1/close", data=form)
    assert refused.status_code == 409
    assert "Der er sket noget nyt. Se, og prøv igen." in refused.text
    assert "Anna, Ida" in refused.text
    assert f'name="rev" value="{house.alarm.rev}"' in refused.text
    again = await client.post("/alarms/a_1/close", data={**form, "rev": str(house.alarm.rev)})
    assert again.status_code == 303
    assert not house.is_open()


async def test_only_somebody_who_was_there_or_the_duty_leader_ends_it(house: Lindehuset) -> None:
    await house.press()
    form = {"rev": "1", "cause": "calmed_down", "asked": a_moment_ago()}
    refused = await of(house, "token-of-bo").post("/alarms/a_1/close", data=form)
    assert refused.status_code == 403
    assert "Kun en, der var der, eller vagthavende kan afslutte." in refused.text


async def test_an_end_in_the_same_breath_as_its_page_is_asked_again(house: Lindehuset) -> None:
    await house.press()
    client = of(house)
    for asked in ("", asked_at(NOW), asked_at(NOW - timedelta(milliseconds=900)), "x"):
        form = {"rev": "1", "cause": "calmed_down", "asked": asked}
        again = await client.post("/alarms/a_1/close", data=form)
        assert again.headers["location"] == "/alarms/a_1/end"
    assert house.is_open()


async def test_the_page_that_ends_an_alarm_shows_which_and_is_gone_once_it_is_over(
    house: Lindehuset,
) -> None:
    await house.press()
    client = of(house)
    page = (await client.get("/alarms/a_1/end")).text
    for words in ("LEJL 12 HUS 2 1.SAL", "Anna", "Ingen har svaret endnu", 'name="rev" value="1"'):
        assert words in page
    await house.ends()
    assert (await client.get("/alarms/a_1/end")).headers["location"] == "/alarms/a_1?said=over"
    assert (await client.get("/alarms/none/end")).status_code == 404


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
async def test_i_cannot_at_the_console_is_asked_once_more_and_names_what_it_saw(
    house: Lindehuset,
    answer: str,
) -> None:
    await house.press()
    client = of(house, "token-of-bo")
    asked = await client.post("/alarms/a_1/answer", data={"answer": answer, "rev": "1"})
    assert asked.headers["location"] == f"/alarms/a_1?ask={answer}"
    page = (await client.get(asked.headers["location"])).text
    assert 'class="yes"' in page
    assert "Kan du ikke komme?" in page
    assert house.asked == []
    yes = {"answer": answer, "asked": a_moment_ago()}
    blind = await client.post("/alarms/a_1/answer", data=yes)
    assert blind.status_code == 422
    await house.press("ida")
    stale = await client.post("/alarms/a_1/answer", data={**yes, "rev": "1"})
    assert stale.status_code == 409
    assert "Der er sket noget nyt." in stale.text
    assert house.asked == []
    sure = await client.post("/alarms/a_1/answer", data={**yes, "rev": str(house.alarm.rev)})
    assert sure.headers["location"] == "/alarms/a_1?said=sent"


async def test_over_posted_to_the_answers_leads_to_the_page_that_ends_it(house: Lindehuset) -> None:
    await house.press()
    over = {"answer": "over", "rev": "1", "asked": a_moment_ago()}
    asked = await of(house).post("/alarms/a_1/answer", data=over)
    assert asked.headers["location"] == "/alarms/a_1/end"
    assert house.is_open()


async def test_a_second_tap_at_the_console_is_no_second_answer(house: Lindehuset) -> None:
    await house.press()
    client = of(house, "token-of-bo")
    for _ in range(2):
        done = await client.post("/alarms/a_1/answer", data={"answer": "more_help"})
        assert done.headers["location"] == "/alarms/a_1?said=sent"
    assert len(house.asked) == 1


async def test_the_close_form_offers_neutral_causes_only(house: Lindehuset) -> None:
    await house.press()
    page = (await of(house).get("/alarms/a_1/end")).text
    offered = re.findall(r'name="cause" value="(\w+)"', page)
    assert offered == [
        "calmed_down",
        "not_needed_any_more",
        "unintended_press",
        "handed_over",
        "test",
    ]
    assert "falsk" not in page.lower()


async def test_what_does_not_work_is_on_every_page_with_the_manual_routine(
    house: Lindehuset,
) -> None:
    await house.press()
    house.degrade()
    client = of(house, press=True)
    for path in (
        "/",
        "/wall",
        "/alarms",
        "/alarms/a_1",
        "/people",
        "/devices",
        "/lines",
        "/demo",
        "/alarms/x",
    ):
        page = (await client.get(path)).text
        assert "The store cannot commit." in page, path
        assert "Ring til vagthavende på 20 00 00 04." in page.split('id="problems"')[1], path


async def test_people_without_a_proven_alarm_stand_as_uden_testet_alarm(house: Lindehuset) -> None:
    page = (await of(house).get("/people")).text
    ida = page[page.index("<b>Ida</b>") : page.index("<b>Per</b>")]
    assert "Uden testet alarm" in ida
    anna = page[page.index("<b>Anna</b>") : page.index("<b>Ida</b>")]
    assert "Testet alarm" in anna


async def test_devices_that_need_somebody_come_first_with_their_state_in_words(
    house: Lindehuset,
) -> None:
    page = (await of(house).get("/devices")).text
    assert re.findall(r"<b>(badge-\w+)</b>", page)[:2] == ["badge-ida", "badge-per"]
    for words in (
        "har ikke forbindelse",
        "lavt batteri",
        "har forbindelse",
        "hørt for 6 min siden",
    ):
        assert words in page


async def test_in_demo_mode_each_person_at_work_has_a_button_for_each_level(
    house: Lindehuset,
) -> None:
    presses = Presses()
    client = browser_client(staff_app(web_deps(house, press=presses)))
    page = (await client.get("/demo")).text
    assert re.findall(r'name="person" value="(\w+)"', page) == ["bo", "anna", "ida", "per"]
    assert page.count('name="level"') == 4 * 5
    done = await client.post("/demo/press", data={"person": "anna", "level": "blue"})
    assert done.headers["location"] == "/?said=pressed"
    assert presses.pressed == [("anna", Level.BLUE, AlarmKind.MEDICAL)]


async def test_outside_demo_mode_there_is_nothing_to_press(house: Lindehuset) -> None:
    client = of(house)
    assert "/demo" not in (await client.get("/")).text
    assert (await client.get("/demo")).status_code == 404
    assert (await client.post("/demo/press", data={"person": "anna"})).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.DANISH, "Uden testet alarm:"),
        (Language.NORWEGIAN, "Uten testet alarm:"),
        (Language.ENGLISH, "Without a tested alarm:"),
    ],
)
async def test_the_console_speaks_the_language_of_the_person(
    house: Lindehuset, language: Language, words: str
) -> None:
    house.configure(configuration(language))
    page = (await of(house).get("/")).text
    assert f'<html lang="{language}"' in page
    assert words in page


async def test_another_language_is_chosen_by_a_button_and_remembered(house: Lindehuset) -> None:
    client = of(house)
    chosen = await client.post("/language", data={"language": "nb", "back": "/people"})
    assert chosen.headers["location"] == "/people"
    assert "På vakt nå" in (await client.get("/people")).text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil", "javascript:x"]
)
async def test_choosing_a_language_leads_to_no_other_host(house: Lindehuset, back: str) -> None:
    chosen = await of(house).post("/language", data={"language": "xx", "back": back})
    assert chosen.headers["location"] == "/"
    assert "set-cookie" not in chosen.headers


async def test_a_sites_own_word_is_used_for_a_level(house: Lindehuset) -> None:
    known = house.engine.organisation()
    site = replace(known.sites[0], words=(("level_red", "Overfaldsalarm"),))
    house.configure(replace(known, sites=(site,)))
    await house.press()
    assert "Overfaldsalarm" in (await of(house).get("/")).text


async def test_earlier_alarms_are_listed_newest_first_with_their_cause() -> None:
    alarms = [an_alarm(f"b_{number}") for number in range(61)]
    async with lindehuset(before=kept(*alarms)) as house:
        await house.ends("b_0")
        client = of(house)
        first = (await client.get("/alarms")).text
        more = re.search(r'href="(/alarms\?cursor=[^"]+)"', first)
        assert more is not None
        assert "Faldet til ro" not in first
        assert "Faldet til ro" in (await client.get(more[1])).text


async def test_an_alarm_that_is_not_there_is_a_friendly_page(house: Lindehuset) -> None:
    page = await of(house).get("/alarms/none")
    assert page.status_code == 404
    assert "Gå til tavlen" in page.text


async def test_a_thousand_alarms_at_once_leave_the_board_readable() -> None:
    alarms = [an_alarm(f"a_{number}") for number in range(1_000)]
    async with lindehuset(before=kept(*alarms)) as house:
        board = (await of(house).get("/")).text
    assert board.count("data-alarm=") == 100
    assert "900 alarmer mere vises ikke" in board


async def test_an_alarm_nobody_answers_for_hours_keeps_its_page_readable(house: Lindehuset) -> None:
    await house.press()
    await house.time_passes(timedelta(hours=4))
    page = (await of(house).get("/alarms/a_1")).text
    rounds = house.alarm.escalation.round if house.alarm.escalation else 0
    lines = len(await house.engine.timeline("a_1"))
    assert rounds > 400
    assert f"Runde {rounds}:" in page
    assert "Runde 1:" not in page
    assert f"{lines - 200} tidligere linjer vises ikke" in page
    assert len(page) < 120_000


def of(house: Lindehuset, token: str = "token-of-per", *, press: bool = False) -> AsyncClient:
    return browser_client(staff_app(web_deps(house, press=Presses() if press else None)), token)


def status_of(board: str) -> str:
    """The one line that everybody reads first."""
    found = re.search(r'<p class="status">.*?<span>([^<]*)</span>', board, re.S)
    assert found is not None
    return found[1]


def cards(board: str) -> list[str]:
    return re.findall(r"<article.*?</article>", board, re.S)


def a_moment_ago() -> str:
    """When a question was asked that somebody has had time to read."""
    return asked_at(NOW - timedelta(seconds=2))
