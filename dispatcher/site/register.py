"""Registering what spoke on a line: one device more, in the store and in the site's files."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import ConfigError, DomainError
from core.values import replace
from devices.catalogue import KINDS
from devices.registry import OWN_PREFIX, Device, is_own
from dispatcher.roster.organisation import Organisation
from dispatcher.site.export import device_table
from dispatcher.site.fields import is_id
from dispatcher.site.files import contents, read_files
from dispatcher.site.references import broken_references
from dispatcher.site.wire_identity import native_name, owner_of

FILE = "devices.toml"


def with_device(organisation: Organisation, device: Device) -> Organisation:
    """The configuration with this device. Raises DomainError `invalid` with the reason."""
    if not is_id(device.id):
        raise DomainError("invalid", f"{device.id!r} is no id; write small letters, 0-9, - and _.")
    if any(is_own(name) for name in (device.id, *device.wire)):
        raise DomainError("invalid", f"Names with {OWN_PREFIX} are of the service's own devices.")
    if device.kind not in KINDS:
        raise DomainError("invalid", f"{device.kind!r} is no kind; known: {', '.join(KINDS)}.")
    if any(device.id == known.id for known in organisation.devices):
        raise DomainError("invalid", f"There is a device {device.id} already.")
    _refuse_what_is_anothers(organisation, device)
    if (device.person is None) == (device.zone is None):
        raise DomainError("invalid", "Name the person who wears it, or the zone it hangs in.")
    wanted = replace(organisation, devices=(*organisation.devices, device))
    # What was broken before is somebody else's to mend: it must not keep a device from being known.
    before = {str(one) for one in broken_references(organisation)}
    broken = [str(one) for one in broken_references(wanted) if str(one) not in before]
    if broken:
        raise DomainError("invalid", broken[0])
    return wanted


def _refuse_what_is_anothers(organisation: Organisation, device: Device) -> None:
    """Nobody's presses become somebody else's without a word: that is changed in the files."""
    for identity in (native_name(device.id), *device.wire):
        owner = owner_of(identity, organisation.devices)
        if owner is not None:
            known = "" if owner.name == identity else f", as {owner.name}"
            raise DomainError("invalid", f"{identity} is {owner.device} already{known}.")


def append_device(folder: Path, device: Device, by: str, one_site: bool) -> None:
    """Write it at the end of `devices.toml`, whole or not at all. Raises DomainError `invalid`.

    What the next start could not read is not written.
    """
    table = device_table(device, one_site=one_site)
    try:
        files = contents(folder)
        before = files.get(FILE, b"").decode().rstrip("\n")
        after = f"{before}\n\n# Registered at the console by {by}.\n\n{table.rstrip()}\n".lstrip()
        if device not in read_files({**files, FILE: after.encode()}).devices:
            raise ConfigError(f"{device.id} does not read back as it was written")
        _replace(folder / FILE, after)
    except (OSError, ValueError, ConfigError) as error:
        why = str(error).partition("\n")[0]
        raise DomainError(
            "invalid", f"{FILE} cannot be written ({why}). Nothing was registered."
        ) from None


def _replace(path: Path, text: str) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
