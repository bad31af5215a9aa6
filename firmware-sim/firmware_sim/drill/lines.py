"""The lines of a scenario, laid for one drill: a cable and a far end for each.

The site's `lines.toml` names ports as a technician would; for a drill each gets a place that is
free on this machine: a pty for a serial port, a port of loopback for the others. Everything else
in the file stays as it is written, so what is drilled is what the site says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.clock import Clock, sleep
from core.errors import ConfigError
from devices.registry import Device, Line
from dispatcher.roster.organisation import Organisation
from firmware_sim.drill.line_record import Caller, LineFigures, LinesSeen, figures
from firmware_sim.drill.scenario import Scenario
from firmware_sim.people.events import CalledOn, CallTaken, Fact, OnLine, PluggedIn, Unplugged
from firmware_sim.service import free_ports
from firmware_sim.speakers.cables import (
    LOOPBACK,
    Cable,
    DatagramCable,
    DialledCable,
    SerialCable,
    WaitingCable,
)
from firmware_sim.speakers.far_end import FarEnd
from firmware_sim.speakers.ports import Call
from firmware_sim.speakers.table import answers, outlasts, speaker_for

LINES_FILE = "lines.toml"

_NETWORK = ("tcp", "udp", "socket")


@dataclass(frozen=True, slots=True)
class Laid:
    """A line of the site, and where it lies in this drill."""

    line: Line
    url: str
    port: int = 0
    path: Path = Path()


def lay(scenario: Scenario, organisation: Organisation, site: Path) -> tuple[Laid, ...]:
    """Give each line a place of this machine, and write them into the site's own file.

    Raises ConfigError for a line that cannot be drilled.
    """
    lines = {line.id: line for line in organisation.lines}
    file = site / LINES_FILE
    text = file.read_text() if scenario.lines else ""
    laid = []
    for (name, _), port in zip(scenario.lines, free_ports(len(scenario.lines)), strict=True):
        one = _laid(lines[name], site.parent / f"line-{name}", port)
        written = f'"{one.line.url}"'
        if text.count(written) != 1:
            raise ConfigError(f"{LINES_FILE}: {written} must stand there once, for line {name}")
        text = text.replace(written, f'"{one.url}"')
        laid.append(one)
    if laid:
        file.write_text(text)
    return tuple(laid)


def callers(scenario: Scenario, organisation: Organisation) -> Mapping[str, Caller]:
    """Every device that calls on a line in this scenario, and where it is. Raises ConfigError."""
    devices = {device.id: device for device in organisation.devices}
    lines = {line.id: line for line in organisation.lines}
    found = {}
    for call in scenario.calls:
        device, line = devices[call.device], lines[call.line]
        stays = outlasts(line, who_calls(device, line))
        found[device.id] = Caller(
            device.id, line.id, device.zone, device.person, answers(line), stays
        )
    return found


def who_calls(device: Device, line: Line) -> str:
    """What a device is called by the far end of this line. Raises ConfigError.

    Every role of a protocol has the same names; the line's own name stands only on our side.
    """
    prefix = f"{line.protocol.partition('-')[0]}:"
    own = dict(line.settings).get("name", "")
    for name in device.wire:
        if name.startswith(prefix):
            return name.removeprefix(prefix).removeprefix(f"{own}/" if own else "")
    raise ConfigError(f"{device.id} has no name that begins with {prefix}, for line {line.id}")


class Building:
    """`async with Building(…) as building:` then `call` and `unplug` as the script says."""

    def __init__(
        self,
        scenario: Scenario,
        organisation: Organisation,
        laid: tuple[Laid, ...],
        clock: Clock,
        tell: Callable[[Fact], None],
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._calls = 0
        self._site = {device.id: device for device in organisation.devices}
        self._lines = {one.line.id: one.line for one in laid}
        self._devices: dict[int, str] = {}
        manners = dict(scenario.lines)
        self._ends: dict[str, FarEnd] = {}
        for one in laid:
            name = one.line.id
            devices = dict.fromkeys(call.device for call in scenario.calls if call.line == name)
            callers = tuple(who_calls(self._site[device], one.line) for device in devices)
            speaker = speaker_for(one.line, callers, manners[name])
            self._ends[name] = FarEnd(speaker, _cable(one), clock, self._took(name))

    async def __aenter__(self) -> Building:
        for end in self._ends.values():
            await end.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for end in self._ends.values():
            await end.close()

    def call(self, device: str, line: str) -> None:
        """Somebody presses this device of the site, at the far end of this line."""
        self._calls += 1
        self._devices[self._calls] = device
        self._say(device, CalledOn(line, self._calls))
        self._ends[line].call(Call(self._calls, who_calls(self._site[device], self._lines[line])))

    async def unplug(self, line: str, lasting: timedelta) -> None:
        self._say("", Unplugged(line))
        self._ends[line].unplug()
        await sleep(lasting.total_seconds())
        self._ends[line].plug_in()
        self._say("", PluggedIn(line))

    def figures(self, seen: LinesSeen) -> tuple[LineFigures, ...]:
        """What was measured, line by line."""
        return tuple(figures(line.id, line.protocol, seen) for line in self._lines.values())

    def _took(self, line: str) -> Callable[[Call], None]:
        return lambda call: self._say(self._devices[call.number], CallTaken(line, call.number))

    def _say(self, device: str, what: OnLine) -> None:
        person = self._site[device].person if device else ""
        self._tell(Fact(self._clock.wall(), person or "", device, what))


def _laid(line: Line, path: Path, port: int) -> Laid:
    scheme = line.url.partition(":")[0]
    if scheme in _NETWORK:
        return Laid(line, f"{scheme}://{LOOPBACK}:{port}", port=port)
    if line.url.startswith("/"):
        return Laid(line, str(path), path=path)
    raise ConfigError(f"line {line.id}: {line.url} cannot be drilled; known: /dev/…, {_NETWORK}")


def _cable(laid: Laid) -> Cable:
    match laid.url.partition(":")[0]:
        case "tcp":
            return DialledCable(laid.port)
        case "udp":
            return DatagramCable(laid.port)
        case "socket":
            return WaitingCable(laid.port)
        case _:
            return SerialCable(laid.path, laid.line.speed_bd)
