"""The page behind the link in an SMS: no login, one notice, three big buttons."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from httpx import AsyncClient, Response

from alarms.model import Alarm, Cause, Closing, Need, Presser, Purpose, Standpoint
from alarms.view import Unusual
from core.errors import StoreUnavailable
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState, Standing
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.roster.model import Language
from dispatcher.store.ports import LinkWrite
from dispatcher.web.asking import SURE_AFTER, asked_at
from dispatcher.web.guard import MISSES_PER_WINDOW
from dispatcher.web.public import public_app
from tests.support.desk import NOW, MemoryDesk, an_alarm, call_of, lindehuset
from tests.support.web import LINK, public_client, web_deps

HERE = f"/n/{LINK}"
BIG = ["Jeg kommer", "Jeg er her", "Mere hjælp"]


async def test_the_link_shows_place_what_who_and_three_big_buttons_in_danish() -> None:
    page = await (await opened()).get(HERE)
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
    language: Language, labels: list[str]
) -> None:
    page = await (await opened(lindehuset(language))).get(HERE)
    assert f'<html lang="{language}">' in page.text
    assert [label for label, _ in buttons(page)] == labels


async def test_a_link_preview_changes_nothing_by_get_or_head() -> None:
    desk = lindehuset()
    client = await opened(desk)
    before = dict(desk.held)
    for _ in range(3):
        await client.get(HERE)
        assert (await client.head(HERE)).status_code == 200
        await client.get(f"{HERE}?answer=accept&form=x")
    assert desk.asked == []
    assert desk.held == before


async def test_pressing_i_am_coming_answers_from_this_link_and_goes_back_to_the_page() -> None:
    desk = lindehuset()
    client = await opened(desk)
    answered = await press(client, "accept")
    assert answered.status_code == 303
    assert answered.headers["location"] == HERE
    assert desk.asked == [("a_1-1", AnswerKind.ACCEPT, Source(SourceKind.LINK, "a_1-1"))]
    assert "Du er på vej." in (await client.get(HERE)).text


async def test_declining_and_taking_an_accept_back_are_two_answers() -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press_surely(desk, client, "decline")
    await press(client, "accept")
    page = await client.get(HERE)
    assert 'value="withdraw"' in page.text
    await press_surely(desk, client, "withdraw")
    assert [answer for _, answer, _ in desk.asked] == ["decline", "accept", "withdraw"]


async def test_calmed_down_is_offered_only_after_arrival_and_closes_as_that_responder() -> None:
    desk = lindehuset()
    client = await opened(desk)
    assert "Faldet til ro" not in (await client.get(HERE)).text
    await press(client, "arrived")
    assert "Faldet til ro" in (await client.get(HERE)).text
    await press_surely(desk, client, "over")
    closing = desk.held["a_1"].closing
    assert closing == Closing("bo", Cause.CALMED_DOWN)
    assert "Afsluttet" in (await client.get(HERE)).text


async def test_who_is_there_may_say_so_again_when_the_wearer_presses_again() -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press(client, "arrived")
    assert "✓ Jeg er her" in (await client.get(HERE)).text
    alarm = desk.held["a_1"]
    state = alarm.escalation
    assert state is not None
    pressers = (replace(alarm.pressers[0], presses=2),)
    asked = replace(state, need=Need(due=NOW + timedelta(seconds=20)))
    desk.hold(replace(alarm, escalation=asked, pressers=pressers))
    page = (await client.get(HERE)).text
    assert ">Jeg er her" in page
    assert "Trykket 2 gange" in page


async def test_calmed_down_posted_by_somebody_who_has_not_arrived_closes_nothing() -> None:
    desk = lindehuset()
    client = await opened(desk)
    answered = await press(client, "over")
    assert answered.headers["location"] == f"{HERE}?said=not_allowed"
    assert desk.held["a_1"].open


@pytest.mark.parametrize("answer", ["over", "decline", "withdraw"])
async def test_what_takes_help_away_is_asked_once_more_and_a_yes_in_the_same_breath_asks_again(
    answer: str,
) -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press(client, "arrived")
    desk.asked.clear()
    asked = await press(client, answer)
    assert asked.headers["location"] == f"{HERE}?ask={answer}"
    question = await client.get(asked.headers["location"])
    assert 'class="yes"' in question.text
    yes = {**hidden(question), "answer": answer}
    for soon in (0.0, 0.2, 0.9):
        desk.clock = NOW + timedelta(seconds=soon)
        again = await client.post(HERE, data=yes)
        assert again.headers["location"] == f"{HERE}?ask={answer}"
    assert desk.asked == []
    assert desk.held["a_1"].open
    desk.clock = NOW + SURE_AFTER
    assert (await client.post(HERE, data=yes)).headers["location"] == HERE
    assert len(desk.asked) == (0 if answer == "over" else 1)
    assert desk.held["a_1"].open is (answer != "over")


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 400, "99999999999999", "0"])
async def test_a_yes_to_a_question_that_was_not_asked_here_and_now_ends_nothing(asked: str) -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press(client, "arrived")
    form = {**await form_of(client), "answer": "over", "asked": asked}
    await client.post(HERE, data=form)
    assert desk.held["a_1"].open


async def test_the_question_is_not_asked_of_somebody_who_may_not_end_it() -> None:
    client = await opened()
    assert 'class="yes"' not in (await client.get(f"{HERE}?ask=over")).text
    assert 'class="yes"' not in (await client.get(f"{HERE}?ask=dance")).text
    assert 'class="yes"' not in (await client.get(f"{HERE}?ask=accept")).text


@pytest.mark.parametrize("answer", ["decline", "withdraw"])
async def test_i_cannot_on_a_page_from_before_somebody_joined_is_shown_what_is_new(
    answer: str,
) -> None:
    desk = lindehuset()
    client = await opened(desk)
    question = hidden(await client.get(f"{HERE}?ask={answer}"))
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    desk.clock = NOW + SURE_AFTER
    refused = await client.post(HERE, data={**question, "answer": answer})
    assert refused.headers["location"] == f"{HERE}?said=stale"
    assert desk.asked == []


@pytest.mark.parametrize("answer", ["accept", "arrived", "more_help"])
async def test_a_second_tap_of_the_same_touch_is_no_second_answer(answer: str) -> None:
    desk = lindehuset()
    client = await opened(desk)
    first = await press(client, answer)
    second = await press(client, answer)
    assert len(desk.asked) == 1
    assert second.headers["location"] == first.headers["location"]


async def test_an_answer_that_was_not_taken_can_be_given_again_at_once() -> None:
    desk = lindehuset()
    client = await opened(desk)
    take = desk.answer
    failed: list[AnswerKind] = []

    async def broken(notice: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        if not failed:
            failed.append(answer)
            raise StoreUnavailable("the disk is full")
        return await take(notice, answer, source)

    desk.answer = broken  # type: ignore[assignment, method-assign]
    assert (await press(client, "accept")).status_code == 503
    assert (await press(client, "accept")).status_code == 303
    assert "Du er på vej." in (await client.get(HERE)).text


@pytest.mark.parametrize(
    "standing", [Standpoint.RANG, Standpoint.ACCEPTED, Standpoint.ARRIVED, Standpoint.DECLINED]
)
async def test_no_place_ever_holds_another_answer(standing: Standpoint) -> None:
    desk = lindehuset()
    client = await opened(desk)
    desk.stand("a_1", "bo", standing)
    page = (await client.get(HERE)).text
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


async def test_calmed_down_on_a_stale_page_is_refused_with_the_reason() -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press(client, "arrived")
    stale = await form_of(client)
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    answered = await client.post(HERE, data={**stale, "answer": "over"})
    assert desk.held["a_1"].open
    page = await client.get(answered.headers["location"])
    assert "Der er sket noget nyt." in page.text
    assert "Anna og Ida" in page.text


@pytest.mark.parametrize("rev", ["", "-1", "1.5", "x", "9" * 400])
async def test_a_close_that_does_not_say_what_it_saw_is_refused(rev: str) -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press(client, "arrived")
    form = await form_of(client)
    desk.clock = NOW + SURE_AFTER
    form |= {"asked": asked_at(NOW), "rev": rev, "answer": "over"}
    await client.post(HERE, data=form)
    assert desk.held["a_1"].open


async def test_more_help_is_passed_on_and_answered() -> None:
    desk = lindehuset()
    client = await opened(desk)
    answered = await press(client, "more_help")
    assert desk.asked[-1][1] is AnswerKind.MORE_HELP
    assert "Vi tilkalder flere." in (await client.get(answered.headers["location"])).text


async def test_a_post_without_the_form_token_of_this_link_is_no_answer() -> None:
    desk = lindehuset()
    client = await opened(desk)
    for form in ({}, {"form": ""}, {"form": "x" * 64}, {"form": "é€"}):
        answered = await client.post(HERE, data={**form, "answer": "accept"})
        assert answered.status_code == 303
    assert desk.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_on_another_sites_page_is_no_answer(headers: dict[str, str]) -> None:
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    await client.post(HERE, data={**form, "answer": "accept"}, headers=headers)
    assert desk.asked == []


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
async def test_our_own_form_counts_without_cookies_on_any_browser(headers: dict[str, str]) -> None:
    desk = lindehuset()
    client = await opened(desk)
    await press(client, "accept", headers)
    assert len(desk.asked) == 1


async def test_a_page_opened_before_a_restart_still_answers() -> None:
    desk = lindehuset()
    form = await form_of(await opened(desk))
    after_restart = public_client(public_app(web_deps(desk)))
    await after_restart.post(HERE, data={**form, "answer": "accept"})
    assert len(desk.asked) == 1


@pytest.mark.parametrize("answer", ["", "rang", "dance", "accept\n"])
async def test_an_answer_the_page_does_not_know_changes_nothing(answer: str) -> None:
    desk = lindehuset()
    client = await opened(desk)
    assert (await press(client, answer)).headers["location"] == f"{HERE}?said=again"
    assert desk.asked == []


async def test_a_stood_down_link_is_dead_and_says_afblaest_and_nothing_about_the_alarm() -> None:
    desk = lindehuset()
    client = await opened(desk)
    desk.stand("a_1", "bo", Standpoint.STOOD_DOWN)
    page = await client.get(HERE)
    assert page.status_code == 410
    assert "Afblæst" in page.text
    assert_says_nothing_of_the_alarm(page)


async def test_a_late_accept_is_passed_on_and_answered_with_a_stand_down() -> None:
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    desk.stand("a_1", "bo", Standpoint.STOOD_DOWN)
    answered = await client.post(HERE, data={**form, "answer": "accept"})
    assert desk.asked[-1][1] is AnswerKind.ACCEPT
    page = await client.get(answered.headers["location"])
    assert "Der er nok på vej." in page.text
    assert "Afblæst" in page.text


@pytest.mark.parametrize("answer", ["arrived", "decline", "over", "withdraw"])
async def test_a_dead_link_takes_nothing_but_a_late_accept(answer: str) -> None:
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    desk.stand("a_1", "bo", Standpoint.STOOD_DOWN)
    await client.post(HERE, data={**form, "answer": answer})
    assert desk.asked == []


async def test_more_help_from_a_page_still_open_is_passed_on_when_its_link_has_died() -> None:
    """Law 6: what calls help is believed from anyone; the page still says nothing of the alarm."""
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    desk.stand("a_1", "bo", Standpoint.STOOD_DOWN)
    answered = await client.post(HERE, data={**form, "answer": "more_help"})
    assert desk.asked[-1][1] is AnswerKind.MORE_HELP
    page = await client.get(answered.headers["location"])
    assert "Vi tilkalder flere." in page.text
    assert_says_nothing_of_the_alarm(page)


async def test_more_help_from_the_page_of_an_alarm_just_closed_is_passed_on() -> None:
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    closed(desk, desk.held["a_1"])
    await client.post(HERE, data={**form, "answer": "more_help"})
    assert desk.asked[-1][1] is AnswerKind.MORE_HELP


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_a_person_who_pressed_too_reads_that_and_nothing_about_the_alarm(
    elsewhere: bool,
) -> None:
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    if elsewhere:
        an_alarm(desk, "a_2", presser="bo")
    else:
        desk.join("a_1", Presser("badge-bo", "bo", "Bo", Standing.ASSIGNED, NOW))
    page = await client.get(f"{HERE}?said=again")
    assert page.status_code == 200
    assert "Du har selv trykket" in page.text
    assert "Det virkede ikke." not in page.text
    assert [label for label, _ in buttons(page)] == ["Mere hjælp"], "the one word that counts"
    assert_says_nothing_of_the_alarm(page, but="<button")
    for answer in ("arrived", "decline", "over"):
        await client.post(HERE, data={**form, "answer": answer})
    assert desk.asked == []
    await press(client, "more_help")
    assert [answer for _, answer, _ in desk.asked] == [AnswerKind.MORE_HELP]
    assert "Vi tilkalder flere." in (await client.get(f"{HERE}?said=more_help")).text


async def test_once_her_own_alarm_is_over_the_page_has_its_buttons_again() -> None:
    desk = lindehuset()
    client = await opened(desk)
    own = an_alarm(desk, "a_2", presser="bo")
    pressed = await client.get(HERE)
    closed(desk, own)
    again = await client.get(HERE)
    assert [label for label, size in buttons(again) if size == "big"] == BIG
    versions = [re.search(r'data-version="([^"]*)"', page.text) for page in (pressed, again)]
    assert versions[0] is not None
    assert versions[1] is not None
    assert versions[0][1] != versions[1][1], "a page that is open sees it"


async def test_a_closed_alarm_says_so_for_an_hour_and_then_the_link_is_gone() -> None:
    desk = lindehuset()
    client = await opened(desk)
    closed(desk, desk.held["a_1"])
    page = await client.get(HERE)
    assert page.status_code == 200
    assert "Afsluttet" in page.text
    assert_says_nothing_of_the_alarm(page)
    desk.clock = NOW + timedelta(minutes=59, seconds=59)
    assert (await client.get(HERE)).status_code == 200
    desk.clock = NOW + timedelta(hours=1)
    assert (await client.get(HERE)).status_code == 404


async def test_a_closed_alarm_takes_no_answer_from_an_old_page() -> None:
    desk = lindehuset()
    client = await opened(desk)
    form = await form_of(client)
    closed(desk, desk.held["a_1"])
    await client.post(HERE, data={**form, "answer": "arrived"})
    assert desk.asked == []


async def test_the_link_of_a_removed_person_is_gone() -> None:
    desk = lindehuset()
    client = await opened(desk)
    people = tuple(one for one in desk.configured.people if one.id != "bo")
    desk.configured = replace(desk.configured, people=people)
    assert (await client.get(HERE)).status_code == 404


async def test_unknown_removed_and_expired_links_read_exactly_alike() -> None:
    desk = lindehuset()
    client = await opened(desk)
    pages = [await client.get("/n/AAAAAAAAAAAAAAAAAAAAAA"), await client.get("/n/x")]
    pages.append(await client.get("/n/" + "y" * 5_000))
    desk.links["lost"] = LinkWrite("lost", "no-such-notice", "bo", "a_1")
    closed(desk, desk.held["a_1"])
    desk.clock = NOW + timedelta(hours=2)
    pages.append(await client.get(HERE))
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "Linket virker ikke mere." in pages[0].text


async def test_guessing_is_slowed_down_and_a_valid_link_never_is() -> None:
    client = await opened()
    statuses = [(await client.get(f"/n/guess{n}")).status_code for n in range(100)]
    assert statuses.count(404) == MISSES_PER_WINDOW
    assert set(statuses[MISSES_PER_WINDOW:]) == {429}
    assert (await client.get(HERE)).status_code == 200
    assert (await press(client, "accept")).status_code == 303


async def test_the_page_is_never_stored_indexed_framed_or_told_to_others() -> None:
    client = await opened()
    for page in (await client.get(HERE), await client.get("/n/x"), await client.get("/healthz")):
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in page.headers["x-robots-tag"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers


async def test_the_page_is_one_small_response_without_anything_from_another_host() -> None:
    page = await (await opened()).get(HERE)
    assert len(page.content) < 12_000
    assert not re.search(r"(?:src|href|action)\s*=", page.text)
    assert "http://" not in page.text
    assert "https://" not in page.text


async def test_the_page_refreshes_itself_without_javascript() -> None:
    page = await (await opened()).get(HERE)
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page.text)
    assert '<form method="post" class="bar"' in page.text


async def test_a_script_in_a_zone_label_is_shown_and_not_run() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk, label='<script>alert("x")</script>', text="<img src=x onerror=y>")
    desk.notify(alarm, "bo", token=LINK)
    page = await public_client(public_app(web_deps(desk))).get(HERE)
    assert "&lt;script&gt;alert" in page.text
    assert "<script>alert" not in page.text
    assert "<img" not in page.text


async def test_what_is_unusual_and_who_runs_with_you_is_said_before_you_run() -> None:
    desk = lindehuset()
    bo = call_of("bo", unusual=(Unusual.NOT_INSTRUCTED, Unusual.MINIMUM_STAFF))
    left = replace(call_of("ida", Standpoint.ACCEPTED), counts=False)
    alarm = an_alarm(desk, calls=(bo, call_of("per", Standpoint.ACCEPTED), left))
    desk.notify(alarm, "bo", token=LINK)
    page = await public_client(public_app(web_deps(desk))).get(HERE)
    assert "Gå ikke ind alene." in page.text
    assert "Dit hus står tomt imens." in page.text
    assert "Du + Per<" in page.text, "and not Ida, who is waited for no more"


async def test_a_weapon_says_do_not_go_in() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk, kind=AlarmKind.WEAPON, level=Level.RED)
    desk.notify(alarm, "bo", token=LINK)
    page = await public_client(public_app(web_deps(desk))).get(HERE)
    assert "GÅ IKKE IND. Lås døren." in page.text


async def test_a_neighbour_is_told_of_the_empty_house_and_not_asked_to_come() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    desk.notify(alarm, "per", token=LINK, purpose=Purpose.HOUSE_EMPTY, text="Hus 2")
    page = await public_client(public_app(web_deps(desk))).get(HERE)
    assert "Hus 2 står tomt. Hold øje." in page.text
    assert [label for label, _ in buttons(page)] == ["Set"]


async def test_an_old_place_is_called_the_last_known_one() -> None:
    desk = lindehuset()
    alarm = an_alarm(desk)
    old = replace(alarm, place=replace(alarm.place, age_s=900.0, accuracy_m=40.0))
    desk.hold(old)
    desk.notify(old, "bo", token=LINK)
    page = await public_client(public_app(web_deps(desk))).get(HERE)
    assert "sidst kendte sted" in page.text
    assert "15 min gammelt" in page.text
    assert "inden for 40 m" in page.text


async def test_a_notice_withdrawn_before_it_was_read_is_dead() -> None:
    desk = lindehuset()
    client = await opened(desk)
    await desk.receipt("a_1-1", ReceiptState.WITHDRAWN)
    assert (await client.get(HERE)).status_code == 410


async def test_when_the_store_does_not_answer_the_page_says_go_to_the_alarm() -> None:
    desk = lindehuset()

    async def gone(_: str) -> LinkWrite | None:
        raise StoreUnavailable("the disk is full")

    client = public_client(public_app(replace(web_deps(desk), link=gone)))
    page = await client.get(HERE)
    assert page.status_code == 503
    assert "Gå til alarmen." in page.text
    assert (await client.post(HERE, data={"answer": "accept"})).status_code == 503


async def opened(desk: MemoryDesk | None = None) -> AsyncClient:
    """A client of the public listener; Bo was called and holds `LINK`."""
    desk = desk or lindehuset()
    desk.notify(an_alarm(desk), "bo", token=LINK)
    return public_client(public_app(web_deps(desk)))


async def form_of(client: AsyncClient) -> dict[str, str]:
    return hidden(await client.get(HERE))


def hidden(page: Response) -> dict[str, str]:
    """What the first form of a page carries unseen."""
    form = page.text[page.text.index('<form method="post"') :].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


async def press(
    client: AsyncClient, answer: str, headers: dict[str, str] | None = None
) -> Response:
    form = await form_of(client)
    return await client.post(HERE, data={**form, "answer": answer}, headers=headers)


async def press_surely(desk: MemoryDesk, client: AsyncClient, answer: str) -> Response:
    """Press, read the question, and say yes."""
    asked = await press(client, answer)
    question = hidden(await client.get(asked.headers["location"]))
    desk.clock += SURE_AFTER
    return await client.post(HERE, data={**question, "answer": answer})


def buttons(page: Response) -> list[tuple[str, str]]:
    """Label and size of every button, in order."""
    found = re.findall(r'<button [^>]*class="(\w+) [^"]*"[^>]*>([^<]*)</button>', page.text)
    return [(label.strip(), size) for size, label in found]


def closed(desk: MemoryDesk, alarm: Alarm) -> None:
    times = replace(alarm.times, closed=desk.clock)
    desk.hold(replace(alarm, closing=Closing("per", Cause.CALMED_DOWN), times=times))


def assert_says_nothing_of_the_alarm(page: Response, but: str = "") -> None:
    for secret in ("LEJL 12", "Anna", "Overfald", "Vagtrum", "<button"):
        assert secret == but or secret not in page.text
