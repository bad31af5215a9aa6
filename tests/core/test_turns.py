"""Much work at once leaves the event loop its turns."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from core.turnstile import Turns

MOST = 4


async def test_few_do_not_wait_at_all() -> None:
    turns = Turns(MOST)
    for _ in range(MOST):
        passing = turns.mine()
        try:
            passing.send(None)
        except StopIteration:
            continue
        raise AssertionError("it waited")


async def test_many_pass_in_their_order_and_never_more_than_so_many_between_two_looks() -> None:
    turns, passed = Turns(MOST), list[int]()
    looks = await _beside(turns, passed, 50)
    assert passed == list(range(50))
    assert max(later - sooner for sooner, later in pairwise(looks)) <= MOST


async def test_who_comes_later_does_not_overtake() -> None:
    turns, passed = Turns(1), list[int]()
    early = [asyncio.create_task(_pass(turns, passed, number)) for number in range(3)]
    await _turn()
    await _turn()
    late = asyncio.create_task(_pass(turns, passed, 3))
    await asyncio.gather(*early, late)
    assert passed == [0, 1, 2, 3]


async def test_who_is_cancelled_while_waiting_takes_nobodys_turn() -> None:
    turns, passed = Turns(1), list[int]()
    tasks = [asyncio.create_task(_pass(turns, passed, number)) for number in range(4)]
    await _turn()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert passed == [0, 2, 3]


async def _beside(turns: Turns, passed: list[int], count: int) -> list[int]:
    """Let so many pass; how many had passed at each look of something else in the loop."""
    loop, looks = asyncio.get_running_loop(), [0]

    def look() -> None:
        """As a socket of the loop: once in each of its turns."""
        looks.append(len(passed))
        if len(passed) < count:
            loop.call_soon(look)

    loop.call_soon(look)
    await asyncio.gather(*(_pass(turns, passed, number) for number in range(count)))
    return looks


async def _pass(turns: Turns, passed: list[int], number: int) -> None:
    await turns.mine()
    passed.append(number)


async def _turn() -> None:
    """One turn of the loop."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done
