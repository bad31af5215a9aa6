"""`tilkald serve` and `tilkald run`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import msgspec
from rich.console import Console

from core import log, settings
from core.errors import ConfigError
from core.settings import Settings
from dispatcher.channels.twilio.carrier import SMS_PATH
from tilkald import steadiness
from tilkald.service import RUN_FILE, Ready, Service

PORTS_TRIED = 50
STAFF_STOP_WITHIN_S = 2.0
RUN_FOLDER = Path("var/run")

_out = Console(highlight=False, soft_wrap=True)


async def serve(loaded: Settings, *, as_json: bool) -> int:
    """Serve until SIGTERM. With `as_json`, the first line says where."""
    steadiness.prepare()
    log.take_over()
    service = Service(loaded)
    ready = await service.start()
    _say_ready(ready, service, as_json=as_json)
    await service.wait_for_signal()
    await service.stop()
    return 0


async def run_example() -> int:
    """The example site with its simulated staff beside it; ports that are taken are passed over."""
    from firmware_sim.people.staff import run_staff
    from firmware_sim.places import example_site
    from firmware_sim.twilio_double import TwilioDouble

    steadiness.prepare()
    log.take_over()
    public_port = _free_port(8081)
    public_url = f"http://127.0.0.1:{public_port}"
    async with TwilioDouble(strict=False, sms_url=f"{public_url}{SMS_PATH}") as phones:
        loaded = settings.load(
            data_dir=RUN_FOLDER,
            site_dir=example_site(),
            demo=True,
            http_port=_free_port(8080),
            public_port=public_port,
            public_url=public_url,
            mqtt_port=_free_port(1883),
            twilio_account_sid=phones.account_sid,
            twilio_auth_token=phones.auth_token,
            twilio_from=phones.number,
            twilio_base_url=phones.url,
        )
        service = Service(loaded)
        ready = await service.start()
        _say_ready(ready, service, as_json=False)
        _say_who(service)
        staff = run_staff(example_site(), ready.mqtt, loaded.mqtt_prefix, phones)
        await _until_stopped(service, asyncio.create_task(staff))
        await service.stop()
    return 0


async def _until_stopped(service: Service, staff: asyncio.Task[None]) -> None:
    stopping = asyncio.create_task(service.wait_for_signal())
    await asyncio.wait((staff, stopping), return_when=asyncio.FIRST_COMPLETED)
    if staff.done():
        staff.result()
    staff.cancel()
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        await asyncio.wait_for(staff, STAFF_STOP_WITHIN_S)


def _say_who(service: Service) -> None:
    """Who can be pressed now: whoever is at work changes with the hour."""
    at_work = [p.person for p in service.dispatcher.engine.people() if p.on_shift and p.devices]
    _out.print(f"At work now: {', '.join(at_work)}. Press: tilkald press {at_work[0]}")


def of_running(loaded: Settings) -> Settings:
    """The settings of a service that runs: those given, else those of `tilkald run`."""
    given = (loaded.data_dir / RUN_FILE).exists()
    running = (RUN_FOLDER / RUN_FILE).exists()
    return loaded if given or not running else loaded.model_copy(update={"data_dir": RUN_FOLDER})


def _say_ready(ready: Ready, service: Service, *, as_json: bool) -> None:
    if as_json:
        log.ready(msgspec.json.encode(ready).decode())
        return
    _out.print(f"[bold]Tilkald[/] serves. Open once: [link]{service.sign_in_link(ready.token)}[/]")
    _out.print(f"Devices: mqtt://{ready.mqtt}   Notice pages: {ready.public}   Stop: Ctrl-C")


def _free_port(wanted: int) -> int:
    """The wanted port, or the next free one."""
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ConfigError(f"No free port from {wanted} on. Stop what holds them, then try again.")
