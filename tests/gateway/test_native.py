from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import metrics
from core.signals import AlarmKind, SignalType, Taken
from devices.findings import State, Trouble
from devices.mqtt.events import Fault
from devices.registry import Device
from gateway.links.mqtt_traffic import Oddity
from gateway.links.ports import Login, Published
from gateway.native import NOTICED
from tests.support.gateway import DEVICES, PREFIX, SOON_S, House

Result = TypeVar("Result")


# Who may log in, and on what


@pytest.mark.parametrize(
    ("name", "password", "outcome"),
    [
        ("badge-anna", b"demo-anna", Login.ALLOWED),
        ("badge-anna", b"demo-bo", Login.BAD_CREDENTIALS),
        ("badge-ghost", b"demo-anna", Login.BAD_CREDENTIALS),
        ("badge-spare", b"demo-spare", Login.ALLOWED),
        ("badge-old", b"demo-old", Login.ALLOWED),
        ("badge-stolen", b"demo-stolen", Login.NOT_ALLOWED),
    ],
)
def test_known_devices_log_in_and_a_stolen_one_is_refused_and_shown(
    name: str, password: bytes, outcome: Login
) -> None:
    house = House()
    before = logins(outcome)
    assert house.native.login(name, password, "c1", "192.0.2.7") is outcome
    assert logins(outcome) == before + 1
    assert list(house.desk.problems) == (["revoked:badge-stolen"] if name == "badge-stolen" else [])


@pytest.mark.parametrize(
    ("topic", "may"),
    [
        ("tilkald/v1/badge-anna/up", True),
        ("tilkald/v1/badge-anna/beat", True),
        ("tilkald/v1/badge-anna/status", True),
        ("tilkald/v1/badge-anna/typo", True),
        ("tilkald/v1/badge-anna/down", False),
        ("tilkald/v1/badge-anna/down/x", False),
        ("tilkald/v1/badge-anna/", False),
        ("tilkald/v1/badge-anna", False),
        ("tilkald/v1/badge-anna2/up", False),
        ("tilkald/v1/badge-bo/up", False),
        ("tilkald/v2/badge-anna/up", False),
        ("badge-anna/up", False),
        ("", False),
    ],
)
def test_a_device_publishes_below_its_own_name_and_never_on_down(topic: str, may: bool) -> None:
    assert House().native.may_publish("badge-anna", topic) is may


@pytest.mark.parametrize(
    ("topic_filter", "may", "told"),
    [
        ("tilkald/v1/badge-anna/down", True, True),
        ("tilkald/v1/badge-anna/#", True, True),
        ("tilkald/v1/badge-anna/+", True, True),
        ("tilkald/v1/badge-anna/status", True, False),
        ("tilkald/v1/badge-bo/down", False, False),
        ("tilkald/v1/+/down", False, False),
        ("tilkald/#", False, False),
        ("#", False, False),
    ],
)
def test_a_device_hears_only_itself_and_each_subscription_to_down_is_told(
    topic_filter: str, may: bool, told: bool
) -> None:
    house = House()
    assert house.native.may_subscribe("badge-anna", topic_filter) is may
    if may:
        house.native.subscribed("badge-anna", topic_filter)
    assert house.desk.subscribed == (["badge-anna"] if told else [])


# What comes in


async def test_an_alarm_on_up_is_acknowledged_only_after_the_commit() -> None:
    house = House()
    house.desk.gate.clear()
    publishing = asyncio.create_task(say(house, b'{"type":"alarm","seq":412,"boot":7}'))
    await house.desk.until(lambda: len(house.desk.taken) == 1)
    assert not publishing.done()
    house.desk.gate.set()
    assert await soon(publishing)
    (signal,) = house.desk.taken
    assert (signal.type, signal.device, signal.person) == (SignalType.ALARM, "badge-anna", "anna")
    assert signal.reading.authenticated


@pytest.mark.parametrize(
    "topic",
    [
        *("/tilkald/v1/badge-anna/up", "tilkald/v1/Badge-Anna/up", "tilkald/v1/badge-bo/up"),
        *("tilkald/v1/badge-anna//up", "tilkald/v1/badge-anna/up/", "tilkald/v1/badge-anna"),
        *("tilkald/v1/badge-anna/down", "v1/badge-anna/up", "$SYS/up", "#", "", "a/+/b"),
    ],
)
async def test_a_press_on_any_topic_is_that_of_who_is_logged_in_and_shown_without_the_topic(
    topic: str,
) -> None:
    for body in (b'{"type":"alarm"}', b"\x80\x81"):
        house = House()
        message = Published("badge-anna", "c1", topic, body, 1, retain=False, dup=False)
        assert await kept(house, message)
        (signal,) = house.desk.taken
        assert (signal.type, signal.device) == (SignalType.ALARM, "badge-anna")
        (said,) = (odd for odd in signal.reading.odd if odd.startswith("topic: "))
        assert "badge" not in said


@pytest.mark.parametrize(
    ("body", "calls"), [(b"0", False), (b"Offline", False), (b'{"type":"alarm"}', True)]
)
async def test_a_last_will_on_another_topic_calls_only_if_it_says_so(
    body: bytes, calls: bool
) -> None:
    house = House()
    will = Published("badge-anna", "c1", "tele/x/LWT", body, 1, True, False, is_will=True)
    assert await kept(house, will)
    assert [signal.type for signal in house.desk.taken] == [SignalType.ALARM] * calls


async def test_what_clears_a_retained_topic_calls_nobody_wherever_it_is() -> None:
    house = House()
    for topic in ("tilkald/v1/badge-anna/up", "/tilkald/v1/badge-anna/up", "other"):
        message = Published("badge-anna", "c1", topic, b"", 1, retain=True, dup=False)
        assert await kept(house, message)
    assert house.desk.taken == []


async def test_what_cannot_be_stored_is_not_acknowledged() -> None:
    house = House()
    house.desk.answer = Taken.UNSTORED
    saying = asyncio.create_task(say(house, b'{"type":"alarm"}'))
    await house.desk.until(lambda: len(house.desk.owed) == 1)
    assert not saying.done()
    house.desk.settle(stored=False)
    assert not await soon(saying)


async def test_heartbeats_and_status_are_acknowledged_at_once_and_stored_nowhere() -> None:
    house = House()
    house.desk.gate.clear()
    assert await soon(say(house, b'{"type":"heartbeat","battery":0.9}', leaf="beat", qos=0))
    assert await soon(say(house, b"online", leaf="status", retain=True))
    assert house.desk.taken == []
    assert house.supervision.health("badge-anna").battery == 0.9
    assert house.supervision.health("badge-anna").state is State.OK


async def test_a_last_will_is_no_sign_of_life() -> None:
    house = House()
    assert await say(house, b"offline", leaf="status", retain=True)
    assert house.supervision.health("badge-anna").heard is None


async def test_garbage_from_an_app_is_kept_acknowledged_and_a_sign_of_life() -> None:
    house = House()
    assert await say(house, b"\x80\x81\x82", device="phone-eva")
    assert house.desk.taken == []
    assert house.desk.raw == [("native", "phone-eva", "not a JSON object", b"\x80\x81\x82")]
    assert house.supervision.health("phone-eva").state is State.OK


@pytest.mark.parametrize("payload", [b"", b"\x80\x81\x82", b"{broken", b"1"])
async def test_what_nobody_can_read_from_a_badge_is_a_press(payload: bytes) -> None:
    house = House()
    assert await say(house, payload)
    assert [s.reading.kind for s in house.desk.taken] == [AlarmKind.UNKNOWN]


async def test_clearing_a_retained_message_is_no_press() -> None:
    house = House()
    assert await say(house, b"", retain=True)
    assert house.desk.taken == []


async def test_the_same_line_with_retain_20_minutes_later_is_a_new_press() -> None:
    house = House()
    line = b'{"type":"alarm","seq":1}'
    await say(house, line, retain=True)
    house.pass_time(timedelta(minutes=20))
    await say(house, line, retain=True)
    assert [signal.repeat for signal in house.desk.taken] == [False, False]


async def test_a_press_sent_again_because_its_puback_was_lost_is_a_copy() -> None:
    house = House()
    await say(house, b'{"type":"alarm"}')
    await say(house, b'{"type":"alarm"}', dup=True)
    assert [signal.repeat for signal in house.desk.taken] == [False, True]


async def test_a_device_taken_out_of_the_site_while_it_is_connected_may_still_raise() -> None:
    house = House()
    house.registry.load([], [])
    assert await say(house, b'{"type":"alarm"}')
    assert house.desk.taken[0].device == "badge-anna"


@given(
    payload=st.binary(max_size=80),
    leaf=st.sampled_from(["up", "beat", "status", "x"]),
    device=st.sampled_from([device.id for device in DEVICES if not device.revoked]),
    retain=st.booleans(),
    dup=st.booleans(),
)
async def test_whatever_a_device_sends_is_settled_and_never_raises(
    payload: bytes, leaf: str, device: str, retain: bool, dup: bool
) -> None:
    house = House()
    assert await say(house, payload, device=device, leaf=leaf, retain=retain, dup=dup)


# What goes out


def test_a_device_is_told_on_its_down_and_whether_it_was_there() -> None:
    house = House()
    house.line.connected.add("badge-anna")
    acked: list[str] = []
    assert house.native.tell("badge-anna", b"{}", lambda: acked.append("anna"))
    assert not house.native.tell("badge-bo", b"{}")
    assert house.line.sent == [
        (f"{PREFIX}/badge-anna/down", b"{}"),
        (f"{PREFIX}/badge-bo/down", b"{}"),
    ]
    house.line.acks[0]()
    assert acked == ["anna"]


# Coming and going


def test_a_device_is_connected_until_its_last_connection_is_gone() -> None:
    house = House()
    house.native.connected("badge-anna", "c1")
    house.native.connected("badge-anna", "c2")
    house.native.disconnected("badge-anna", "c1", "lost")
    assert house.native.is_connected("badge-anna")
    house.native.disconnected("badge-anna", "c2", "lost")
    assert not house.native.is_connected("badge-anna")
    assert house.supervision.health("badge-anna").state is State.OK


def test_a_device_revoked_while_it_is_connected_is_cut_off() -> None:
    house = House()
    for name in ("badge-anna", "badge-bo"):
        house.native.connected(name, "c1")
    stolen = Device("badge-bo", "badge", "solbakken", "bo", revoked=True)
    house.registry.load([DEVICES[0], stolen], [])
    house.native.reconfigured()
    assert house.line.cut_off == [("badge-bo", "revoked")]


async def test_two_devices_with_one_name_are_a_technical_trouble() -> None:
    house = House()
    house.native.noticed("two_claim", "badge-anna", "3 take-overs within a minute")
    running = asyncio.create_task(house.supervision.run())
    await house.desk.until(lambda: len(house.desk.findings) == 1)
    running.cancel()
    (finding,) = house.desk.findings
    assert (finding.trouble, finding.devices) == (Trouble.TWO_CLAIM, ("badge-anna",))
    assert (finding.key, finding.site) == ("two_claim:badge-anna", "solbakken")


def test_everything_the_listener_notices_has_its_own_count_and_the_rest_one() -> None:
    assert set(NOTICED) == {*map(str, Oddity), *map(str, Fault)}
    house = House()
    before = noticed("other")
    house.native.noticed("something-new", "badge-anna", "")
    assert noticed("other") == before + 1


async def kept(house: House, message: Published) -> bool:
    """Whether it is acknowledged, sooner or later."""
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def owed(taken: Taken) -> None:
        if taken is not Taken.UNSTORED:
            answer.set_result(taken is Taken.STORED)

    house.native.published(message, owed)
    return await answer


async def say(
    house: House,
    payload: bytes,
    *,
    device: str = "badge-anna",
    leaf: str = "up",
    qos: int = 1,
    retain: bool = False,
    dup: bool = False,
) -> bool:
    topic = f"{PREFIX}/{device}/{leaf}"
    message = Published(device, "c1", topic, payload, qos, retain, dup)
    return await kept(house, message)


def logins(outcome: Login) -> float:
    labels = {"outcome": outcome.value}
    return metrics.REGISTRY.get_sample_value("tilkald_device_logins_total", labels) or 0.0


def noticed(what: str) -> float:
    labels = {"what": what}
    return metrics.REGISTRY.get_sample_value("tilkald_listener_noticed_total", labels) or 0.0


async def soon(awaited: Awaitable[Result]) -> Result:
    async with asyncio.timeout(SOON_S):
        return await awaited
