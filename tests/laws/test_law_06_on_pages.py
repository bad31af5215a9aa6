"""Law 6 on every way in by HTTP: what takes help away names a `rev`, and one that still holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from core.signals import AnswerKind
from dispatcher.web.asking import TAKES_AWAY, asked_at
from dispatcher.web.notice.routes import form_token
from dispatcher.web.public import public_app
from dispatcher.web.staff import staff_app
from tests.support.bosted import NOW
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.web import browser_client, public_client, staff_client, web_deps

Say = Callable[[Lindehuset, AnswerKind, int | None], Awaitable[object]]
READ = asked_at(NOW - timedelta(seconds=5))
ANSWERS = [one for one in AnswerKind if one is not AnswerKind.RANG]


async def by_api(house: Lindehuset, answer: AnswerKind, rev: int | None) -> object:
    client = staff_client(staff_app(web_deps(house)), "token-of-bo")
    return await client.post("/api/v1/alarms/a_1/answer", json={"answer": answer, "rev": rev})


async def by_console(house: Lindehuset, answer: AnswerKind, rev: int | None) -> object:
    client = browser_client(staff_app(web_deps(house)), "token-of-bo")
    return await client.post("/alarms/a_1/answer", data=form(answer, rev))


async def by_end_page(house: Lindehuset, answer: AnswerKind, rev: int | None) -> object:
    client = browser_client(staff_app(web_deps(house)), "token-of-bo")
    where = "close" if answer is AnswerKind.OVER else "answer"
    fields = {**form(answer, rev), "cause": "calmed_down"}
    return await client.post(f"/alarms/a_1/{where}", data=fields)


async def by_link(house: Lindehuset, answer: AnswerKind, rev: int | None) -> object:
    client, token = public_client(public_app(web_deps(house))), house.token_of("bo")
    return await client.post(f"/n/{token}", data={**form(answer, rev), "form": form_token(token)})


def form(answer: AnswerKind, rev: int | None) -> dict[str, str]:
    seen = {} if rev is None else {"rev": str(rev)}
    return {"answer": answer, "asked": READ, **seen}


WAYS = (by_api, by_console, by_end_page, by_link)


@pytest.mark.parametrize("saw", ["nothing", "the_press", "all_before_the_join"])
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("say", WAYS)
async def test_what_did_not_see_who_has_joined_takes_no_help_away_and_may_always_call_it(
    say: Say, answer: AnswerKind, saw: str
) -> None:
    async with at_the_spot() as house:
        rev = {"nothing": None, "the_press": 1, "all_before_the_join": house.alarm.rev}[saw]
        await house.press("ida")
        await say(house, answer, rev)
        assert house.is_open()
        said = [said for _, said, _ in house.asked]
        assert said == ([] if answer in TAKES_AWAY else [answer])


@pytest.mark.parametrize("say", [by_api, by_end_page, by_link])
async def test_who_is_there_and_saw_everything_ends_it(say: Say) -> None:
    async with at_the_spot() as house:
        await say(house, AnswerKind.OVER, house.alarm.rev)
        assert not house.is_open()


@asynccontextmanager
async def at_the_spot() -> AsyncIterator[Lindehuset]:
    """Bo was called, and has arrived."""
    async with lindehuset() as house:
        await house.press()
        await house.says("bo", AnswerKind.ARRIVED)
        yield house
