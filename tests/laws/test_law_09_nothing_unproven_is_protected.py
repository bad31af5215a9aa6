"""Law 9, as far as the engine shows it: what nobody has heard counts as unknown, never as well."""

from __future__ import annotations

import pytest

from core.signals import Reading, SignalType
from devices.callsystems.codes import contact_id, high_speed, sia
from devices.callsystems.codes.meaning import Event, Meaning, Sender, reading
from devices.callsystems.surgard.meanings import TELENOT
from devices.findings import State
from devices.registry import Device
from devices.watch import Watch
from gateway.supervision import Supervision
from tests.support.gateway import NOW, House, StoringDesk
from tests.support.running import Running


def test_a_panel_that_tests_itself_proves_its_line_and_no_button() -> None:
    """RP, RX, TX and 601, 602 reach us day after day while the button may be dead."""
    by_itself = [
        *(_contact_id(code) for code in ("601", "602", "603", "607")),
        *(_sia(code) for code in ("RP", "RX", "TX", "TC", "RP7")),
        *(_said(meaning) for meaning in (TELENOT["R"], high_speed.AUXILIARY["9"])),
    ]
    for said in by_itself:
        assert said.type is SignalType.TEST
        assert _state_after(said) is State.UNKNOWN, said.text


def test_a_press_proves_a_button_for_help_or_in_a_walk_test() -> None:
    for said in (_contact_id("120"), _contact_id("611"), _sia("TP7"), _sia("PA7")):
        assert _state_after(said) is State.OK, said.text


@pytest.mark.parametrize("code", ["102", "641", "144", "301", "384"])
def test_what_a_panel_reports_by_itself_proves_no_button(code: str) -> None:
    assert _state_after(_contact_id(code)) in (State.UNKNOWN, State.TAMPER)


def _contact_id(code: str) -> Reading:
    return reading(
        Sender("dc09", "1234"), contact_id.event("1", code, "00", "007", "1234", {}), b""
    )


def _sia(code: str) -> Reading:
    return reading(Sender("dc09", "1234"), sia.events(f"N{code}", "1234", {})[0], b"")


def _said(meaning: Meaning) -> Reading:
    return reading(Sender("surgard", "1234"), Event(meaning, "0"), b"")


def _state_after(said: Reading) -> State:
    watch = Watch()
    watch.configure([Device("cord", "call_point", "solbakken", zone="hall")], NOW)
    house = House()
    supervision = Supervision(watch, StoringDesk(), house.clock)
    supervision.heard(said, "cord")
    return supervision.health("cord").state


def test_a_device_nobody_has_heard_is_never_shown_as_well() -> None:
    process = Running().process
    worn = [d for p in process.pictures.people(process.at) for d in p.devices]
    assert worn
    assert all(device.state == "unknown" and device.heard_s is None for device in worn)
