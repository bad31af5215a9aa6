"""A bare mosquitto between two devices: the least a press could take on this machine, now."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.clock import monotonic_s, sleep
from core.errors import TilkaldError
from firmware_sim.bench.mqtt_device import BenchDevice
from firmware_sim.bench.programs import running
from firmware_sim.device.link import Broker
from firmware_sim.service import free_ports

MOSQUITTO = "mosquitto"
STARTS_WITHIN_S = 5.0
PAYLOAD = b"x" * 300


async def relayed_s(count: int, per_second: float) -> list[float] | None:
    """Seconds from one device to the other, at that pace; None without mosquitto."""
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
            await sleep(1 / per_second)
            began_s = monotonic_s()
            by.publish_to(to.name, PAYLOAD)
            taken.append(await heard.get() - began_s)
        to.close()
        by.close()
    return taken


@asynccontextmanager
async def _mosquitto(program: str) -> AsyncIterator[Broker]:
    (port,) = free_ports(1)
    with TemporaryDirectory(prefix="tilkald-bench-") as folder:
        settings = Path(folder) / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest none\n")
        settings.chmod(0o644)
        async with running(program, "-c", str(settings)):
            await _listens(port)
            yield Broker("127.0.0.1", port)


async def _listens(port: int) -> None:
    until_s = monotonic_s() + STARTS_WITHIN_S
    while monotonic_s() < until_s:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await sleep(0.05)
            continue
        writer.close()
        return
    raise TilkaldError(f"{MOSQUITTO} did not start within {STARTS_WITHIN_S:g} s.")
