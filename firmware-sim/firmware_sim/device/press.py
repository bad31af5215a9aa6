"""`tilkald press PERSON`: press one person's simulated device of a running service, over MQTT."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from core import ids
from core.chance import seeded
from core.clock import ServiceClock
from core.errors import ConfigError
from core.signals import AlarmKind, Level
from devices.registry import Device
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import read_directory
from firmware_sim.device.link import Broker, DeviceLink, Hear, Surroundings
from firmware_sim.device.state import Act, ButtonDown, ButtonUp, Feel, Felt
from firmware_sim.device.wearable import switched_on
from firmware_sim.people.events import Fact
from firmware_sim.people.narrative import Narrator
from firmware_sim.people.staff import BOOT_MOST
from firmware_sim.service import read_run_file

STORED_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Press:
    """Who presses, how, and where the service and its site are."""

    person: str
    site: Path
    broker: Broker
    level: Level = Level.RED
    kind: AlarmKind = AlarmKind.ATTACK


async def run_press(press: Press) -> int:
    """0: the service has said `received`. 1: it has not, in time. Raises ConfigError."""
    organisation = read_directory(press.site)
    device = device_of(organisation, press.person)
    narrator, out = Narrator(organisation), Console()
    sent = asyncio.Event()

    def hear(name: str, act: Act, at: datetime) -> None:
        text = narrator.line(Fact(at, press.person, name, act))
        if text:
            out.print(text, markup=False, soft_wrap=True)
        if isinstance(act, Felt) and act.feel is Feel.SENT:
            sent.set()

    link = _beside(device, press, hear)
    return await _hold_until(sent, link, press)


def running_press(data_dir: Path, site: Path, person: str, level: str = "red") -> Press:
    """A press of the service that runs on this data folder. Raises ConfigError when none does."""
    ready = read_run_file(data_dir)
    if ready is None:
        raise ConfigError(f"no service runs on {data_dir}: start it with make run, then press")
    try:
        return Press(person, site, ready.broker, Level(level))
    except ValueError:
        known = ", ".join(Level)
        raise ConfigError(f"{level} is no level; try one of: {known}") from None


def device_of(organisation: Organisation, person: str) -> Device:
    """The device a person presses. Raises ConfigError naming who has one."""
    usable = [d for d in organisation.devices if d.person is not None and not d.revoked]
    found = next((device for device in usable if device.person == person), None)
    if found is None:
        known = ", ".join(sorted({str(device.person) for device in usable})) or "nobody"
        raise ConfigError(f"{person} has no device to press; these people do: {known}")
    return found


async def _hold_until(sent: asyncio.Event, link: DeviceLink, press: Press) -> int:
    living = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(STORED_WITHIN_S):
            await link.connected()
            link.happen(ButtonDown(press.level, press.kind))
            await link.pressed()
            link.happen(ButtonUp())
            await sent.wait()
        return 0
    except TimeoutError:
        return 1
    finally:
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


def _beside(device: Device, press: Press, hear: Hear) -> DeviceLink:
    """A second session of the device, so that the one its wearer's staff runs stays connected."""
    clock, chance = ServiceClock(), seeded(int.from_bytes(ids.salt()))
    wearable = switched_on(device.id, chance.randint(1, BOOT_MOST), clock.wall())
    around = Surroundings(press.broker, clock, chance)
    return DeviceLink(wearable, device.password, around, hear, identifier=f"{device.id}-press")
