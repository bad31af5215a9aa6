"""Who may log in: what was right once is right at once, and the rest is worked out in turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import current_thread

from core.clock import monotonic_s, sleep
from devices.passwords import COST_MAX, digest, matches
from devices.registry import Device, MemoryRegistry
from gateway.links.ports import Login
from gateway.logins import LANE_MAX, REST, Logins

PEER = "192.0.2.7"
SALT = bytes(range(16))


async def test_the_right_password_is_let_in_and_a_wrong_one_is_not() -> None:
    async with house_with_a_thread() as house:
        assert await house.login("badge-anna", b"demo-anna") is Login.ALLOWED
        assert await house.login("badge-anna", b"demo-bo") is Login.BAD_CREDENTIALS
        assert await house.login("badge-anna", None) is Login.BAD_CREDENTIALS
        assert await house.login("badge-bo", b"secret-bo") is Login.ALLOWED


async def test_an_unknown_device_is_not_let_in_and_a_stolen_one_is_refused() -> None:
    async with house_with_a_thread() as house:
        assert await house.login("badge-ghost", b"") is Login.BAD_CREDENTIALS
        assert await house.login("badge-stolen", b"x") is Login.NOT_ALLOWED


async def test_a_withdrawn_and_an_unassigned_device_keep_their_login() -> None:
    async with house_with_a_thread() as house:
        assert await house.login("badge-old", b"x") is Login.ALLOWED
        assert await house.login("badge-spare", b"x") is Login.ALLOWED


async def test_a_password_is_worked_out_once_however_often_the_device_comes_back() -> None:
    async with house_with_a_thread() as house:
        assert {await house.login("badge-bo", b"secret-bo") for _ in range(500)} == {Login.ALLOWED}
        assert len(house.worked_out) == 1


async def test_a_changed_password_is_worked_out_anew() -> None:
    async with house_with_a_thread() as house:
        assert await house.login("badge-bo", b"secret-bo") is Login.ALLOWED
        house.registry.load([Device("badge-bo", "badge", "s", password="other")], [])
        assert await house.login("badge-bo", b"secret-bo") is Login.BAD_CREDENTIALS


async def test_a_wrong_password_is_worked_out_once_however_often_it_is_tried() -> None:
    async with house_with_a_thread() as house:
        for _ in range(100):
            assert await house.login("badge-bo", b"wrong") is Login.BAD_CREDENTIALS
        assert len(house.worked_out) == 1


async def test_a_plain_password_costs_nothing_and_so_is_always_tried() -> None:
    async with house_with_a_thread() as house:
        for n in range(1_000):
            assert await house.login("badge-anna", b"%d" % n) is Login.BAD_CREDENTIALS
        assert await house.login("badge-anna", b"demo-anna") is Login.ALLOWED
        assert house.worked_out == []


async def test_a_right_password_is_tried_though_wrong_ones_come_from_its_own_address() -> None:
    """Its device was never here before: nothing tells it from the others but its password."""
    async with house_with_a_thread() as house:
        wrong = [house.begun("badge-bo", b"%d" % n) for n in range(LANE_MAX - 1)]
        assert await house.login("badge-bo", b"secret-bo") is Login.ALLOWED
        assert {await one for one in wrong} == {Login.BAD_CREDENTIALS}


async def test_who_was_right_before_is_let_in_at_once_while_another_guesses_at_it() -> None:
    async with house_with_a_thread() as house:
        await house.login("badge-bo", b"secret-bo")
        guesses = [house.begun("badge-bo", b"%d" % n) for n in range(5 * LANE_MAX)]
        assert house.logins.login("badge-bo", b"secret-bo", PEER) is Login.ALLOWED
        for guess in guesses:
            guess.cancel()


async def test_guessing_at_one_device_makes_no_other_device_and_no_other_address_wait_long() -> (
    None
):
    async with house_with_a_thread() as house:
        for n in range(LANE_MAX):
            house.begun("badge-bo", b"%d" % n)
        assert await house.login("badge-ida", b"secret-ida") is Login.ALLOWED
        assert await house.login("badge-bo", b"secret-bo", "192.0.2.8") is Login.ALLOWED
        assert len(house.worked_out) <= 6, "each had the next turn but one"


async def test_a_full_lane_is_asked_to_come_again_and_not_told_that_it_is_wrong() -> None:
    async with house_with_a_thread() as house:
        for n in range(LANE_MAX):
            house.begun("badge-bo", b"%d" % n)
        await sleep(0)
        assert await house.login("badge-bo", b"secret-bo") is Login.TRY_AGAIN
        assert await house.login("badge-bo", b"secret-bo", "192.0.2.8") is Login.ALLOWED


async def test_the_port_of_an_address_does_not_make_it_another() -> None:
    async with house_with_a_thread() as house:
        for port in range(LANE_MAX):
            house.begun("badge-bo", b"%d" % port, f"192.0.2.7:{port}")
        await sleep(0)
        assert await house.login("badge-bo", b"secret-bo", "192.0.2.7:9") is Login.TRY_AGAIN


async def test_who_has_hung_up_costs_nothing() -> None:
    async with house_with_a_thread() as house:
        gone = [house.begun("badge-bo", b"%d" % n) for n in range(50)]
        await sleep(0)
        for one in gone:
            one.cancel()
        assert await house.login("badge-bo", b"secret-bo") is Login.ALLOWED
        assert len(house.worked_out) <= 2


async def test_wrong_passwords_take_a_quarter_of_a_core_and_none_of_the_loop() -> None:
    async with house_with_a_thread() as house:
        began_s = monotonic_s()
        assert await house.login("badge-slow", b"wrong-1") is Login.BAD_CREDENTIALS
        once_s = monotonic_s() - began_s
        assert await house.login("badge-slow", b"wrong-2") is Login.BAD_CREDENTIALS
        assert monotonic_s() - began_s >= (1 + REST) * min(house.took_s)
        assert once_s < 5
        assert house.threads == {"logins_0"}


@asynccontextmanager
async def house_with_a_thread() -> AsyncIterator[House]:
    house = House()
    try:
        yield house
    finally:
        for one in house.tasks:
            one.cancel()
        await asyncio.gather(*house.tasks, return_exceptions=True)
        await house.logins.close()


class House:
    def __init__(self) -> None:
        self.registry = MemoryRegistry(
            [
                Device("badge-anna", "badge", "s", "anna", password="demo-anna"),
                Device("badge-bo", "badge", "s", "bo", password=digest(b"secret-bo", SALT)),
                Device("badge-ida", "badge", "s", "ida", password=digest(b"secret-ida", SALT)),
                Device("badge-slow", "badge", "s", password=digest(b"x", SALT, COST_MAX)),
                Device("badge-spare", "badge", "s", password="x"),
                Device("badge-old", "badge", "s", password="x", withdrawn=True),
                Device("badge-stolen", "badge", "s", password="x", revoked=True),
            ]
        )
        self.worked_out: list[str] = []
        self.took_s: list[float] = []
        self.threads: set[str] = set()
        self.tasks: list[asyncio.Task[Login]] = []
        self.logins = Logins(self.registry, self._work_out)

    def _work_out(self, stored: str, given: bytes) -> bool:
        """The real comparison, counted."""
        self.worked_out.append(stored)
        self.threads.add(current_thread().name)
        began_s = monotonic_s()
        right = matches(stored, given)
        self.took_s.append(monotonic_s() - began_s)
        return right

    async def login(self, name: str, password: bytes | None, peer: str = PEER) -> Login:
        known = self.logins.login(name, password, peer)
        return known if isinstance(known, Login) else await known

    def begun(self, name: str, password: bytes, peer: str = PEER) -> asyncio.Task[Login]:
        task = asyncio.create_task(self.login(name, password, peer))
        self.tasks.append(task)
        return task
