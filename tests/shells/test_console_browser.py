"""The pages in a real browser: seen, heard, by keyboard, enlarged, and when the stream is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from alarms.model import Cause, Closing
from core.clock import monotonic_s
from core.signals import AlarmKind, AnswerKind, Level
from dispatcher.web.asking import SURE_AFTER
from dispatcher.web.ports import WebDeps
from dispatcher.web.public import public_app
from dispatcher.web.server import WebServer, serve
from dispatcher.web.sign_in.sessions import OneTimeCodes
from dispatcher.web.staff import staff_app
from tests.support.bosted import WIDENS_AFTER
from tests.support.browser import (
    OLD_PHONE,
    PHONE,
    SOUND_BLOCKED,
    WALL,
    axe_source,
    browser,
    page_of,
)
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.web import Presses, Registry, web_deps, with_lines

pytestmark = [pytest.mark.shell, pytest.mark.asyncio(loop_scope="module")]
CONSOLE: tuple[str, ...] = (
    "/",
    "/wall",
    "/people",
    "/devices",
    "/lines",
    "/alarms",
    "/alarms/a_1",
    "/alarms/a_1?ask=decline",
    "/alarms/a_1/end",
    "/alarms/a_2",
    "/demo",
    "/leave",
)
CONSOLE += ("/alarms/none", "/docs")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SILENT = timedelta(milliseconds=900)
BEAT = timedelta(milliseconds=200)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Browser]:
    """One browser for all of these tests; each page has a context of its own."""
    async with browser() as running_browser:
        yield running_browser


@pytest_asyncio.fixture(loop_scope="module")
async def house() -> AsyncIterator[Lindehuset]:
    """In the loop of the browser."""
    async with lindehuset() as house:
        yield house


async def test_every_page_passes_wcag_2_1_aa_on_a_phone_and_on_a_wall(
    house: Lindehuset, chrome: Browser
) -> None:
    """Also in the loud states: no sound, no stream, something degraded, an open close form."""
    notices = await busy(house)
    async with running(house) as site:
        source = axe_source()
        for size in (PHONE, WALL):
            for base, paths in ((site.staff.url, CONSOLE), (site.public.url, notices)):
                async with page_of(chrome, base, size) as page:
                    for path in paths:
                        await page.goto(base + path)
                        await assert_accessible(page, source, f"{path} at {size['width']}")
            await assert_loud_states_accessible(chrome, site, size, source)


async def test_no_page_scrolls_sideways_on_an_old_phone_or_at_200_percent(
    house: Lindehuset, chrome: Browser
) -> None:
    """WCAG 1.4.10 and 1.4.4: 320 px, and 640 px, which is 1280 px at 200 %."""
    notices = await busy(house)
    async with running(house) as site:
        for width in (OLD_PHONE["width"], 640, PHONE["width"], WALL["width"]):
            size = {"width": width, "height": 700}
            for base, paths in ((site.staff.url, CONSOLE), (site.public.url, notices)):
                async with page_of(chrome, base, size) as page:
                    for path in paths:
                        await page.goto(base + path)
                        wide = await page.evaluate("document.documentElement.scrollWidth")
                        assert wide <= width, f"{path} is {wide} px wide at {width}"


async def test_text_enlarged_to_200_percent_is_cut_off_nowhere(
    house: Lindehuset, chrome: Browser
) -> None:
    notices = await busy(house)
    async with running(house) as site:
        for base, path in ((site.staff.url, "/"), (site.public.url, notices[0])):
            async with page_of(chrome, base, PHONE) as page:
                await page.goto(base + path)
                await page.evaluate("document.documentElement.style.fontSize='200%'")
                await page.evaluate("document.body.style.fontSize='200%'")
                assert await page.evaluate(
                    "[...document.querySelectorAll('p, h1, h2, button, b')].every("
                    "e => e.classList.contains('unseen') || e.scrollWidth <= e.clientWidth + 1"
                    " || getComputedStyle(e).overflow === 'visible')"
                )


async def test_the_three_big_buttons_stand_on_the_first_screen_of_a_phone(
    house: Lindehuset, chrome: Browser
) -> None:
    await busy(house)
    async with running(house) as site:
        async with page_of(chrome, site.public.url, PHONE) as page:
            await page.goto(site.public.url + house.link_of("bo"))
            for label, wide in (("Jeg kommer", 300), ("Jeg er her", 155), ("Mere hjælp", 155)):
                box = await page.get_by_role("button", name=label).bounding_box()
                assert box is not None
                assert box["height"] >= 80
                assert box["width"] >= wide
                assert box["y"] + box["height"] <= PHONE["height"]


async def test_a_colleague_answers_arrives_and_ends_the_alarm_on_the_notice_page(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.public.url, PHONE) as page:
            await page.goto(site.public.url + house.link_of("bo"))
            await page.get_by_role("button", name="Jeg kommer").click()
            await expect(page.get_by_text("Du er på vej.")).to_be_visible()
            await page.get_by_role("button", name="Jeg er her").click()
            await page.get_by_role("button", name="Faldet til ro").click()
            await house.time_passes(SURE_AFTER)
            await page.get_by_role("button", name="Ja, afslut alarmen").click()
            ended = page.get_by_role("heading", name="Afsluttet")
            await expect(ended).to_be_visible(timeout=10_000)
    assert [answer for _, answer, _ in house.asked] == [AnswerKind.ACCEPT, AnswerKind.ARRIVED]
    assert (await house.stored()).closing == Closing("bo", Cause.CALMED_DOWN)


async def test_the_notice_page_answers_without_javascript(
    house: Lindehuset, chrome: Browser
) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.public.url, OLD_PHONE, javascript=False) as page:
            await page.goto(site.public.url + house.link_of("bo"))
            await page.get_by_role("button", name="Jeg kommer").click()
            await expect(page.get_by_text("Du er på vej.")).to_be_visible()
    assert [answer for _, answer, _ in house.asked] == [AnswerKind.ACCEPT]


async def test_an_open_notice_page_shows_a_stand_down_by_itself(
    house: Lindehuset, chrome: Browser
) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.public.url, PHONE) as page:
            await page.goto(site.public.url + house.link_of("bo"))
            await house.enough_come()
            heading = page.get_by_role("heading", name="Afblæst")
            await expect(heading).to_be_visible(timeout=10_000)
            assert "LEJL 12" not in await page.content()


async def test_a_notice_page_that_loses_its_connection_says_since_when(
    house: Lindehuset, chrome: Browser
) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.public.url, PHONE) as page:
            await page.clock.install()
            await page.goto(site.public.url + house.link_of("bo"))
            await page.context.set_offline(True)
            for _ in range(8):
                await page.clock.run_for(4_000)
                await page.evaluate("new Promise(r => requestAnimationFrame(r))")
            await expect(page.locator("#stale")).to_be_visible()
            await expect(page.get_by_role("button", name="Jeg kommer")).to_be_visible()


async def test_the_one_time_link_opens_the_board_by_its_button(
    house: Lindehuset, chrome: Browser
) -> None:
    codes = OneTimeCodes(monotonic_s)
    code = codes.issue("token-of-per")
    await house.press()
    async with running(house, codes) as site:
        async with page_of(chrome, site.staff.url, PHONE, token="") as page:
            await page.goto(f"{site.staff.url}/enter/{code}")
            await page.get_by_role("button").click()
            await expect(page.get_by_role("heading", name="LEJL 12 HUS 2 1.SAL")).to_be_visible()


async def test_a_new_alarm_appears_on_the_board_without_anybody_touching_it(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    async with running(house) as site:
        async with page_of(chrome, site.staff.url, WALL) as page:
            await page.goto(site.staff.url)
            await expect(page.get_by_text("Ingen alarmer")).to_be_visible()
            await asyncio.wait_for(house.engine.until_following(1), 5)
            await house.press()
            await expect(page.get_by_role("heading", name="LEJL 12 HUS 2 1.SAL")).to_be_visible()
            await expect(page.locator("#say")).to_contain_text("Akutalarm. LEJL 12 HUS 2 1.SAL.")
            await house.says("bo", AnswerKind.ACCEPT)
            await expect(page.locator(".status")).to_contain_text("Bo kommer")


async def test_the_clock_since_the_press_goes_on_by_itself(
    house: Lindehuset, chrome: Browser
) -> None:
    await house.press()
    await house.time_passes(timedelta(seconds=42))
    async with running(house) as site:
        async with page_of(chrome, site.staff.url, PHONE) as page:
            await page.goto(site.staff.url)
            await expect(page.locator(".stopwatch")).to_have_text("0:44", timeout=5_000)


async def test_when_the_stream_is_cut_the_whole_board_says_so_until_it_is_back(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    await house.press()
    async with running(house, silent_after=SILENT, heartbeat=BEAT) as site:
        async with page_of(chrome, site.staff.url, WALL) as page:
            await page.goto(site.staff.url)
            await asyncio.wait_for(house.engine.until_following(1), 5)
            await expect(page.locator("#silence")).to_be_hidden()
            await page.context.set_offline(True)
            await site.staff.stop()
            shout = page.locator("#silence")
            await expect(shout).to_be_visible(timeout=5_000)
            await expect(shout).to_contain_text("Tavlen er ikke opdateret.")
            await expect(shout).to_contain_text("Ring til vagthavende på 20 00 00 04.")
            box = await shout.bounding_box()
            assert box is not None
            assert box["width"] > WALL["width"] * 0.9
            assert "grayscale" in await style(page, "main", "filter")
            back = await serve(staff_app(site.deps), port=site.staff.port)
            await page.context.set_offline(False)
            await expect(shout).to_be_hidden(timeout=10_000)
            await back.stop()


async def test_a_stream_that_only_says_nothing_is_noticed_too(
    house: Lindehuset, chrome: Browser
) -> None:
    """The connection stands, but no sign of life comes: a frozen service or a proxy in between."""
    await house.press()
    frozen = timedelta(hours=1)
    async with running(house, silent_after=SILENT, heartbeat=frozen) as site:
        async with page_of(chrome, site.staff.url, PHONE) as page:
            await page.goto(site.staff.url)
            await expect(page.locator("#silence")).to_be_visible(timeout=5_000)
            house.degrade()
            await expect(page.locator("#silence")).to_be_hidden(timeout=5_000)


async def test_when_sound_is_blocked_the_whole_board_says_so_until_it_is_turned_on(
    house: Lindehuset,
) -> None:
    await house.press()
    async with running(house) as site, browser(SOUND_BLOCKED) as quiet:
        async with page_of(quiet, site.staff.url, PHONE) as page:
            await page.goto(site.staff.url)
            await expect(page.locator("#mute")).to_be_visible()
            await expect(page.locator("#mute")).to_contain_text("Tavlen har ingen lyd.")
            frame = await page.evaluate("getComputedStyle(document.body, '::after').borderTopWidth")
            assert float(frame.removesuffix("px")) >= 8
            await page.get_by_role("button", name="Slå lyd til").click()
            await expect(page.locator("#mute")).to_be_hidden()


async def test_an_acute_alarm_nobody_answered_sounds_and_a_silent_one_does_not(
    chrome: Browser,
) -> None:
    for level, sounds in ((Level.RED, True), (Level.ORANGE, False)):
        async with lindehuset() as house, running(house) as site:
            await house.press(level=level)
            async with page_of(chrome, site.staff.url, PHONE) as page:
                await page.add_init_script(
                    "window.tones = 0;"
                    "const make = AudioContext.prototype.createOscillator;"
                    "AudioContext.prototype.createOscillator = function () {"
                    " window.tones += 1; return make.call(this); };"
                )
                await page.clock.install()
                await page.goto(site.staff.url)
                await expect(page.locator("#mute")).to_be_hidden()
                await page.clock.run_for(10_000)
                assert (await page.evaluate("window.tones") > 0) is sounds


async def test_everything_is_reached_by_keyboard_in_reading_order_and_shows_its_focus(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    await house.press()
    async with running(house, press=True) as site:
        async with page_of(chrome, site.staff.url, WALL) as page:
            await page.goto(f"{site.staff.url}/alarms/a_1")
            reached = []
            for _ in range(22):
                await page.keyboard.press("Tab")
                words = await page.evaluate("document.activeElement.textContent.trim()")
                outline = await page.evaluate(
                    "getComputedStyle(document.activeElement).outlineWidth"
                )
                if await page.evaluate("document.activeElement !== document.body"):
                    assert outline != "0px", words
                    reached.append(words)
            order = ["Gå til indhold", "Tavle", "Personale", "Alarmsendere", "Tidligere alarmer"]
            order += ["Jeg kommer", "Jeg er her", "Mere hjælp", "Jeg kan ikke", "Afslut alarmen"]
            assert [words for words in reached if words in order][: len(order)] == order


async def test_an_alarm_is_ended_by_keyboard_alone(house: Lindehuset, chrome: Browser) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.staff.url, PHONE) as page:
            await page.goto(f"{site.staff.url}/alarms/a_1")
            await page.get_by_role("link", name="Afslut alarmen").focus()
            await page.keyboard.press("Enter")
            await page.get_by_label("Faldet til ro").focus()
            await page.keyboard.press("Space")
            await page.keyboard.press("Tab")
            await page.keyboard.type("Rolig snak")
            await house.time_passes(SURE_AFTER)
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("Godt du trykkede.")).to_be_visible(timeout=10_000)
    assert (await house.stored()).closing == Closing("per", Cause.CALMED_DOWN, "Rolig snak")


async def test_a_form_somebody_fills_in_is_not_taken_from_under_their_hands(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.staff.url, PHONE) as page:
            await page.goto(f"{site.staff.url}/alarms/a_1/end")
            await asyncio.wait_for(house.engine.until_following(1), 5)
            await page.get_by_label("Utilsigtet tryk").check()
            await house.press("ida")
            await expect(page.get_by_label("Utilsigtet tryk")).to_be_checked()
            await house.time_passes(SURE_AFTER)
            await page.get_by_role("button", name="Ja, afslut alarmen").click()
            new = page.get_by_text("Der er sket noget nyt.")
            await expect(new).to_be_visible(timeout=10_000)
            await expect(page.locator("#head")).to_contain_text("Anna, Ida")
    assert house.is_open()


async def test_a_technician_registers_what_was_pressed_with_the_keyboard_alone(
    house: Lindehuset,
    chrome: Browser,
) -> None:
    registry = Registry()
    server = await serve(staff_app(with_lines(web_deps(house), registry)), port=0)
    try:
        async with page_of(chrome, server.url, PHONE) as page:
            await page.goto(f"{server.url}/lines")
            await page.locator("summary").focus()
            await page.keyboard.press("Enter")
            await page.get_by_label("Hænger ved").select_option("Vagtrum")
            await page.get_by_role("button", name="Registrer den").press("Enter")
            await expect(page.get_by_text("Registreret. Tryk en gang til")).to_be_visible()
    finally:
        await server.stop()
    ((device, by),) = registry.devices
    assert (device.id, device.zone, device.wire) == ("espa444-0815", "vagtrum", ("espa444:0815",))
    assert by == "per"


async def test_pressing_in_demo_mode_presses_that_persons_alarm(
    house: Lindehuset, chrome: Browser
) -> None:
    presses = Presses()
    deps = web_deps(house, press=presses)
    server = await serve(staff_app(deps), port=0)
    try:
        async with page_of(chrome, server.url, PHONE) as page:
            await page.goto(f"{server.url}/demo")
            await page.get_by_role("button", name="Akutalarm Anna").click()
            await expect(page.get_by_text("Trykket.", exact=True)).to_be_visible()
    finally:
        await server.stop()
    assert presses.pressed == [("anna", Level.RED, AlarmKind.ATTACK)]


async def test_nothing_moves_for_people_who_asked_for_no_motion(
    house: Lindehuset, chrome: Browser
) -> None:
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.staff.url, PHONE, motion="reduce") as page:
            await page.goto(site.staff.url)
            assert await style(page, ".status .sign", "animationName") == "none"


async def test_the_board_can_be_read_from_three_metres(house: Lindehuset, chrome: Browser) -> None:
    """At 1920 px the place and the answer are at least 50 px tall, a clock beside them too."""
    await house.press()
    async with running(house) as site:
        async with page_of(chrome, site.staff.url, WALL) as page:
            for path in ("/", "/wall"):
                await page.goto(site.staff.url + path)
                for part in (".place", ".status", ".watch"):
                    assert float((await style(page, part, "fontSize")).removesuffix("px")) >= 50
            tall = await page.evaluate("document.documentElement.scrollHeight")
            assert tall <= WALL["height"]


@dataclass
class Running:
    staff: WebServer
    public: WebServer
    deps: WebDeps


@asynccontextmanager
async def running(
    house: Lindehuset,
    codes: OneTimeCodes | None = None,
    *,
    press: bool = True,
    silent_after: timedelta = timedelta(seconds=10),
    heartbeat: timedelta = timedelta(seconds=5),
) -> AsyncIterator[Running]:
    deps = web_deps(
        house,
        press=Presses() if press else None,
        codes=codes,
        silent_after=silent_after,
        heartbeat=heartbeat,
    )
    deps = with_lines(deps, Registry())
    staff = await serve(staff_app(deps), port=0)
    public = await serve(public_app(deps), port=0)
    try:
        yield Running(staff, public, deps)
    finally:
        await staff.stop()
        await public.stop()


async def busy(house: Lindehuset) -> tuple[str, ...]:
    """Every level, a technical one, a closed one, something degraded; notice pages in every state.

    Those who press in other places are off duty, so Per is called first.
    """
    await house.press()
    await house.rings("bo")
    await house.time_passes(WIDENS_AFTER)
    await house.fails(house.sms_to("per"))
    over = await house.press("eva", "stue-1")
    await house.ends(over, text="Rolig snak")
    there = await house.press("ole", "stue-2", level=Level.BLUE, kind=AlarmKind.MEDICAL)
    await house.time_passes(timedelta(seconds=15))
    await house.says("bo", AnswerKind.ARRIVED, there)
    coming = await house.press("mia", "køkken", level=Level.YELLOW)
    await house.says("ida", AnswerKind.ACCEPT, coming)
    await house.press(None, "vagtrum", device="box", level=Level.ORANGE)
    house.engine.technical("silent:badge-ida", "badge tavs", "lind")
    house.degrade()
    arrived = house.link_of("bo", there)
    return (
        house.link_of("bo"),
        house.link_of("per", there),
        house.link_of("per", over),
        arrived,
        f"{arrived}?ask=over",
        "/n/unknown",
    )


async def assert_loud_states_accessible(
    chrome: Browser, site: Running, size: dict[str, int], source: str
) -> None:
    async with page_of(chrome, site.staff.url, size) as page:
        await page.goto(site.staff.url)
        for part, state in (("silence", "is-silent"), ("mute", "is-mute")):
            await page.evaluate(
                "([part, state]) => { document.getElementById(part).hidden = false;"
                " document.body.classList.add(state); }",
                [part, state],
            )
            await assert_accessible(page, source, f"{state} at {size['width']}")
        await page.goto(f"{site.staff.url}/alarms/a_1/end")
        await page.locator("input[type=radio]").first.check()
        await page.locator(".yes").click()
        await expect(page.get_by_role("button", name="Fortryd")).to_be_visible()
        await assert_accessible(page, source, f"an end held back at {size['width']}")
    async with page_of(chrome, site.staff.url, size, token="wrong") as page:
        await page.goto(site.staff.url)
        await assert_accessible(page, source, f"sign in at {size['width']}")


async def assert_accessible(page: Page, source: str, where: str) -> None:
    await page.evaluate(source)
    found = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
    )
    wrong = [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
    assert wrong == [], where
    assert len(found["passes"]) >= 5, where


async def style(page: Page, selector: str, name: str) -> str:
    script = "([s, n]) => getComputedStyle(document.querySelector(s))[n]"
    found = await page.evaluate(script, [selector, name])
    return str(found)
