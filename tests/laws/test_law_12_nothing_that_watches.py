"""Law 12: nothing that only watches may delay, stop or fail what helps.

Each thing that watches stands in a table, and is made as bad as it can be beside a whole running
service: a red press is acknowledged, its wearer is told, and a colleague's badge rings, as ever.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from core import log, metrics
from core.clock import monotonic_s
from core.log import logger
from core.outlet import LINES_MAX
from dispatcher.engine.followers import CHANGES_WAITING_MOST
from dispatcher.web.events import Streams
from firmware_sim.bench import sized_site
from gateway.outpost.state_files import StateFiles, Status
from tests.support.crash_device import WaitedFor
from tests.support.logged import nobody_reads
from tests.support.whole_service import WholeService, whole_service
from tilkald import selfcheck, steadiness, systemd, vitals
from tilkald.selfcheck import Outcome

FOLLOWERS, PROBLEMS, UNSPEAKABLE = 400, 2_000, 200
WITHIN_S = 5.0
"""Many times what a press takes; a machine that is busy with other tests needs some of it."""

SERVE = Path(__file__).parents[2] / "tilkald" / "service.py"

Spoiled = Callable[[WholeService, Path], AbstractAsyncContextManager[None]]


class Unspeakable:
    """Whoever asks what it is gets a mistake."""

    def __str__(self) -> str:
        raise RuntimeError("never said")

    __repr__ = __format__ = __str__  # type: ignore[assignment]


@asynccontextmanager
async def the_log(service: WholeService, folder: Path) -> AsyncIterator[None]:
    with nobody_reads():
        for number in range(LINES_MAX * 2):
            logger("tests").error(f"event {number}", value=Unspeakable(), error=Unspeakable())
        yield


@asynccontextmanager
async def what_libraries_say(service: WholeService, folder: Path) -> AsyncIterator[None]:
    library = logging.getLogger("tests.library")
    library.propagate, library.handlers[:] = False, [log.OfLibraries()]
    with nobody_reads():
        for _ in range(LINES_MAX):
            library.error(Unspeakable(), exc_info=ValueError())
            library.error("%d %s", "no number")
        yield


@asynccontextmanager
async def the_metrics(service: WholeService, folder: Path) -> AsyncIterator[None]:
    count = metrics.Count("tilkald_test", "of a test", ["by"], registry=CollectorRegistry())
    for number in range(metrics.SETS_MAX * 10):
        count.labels(f"\ud800{number}").inc()
    yield
    generate_latest(metrics.REGISTRY)


@asynccontextmanager
async def health(service: WholeService, folder: Path) -> AsyncIterator[None]:
    problems = service.dispatcher.engine.health
    for number in range(PROBLEMS):
        problems.report(f"storm:{number}", "{missing} {why}", why=Unspeakable())
    problems.report("roster", "{why}", why="\ud800" * 100_000)
    yield
    assert len(problems.problems) < PROBLEMS / 2
    assert all(problem.text.encode() for problem in problems.problems)


@asynccontextmanager
async def news_to_followers(service: WholeService, folder: Path) -> AsyncIterator[None]:
    engine = service.dispatcher.engine
    queues = [engine.follow() for _ in range(FOLLOWERS)]
    for _ in range(CHANGES_WAITING_MOST):
        engine.reconfigured()
    yield
    assert all(queue.qsize() <= CHANGES_WAITING_MOST for queue in queues)


@asynccontextmanager
async def event_streams(service: WholeService, folder: Path) -> AsyncIterator[None]:
    streams = Streams(service.dispatcher.engine, timedelta(seconds=15), asyncio.Event())
    opened = [streams.open(f"person-{number}", None) for number in range(FOLLOWERS)]
    for stream in opened:
        await anext(stream)  # then its reader sleeps
    yield
    for stream in opened:
        stream.end()


@asynccontextmanager
async def watchers_of_the_service(service: WholeService, folder: Path) -> AsyncIterator[None]:
    async def dies() -> None:
        raise RuntimeError("again")

    def shows(part: str, message: str, **fields: object) -> None:
        raise RuntimeError("nor can that be shown")

    supervised = [
        asyncio.create_task(vitals.supervised(name, dies, shows, lambda: None))
        for name in watched_by_the_service()
    ]
    yield
    assert not any(task.done() for task in supervised), "each is started again"
    for task in supervised:
        task.cancel()
    await asyncio.gather(*supervised, return_exceptions=True)


@asynccontextmanager
async def systemd_asleep(service: WholeService, folder: Path) -> AsyncIterator[None]:
    path = str(folder / "notify")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door,
        pytest.MonkeyPatch.context() as m,
    ):
        door.bind(path)
        m.setenv("NOTIFY_SOCKET", path)
        sent = [systemd.notify("WATCHDOG=1") for _ in range(5_000)]
        assert not sent[-1], "its queue is full, and nobody waits for it"
        yield


@asynccontextmanager
async def a_dead_man_who_never_answers(service: WholeService, folder: Path) -> AsyncIterator[None]:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, feeding(service, f"http://127.0.0.1:{port}/ping"):
        yield


@asynccontextmanager
async def a_dead_man_without_an_address(service: WholeService, folder: Path) -> AsyncIterator[None]:
    async with feeding(service, "no address at all://\x00"):
        yield


@asynccontextmanager
async def feeding(service: WholeService, url: str) -> AsyncIterator[None]:
    """The service's own press has come through, and the switch is fed."""
    worked = asyncio.Event()
    outcome = Outcome(lambda seconds: worked.set(), lambda why: None)
    pressing = asyncio.create_task(
        selfcheck.press_for_ever(service.dispatcher.engine, service.door, url, outcome)
    )
    await asyncio.wait_for(worked.wait(), WITHIN_S * 4)
    yield
    assert not pressing.done()
    pressing.cancel()
    await asyncio.gather(pressing, return_exceptions=True)


@asynccontextmanager
async def warnings_of_python(service: WholeService, folder: Path) -> AsyncIterator[None]:
    with nobody_reads(), warnings.catch_warnings():
        warnings.simplefilter("always")
        shown, warnings.showwarning = warnings.showwarning, log.warned
        for _ in range(LINES_MAX):
            warnings.warn("a library is old", stacklevel=1)
        yield
        warnings.showwarning = shown


@asynccontextmanager
async def mistakes_on_the_loop(service: WholeService, folder: Path) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log.of_the_loop)
    with nobody_reads():
        for _ in range(LINES_MAX):
            loop.call_exception_handler({})
        for _ in range(UNSPEAKABLE):
            loop.call_exception_handler({"message": Unspeakable(), "exception": ValueError()})
        yield
    loop.set_exception_handler(None)


@asynccontextmanager
async def the_status_of_a_gateway(service: WholeService, folder: Path) -> AsyncIterator[None]:
    kept = StateFiles(folder / "far")
    hanging = folder / "far" / ".status.json.new"
    os.mkfifo(hanging)
    for number in range(100):
        kept.status(Status("house-b", backlog=number))
    yield
    reader = os.open(hanging, os.O_RDONLY | os.O_NONBLOCK)
    kept.close()
    os.close(reader)


WATCHING: dict[str, Spoiled] = {
    "the log": the_log,
    "what libraries say": what_libraries_say,
    "warnings of Python": warnings_of_python,
    "mistakes on the loop": mistakes_on_the_loop,
    "metrics": the_metrics,
    "health": health,
    "news to followers": news_to_followers,
    "event streams": event_streams,
    "watchers of the service": watchers_of_the_service,
    "systemd": systemd_asleep,
    "a dead man who never answers": a_dead_man_who_never_answers,
    "a dead man without an address": a_dead_man_without_an_address,
    "the status of a gateway": the_status_of_a_gateway,
}


@pytest.mark.parametrize("watching", WATCHING)
async def test_a_press_goes_on_as_ever_whatever_becomes_of(watching: str, tmp_path: Path) -> None:
    async with whole_service(tmp_path) as service:
        badges = await colleagues(service)
        async with WATCHING[watching](service, tmp_path):
            began_s = monotonic_s()
            button = WaitedFor("button-s0-0")
            await button.connect(service.door.host, service.door.port)
            button.say("alarm", level="red", zone="beacon-nobody-has")
            async with asyncio.timeout(WITHIN_S * 4):
                await button.acknowledgement()
                await button.told("received")
                await any_of(badges, "page")
            assert monotonic_s() - began_s < WITHIN_S
            await button.hung_up()
        for badge in badges:
            await badge.hung_up()


async def test_lines_that_do_not_answer_hold_no_name_up_that_is_looked_up() -> None:
    """As a process that serves prepares its loop."""
    steadiness.prepare()
    answered = threading.Event()
    waiting = [asyncio.create_task(asyncio.to_thread(answered.wait)) for _ in range(100)]
    try:
        async with asyncio.timeout(WITHIN_S):
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
    finally:
        answered.set()
        await asyncio.gather(*waiting)


def test_the_service_has_watchers_and_starts_each_of_them_again() -> None:
    names = watched_by_the_service()
    assert {"log", "loop", "clock", "audit", "selfcheck", "supervision"} <= set(names)
    assert "vitals.supervised(name, task" in SERVE.read_text()


def watched_by_the_service() -> list[str]:
    return re.findall(r'self\._run\(\s*"(\w+)"', SERVE.read_text())


async def colleagues(service: WholeService) -> list[WaitedFor]:
    made = sized_site.organisation(sized_site.Size(people=6, on_duty=5, places=20, buttons=2))
    badges = [WaitedFor(device.id) for device in made.devices if device.kind == "badge"]
    for badge in badges:
        await badge.connect(service.door.host, service.door.port)
    return badges


async def any_of(badges: list[WaitedFor], type_: str) -> None:
    waiting = [asyncio.create_task(badge.told(type_)) for badge in badges]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
