from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.clock import VirtualClock
from devices.passwords import digest, matches
from devices.registry import Device, MemoryRegistry
from gateway.links.ports import Login
from gateway.logins import WRONG_BURST, WRONG_BURST_OF_ADDRESS, Logins

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
SALT = bytes(range(16))


def test_the_right_password_is_let_in_and_a_wrong_one_is_not() -> None:
    house = House()
    assert house.login("badge-anna", b"demo-anna") is Login.ALLOWED
    assert house.login("badge-anna", b"demo-bo") is Login.BAD_CREDENTIALS
    assert house.login("badge-anna", None) is Login.BAD_CREDENTIALS
    assert house.login("badge-bo", b"secret-bo") is Login.ALLOWED


def test_an_unknown_device_is_not_let_in_and_a_stolen_one_is_refused() -> None:
    house = House()
    assert house.login("badge-ghost", b"") is Login.BAD_CREDENTIALS
    assert house.login("badge-stolen", b"x") is Login.NOT_ALLOWED


def test_a_withdrawn_and_an_unassigned_device_keep_their_login() -> None:
    house = House()
    assert house.login("badge-old", b"x") is Login.ALLOWED
    assert house.login("badge-spare", b"x") is Login.ALLOWED


def test_a_password_is_worked_out_once_however_often_the_device_comes_back() -> None:
    house = House()
    assert {house.login("badge-bo", b"secret-bo") for _ in range(500)} == {Login.ALLOWED}
    assert len(house.worked_out) == 1


def test_a_changed_password_is_worked_out_anew() -> None:
    house = House()
    assert house.login("badge-bo", b"secret-bo") is Login.ALLOWED
    house.registry.load([Device("badge-bo", "badge", "s", password="other")], [])
    assert house.login("badge-bo", b"secret-bo") is Login.BAD_CREDENTIALS


def test_wrong_passwords_for_one_device_are_soon_not_worked_out_any_more() -> None:
    house = House()
    for n in range(100):
        assert house.login("badge-bo", b"%d" % n) is Login.BAD_CREDENTIALS
    assert len(house.worked_out) == WRONG_BURST
    house.clock.move_to(NOW + timedelta(seconds=6))
    assert house.login("badge-bo", b"secret-bo") is Login.ALLOWED


def test_who_was_right_before_is_let_in_while_another_guesses_from_the_same_address() -> None:
    house = House()
    house.login("badge-bo", b"secret-bo")
    for n in range(100):
        house.login("badge-bo", b"%d" % n)
    assert house.login("badge-bo", b"secret-bo") is Login.ALLOWED


def test_guessing_at_one_device_shuts_out_no_other_device_and_no_other_address() -> None:
    house = House()
    for n in range(100):
        house.login("badge-bo", b"%d" % n)
    assert house.login("badge-anna", b"demo-anna") is Login.ALLOWED
    assert house.login("badge-bo", b"secret-bo", peer="192.0.2.8") is Login.ALLOWED


def test_guessing_at_many_devices_from_one_address_costs_so_much_and_no_more() -> None:
    house = House()
    names = [f"d{n}" for n in range(2 * WRONG_BURST_OF_ADDRESS)]
    house.registry.load([Device(name, "badge", "s", password="x") for name in names], [])
    for name in names:
        house.login(name, b"guess")
    assert len(house.worked_out) == WRONG_BURST_OF_ADDRESS


def test_the_port_of_an_address_does_not_make_it_another() -> None:
    house = House()
    for port in range(1, 50):
        house.login("badge-bo", b"%d" % port, peer=f"192.0.2.7:{port}")
        house.login("badge-bo", b"%d" % port, peer=f"[2001:db8::7]:{port}")
    assert len(house.worked_out) == 2 * WRONG_BURST


class House:
    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.registry = MemoryRegistry(
            [
                Device("badge-anna", "badge", "s", "anna", password="demo-anna"),
                Device("badge-bo", "badge", "s", "bo", password=digest(b"secret-bo", SALT)),
                Device("badge-spare", "badge", "s", password="x"),
                Device("badge-old", "badge", "s", password="x", withdrawn=True),
                Device("badge-stolen", "badge", "s", password="x", revoked=True),
            ]
        )
        self.worked_out: list[str] = []
        self._logins = Logins(self.registry, self.clock, self._work_out)

    def _work_out(self, stored: str, given: bytes) -> bool:
        """The real comparison, counted."""
        self.worked_out.append(stored)
        return matches(stored, given)

    def login(self, name: str, password: bytes | None, peer: str = "192.0.2.7") -> Login:
        return self._logins.login(name, password, peer)
