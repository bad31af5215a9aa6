"""`tilkald devices scan` and `register`: press a device, see how it speaks, give it a name here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from core.errors import ConfigError
from core.settings import Settings
from firmware_sim.service import read_run_file

TIMEOUT_S = 5.0

_out = Console(highlight=False, soft_wrap=True)


async def scan(loaded: Settings, *, as_json: bool) -> int:
    """Print the unknown senders of the running service. Raises ConfigError."""
    answer = await _asked(loaded, "GET", "/api/v1/unregistered")
    senders: list[dict[str, Any]] = answer.json()["senders"]
    if as_json:
        for sender in senders:
            _out.print(json.dumps(sender, ensure_ascii=False), markup=False)
    else:
        _show(senders)
    return 0


async def register(loaded: Settings, device: Mapping[str, str | None]) -> int:
    """The device is known from now on; 1 with the reason when it is refused."""
    answer = await _asked(loaded, "POST", "/api/v1/devices", device)
    if answer.status_code != httpx.codes.CREATED:
        _out.print(str(answer.json().get("detail", answer.text)), markup=False)
        return 1
    _out.print(f"{device['id']} is registered. Press it once more: the board must show its place.")
    return 0


async def _asked(
    loaded: Settings, method: str, path: str, body: Mapping[str, str | None] | None = None
) -> httpx.Response:
    """What the running service answers. Raises ConfigError when there is none, or it is unwell."""
    ready = read_run_file(loaded.data_dir)
    if ready is None:
        raise ConfigError("No service runs here. Start it with `tilkald serve` first.")
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {ready.token}"}
        try:
            answer = await client.request(method, f"{ready.http}{path}", headers=headers, json=body)
        except httpx.HTTPError as error:
            raise ConfigError(
                f"{ready.http} does not answer: {error!r}. Look at its log; restart it."
            ) from None
    if answer.is_server_error or answer.status_code == httpx.codes.UNAUTHORIZED:
        raise ConfigError(f"{ready.http} answered {answer.status_code}. Look at its log.")
    return answer


def _show(senders: list[dict[str, Any]]) -> None:
    if not senders:
        _out.print("Nothing unknown speaks. Press the device you look for, then scan again.")
        return
    table = Table("line", "wire", "says", "times", "last")
    for sender in senders:
        what = sender["kind"] or sender["type"]
        said = " ".join(part for part in (what, sender["code"], sender["text"]) if part)
        last = datetime.fromisoformat(sender["last"]).astimezone().strftime("%d.%m. %H:%M:%S")
        known = f" (now part of {sender['known_as']})" if sender["known_as"] else ""
        table.add_row(sender["line"], sender["wire"] + known, said, str(sender["count"]), last)
    _out.print(table, markup=False)
    _out.print("To register one: tilkald devices register WIRE ID --zone ZONE", markup=False)
