"""The page behind the link in an SMS: no login, one notice, three big buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from httpx import AsyncClient, Response

from alarms.model import Cause, Closing
from core.errors import StoreUnavailable
from core.ids import hashed
from core.signals import AlarmKind, AnswerKind, Position, ReceiptState
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.roster.model import Language
from dispatcher.store.ports import LinkWrite
from dispatcher.web.asking import SURE_AFTER, asked_at
from dispatcher.web.guard import MISSES_PER_WINDOW
from dispatcher.web.public import public_app
from tests.support.bosted import NOW, configuration
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.stored import a_notice, an_alarm, kept
from tests.support.web import public_client, web_deps

BIG = ["Jeg kommer", "Jeg er her", "Mere hjælp"]


async def test_the_link_shows_place_what_who_and_three_big_buttons_in_danish(
    house: Lindehuset,
) -> None:
    page = await (await opened(house)).look()
    assert page.status_code == 200
    for words in ("LEJL 12 HUS 2 1.SAL", "Overfald", "Anna", "Vagtrum", *BIG, "Jeg kan ikke"):
        assert words in page.text
    assert [label for label, size in buttons(page) if size == "big"] == BIG


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        (Language.NORWEGIAN, ["Jeg kommer", "Jeg er her", "Mer hjelp", "Kan ikke"]),
        (Language.ENGLISH, ["I am coming", "I am here", "More help", "I cannot"]),
    ],
)
async def test_the_page_speaks_the_language_of_its_person(
    house: Lindehuset, language: Language, labels: list[str]
) -> None:
    house.configure(configuration(language))
    page = await (await opened(house)).look()
    assert f'<html lang="{language}">' in page.text
    assert [label for label, _ in buttons(page)] == labels


async def test_a_link_preview_changes_nothing_by_get_or_head(house: Lindehuset) -> None:
    bo = await opened(house)
    before = house.alarm
    for _ in range(3):
        await bo.look()
        assert (await bo.client.head(bo.here)).status_code == 200
        await bo.look("?answer=accept&form=x")
    assert house.asked == []
    assert house.alarm == before


async def test_pressing_i_am_coming_answers_from_this_link_and_goes_back_to_the_page(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    answered = await bo.press("accept")
    assert answered.status_code == 303
    assert answered.headers["location"] == bo.here
    notice = house.sms_to("bo").id
    assert house.asked == [(notice, AnswerKind.ACCEPT, Source(SourceKind.LINK, notice))]
    assert "Du er på vej." in (await bo.look()).text


async def test_declining_and_taking_an_accept_back_are_two_answers(house: Lindehuset) -> None:
    bo = await opened(house)
    await bo.press_surely("decline")
    await bo.press("accept")
    page = await bo.look()
    assert 'value="withdraw"' in page.text
    await bo.press_surely("withdraw")
    assert [answer for _, answer, _ in house.asked] == ["decline", "accept", "withdraw"]


async def test_calmed_down_is_offered_only_after_arrival_and_closes_as_that_responder(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    assert "Faldet til ro" not in (await bo.look()).text
    await bo.press("arrived")
    assert "Faldet til ro" in (await bo.look()).text
    await bo.press_surely("over")
    assert (await house.stored()).closing == Closing("bo", Cause.CALMED_DOWN)
    assert "Afsluttet" in (await bo.look()).text


async def test_who_is_there_may_say_so_again_when_the_wearer_presses_again(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    await bo.press("arrived")
    assert "✓ Jeg er her" in (await bo.look()).text
    await house.press()
    page = (await bo.look()).text
    assert ">Jeg er her" in page
    assert "Trykket 2 gange" in page


async def test_calmed_down_posted_by_somebody_who_has_not_arrived_closes_nothing(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    answered = await bo.press("over")
    assert answered.headers["location"] == f"{bo.here}?said=not_allowed"
    assert house.is_open()


@pytest.mark.parametrize("answer", ["over", "decline", "withdraw"])
async def test_what_takes_help_away_is_asked_once_more_and_a_yes_in_the_same_breath_asks_again(
    house: Lindehuset,
    answer: str,
) -> None:
    bo = await opened(house)
    await bo.press("arrived")
    house.asked.clear()
    asked = await bo.press(answer)
    assert asked.headers["location"] == f"{bo.here}?ask={answer}"
    question = await bo.client.get(asked.headers["location"])
    assert 'class="yes"' in question.text
    yes = {**hidden(question), "answer": answer}
    for soon in (0.0, 0.2, 0.9):
        house.clock.move_to(NOW + timedelta(seconds=soon))
        again = await bo.send(yes)
        assert again.headers["location"] == f"{bo.here}?ask={answer}"
    assert house.asked == []
    assert house.is_open()
    house.clock.move_to(NOW + SURE_AFTER)
    assert (await bo.send(yes)).headers["location"] == bo.here
    assert len(house.asked) == (0 if answer == "over" else 1)
    assert house.is_open() is (answer != "over")


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 400, "99999999999999", "0"])
async def test_a_yes_to_a_question_that_was_not_asked_here_and_now_ends_nothing(
    house: Lindehuset, asked: str
) -> None:
    bo = await opened(house)
    await bo.press("arrived")
    form = {**await bo.form(), "answer": "over", "asked": asked}
    await bo.send(form)
    assert house.is_open()


async def test_the_question_is_not_asked_of_somebody_who_may_not_end_it(house: Lindehuset) -> None:
    bo = await opened(house)
    assert 'class="yes"' not in (await bo.look("?ask=over")).text
    assert 'class="yes"' not in (await bo.look("?ask=dance")).text
    assert 'class="yes"' not in (await bo.look("?ask=accept")).text


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
async def test_i_cannot_on_a_page_from_before_somebody_joined_is_shown_what_is_new(
    house: Lindehuset,
    answer: str,
) -> None:
    bo = await opened(house)
    question = hidden(await bo.look(f"?ask={answer}"))
    await house.press("ida")
    house.clock.move_to(NOW + SURE_AFTER)
    refused = await bo.send({**question, "answer": answer})
    assert refused.headers["location"] == f"{bo.here}?said=stale"
    assert house.asked == []


@pytest.mark.parametrize("answer", ["accept", "arrived", "more_help"])
async def test_a_second_tap_of_the_same_touch_is_no_second_answer(
    house: Lindehuset, answer: str
) -> None:
    bo = await opened(house)
    first = await bo.press(answer)
    second = await bo.press(answer)
    assert len(house.asked) == 1
    assert second.headers["location"] == first.headers["location"]


async def test_an_answer_that_was_not_taken_can_be_given_again_at_once(house: Lindehuset) -> None:
    bo = await opened(house)
    take = house.engine.answer
    failed: list[AnswerKind] = []

    async def broken(notice: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        if not failed:
            failed.append(answer)
            raise StoreUnavailable("the disk is full")
        return await take(notice, answer, source)

    house.engine.answer = broken  # type: ignore[assignment, method-assign]
    assert (await bo.press("accept")).status_code == 503
    assert (await bo.press("accept")).status_code == 303
    assert "Du er på vej." in (await bo.look()).text


@pytest.mark.parametrize(
    "said", [AnswerKind.RANG, AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.DECLINE]
)
async def test_no_place_ever_holds_another_answer(house: Lindehuset, said: AnswerKind) -> None:
    bo = await opened(house)
    await (house.rings("bo") if said is AnswerKind.RANG else house.says("bo", said))
    page = (await bo.look()).text
    places = re.findall(r'id="answer-(\d)" name="answer" value="(\w+)"', page)
    meant = {
        "1": {"accept"},
        "2": {"arrived"},
        "3": {"more_help"},
        "4": {"decline", "withdraw"},
        "5": {"over"},
    }
    assert len(places) >= 4
    assert all(answer in meant[place] for place, answer in places)


async def test_calmed_down_on_a_stale_page_is_refused_with_the_reason(house: Lindehuset) -> None:
    bo = await opened(house)
    await bo.press("arrived")
    stale = await bo.form()
    await house.press("ida")
    answered = await bo.send({**stale, "answer": "over"})
    assert house.is_open()
    page = await bo.client.get(answered.headers["location"])
    assert "Der er sket noget nyt." in page.text
    assert "Anna og Ida" in page.text


@pytest.mark.parametrize("rev", ["", "-1", "1.5", "x", "9" * 400])
async def test_a_close_that_does_not_say_what_it_saw_is_refused(
    house: Lindehuset, rev: str
) -> None:
    bo = await opened(house)
    await bo.press("arrived")
    form = await bo.form()
    house.clock.move_to(NOW + SURE_AFTER)
    form |= {"asked": asked_at(NOW), "rev": rev, "answer": "over"}
    await bo.send(form)
    assert house.is_open()


async def test_more_help_is_passed_on_and_answered(house: Lindehuset) -> None:
    bo = await opened(house)
    answered = await bo.press("more_help")
    assert house.asked[-1][1] is AnswerKind.MORE_HELP
    assert "Vi tilkalder flere." in (await bo.client.get(answered.headers["location"])).text


async def test_a_post_without_the_form_token_of_this_link_is_no_answer(house: Lindehuset) -> None:
    bo = await opened(house)
    for form in ({}, {"form": ""}, {"form": "x" * 64}, {"form": "é€"}):
        answered = await bo.send({**form, "answer": "accept"})
        assert answered.status_code == 303
    assert house.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_on_another_sites_page_is_no_answer(
    house: Lindehuset, headers: dict[str, str]
) -> None:
    bo = await opened(house)
    form = await bo.form()
    await bo.send({**form, "answer": "accept"}, headers=headers)
    assert house.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},  # what a page with no-referrer sends for its own form
        {"origin": "http://localhost:8081"},
        {"origin": "https://help.example"},  # behind a proxy: the public URL
        {"sec-fetch-site": "same-origin", "origin": "null"},
    ],
)
async def test_our_own_form_counts_without_cookies_on_any_browser(
    house: Lindehuset, headers: dict[str, str]
) -> None:
    bo = await opened(house)
    await bo.press("accept", headers)
    assert len(house.asked) == 1


async def test_a_page_opened_before_a_restart_still_answers(house: Lindehuset) -> None:
    bo = await opened(house)
    form = await bo.form()
    bo.client = public_client(public_app(web_deps(house)))
    await bo.send({**form, "answer": "accept"})
    assert len(house.asked) == 1


@pytest.mark.parametrize("answer", ["", "rang", "dance", "accept\n"])
async def test_an_answer_the_page_does_not_know_changes_nothing(
    house: Lindehuset, answer: str
) -> None:
    bo = await opened(house)
    assert (await bo.press(answer)).headers["location"] == f"{bo.here}?said=again"
    assert house.asked == []


async def test_a_stood_down_link_is_dead_and_says_afblaest_and_nothing_about_the_alarm(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    await house.enough_come()
    page = await bo.look()
    assert page.status_code == 410
    assert "Afblæst" in page.text
    assert_says_nothing_of_the_alarm(page)


async def test_a_late_accept_is_passed_on_and_answered_with_a_stand_down(house: Lindehuset) -> None:
    bo = await opened(house)
    form = await bo.form()
    await house.enough_come()
    answered = await bo.send({**form, "answer": "accept"})
    assert house.asked[-1][1] is AnswerKind.ACCEPT
    page = await bo.client.get(answered.headers["location"])
    assert "Der er nok på vej." in page.text
    assert "Afblæst" in page.text


@pytest.mark.parametrize("answer", ["arrived", "decline", "over", "withdraw"])
async def test_a_dead_link_takes_nothing_but_a_late_accept(house: Lindehuset, answer: str) -> None:
    bo = await opened(house)
    form = await bo.form()
    await house.enough_come()
    await bo.send({**form, "answer": answer})
    assert house.asked == []


async def test_more_help_from_a_page_still_open_is_passed_on_when_its_link_has_died(
    house: Lindehuset,
) -> None:
    """Law 6: what calls help is believed from anyone. Who asks for it is in it again."""
    bo = await opened(house)
    form = await bo.form()
    await house.enough_come()
    answered = await bo.send({**form, "answer": "more_help"})
    assert house.asked[-1][1] is AnswerKind.MORE_HELP
    page = await bo.client.get(answered.headers["location"])
    assert "Vi tilkalder flere." in page.text
    assert [label for label, size in buttons(page) if size == "big"] == BIG


async def test_more_help_from_the_page_of_an_alarm_just_closed_is_passed_on(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    form = await bo.form()
    await house.ends()
    await bo.send({**form, "answer": "more_help"})
    assert house.asked[-1][1] is AnswerKind.MORE_HELP


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_a_person_who_pressed_too_reads_that_and_nothing_about_the_alarm(
    house: Lindehuset,
    elsewhere: bool,
) -> None:
    bo = await opened(house)
    form = await bo.form()
    if elsewhere:
        await house.press("bo", "stue-1")
    else:
        await house.press("bo")
    page = await bo.look("?said=again")
    assert page.status_code == 200
    assert "Du har selv trykket" in page.text
    assert "Det virkede ikke." not in page.text
    assert [label for label, _ in buttons(page)] == ["Mere hjælp"], "the one word that counts"
    assert_says_nothing_of_the_alarm(page, but="<button")
    for answer in ("arrived", "decline", "over"):
        await bo.send({**form, "answer": answer})
    assert house.asked == []
    await bo.press("more_help")
    assert [answer for _, answer, _ in house.asked] == [AnswerKind.MORE_HELP]
    assert "Vi tilkalder flere." in (await bo.look("?said=more_help")).text


async def test_once_her_own_alarm_is_over_the_page_has_its_buttons_again(house: Lindehuset) -> None:
    bo = await opened(house)
    own = await house.press("bo", "stue-1")
    pressed = await bo.look()
    await house.ends(own)
    again = await bo.look()
    assert [label for label, size in buttons(again) if size == "big"] == BIG
    versions = [re.search(r'data-version="([^"]*)"', page.text) for page in (pressed, again)]
    assert versions[0] is not None
    assert versions[1] is not None
    assert versions[0][1] != versions[1][1], "a page that is open sees it"


async def test_a_closed_alarm_says_so_for_an_hour_and_then_the_link_is_gone(
    house: Lindehuset,
) -> None:
    bo = await opened(house)
    await house.ends()
    page = await bo.look()
    assert page.status_code == 200
    assert "Afsluttet" in page.text
    assert_says_nothing_of_the_alarm(page)
    house.clock.move_to(NOW + timedelta(minutes=59, seconds=59))
    assert (await bo.look()).status_code == 200
    house.clock.move_to(NOW + timedelta(hours=1))
    assert (await bo.look()).status_code == 404


async def test_a_closed_alarm_takes_no_answer_from_an_old_page(house: Lindehuset) -> None:
    bo = await opened(house)
    form = await bo.form()
    await house.ends()
    await bo.send({**form, "answer": "arrived"})
    assert house.asked == []


async def test_the_link_of_a_removed_person_is_gone(house: Lindehuset) -> None:
    bo = await opened(house)
    known = house.engine.organisation()
    people = tuple(one for one in known.people if one.id != "bo")
    house.configure(replace(known, people=people))
    assert (await bo.look()).status_code == 404


async def test_unknown_removed_and_expired_links_read_exactly_alike(house: Lindehuset) -> None:
    bo = await opened(house)
    pages = [await bo.client.get("/n/AAAAAAAAAAAAAAAAAAAAAA"), await bo.client.get("/n/x")]
    pages.append(await bo.client.get("/n/" + "y" * 5_000))
    await house.ends()
    house.clock.move_to(NOW + timedelta(hours=2))
    pages.append(await bo.look())
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "Linket virker ikke mere." in pages[0].text


async def test_guessing_is_slowed_down_and_a_valid_link_never_is(house: Lindehuset) -> None:
    bo = await opened(house)
    statuses = [(await bo.client.get(f"/n/guess{n}")).status_code for n in range(100)]
    assert statuses.count(404) == MISSES_PER_WINDOW
    assert set(statuses[MISSES_PER_WINDOW:]) == {429}
    assert (await bo.look()).status_code == 200
    assert (await bo.press("accept")).status_code == 303


async def test_the_page_is_never_stored_indexed_framed_or_told_to_others(house: Lindehuset) -> None:
    bo = await opened(house)
    for page in (await bo.look(), await bo.client.get("/n/x"), await bo.client.get("/healthz")):
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in page.headers["x-robots-tag"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers


async def test_the_page_is_one_small_response_without_anything_from_another_host(
    house: Lindehuset,
) -> None:
    page = await (await opened(house)).look()
    assert len(page.content) < 12_000
    assert not re.search(r"(?:src|href|action)\s*=", page.text)
    assert "http://" not in page.text
    assert "https://" not in page.text


async def test_the_page_refreshes_itself_without_javascript(house: Lindehuset) -> None:
    page = await (await opened(house)).look()
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page.text)
    assert '<form method="post" class="bar"' in page.text


async def test_a_script_in_a_zone_label_is_shown_and_not_run(house: Lindehuset) -> None:
    known = configuration()
    evil = replace(known.zones[-1], label='<script>alert("x")</script>')
    house.configure(replace(known, zones=(*known.zones[:-1], evil)))
    await house.press(text="<img src=x onerror=y>")
    page = await page_of(house, "bo")
    assert "&lt;script&gt;alert" in page.text
    assert "<script>alert" not in page.text
    assert "<img" not in page.text


async def test_what_is_unusual_and_who_runs_with_you_is_said_before_you_run(
    house: Lindehuset,
) -> None:
    """Everybody has been instructed but Bo, and house 1 is empty without him."""
    known = configuration()
    people = (replace(p, instructed=()) if p.id == "bo" else p for p in known.people)
    units = (replace(known.units[0], min_staff=2), *known.units[1:])
    house.configure(replace(known, people=tuple(people), units=units))
    await house.press()
    await house.says("ida", AnswerKind.ACCEPT)
    await house.time_passes(timedelta(seconds=50))
    await house.says("ida", AnswerKind.ACCEPT)
    await house.says("per", AnswerKind.ACCEPT)
    page = await page_of(house, "bo")
    assert "Gå ikke ind alene." in page.text
    assert "Dit hus står tomt imens." in page.text
    assert "Du + Per<" in page.text, "and not Ida, who is waited for no more"


async def test_a_weapon_says_do_not_go_in(house: Lindehuset) -> None:
    await house.press(kind=AlarmKind.WEAPON)
    assert "GÅ IKKE IND. Lås døren." in (await page_of(house, "bo")).text


async def test_a_neighbour_is_told_of_the_empty_house_and_not_asked_to_come(
    house: Lindehuset,
) -> None:
    known = configuration()
    units = (replace(known.units[0], min_staff=2), *known.units[1:])
    house.configure(replace(known, units=units))
    house.pictures.unreachable(("badge-per",), "silent")
    await house.press()
    await house.says("bo", AnswerKind.ACCEPT)
    page = await page_of(house, "per")
    assert "Hus 1 står tomt. Hold øje." in page.text
    assert [label for label, _ in buttons(page)] == ["Set"]


async def test_an_old_place_is_called_the_last_known_one(house: Lindehuset) -> None:
    seen = Position(55.7, 12.5, accuracy_m=40.0, at=NOW - timedelta(minutes=15))
    await house.press(zone=None, position=seen)
    page = await page_of(house, "bo")
    assert "sidst kendte sted" in page.text
    assert "15 min gammelt" in page.text
    assert "inden for 40 m" in page.text


async def test_a_notice_withdrawn_before_it_was_read_is_dead() -> None:
    alarm = an_alarm()
    notice = a_notice(alarm, state=ReceiptState.WITHDRAWN)
    link = LinkWrite(hashed("token"), notice.id, "bo", alarm.id)
    async with lindehuset(before=kept(alarm, notices=(notice,), links=(link,))) as house:
        client = public_client(public_app(web_deps(house)))
        assert (await client.get("/n/token")).status_code == 410


async def test_when_the_store_does_not_answer_the_page_says_go_to_the_alarm(
    house: Lindehuset,
) -> None:
    async def gone(_: str) -> LinkWrite | None:
        raise StoreUnavailable("the disk is full")

    client = public_client(public_app(replace(web_deps(house), link=gone)))
    page = await client.get("/n/any")
    assert page.status_code == 503
    assert "Gå til alarmen." in page.text
    assert (await client.post("/n/any", data={"answer": "accept"})).status_code == 503


async def opened(house: Lindehuset) -> Phone:
    """Anna has pressed, Bo was called, and has his SMS before him."""
    await house.press()
    return Phone(house, public_client(public_app(web_deps(house))), house.link_of("bo"))


@dataclass
class Phone:
    """Bo's: the page behind the link in his SMS."""

    house: Lindehuset
    client: AsyncClient
    here: str

    async def look(self, query: str = "") -> Response:
        return await self.client.get(f"{self.here}{query}")

    async def form(self) -> dict[str, str]:
        return hidden(await self.look())

    async def send(self, form: dict[str, str], headers: dict[str, str] | None = None) -> Response:
        return await self.client.post(self.here, data=form, headers=headers)

    async def press(self, answer: str, headers: dict[str, str] | None = None) -> Response:
        return await self.send({**await self.form(), "answer": answer}, headers)

    async def press_surely(self, answer: str) -> Response:
        """Press, read the question, and say yes."""
        asked = await self.press(answer)
        question = hidden(await self.client.get(asked.headers["location"]))
        await self.house.time_passes(SURE_AFTER)
        return await self.send({**question, "answer": answer})


def hidden(page: Response) -> dict[str, str]:
    """What the first form of a page carries unseen."""
    form = page.text[page.text.index('<form method="post"') :].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


async def page_of(house: Lindehuset, person: str) -> Response:
    """What their SMS leads to."""
    client = public_client(public_app(web_deps(house)))
    return await client.get(house.link_of(person))


def buttons(page: Response) -> list[tuple[str, str]]:
    """Label and size of every button, in order."""
    found = re.findall(r'<button [^>]*class="(\w+) [^"]*"[^>]*>([^<]*)</button>', page.text)
    return [(label.strip(), size) for size, label in found]


def assert_says_nothing_of_the_alarm(page: Response, but: str = "") -> None:
    for secret in ("LEJL 12", "Anna", "Overfald", "Vagtrum", "<button"):
        assert secret == but or secret not in page.text
