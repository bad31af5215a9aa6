"""Pages over MQTT: exactly the contract's fields, delivered by the device's own PUBACK."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from alarms.model import Purpose
from alarms.vocabulary import StandDownWhy
from core.clock import VirtualClock
from core.errors import ChannelError
from core.signals import AlarmKind, Level, ReceiptState
from core.values import replace
from dispatcher.channels.wearable import WearableChannel
from tests.support.channels import DANE, NOW, a_notice


@dataclass
class Listener:
    """The listener's side of `tell`: which devices are connected, and what they were sent."""

    connected: tuple[str, ...] = ("badge-bo",)
    sent: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    acks: list[Callable[[], None]] = field(default_factory=list)
    urgent: list[bool] = field(default_factory=list)

    def tell(self, device: str, payload: bytes, on_ack: Callable[[], None], urgent: bool) -> bool:
        self.urgent.append(urgent)
        self.sent.append((device, json.loads(payload)))
        self.acks.append(on_ack)
        return device in self.connected


def channel(listener: Listener, receipts: list[tuple[str, ReceiptState]]) -> WearableChannel:
    clock = VirtualClock(NOW)
    clock.offset = timedelta(hours=1)
    return WearableChannel(
        listener.tell, lambda notice, state: receipts.append((notice, state)), clock
    )


async def test_a_page_has_the_fields_of_the_contract_in_wall_clock_time() -> None:
    listener = Listener()
    notice = a_notice(channel="wearable", address="badge-bo")
    channel(listener, []).hand_over(notice, DANE)
    assert listener.sent == [
        (
            "badge-bo",
            {
                "type": "page",
                "id": "alarm_1-1",
                "at": "2026-11-21T20:00:00.000Z",
                "alarm": "alarm_1",
                "rev": 1,
                "notice": "alarm_1-1",
                "text": "LEJL 12 HUS 2 1.SAL\nOVERFALD Anna\nMød vagtrum.",
                "level": "red",
                "zone": "lejl-12",
                "quiet": False,
                "expires": "2026-11-21T20:30:00.000Z",
            },
        )
    ]


async def test_a_technical_page_and_its_end_wait_behind_every_call_for_help() -> None:
    listener = Listener()
    call = a_notice(channel="wearable", address="badge-bo")
    technical = replace(call, kind=AlarmKind.TECHNICAL, level=Level.GREEN)
    end = replace(
        technical, purpose=Purpose.STAND_DOWN, about="alarm_1-1", reason=StandDownWhy.CLOSED
    )
    for notice in (call, technical, end):
        channel(listener, []).hand_over(notice, DANE)
    assert listener.urgent == [True, False, False]


async def test_a_stand_down_names_the_page_it_takes_back() -> None:
    listener = Listener()
    down = a_notice(
        Purpose.STAND_DOWN, id="alarm_1-1-down-4", address="badge-bo", about="alarm_1-1",
        reason=StandDownWhy.ENOUGH,
    )  # fmt: skip
    channel(listener, []).hand_over(down, DANE)
    told = listener.sent[0][1]
    assert (told["type"], told["notice"], told["reason"]) == ("stand_down", "alarm_1-1", "enough")


async def test_a_page_is_delivered_when_the_device_has_acknowledged_it() -> None:
    listener, receipts = Listener(), list[tuple[str, ReceiptState]]()
    sending = channel(listener, receipts).hand_over(a_notice(address="badge-bo"), DANE)
    assert sending.state is ReceiptState.SENT
    assert receipts == []
    listener.acks[0]()
    assert receipts == [("alarm_1-1", ReceiptState.DELIVERED)]


async def test_a_device_without_a_connection_is_a_passing_failure() -> None:
    with pytest.raises(ChannelError, match="badge-bo has no connection") as failure:
        channel(Listener(connected=()), []).hand_over(a_notice(address="badge-bo"), DANE)
    assert failure.value.temporary


async def test_a_come_by_is_quiet_and_an_attack_is_not() -> None:
    listener = Listener()
    for level in (Level.YELLOW, Level.RED, Level.ORANGE):
        channel(listener, []).hand_over(a_notice(address="badge-bo", level=level), DANE)
    assert [message["quiet"] for _, message in listener.sent] == [True, False, False]


async def test_a_page_is_handed_over_at_once_and_awaits_a_receipt() -> None:
    can = channel(Listener(), []).capabilities
    assert can.immediate
    assert can.receipt_within is not None


async def test_a_page_says_what_else_stands_for_its_reader() -> None:
    listener = Listener()
    notice = a_notice(channel="wearable", address="badge-bo")
    channel(listener, []).hand_over(notice, replace(DANE, more="+17 flere"))
    text = listener.sent[0][1]["text"]
    assert isinstance(text, str)
    assert text.splitlines()[-1] == "+17 flere"
