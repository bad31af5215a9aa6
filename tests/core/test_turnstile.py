"""Much work at once leaves the event loop its turns."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

from core.turnstile import Turnstile

MOST = 4


async def test_few_do_not_wait_at_all() -> None:
    turnstile, passed = Turnstile(MOST), list[int]()
    for number in range(MOST):
        turnstile.pass_through(partial(passed.append, number))
    assert passed == list(range(MOST))


async def test_many_pass_in_their_order_and_never_more_than_so_many_between_two_looks() -> None:
    turnstile, passed = Turnstile(MOST), list[int]()
    loop, looks = asyncio.get_running_loop(), [0]
    done: asyncio.Future[None] = loop.create_future()

    def look() -> None:
        """As a socket of the loop: once in each of its turns."""
        looks.append(len(passed))
        if len(passed) < 50:
            loop.call_soon(look)
        else:
            done.set_result(None)

    loop.call_soon(look)
    for number in range(50):
        turnstile.pass_through(partial(passed.append, number))
    await done
    assert passed == list(range(50))
    assert max(later - sooner for sooner, later in pairwise(looks)) <= MOST


async def test_who_comes_later_does_not_overtake() -> None:
    turnstile, passed = Turnstile(1), list[int]()
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for number in range(3):
        turnstile.pass_through(partial(passed.append, number))
    asyncio.get_running_loop().call_soon(turnstile.pass_through, partial(passed.append, 3))
    asyncio.get_running_loop().call_soon(turnstile.pass_through, partial(done.set_result, None))
    await done
    assert passed == [0, 1, 2, 3]
