"""Law 9, as far as the engine shows it: what nobody has heard counts as unknown, never as well."""

from __future__ import annotations

from tests.support.running import Running


def test_a_device_nobody_has_heard_is_never_shown_as_well() -> None:
    process = Running().process
    worn = [d for p in process.pictures.people(process.at) for d in p.devices]
    assert worn
    assert all(device.state == "unknown" and device.heard_s is None for device in worn)
