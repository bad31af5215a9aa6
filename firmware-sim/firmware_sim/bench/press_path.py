"""Ten presses a second: from the press to its first notice, and to its PUBACK; a relay beside it.

Every alarm is durable, with roster, plan, escalation and timeline, and is answered and closed while
the next ones come, so that few are open at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from core.clock import monotonic_s, sleep
from core.errors import TilkaldError
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.mqtt_device import BenchDevice
from firmware_sim.bench.presses import ConnectedDevices, Press
from firmware_sim.bench.service_process import serving
from firmware_sim.device.link import Broker
from firmware_sim.drill.measure import statistic

PER_SECOND = 10.0
WARM_UP = 30
PRESSES, PRESSES_QUICK = 400, 60
PRESSERS = 100
"""Devices that take turns: one that presses all the time would be a storm."""

NOTICE = Reach("median", 2.5, "ms"), Reach("p99", 10.0, "ms")
PUBACK = (Reach("median", 2.0, "ms"),)

MOSQUITTO = "mosquitto"
_RELAY_STARTS_WITHIN_S = 5.0


async def measure(*, quick: bool) -> list[Row]:
    """Both rows of one run, and the bare relay beside them."""
    made = sized_site.organisation(sized_site.Size())
    who = cycle([(d.id, d.zone or "") for d in sized_site.buttons(made)][:: 1_000 // PRESSERS])
    count = PRESSES_QUICK if quick else PRESSES
    async with serving(made) as service:
        connected = ConnectedDevices(service.ready.broker, closing=True)
        pressers = dict.fromkeys(name for name, _ in islice(who, PRESSERS))
        await connected.connect([*pressers, *sized_site.on_duty(made)])
        await connected.press_evenly(islice(who, WARM_UP), PER_SECOND)
        presses = await connected.press_evenly(islice(who, count), PER_SECOND)
        connected.close()
    relay_s = await _relay(count)
    return rows(presses, relay_s)


def rows(presses: list[Press], relay_s: list[float] | None) -> list[Row]:
    """A press without its notice or PUBACK is the slowest there is: it spoils the row."""
    noticed = [_or_never(press.to_notice_s) for press in presses]
    acked = [_or_never(press.to_puback_s) for press in presses]
    lost = sum(press.noticed_s is None for press in presses)
    note = f"{len(presses)} alarms at {PER_SECOND:g}/s, each answered and closed; {lost} lost"
    notice = spread_ms(noticed)
    beside: dict[str, float] = {}
    if relay_s is None:
        note += f"; {MOSQUITTO} is not installed, so there is no relay to compare with"
    else:
        relay = spread_ms(relay_s)
        beside = {"relay_median": relay["median"], "relay_p99": relay["p99"]}
        ratio = statistic("median", noticed) / statistic("median", relay_s)
        beside["ratio"] = round(ratio, 1)
        note += f"; a bare {MOSQUITTO} relay takes {relay['median']:.2f} ms, this {ratio:.1f} times"
    return [
        Row("notice", "press → first notice, 10/s, durable", notice, NOTICE, note, beside),
        Row("puback", "press → PUBACK, durable", spread_ms(acked), PUBACK, note.partition(";")[0]),
    ]


def _or_never(seconds: float | None) -> float:
    return float("inf") if seconds is None else seconds


async def _relay(count: int) -> list[float] | None:
    """The same two devices with nothing but a broker between them; None without mosquitto."""
    program = shutil.which(MOSQUITTO) or shutil.which(MOSQUITTO, path="/usr/sbin")
    if program is None:
        return None
    async with _mosquitto(program) as broker:
        heard = asyncio.Queue[float]()
        to = BenchDevice("relayed", broker, lambda device, payload, at_s: heard.put_nowait(at_s))
        by = BenchDevice("relaying", broker, lambda device, payload, at_s: None)
        await to.connect(broker, "")
        await by.connect(broker, "")
        taken = []
        for _ in range(count):
            await sleep(1 / PER_SECOND)
            began_s = monotonic_s()
            by.publish_to(to.name, b"x" * 300)
            taken.append(await heard.get() - began_s)
        to.close()
        by.close()
    return taken


@asynccontextmanager
async def _mosquitto(program: str) -> AsyncIterator[Broker]:
    with TemporaryDirectory(prefix="tilkald-bench-") as folder, socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
        door.close()
        settings = Path(folder) / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        settings.chmod(0o644)
        quiet = asyncio.subprocess.DEVNULL
        running = await asyncio.create_subprocess_exec(
            program, "-c", str(settings), stdout=quiet, stderr=quiet
        )
        try:
            await _listens(port)
            yield Broker("127.0.0.1", port)
        finally:
            with contextlib.suppress(ProcessLookupError):
                running.kill()
            await running.wait()


async def _listens(port: int) -> None:
    until_s = monotonic_s() + _RELAY_STARTS_WITHIN_S
    while monotonic_s() < until_s:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await sleep(0.05)
            continue
        writer.close()
        return
    raise TilkaldError(f"{MOSQUITTO} did not start within {_RELAY_STARTS_WITHIN_S:g} s.")
