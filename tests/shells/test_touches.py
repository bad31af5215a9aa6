"""Fingers on a phone: a button never moves under one, a double tap is one answer, an end is asked.

Each test plays the touch as a hand does: down and up at one point of the screen, twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Browser, Page, expect

from core.clock import sleep
from core.errors import StoreUnavailable
from core.signals import AnswerKind
from dispatcher.roster.model import Language
from dispatcher.web.asking import SURE_AFTER, UNDO_S
from dispatcher.web.public import public_app
from dispatcher.web.server import WebServer, serve
from dispatcher.web.staff import staff_app
from tests.support.bosted import configuration
from tests.support.browser import OLD_PHONE, PHONE, WALL, browser, page_of
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.stored import an_alarm, kept
from tests.support.web import web_deps

pytestmark = [pytest.mark.shell, pytest.mark.asyncio(loop_scope="module")]
BETWEEN_TAPS_S = (0.05, 0.12, 0.3, 0.6, 0.9)
SOME_TAPS_S = (0.12, 0.6)
LANDSCAPE = {"width": 740, "height": 360}
PAGES = ("notice", "alarm")
HOW_FULL = """all => all.map(one => ({
    words: one.innerText,
    wide: one.scrollWidth - one.clientWidth,
    high: one.scrollHeight - one.clientHeight,
}))"""
"""How far the words of each element stand out of it, in pixels."""
ANSWERS = ("Jeg kommer", "Jeg er her", "Mere hjælp", "Jeg kan ikke")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Browser]:
    async with browser() as running_browser:
        yield running_browser


@pytest.mark.parametrize("between_s", BETWEEN_TAPS_S)
@pytest.mark.parametrize("which", PAGES)
async def test_a_double_tap_on_i_am_here_says_so_once_and_ends_nothing(
    chrome: Browser, which: str, between_s: float
) -> None:
    async with opened(chrome, which) as at:
        await at.double_tap("Jeg er her", between_s)
        await expect(at.button("Jeg er her")).to_have_attribute("aria-pressed", "true")
        await at.settled()
        assert at.said() == [AnswerKind.ARRIVED]
        assert at.house.is_open()


@pytest.mark.parametrize("which", PAGES)
@pytest.mark.parametrize(
    ("label", "answer"), [("Jeg kommer", AnswerKind.ACCEPT), ("Mere hjælp", AnswerKind.MORE_HELP)]
)
async def test_a_double_tap_on_what_calls_help_is_one_answer(
    chrome: Browser, which: str, label: str, answer: AnswerKind
) -> None:
    for between_s in SOME_TAPS_S:
        async with opened(chrome, which) as at:
            await at.double_tap(label, between_s)
            await at.settled()
            assert at.said() == [answer], between_s


@pytest.mark.parametrize("which", PAGES)
async def test_a_double_tap_on_i_cannot_asks_and_takes_nothing_away(
    chrome: Browser, which: str
) -> None:
    for between_s in SOME_TAPS_S:
        async with opened(chrome, which) as at:
            await at.double_tap("Jeg kan ikke", between_s)
            await expect(at.page.get_by_text("Kan du ikke komme?")).to_be_visible()
            await at.settled()
            assert at.said() == []


async def test_a_double_tap_on_it_is_over_asks_and_ends_nothing(chrome: Browser) -> None:
    for between_s in SOME_TAPS_S:
        async with opened(chrome, "notice", said=AnswerKind.ARRIVED) as at:
            await at.double_tap("Faldet til ro", between_s)
            await expect(at.page.get_by_text("Er det faldet til ro?")).to_be_visible()
            await at.settled()
            assert at.house.is_open()


@pytest.mark.parametrize("javascript", [True, False])
async def test_double_taps_are_as_harmless_without_javascript(
    chrome: Browser, javascript: bool
) -> None:
    for label in ANSWERS:
        async with opened(chrome, "notice", javascript=javascript) as at:
            await at.double_tap(label, 0.3)
            await at.settled()
            assert len(at.said()) == (0 if label == "Jeg kan ikke" else 1)
            assert at.house.is_open()


@pytest.mark.parametrize("size", [OLD_PHONE, PHONE, LANDSCAPE, WALL])
@pytest.mark.parametrize("which", PAGES)
async def test_every_button_stands_at_the_same_point_whatever_happens(
    house: Lindehuset, chrome: Browser, which: str, size: dict[str, int]
) -> None:
    """Called, coming, arrived, declined; others come; somebody joins; something breaks."""
    async with opened(chrome, which, size=size) as at:
        before = await at.boxes()
        assert len(before) >= 4
        house = at.house
        for answer in (AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.DECLINE):
            await house.says("bo", answer)
            await at.page.reload()
            assert_same_places(before, await at.boxes())
        await house.says("ida", AnswerKind.ACCEPT)
        house.store.fail_with = StoreUnavailable("the disk is full")
        await house.press("eva")
        await house.press("eva")
        assert house.alarm.unstored
        await at.page.reload()
        assert_same_places(before, await at.boxes())
        house.store.fail_with = None
        await house.time_passes(timedelta(seconds=2))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [OLD_PHONE, PHONE, LANDSCAPE, WALL])
@pytest.mark.parametrize("which", PAGES)
async def test_every_word_fits_its_button_in_every_language(
    chrome: Browser, which: str, size: dict[str, int], language: Language
) -> None:
    async with opened(chrome, which, said=AnswerKind.ARRIVED, size=size, language=language) as at:
        buttons = await at.page.locator(".bar button, .bar .end").evaluate_all(HOW_FULL)
        assert len(buttons) == 5
        over = [one for one in buttons if one["wide"] > 0 or one["high"] > 0]
        assert over == []


@pytest.mark.parametrize("which", PAGES)
async def test_no_button_moves_when_the_page_keeps_itself_fresh(
    chrome: Browser, which: str
) -> None:
    async with opened(chrome, which) as at:
        before = await at.boxes()
        await at.house.says("ida", AnswerKind.ACCEPT)
        await at.house.press("eva")
        await expect(at.page.get_by_text("Eva").first).to_be_visible(timeout=10_000)
        assert_same_places(before, await at.boxes())


async def test_the_question_stands_apart_from_the_button_that_asked_it(chrome: Browser) -> None:
    for size in (OLD_PHONE, PHONE, LANDSCAPE):
        async with opened(chrome, "notice", said=AnswerKind.ARRIVED, size=size) as at:
            before = await at.boxes()
            await at.button("Faldet til ro").click()
            yes = await at.button("Ja, afslut alarmen").bounding_box()
            assert yes is not None
            for box in (await at.boxes()).values():
                assert not overlap(yes, box)
            assert_same_places(before, await at.boxes())


@pytest.mark.parametrize("which", PAGES)
async def test_an_end_is_held_back_and_can_be_undone(chrome: Browser, which: str) -> None:
    async with ending(chrome, which) as at:
        yes = at.page.locator(".yes")
        await yes.scroll_into_view_if_needed()
        before = await yes.bounding_box()
        await yes.click()
        await expect(at.page.get_by_role("status").last).to_have_text(f"Slutter om {UNDO_S} s")
        assert await yes.bounding_box() == before
        await at.button("Fortryd").click()
        await expect(at.page.get_by_text("Ikke afsluttet. Alarmen fortsætter.")).to_be_visible()
        await expect(at.button("Nej, tilbage")).to_be_visible()
        await at.settled(UNDO_S + 1)
        assert at.house.is_open()


async def test_an_end_nobody_undoes_is_sent_after_its_moment(chrome: Browser) -> None:
    async with ending(chrome, "notice") as at:
        await at.page.locator(".yes").dblclick()
        assert at.house.is_open()
        ended = at.page.get_by_role("heading", name="Afsluttet")
        await expect(ended).to_be_visible(timeout=10_000)
        assert not at.house.is_open()


async def test_an_end_nobody_looks_at_is_not_sent(chrome: Browser) -> None:
    """The phone is locked, or another app is in front, within the moment."""
    async with ending(chrome, "notice") as at:
        await at.page.locator(".yes").click()
        await at.page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        await at.settled(UNDO_S + 1)
        assert at.house.is_open()


async def test_without_javascript_the_question_alone_stands_before_the_end(
    chrome: Browser,
) -> None:
    async with ending(chrome, "notice", javascript=False) as at:
        await at.page.locator(".yes").click()
        await expect(at.page.get_by_role("heading", name="Afsluttet")).to_be_visible()


async def test_a_second_tap_on_a_card_of_the_board_answers_nothing(chrome: Browser) -> None:
    """The first one opens the alarm, and its buttons stand where the finger still is."""
    for between_s in SOME_TAPS_S:
        alarms = [an_alarm(f"a_{number}") for number in range(1, 7)]
        async with (
            lindehuset(before=kept(*alarms)) as house,
            serving(staff_app(web_deps(house))) as server,
        ):
            async with page_of(chrome, server.url, PHONE, token="token-of-bo") as page:
                await page.goto(server.url)
                card = page.locator("[data-alarm] a").nth(1)
                await card.evaluate("e => window.scrollBy(0, e.getBoundingClientRect().top - 520)")
                box = await card.bounding_box()
                assert box is not None
                at = Touched(page, house)
                await at.double_tap_at(box["x"] + 20, box["y"] + 10, between_s)
                await expect(page).to_have_url(f"{server.url}/alarms/a_2")
                await at.settled()
                assert house.asked == []
                assert "ask=" not in page.url


@dataclass
class Touched:
    """A page under a finger."""

    page: Page
    house: Lindehuset

    def button(self, label: str) -> Any:
        return self.page.get_by_role("button", name=label)

    def said(self) -> list[AnswerKind]:
        return [answer for _, answer, _ in self.house.asked]

    async def boxes(self) -> dict[str, dict[str, float]]:
        """Where each place of the bar stands on the screen."""
        found = await self.page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('.bar .spot')].map(e => {"
            " const r = e.getBoundingClientRect();"
            " return [e.className, {x: r.x, y: r.y, width: r.width, height: r.height}]; }))"
        )
        return dict(found)

    async def double_tap(self, label: str, between_s: float) -> None:
        box = await self.button(label).bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await self.double_tap_at(*middle, between_s)

    async def double_tap_at(self, x: float, y: float, between_s: float) -> None:
        first = asyncio.create_task(self.page.mouse.click(x, y))
        await sleep(between_s)
        await self.page.mouse.click(x, y)
        await first

    async def settled(self, seconds: float = 0.4) -> None:
        """Whatever was on its way has arrived: the page is loaded, and a moment has passed."""
        await sleep(seconds)
        await self.page.wait_for_load_state()


@asynccontextmanager
async def opened(
    chrome: Browser,
    which: str,
    *,
    said: AnswerKind | None = None,
    size: dict[str, int] = PHONE,
    javascript: bool = True,
    language: Language = Language.DANISH,
) -> AsyncIterator[Touched]:
    """Bo was called, and has the notice page or the alarm's page before him."""
    async with lindehuset(configuration(language)) as house:
        await house.press()
        if said is not None:
            await house.says("bo", said)
        notice = which == "notice"
        path = house.link_of("bo") if notice else "/alarms/a_1"
        options = {"token": "token-of-bo", "javascript": javascript}
        async with (
            serving((public_app if notice else staff_app)(web_deps(house))) as server,
            page_of(chrome, server.url, size, **options) as page,  # type: ignore[arg-type]
        ):
            await page.goto(server.url + path)
            yield Touched(page, house)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[WebServer]:
    server = await serve(app, port=0)
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def ending(chrome: Browser, which: str, *, javascript: bool = True) -> AsyncIterator[Touched]:
    """The question is asked, and has been read."""
    async with opened(chrome, which, said=AnswerKind.ARRIVED, javascript=javascript) as at:
        if which == "notice":
            await at.button("Faldet til ro").click()
        else:
            await at.page.get_by_role("link", name="Afslut alarmen").click()
            await at.page.get_by_label("Faldet til ro").check()
        await expect(at.page.locator(".yes")).to_be_visible()
        await at.house.time_passes(SURE_AFTER)
        yield at


def assert_same_places(
    before: dict[str, dict[str, float]], after: dict[str, dict[str, float]]
) -> None:
    assert after == before


def overlap(one: Any, other: Any) -> bool:
    apart = (
        one["x"] + one["width"] <= other["x"]
        or other["x"] + other["width"] <= one["x"]
        or one["y"] + one["height"] <= other["y"]
        or other["y"] + other["height"] <= one["y"]
    )
    return not apart
