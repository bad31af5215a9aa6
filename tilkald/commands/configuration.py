"""`tilkald apply`, `export`, `check`, and looking after the store."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from alarms.model import Cause, Closing
from core import clock, ids
from core.clock import ServiceClock
from core.errors import ConfigError
from core.settings import Settings
from core.values import replace
from devices.passwords import digest
from dispatcher.app import make_private
from dispatcher.roster.organisation import Organisation
from dispatcher.site.apply import difference, left_standing, merged
from dispatcher.site.check import check_organisation
from dispatcher.site.files import read_directory
from dispatcher.site.in_place import export_to
from dispatcher.store.ports import AlarmWrite, Transaction
from dispatcher.store.sqlite import backup as copies
from dispatcher.store.sqlite.store import SqliteStore, open_sqlite
from firmware_sim.service import read_run_file

DOCTOR_TIMEOUT_S = 5.0

_out = Console(highlight=False, soft_wrap=True)


async def apply(
    loaded: Settings, folder: Path, *, dry_run: bool, prune: bool, undo: int | None
) -> int:
    """A new numbered version, or nothing when nothing differs. A mistake changes nothing."""
    store = _open(loaded)
    try:
        stored = await store.organisation() or Organisation()
        wanted = await _wanted(store, stored, folder, prune=prune, undo=undo)
        changes = difference(stored, wanted)
        for change in changes:
            _out.print(str(change), markup=False)
        if undo is None and not prune:
            for standing in left_standing(stored, read_directory(folder)):
                _out.print(f"{standing} (stays; --prune removes it)", markup=False)
        for finding in check_organisation(wanted):
            _out.print(str(finding), markup=False)
        if not changes:
            _out.print(f"Nothing differs from version {stored.version}.")
        elif dry_run:
            _out.print(f"{len(changes)} changes; nothing was written.")
        else:
            by = f"undo {undo}" if undo is not None else str(folder)
            version = await store.write_organisation(wanted, by, await _now(store))
            _out.print(
                f"Version {version}: {len(changes)} changes. A running service reads it now."
            )
    finally:
        await store.close()
    return 0


async def _wanted(
    store: SqliteStore, stored: Organisation, folder: Path, *, prune: bool, undo: int | None
) -> Organisation:
    if undo is None:
        return merged(stored, read_directory(folder), prune=prune)
    older = await store.organisation(undo)
    if older is None:
        raise ConfigError(f"There is no version {undo}. Versions so far: 1 to {stored.version}.")
    return replace(older, version=stored.version)


async def export(loaded: Settings, folder: Path) -> int:
    store = _open(loaded)
    try:
        stored = await store.organisation()
    finally:
        await store.close()
    if stored is None:
        raise ConfigError("Nothing is configured yet. First: tilkald apply DIR")
    export_to(folder, stored)
    _out.print(f"Version {stored.version} written to {folder}.")
    return 0


def check(folder: Path) -> int:
    findings = check_organisation(read_directory(folder))
    for finding in findings:
        _out.print(str(finding), markup=False)
    errors = sum(finding.is_error for finding in findings)
    _out.print(f"{errors} errors, {len(findings) - errors} warnings.")
    return 1 if errors else 0


def password(device: str) -> None:
    word = ids.secret()
    _out.print(f"For the device {device}: {word}")
    _out.print(f'In devices.toml:  password = "{digest(word.encode(), ids.salt())}"', markup=False)


def backup(loaded: Settings, target: Path) -> None:
    copies.back_up(loaded.database_path, target)
    _out.print(f"Copied to {target}.")


def restore(loaded: Settings, source: Path) -> None:
    if read_run_file(loaded.data_dir) is not None:
        raise ConfigError("The service runs on this data directory. Stop it first.")
    make_private(loaded.data_dir)
    aside = copies.restore(source, loaded.database_path, ServiceClock().wall())
    _out.print(f"Restored from {source}. What stood there: {aside or 'nothing'}.")


async def confirm(loaded: Settings, *, close: bool) -> int:
    """The word of a person on the open alarms of a restored copy."""
    store = _open(loaded)
    try:
        alarms = await store.open_alarms()
        now = await _now(store)
        for alarm in alarms:
            _out.print(f"{alarm.id}  {alarm.level}  {alarm.place.label}  {alarm.times.stored}")
        if close:
            closing = Closing("restore", Cause.HANDED_OVER)
            closed = [AlarmWrite(replace(a, closing=closing, rev=a.rev + 1), a.rev) for a in alarms]
            await store.submit(Transaction(alarms=tuple(closed)))
        await store.confirm_restored("tilkald confirm", now)
    finally:
        await store.close()
    _out.print(f"{len(alarms)} alarms {'closed' if close else 'go on when the service starts'}.")
    return 0


async def verify(loaded: Settings) -> int:
    store = _open(loaded)
    try:
        broken = await store.verify()
    finally:
        await store.close()
    for line in broken:
        _out.print(line, markup=False)
    _out.print("Every chain is whole." if not broken else f"{len(broken)} breaks.")
    return 1 if broken else 0


async def doctor(loaded: Settings, *, quick: bool) -> int:
    """Says what is well and what is not, one line each; 1 when alarms are at risk."""
    ready = read_run_file(loaded.data_dir)
    if ready is None:
        _out.print("not running: start it with `tilkald serve` (or `make run`).")
        return 1
    began_s = clock.monotonic_s()
    async with httpx.AsyncClient(timeout=DOCTOR_TIMEOUT_S) as client:
        headers = {"Authorization": f"Bearer {ready.token}"}
        try:
            answer = await client.get(f"{ready.http}/readyz", headers=headers)
            lines = await client.get(f"{ready.http}/api/v1/lines", headers=headers)
        except httpx.HTTPError as error:
            _out.print(f"not answering at {ready.http}: {error!r}. Look at its log; restart it.")
            return 1
    took_ms = (clock.monotonic_s() - began_s) * 1000
    _out.print(f"answers at {ready.http} in {took_ms:.0f} ms: {answer.status_code} {answer.text}")
    if not quick:
        _doctor_of_lines(lines.json() if lines.is_success else {})
        _doctor_of_files(loaded)
        _doctor_of_journals(loaded, ready.journals)
    return 0 if answer.status_code == httpx.codes.OK else 1


def _doctor_of_lines(found: Mapping[str, Any]) -> None:
    for line in found.get("lines", ()):
        state = "open" if line["well"] else "DOWN: look at its cable and its other end"
        where = f" at {line['gateway']}" if line["gateway"] else ""
        _out.print(f"line {line['id']} ({line['protocol']}{where}): {state}", markup=False)
    for gateway in found.get("gateways", ()):
        state = (
            "in contact" if gateway["reached"] else "NO CONTACT: look at its machine and network"
        )
        waiting = f"{gateway['backlog']} messages wait there"
        _out.print(f"gateway {gateway['id']}: {state}; {waiting}", markup=False)


def _doctor_of_files(loaded: Settings) -> None:
    size_mb = loaded.database_path.stat().st_size / 1e6
    _out.print(f"store: {loaded.database_path}, {size_mb:.1f} MB")
    if loaded.site_dir is not None:
        findings = check_organisation(read_directory(loaded.site_dir))
        _out.print(f"site: {len(findings)} findings; `tilkald check {loaded.site_dir}` names them")
    _out.print(f"SMS: {'set up' if loaded.twilio else 'not set up (TILKALD_TWILIO_ACCOUNT_SID …)'}")
    _out.print(f"outside watcher: {loaded.deadman_url or 'none (TILKALD_DEADMAN_URL)'}")


def _doctor_of_journals(loaded: Settings, journals: Sequence[str]) -> None:
    """Whether a disk that hangs would take the only emergency journal along."""
    _out.print(f"emergency journal: {', '.join(journals)}", markup=False)
    database = os.stat(loaded.database_path).st_dev
    if all(os.stat(Path(one).parent).st_dev == database for one in journals):
        _out.print(
            "emergency journal: on the database's own disk alone. If it hangs, what is called then"
            " is kept in memory only. Give the database another disk (TILKALD_DATABASE_URL)."
        )


def _open(loaded: Settings) -> SqliteStore:
    """The store alone: its journal belongs to the service."""
    make_private(loaded.data_dir)
    return open_sqlite(loaded.database_path, clock_wall=ServiceClock().wall())


async def _now(store: SqliteStore) -> datetime:
    """Service time as the service would go on with it."""
    return ServiceClock(await store.clock_mark()).now()
