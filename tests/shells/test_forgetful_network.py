"""Pages behind a network that forgets connections: they notice, follow anew, and say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from core.clock import sleep
from core.signals import AnswerKind
from dispatcher.web.public import public_app
from dispatcher.web.server import serve
from dispatcher.web.staff import staff_app
from tests.support.browser import PHONE, WALL, browser, page_of
from tests.support.forgetful import ForgetfulNetwork, forgetful_network
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.web import Presses, Registry, web_deps, with_lines

pytestmark = [pytest.mark.shell, pytest.mark.asyncio(loop_scope="module")]
BEAT = timedelta(milliseconds=300)
SILENT = timedelta(milliseconds=1_500)
SOON_S = 15.0
SOON_MS = SOON_S * 1_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Browser]:
    async with browser() as running_browser:
        yield running_browser


@pytest_asyncio.fixture(loop_scope="module")
async def house() -> AsyncIterator[Lindehuset]:
    """In the loop of the browser."""
    async with lindehuset() as house:
        yield house


async def test_a_board_whose_stream_was_forgotten_follows_anew_and_shows_the_new_alarm(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    async with board(chrome, house, "/wall") as (page, network):
        network.forget()
        await house.press()
        await expect(page.locator("[data-alarm]")).to_have_count(1, timeout=SOON_MS)
        await until(lambda: network.streams >= 2)
        await asyncio.wait_for(house.engine.until_following(1), SOON_S)
        await house.says("bo", AnswerKind.ACCEPT)
        await expect(page.locator(".status")).to_contain_text("Bo kommer", timeout=SOON_MS)
        await expect(page.locator("#silence")).to_be_hidden(timeout=SOON_MS)


@pytest.mark.parametrize("path", ["/", "/alarms/a_1", "/people", "/devices", "/lines", "/demo"])
async def test_every_page_that_follows_notices_that_its_stream_is_silent(
    house: Lindehuset, chrome: Browser, path: str
) -> None:
    await house.press()
    async with board(chrome, house, path) as (_, network):
        network.forget()
        await until(lambda: network.streams >= 2)
        await asyncio.wait_for(house.engine.until_following(1), SOON_S)


async def test_a_page_that_wakes_from_sleep_follows_anew_at_once(
    house: Lindehuset, chrome: Browser
) -> None:
    async with board(chrome, house, "/", beat=timedelta(seconds=2)) as (page, network):
        await page.clock.install()
        await page.reload()
        await until(lambda: network.streams >= 2)
        network.forget()
        before = network.streams
        await page.clock.fast_forward("08:00:00")
        await until(lambda: network.streams > before)


async def test_a_page_on_a_new_network_follows_anew_without_waiting(
    house: Lindehuset, chrome: Browser
) -> None:
    hour = timedelta(hours=1)
    async with board(chrome, house, "/", beat=hour) as (page, network):
        network.forget()
        before = network.streams
        await page.evaluate("window.dispatchEvent(new Event('online'))")
        await until(lambda: network.streams > before)


async def test_while_nothing_comes_through_the_whole_board_says_so(
    house: Lindehuset, chrome: Browser
) -> None:
    """New connections are forgotten too: the banner stands until something is heard."""
    await house.press()
    async with board(chrome, house, "/") as (page, network):
        forgetting = asyncio.create_task(forget_again_and_again(network))
        shout = page.locator("#silence")
        await expect(shout).to_be_visible(timeout=SOON_MS)
        await expect(shout).to_contain_text("Tavlen er ikke opdateret.")
        forgetting.cancel()
        await expect(shout).to_be_hidden(timeout=SOON_MS)


async def test_a_board_that_gets_no_stream_asks_every_few_seconds(
    house: Lindehuset, chrome: Browser
) -> None:
    async with board(chrome, house, "/") as (page, _):
        await page.route("**/api/v1/events*", lambda route: route.fulfill(status=429))
        await page.reload()
        await house.press()
        await expect(page.locator("[data-alarm]")).to_have_count(1, timeout=SOON_MS)
        await expect(page.locator("#silence")).to_be_hidden(timeout=SOON_MS)


async def test_a_notice_page_asks_again_when_its_phone_wakes_or_finds_a_network(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    await house.press()
    server = await serve(public_app(web_deps(house)), port=0)
    try:
        async with forgetful_network(server.port) as network:
            async with page_of(chrome, network.url, PHONE) as page:
                await page.goto(f"{network.url}{house.link_of('bo')}")
                await page.evaluate("for (let n = 1; n < 100; n++) clearTimeout(n)")  # asleep
                network.forget()
                await house.enough_come()
                await page.evaluate("window.dispatchEvent(new Event('online'))")
                await expect(page.get_by_role("heading", name="Afblæst")).to_be_visible()
    finally:
        await server.stop()


@asynccontextmanager
async def board(
    chrome: Browser, house: Lindehuset, path: str, beat: timedelta = BEAT
) -> AsyncIterator[tuple[Page, ForgetfulNetwork]]:
    """A page of the console that follows, with the network in between."""
    deps = web_deps(house, press=Presses(), heartbeat=beat, silent_after=SILENT)
    server = await serve(staff_app(with_lines(deps, Registry())), port=0)
    try:
        async with forgetful_network(server.port) as network:
            async with page_of(chrome, network.url, WALL) as page:
                await page.goto(network.url + path)
                await asyncio.wait_for(house.engine.until_following(1), SOON_S)
                yield page, network
    finally:
        await server.stop()


async def forget_again_and_again(network: ForgetfulNetwork) -> None:
    while True:
        network.forget()
        await sleep(0.001)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await sleep(0.02)
