"""Law 6 on every way in by HTTP: what takes help away names a `rev`, and one that still holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from alarms.model import Presser, Standpoint
from core.signals import AnswerKind, Standing
from dispatcher.web.asking import TAKES_AWAY, asked_at
from dispatcher.web.notice.routes import form_token
from dispatcher.web.public import public_app
from dispatcher.web.staff import staff_app
from tests.support.desk import NOW, MemoryDesk, an_alarm, lindehuset
from tests.support.web import LINK, browser_client, public_client, staff_client, web_deps

Say = Callable[[MemoryDesk, AnswerKind, int | None], Awaitable[object]]
READ = asked_at(NOW - timedelta(seconds=5))
ANSWERS = [one for one in AnswerKind if one is not AnswerKind.RANG]


async def by_api(desk: MemoryDesk, answer: AnswerKind, rev: int | None) -> object:
    client = staff_client(staff_app(web_deps(desk)), "token-of-bo")
    return await client.post("/api/v1/alarms/a_1/answer", json={"answer": answer, "rev": rev})


async def by_console(desk: MemoryDesk, answer: AnswerKind, rev: int | None) -> object:
    client = browser_client(staff_app(web_deps(desk)), "token-of-bo")
    return await client.post("/alarms/a_1/answer", data=form(answer, rev))


async def by_end_page(desk: MemoryDesk, answer: AnswerKind, rev: int | None) -> object:
    client = browser_client(staff_app(web_deps(desk)), "token-of-bo")
    where = "close" if answer is AnswerKind.OVER else "answer"
    fields = {**form(answer, rev), "cause": "calmed_down"}
    return await client.post(f"/alarms/a_1/{where}", data=fields)


async def by_link(desk: MemoryDesk, answer: AnswerKind, rev: int | None) -> object:
    client = public_client(public_app(web_deps(desk)))
    return await client.post(f"/n/{LINK}", data={**form(answer, rev), "form": form_token(LINK)})


def form(answer: AnswerKind, rev: int | None) -> dict[str, str]:
    seen = {} if rev is None else {"rev": str(rev)}
    return {"answer": answer, "asked": READ, **seen}


WAYS = (by_api, by_console, by_end_page, by_link)


@pytest.mark.parametrize("rev", [None, 1, 2], ids=["blind", "first", "before_the_join"])
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("say", WAYS)
async def test_what_did_not_see_who_has_joined_takes_no_help_away_and_may_always_call_it(
    say: Say, answer: AnswerKind, rev: int | None
) -> None:
    desk = at_the_spot()
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    await say(desk, answer, rev)
    assert desk.held["a_1"].open
    assert [said for _, said, _ in desk.asked] == ([] if answer in TAKES_AWAY else [answer])


@pytest.mark.parametrize("say", [by_api, by_end_page, by_link])
async def test_who_is_there_and_saw_everything_ends_it(say: Say) -> None:
    desk = at_the_spot()
    await say(desk, AnswerKind.OVER, desk.held["a_1"].rev)
    assert not desk.held["a_1"].open


def at_the_spot() -> MemoryDesk:
    """Bo was called, and has arrived."""
    desk = lindehuset()
    desk.notify(an_alarm(desk), "bo", token=LINK)
    desk.stand("a_1", "bo", Standpoint.ARRIVED)
    return desk
