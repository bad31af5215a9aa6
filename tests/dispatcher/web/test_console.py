"""The console: what the board says, one alarm in full, refusals, language, hostile text."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from httpx import AsyncClient

from alarms.model import Cause, Closing, Place, Presser, Standpoint
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState, Standing
from core.values import replace
from dispatcher.engine.ports import Problem
from dispatcher.roster.model import Language
from dispatcher.web.asking import asked_at
from dispatcher.web.staff import staff_app
from tests.support.desk import NOW, MemoryDesk, a_picture, an_alarm, call_of, lindehuset
from tests.support.web import Presses, browser_client, web_deps

SHAPES = {"red": "Akutalarm", "orange": "Stille alarm", "yellow": "Kom forbi", "blue": "Sygdom"}


async def test_each_level_has_its_word_its_colour_and_a_shape_of_its_own() -> None:
    desk = lindehuset()
    for one in Level:
        an_alarm(desk, f"a_{one}", level=one, kind=AlarmKind.CALL, presser="mia")
    board = (await of(desk).get("/")).text
    shapes = {}
    for card in cards(board):
        level = re.search(r'data-level="(\w+)"', card)
        assert level is not None
        shapes[level[1]] = "".join(re.findall(r'<(?:path|circle) [^>]+fill="[^>]+>', card)[:1])
        assert SHAPES.get(level[1], "Sparring") in card
    assert len(shapes) == 5
    assert len(set(shapes.values())) == 5


async def test_the_most_acute_comes_first_and_technical_stands_in_its_own_lane() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk, "t_1", level=Level.GREEN, kind=AlarmKind.TECHNICAL, text="badge tavs")
    desk.hold(replace(alarm, pressers=(), place=Place(None, "", PlaceSource.UNKNOWN)))
    an_alarm(desk, "a_yellow", level=Level.YELLOW)
    an_alarm(desk, "a_red")
    board = (await of(desk).get("/")).text
    assert re.findall(r'data-alarm="(\w+)"', board) == ["a_red", "a_yellow", "t_1"]
    lane = board.index("Teknik og sparring")
    assert board.index('data-alarm="a_yellow"') < lane < board.index('data-alarm="t_1"')
    assert "badge tavs" in board[lane:]


@pytest.mark.parametrize(
    ("standpoints", "says"),
    [
        ([Standpoint.CALLED], "Ingen har svaret endnu"),
        ([Standpoint.RANG, Standpoint.UNREACHED], "Ingen har svaret endnu"),
        ([Standpoint.SEEN, Standpoint.CALLED], "Ingen kommer endnu"),
        ([Standpoint.DECLINED], "Ingen kommer endnu"),
        ([Standpoint.LAPSED], "Ingen kommer endnu"),
        ([Standpoint.CALLED, Standpoint.ACCEPTED], "Per kommer"),
        ([Standpoint.ACCEPTED, Standpoint.ACCEPTED], "Bo og Per kommer"),
        ([Standpoint.ACCEPTED, Standpoint.ARRIVED], "Per er der"),
    ],
)
async def test_the_board_says_in_one_line_whether_somebody_comes(
    standpoints: list[Standpoint], says: str
) -> None:
    desk = lindehuset()
    people = ["bo", "per"]
    calls = tuple(call_of(people[n], one) for n, one in enumerate(standpoints))
    an_alarm(desk, calls=calls)
    board = (await of(desk).get("/")).text
    status = re.search(r'<p class="status">.*?<span>([^<]*)</span>', board, re.S)
    assert status is not None
    assert status[1] == says


@pytest.mark.parametrize(
    ("standpoint", "let_down", "says"),
    [
        (Standpoint.ARRIVED, 0, "er der · svarer ikke nu"),
        (Standpoint.ACCEPTED, 0, "kommer · svarer ikke nu"),
        (Standpoint.ACCEPTED, 1, "kommer · nåede ikke frem sidst"),
    ],
)
@pytest.mark.parametrize("page", ["/", "/alarms/a_1"])
async def test_who_is_waited_for_no_more_is_not_shown_as_if_they_counted(
    page: str, standpoint: Standpoint, let_down: int, says: str
) -> None:
    desk = lindehuset()
    left = replace(call_of("bo", standpoint), counts=False, let_down=let_down)
    an_alarm(desk, calls=(left, call_of("per", Standpoint.RANG)))
    shown = (await of(desk).get(page)).text
    assert says in shown
    assert "Der ventes ikke længere på Bo. Andre tilkaldes." in shown
    assert f"at-{standpoint}" not in shown
    assert 'class="card red nobody"' in shown
    an_alarm(desk, calls=(left, call_of("per", Standpoint.ACCEPTED)))
    shown = (await of(desk).get(page)).text
    assert ">Per kommer<" in shown
    assert says in shown


async def test_the_board_tells_who_comes_with_their_walk_and_the_clock_since_the_press() -> None:
    desk = lindehuset()
    an_alarm(desk, calls=(call_of("bo", Standpoint.ACCEPTED, expected_s=35.0),))
    board = (await of(desk).get("/")).text
    assert "ca. 35 s at gå" in board
    assert 'data-seconds="42">0:42<' in board
    assert "trykkede kl. 19:01:29" in board


async def test_an_unknown_press_time_is_never_guessed() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    desk.hold(replace(alarm, times=replace(alarm.times, pressed=None)))
    board = (await of(desk).get("/")).text
    assert "modtaget kl." in board
    assert "trykkede kl." not in board


async def test_a_quiet_board_says_so_and_names_who_has_no_tested_alarm() -> None:
    board = (await of(lindehuset()).get("/")).text
    assert "Ingen alarmer" in board
    assert re.search(r"Uden testet alarm:.*<b>Ida</b>", board)
    assert re.search(r"Løbere:.*<b>Bo</b>", board)


async def test_what_the_wearer_says_and_what_is_unusual_stands_on_the_card() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    first = alarm.pressers[0]
    before = first.at - timedelta(minutes=40)
    presser = replace(first, says_over_at=NOW, presses=3, pressed_at=before)
    desk.hold(replace(alarm, pressers=(presser,), unstored=True, drill=True))
    board = (await of(desk).get("/")).text
    for words in (
        "Anna siger, det er faldet til ro",
        "Trykket 3 gange",
        "trykket 40 min før",
        "Ikke gemt. Skriv det ned.",
        "Alarmøvelse",
    ):
        assert words in board


async def test_a_script_in_a_zone_label_a_name_or_a_text_is_shown_and_never_run() -> None:
    desk = lindehuset()
    evil = '"><script>alert(1)</script>'
    alarm = an_alarm(desk, label=evil, text=evil)
    presser = Presser(evil, None, evil, Standing.UNKNOWN, NOW)
    desk.hold(replace(alarm, pressers=(presser,), odd=(evil,)))
    desk.pictures["a_1"] = replace(a_picture(), left_out=())
    desk.tell("a_1", evil, person=evil)
    desk.notify(alarm, "bo", channel=evil, address=evil)
    desk.degraded = (Problem("x", evil, NOW),)
    client = of(desk)
    for path in ("/", "/wall", "/alarms/a_1", "/alarms", "/people", "/devices", "/lines"):
        page = (await client.get(path)).text
        assert "<script>alert" not in page, path
        assert "&lt;script&gt;alert(1)" in page, path


async def test_one_alarm_tells_its_story_who_was_chosen_and_who_not_and_why() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    desk.pictures["a_1"] = a_picture()
    desk.tell("a_1", "step", number="1", call="nearest", people="bo,ida", late="no")
    desk.tell("a_1", "accepted", person="bo")
    desk.notify(alarm, "ida", state=ReceiptState.FAILED_PERMANENT)
    page = (await of(desk).get("/alarms/a_1")).text
    for words in (
        "Trin 1: tilkaldt Bo, Ida",
        "Bo kommer",
        "løber i denne vagt, i Hus 1 efter vagtplanen, 35 s væk",
        "<b>Anna</b>: trykkede på alarmen",
        "<b>Eva</b>: har fri",
        "SMS ••42 · Tilkald",
        "ikke sendt",
    ):
        assert words in page
    assert "+45" not in page


async def test_a_closed_alarm_says_godt_du_trykkede_and_still_shows_who_was_chosen() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    kept = {"nearest": [{"person": "bo", "expected_s": 35.0, "why": ["walk_s:35"]}]}
    desk.tell(
        "a_1", "step", number="1", people="bo", view={**kept, "left_out": [["eva", "off_shift"]]}
    )
    times = replace(alarm.times, closed=NOW)
    closing = Closing("per", Cause.UNINTENDED_PRESS)
    desk.hold(replace(alarm, closing=closing, times=times))
    page = (await of(desk).get("/alarms/a_1")).text
    assert "Godt du trykkede." in page
    assert "Utilsigtet tryk" in page
    assert "35 s væk" in page
    assert "<b>Eva</b>: har fri" in page
    assert "Afslut alarmen" not in page
    assert 'name="answer"' not in page


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '{"view": 3}', '{"person": {"a": 1}}'])
async def test_an_odd_timeline_entry_hides_nothing_else(body: str) -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    desk.tell("a_1", "accepted", person="bo")
    odd = replace(desk.told["a_1"][0], number=2, what="arrived", body=body)
    newer = replace(odd, number=3, what="a_new_token", body=json.dumps({"speed": 3}))
    erased = replace(odd, number=4, body=None)
    desk.told["a_1"] += [odd, newer, erased]
    desk.hold(replace(alarm, closing=Closing("per", Cause.TEST)))
    page = (await of(desk).get("/alarms/a_1")).text
    assert "Bo kommer" in page
    assert "A new token: speed 3" in page
    assert "Slettet" in page


async def test_answering_at_the_console_counts_as_the_person_signed_in() -> None:
    desk = lindehuset()
    an_alarm(desk)
    client = of(desk, "token-of-bo")
    done = await client.post("/alarms/a_1/answer", data={"answer": "accept"})
    assert done.headers["location"] == "/alarms/a_1?said=sent"
    assert desk.asked == [("a_1", AnswerKind.ACCEPT, "bo")]
    page = (await client.get(done.headers["location"])).text
    assert "Dit svar er modtaget." in page
    assert re.search(r'value="accept"[^>]*aria-pressed="true"', page)


async def test_whoever_pressed_gets_no_answer_buttons() -> None:
    desk = lindehuset()
    an_alarm(desk, presser="per")
    assert 'name="answer"' not in (await of(desk).get("/alarms/a_1")).text


async def test_whoever_pressed_elsewhere_is_told_so_and_may_only_ask_for_more_help() -> None:
    desk = lindehuset()
    an_alarm(desk)
    an_alarm(desk, "a_2", presser="per")
    page = (await of(desk).get("/alarms/a_1?ask=decline")).text
    assert "Du har selv trykket" in page
    assert re.findall(r'name="answer" value="(\w+)"', page) == ["more_help"]
    assert 'class="yes"' not in page


async def test_a_close_on_a_stale_screen_shows_the_reason_and_the_alarm_as_it_is_now() -> None:
    desk = lindehuset()
    an_alarm(desk)
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    client = of(desk)
    form = {"rev": "1", "cause": "calmed_down", "asked": a_moment_ago()}
    refused = await client.post("/alarms/a_1/close", data=form)
    assert refused.status_code == 409
    assert "Der er sket noget nyt. Se, og prøv igen." in refused.text
    assert "Anna, Ida" in refused.text
    assert 'name="rev" value="2"' in refused.text
    again = await client.post("/alarms/a_1/close", data={**form, "rev": "2"})
    assert again.status_code == 303
    assert not desk.held["a_1"].open


async def test_only_somebody_who_was_there_or_the_duty_leader_ends_it() -> None:
    desk = lindehuset()
    an_alarm(desk)
    form = {"rev": "1", "cause": "calmed_down", "asked": a_moment_ago()}
    refused = await of(desk, "token-of-bo").post("/alarms/a_1/close", data=form)
    assert refused.status_code == 403
    assert "Kun en, der var der, eller vagthavende kan afslutte." in refused.text


async def test_an_end_in_the_same_breath_as_its_page_is_asked_again() -> None:
    desk = lindehuset()
    an_alarm(desk)
    client = of(desk)
    for asked in ("", asked_at(NOW), asked_at(NOW - timedelta(milliseconds=900)), "x"):
        form = {"rev": "1", "cause": "calmed_down", "asked": asked}
        again = await client.post("/alarms/a_1/close", data=form)
        assert again.headers["location"] == "/alarms/a_1/end"
    assert desk.held["a_1"].open


async def test_the_page_that_ends_an_alarm_shows_which_and_is_gone_once_it_is_over() -> None:
    desk = lindehuset()
    an_alarm(desk)
    client = of(desk)
    page = (await client.get("/alarms/a_1/end")).text
    for words in ("LEJL 12 HUS 2 1.SAL", "Anna", "Ingen har svaret endnu", 'name="rev" value="1"'):
        assert words in page
    desk.hold(replace(desk.held["a_1"], closing=Closing("per", Cause.TEST)))
    assert (await client.get("/alarms/a_1/end")).headers["location"] == "/alarms/a_1?said=over"
    assert (await client.get("/alarms/none/end")).status_code == 404


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
async def test_i_cannot_at_the_console_is_asked_once_more_and_names_what_it_saw(
    answer: str,
) -> None:
    desk = lindehuset()
    an_alarm(desk)
    client = of(desk, "token-of-bo")
    asked = await client.post("/alarms/a_1/answer", data={"answer": answer, "rev": "1"})
    assert asked.headers["location"] == f"/alarms/a_1?ask={answer}"
    page = (await client.get(asked.headers["location"])).text
    assert 'class="yes"' in page
    assert "Kan du ikke komme?" in page
    assert desk.asked == []
    yes = {"answer": answer, "asked": a_moment_ago()}
    blind = await client.post("/alarms/a_1/answer", data=yes)
    assert blind.status_code == 422
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    stale = await client.post("/alarms/a_1/answer", data={**yes, "rev": "1"})
    assert stale.status_code == 409
    assert "Der er sket noget nyt." in stale.text
    assert desk.asked == []
    sure = await client.post("/alarms/a_1/answer", data={**yes, "rev": "2"})
    assert sure.headers["location"] == "/alarms/a_1?said=sent"


async def test_over_posted_to_the_answers_leads_to_the_page_that_ends_it() -> None:
    desk = lindehuset()
    an_alarm(desk)
    over = {"answer": "over", "rev": "1", "asked": a_moment_ago()}
    asked = await of(desk).post("/alarms/a_1/answer", data=over)
    assert asked.headers["location"] == "/alarms/a_1/end"
    assert desk.held["a_1"].open


async def test_a_second_tap_at_the_console_is_no_second_answer() -> None:
    desk = lindehuset()
    an_alarm(desk)
    client = of(desk, "token-of-bo")
    for _ in range(2):
        done = await client.post("/alarms/a_1/answer", data={"answer": "more_help"})
        assert done.headers["location"] == "/alarms/a_1?said=sent"
    assert len(desk.asked) == 1


async def test_the_close_form_offers_neutral_causes_only() -> None:
    desk = lindehuset()
    an_alarm(desk)
    page = (await of(desk).get("/alarms/a_1/end")).text
    offered = re.findall(r'name="cause" value="(\w+)"', page)
    assert offered == [
        "calmed_down",
        "not_needed_any_more",
        "unintended_press",
        "handed_over",
        "test",
    ]
    assert "falsk" not in page.lower()


async def test_what_does_not_work_is_on_every_page_with_the_manual_routine() -> None:
    desk = lindehuset()
    an_alarm(desk)
    desk.degraded = (Problem("store", "The store cannot commit.", NOW),)
    client = of(desk, press=True)
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


async def test_people_without_a_proven_alarm_stand_as_uden_testet_alarm() -> None:
    page = (await of(lindehuset()).get("/people")).text
    ida = page[page.index("<b>Ida</b>") : page.index("<b>Per</b>")]
    assert "Uden testet alarm" in ida
    anna = page[page.index("<b>Anna</b>") : page.index("<b>Ida</b>")]
    assert "Testet alarm" in anna


async def test_devices_that_need_somebody_come_first_with_their_state_in_words() -> None:
    page = (await of(lindehuset()).get("/devices")).text
    assert re.findall(r"<b>(badge-\w+)</b>", page)[:2] == ["badge-ida", "badge-per"]
    for words in (
        "har ikke forbindelse",
        "lavt batteri",
        "har forbindelse",
        "hørt for 6 min siden",
    ):
        assert words in page


async def test_in_demo_mode_each_person_at_work_has_a_button_for_each_level() -> None:
    presses = Presses()
    client = browser_client(staff_app(web_deps(lindehuset(), press=presses)))
    page = (await client.get("/demo")).text
    assert re.findall(r'name="person" value="(\w+)"', page) == ["bo", "anna", "ida", "per"]
    assert page.count('name="level"') == 4 * 5
    done = await client.post("/demo/press", data={"person": "anna", "level": "blue"})
    assert done.headers["location"] == "/?said=pressed"
    assert presses.pressed == [("anna", Level.BLUE, AlarmKind.MEDICAL)]


async def test_outside_demo_mode_there_is_nothing_to_press() -> None:
    client = of(lindehuset())
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
    language: Language, words: str
) -> None:
    page = (await of(lindehuset(language)).get("/")).text
    assert f'<html lang="{language}"' in page
    assert words in page


async def test_another_language_is_chosen_by_a_button_and_remembered() -> None:
    client = of(lindehuset())
    chosen = await client.post("/language", data={"language": "nb", "back": "/people"})
    assert chosen.headers["location"] == "/people"
    assert "På vakt nå" in (await client.get("/people")).text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil", "javascript:x"]
)
async def test_choosing_a_language_leads_to_no_other_host(back: str) -> None:
    chosen = await of(lindehuset()).post("/language", data={"language": "xx", "back": back})
    assert chosen.headers["location"] == "/"
    assert "set-cookie" not in chosen.headers


async def test_a_sites_own_word_is_used_for_a_level() -> None:
    desk = lindehuset()
    site = replace(desk.configured.sites[0], words=(("level_red", "Overfaldsalarm"),))
    desk.configured = replace(desk.configured, sites=(site,))
    an_alarm(desk)
    assert "Overfaldsalarm" in (await of(desk).get("/")).text


async def test_earlier_alarms_are_listed_newest_first_with_their_cause() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    times = replace(alarm.times, closed=NOW)
    desk.hold(replace(alarm, closing=Closing("per", Cause.CALMED_DOWN), times=times))
    for number in range(60):
        an_alarm(desk, f"b_{number}")
    client = of(desk)
    first = (await client.get("/alarms")).text
    more = re.search(r'href="(/alarms\?cursor=[^"]+)"', first)
    assert more is not None
    assert "Faldet til ro" in (await client.get(more[1])).text


async def test_an_alarm_that_is_not_there_is_a_friendly_page() -> None:
    page = await of(lindehuset()).get("/alarms/none")
    assert page.status_code == 404
    assert "Gå til tavlen" in page.text


async def test_a_thousand_alarms_at_once_leave_the_board_readable() -> None:
    desk = lindehuset()
    for number in range(1_000):
        an_alarm(desk, f"a_{number}")
    board = (await of(desk).get("/")).text
    assert board.count("data-alarm=") == 100
    assert "900 alarmer mere vises ikke" in board


async def test_an_alarm_nobody_answers_for_hours_keeps_its_page_readable() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    for number in range(1, 1_001):
        desk.tell("a_1", "round", number=str(number), people="bo")
        desk.notify(alarm, "bo")
    page = (await of(desk).get("/alarms/a_1")).text
    assert "Runde 1000:" in page
    assert "Runde 800:" not in page
    assert "800 tidligere linjer vises ikke" in page
    assert len(page) < 120_000


def of(desk: MemoryDesk, token: str = "token-of-per", *, press: bool = False) -> AsyncClient:
    return browser_client(staff_app(web_deps(desk, press=Presses() if press else None)), token)


def cards(board: str) -> list[str]:
    return re.findall(r"<article.*?</article>", board, re.S)


def a_moment_ago() -> str:
    """When a question was asked that somebody has had time to read."""
    return asked_at(NOW - timedelta(seconds=2))
