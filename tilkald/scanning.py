"""`tilkald devices scan`: press a device, and see under which name it speaks."""

from __future__ import annotations

import json
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
    """Print the unknown senders of the running service; 1 when it cannot be asked."""
    ready = read_run_file(loaded.data_dir)
    if ready is None:
        raise ConfigError("No service runs here. Start it with `tilkald serve`, then scan.")
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        headers = {"Authorization": f"Bearer {ready.token}"}
        try:
            answer = await client.get(f"{ready.http}/api/v1/unregistered", headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            _out.print(f"{ready.http} does not answer: {error!r}. Look at its log.", markup=False)
            return 1
    senders: list[dict[str, Any]] = answer.json()["senders"]
    if as_json:
        for sender in senders:
            _out.print(json.dumps(sender, ensure_ascii=False), markup=False)
    else:
        _show(senders)
    return 0


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
    _out.print('To register one, write in devices.toml:  wire = ["…"]', markup=False)
