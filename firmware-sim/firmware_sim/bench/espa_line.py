"""An ESPA line at its speed while a thousand alarms arrive elsewhere in the same process.

A call system selects us again and again, and brings a call now and then. It has a thread of its
own, so that what is measured is the service and not the measuring.
"""

from __future__ import annotations

import asyncio
import os
import pty
import select
import threading
import tty
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from core.clock import monotonic_s, sleep
from core.errors import TilkaldError
from core.values import replace
from devices.callsystems.espa444.codec import ACK, EOT, NAK, encode, enquiry
from devices.callsystems.espa444.meanings import Header, Record
from devices.callsystems.espa444.settings import CONTROL_STATION, PAGING_SIDE
from devices.callsystems.espa444.transfer import ACK_WITHIN, SELECT_WITHIN, TRIES_MAX
from devices.registry import Line
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.presses import connected
from firmware_sim.bench.service_process import serving
from firmware_sim.bench.versions import Code
from firmware_sim.speakers.cables import BITS_PER_BYTE

SPEED_BD = 9_600
ALARMS, ALARMS_QUICK = 1_000, 100
SETTLED_WITHIN_S = 30.0

CALM_S, CALM_QUICK_S = 3.0, 1.0
"""The line alone, before and after the alarms."""

CALL_EVERY = 5
"""Selects from one call to the next."""

PAUSE_S = 0.02
"""Between two selects: real control stations leave 150 ms and more."""

OPENED_WITHIN_S = 10.0

SELECT_WITHIN_S = SELECT_WITHIN.total_seconds()
CALL_WITHIN_S = ACK_WITHIN.total_seconds()
"""What a sender allows us."""

REACHES = (Reach("missed", 0, "selects"), Reach("calls_lost", 0, "calls"))


@dataclass(slots=True)
class Counted:
    """What the control station counted.

    Seconds from its last byte to the ACK; of a call from its first try, refusals as busy included.
    """

    selects_s: list[float] = field(default_factory=list)
    calls_s: list[float] = field(default_factory=list)
    missed: int = 0
    calls_lost: int = 0


async def measure(code: Code, *, quick: bool) -> list[Row]:
    alarms = ALARMS_QUICK if quick else ALARMS
    with TemporaryDirectory(prefix="tilkald-bench-") as folder:
        station = ControlStation(Path(folder) / "nurse-call")
        try:
            counted, lost = await _beside(code, station, alarms, CALM_QUICK_S if quick else CALM_S)
        finally:
            station.close()
    return [row(counted, alarms, lost)]


def row(counted: Counted, alarms: int, lost: int) -> Row:
    """A line that was never selected is as bad as one that missed a select."""
    figures = {
        "missed": float(counted.missed) if counted.selects_s else float("inf"),
        "calls_lost": float(counted.calls_lost) if counted.calls_s else float("inf"),
    }
    for name, taken_s in (("select", counted.selects_s), ("call", counted.calls_s)):
        if taken_s:
            spread = spread_ms(taken_s)
            figures |= {
                f"{name}_median_ms": spread["median"],
                f"{name}_slowest_ms": spread["slowest"],
            }
    note = (
        f"{len(counted.selects_s):,} selects, which may take {SELECT_WITHIN_S:g} s "
        f"each; {len(counted.calls_s)} calls, {TRIES_MAX} tries of {CALL_WITHIN_S:g} s each; "
        f"{alarms:,} alarms by MQTT at once meanwhile, {lost} of them lost"
    )
    title = f"ESPA at {SPEED_BD:,} Bd beside {alarms:,} alarms"
    return Row("devices_espa_line", title, figures, REACHES, note)


class ControlStation:
    """The other end of the cable. `run` in a thread; `end` it from any, then `close`."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        port.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._ended = threading.Event()
        self._counted = Counted()
        self._call, self._tries, self._called_s = b"", 0, 0.0

    def run(self) -> Counted:
        """Raises TilkaldError when nobody ever opens the line."""
        until_s = monotonic_s() + OPENED_WITHIN_S
        while self._asks(_SELECT, PAUSE_S) is None:
            if monotonic_s() > until_s:
                raise TilkaldError("the service did not open its ESPA line")
        number = 0
        while not self._ended.wait(PAUSE_S):
            number += 1
            self._select(number)
        return self._counted

    def end(self) -> None:
        self._ended.set()

    def close(self) -> None:
        self.end()
        os.close(self._master)

    def _select(self, number: int) -> None:
        """Select, and bring a call now and then."""
        taken_s = self._asks(_SELECT, SELECT_WITHIN_S)
        if taken_s is None:
            self._counted.missed += 1
            return
        self._counted.selects_s.append(taken_s)
        if number % CALL_EVERY == 0 and not self._call:
            self._call, self._tries, self._called_s = _call(number), 0, monotonic_s()
        if self._call:
            self._bring()

    def _bring(self) -> None:
        """The call, as often as a sender tries; refused as busy, it comes with the next select."""
        self._tries += 1
        if self._asks(self._call, CALL_WITHIN_S) is not None:
            self._counted.calls_s.append(monotonic_s() - self._called_s)
            self._call = b""
        elif self._tries == TRIES_MAX:
            self._counted.calls_lost += 1
            self._call = b""

    def _asks(self, said: bytes, within_s: float) -> float | None:
        """Say it at the line's speed; seconds until an ACK, or None: a NAK, or none in time."""
        pause = threading.Event()
        for byte in said:
            pause.wait(BITS_PER_BYTE / SPEED_BD)
            os.write(self._master, bytes((byte,)))
        began_s = monotonic_s()
        while (left_s := began_s + within_s - monotonic_s()) > 0:
            heard = self._heard(left_s)
            if ACK in heard:
                return monotonic_s() - began_s
            if NAK in heard:
                return None
        return None

    def _heard(self, within_s: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], within_s)
        try:
            return os.read(self._master, 64) if ready else b""
        except OSError:  # nobody has the other end open yet
            self._ended.wait(min(within_s, PAUSE_S))
            return b""


_SELECT = EOT + enquiry(CONTROL_STATION) + enquiry(PAGING_SIDE)


def _call(number: int) -> bytes:
    """From another room each time: no copies."""
    records = ((Record.ADDRESS, b"%04d" % number), (Record.MESSAGE, b"Kald %04d" % number))
    return encode(Header.CALL, records)


async def _beside(
    code: Code, station: ControlStation, alarms: int, calm_s: float
) -> tuple[Counted, int]:
    """The line alone, with the alarms, and alone again; and how many alarms called nobody."""
    line = Line("nurse-call", "s0", "espa444", str(station.port), SPEED_BD)
    made = replace(sized_site.organisation(sized_site.Size()), lines=(line,))
    buttons = sized_site.buttons(made)[:alarms]
    async with (
        serving(made, code) as service,
        connected(service.ready.broker, closing=False) as devices,
    ):
        await devices.connect_pressing(button.id for button in buttons)
        await devices.connect(sized_site.on_duty(made))
        counting = asyncio.create_task(asyncio.to_thread(station.run))
        await sleep(calm_s)
        presses = devices.press([(button.id, button.zone or "") for button in buttons])
        await devices.settled(SETTLED_WITHIN_S)
        await sleep(calm_s)
        station.end()
        counted = await counting
    return counted, sum(press.noticed_s is None for press in presses)
