"""Headless Chromium for browser tests: on PATH, or skipped loudly; with CI=true a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

PHONE = {"width": 360, "height": 740}
OLD_PHONE = {"width": 320, "height": 480}
WALL = {"width": 1920, "height": 1080}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOUND_ALLOWED = "--autoplay-policy=no-user-gesture-required"
SOUND_BLOCKED = "--autoplay-policy=document-user-activation-required"


def chromium() -> str:
    """The browser's path. A test run without it says so, and fails where all must be tested."""
    found = shutil.which("chromium")
    if found:
        return found
    text = "chromium is not installed (apt-get install chromium): browser tests cannot run"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@asynccontextmanager
async def browser(sound: str = SOUND_ALLOWED) -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, sound])
        try:
            yield running
        finally:
            await running.close()


@asynccontextmanager
async def page_of(
    running: Browser,
    url: str,
    size: dict[str, int],
    *,
    token: str = "token-of-per",
    javascript: bool = True,
    motion: str = "no-preference",
) -> AsyncIterator[Page]:
    """A page of its own, signed in by cookie; any error on its console fails the test."""
    context: BrowserContext = await running.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        java_script_enabled=javascript,
        reduced_motion="reduce" if motion == "reduce" else "no-preference",
    )
    await context.add_cookies([{"name": "tilkald", "value": token, "url": url}])
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security" in said.text else None,
    )
    try:
        yield page
        assert faults == []
    finally:
        await context.close()


def axe_source() -> str:
    """axe-core as its package carries it; run inside the page past the page's own policy."""
    import axe_core_python

    return (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
