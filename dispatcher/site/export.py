"""Writing an Organisation as the files it can be applied from again: same values, same bytes.

What stands at its default is left out, as a person would. Files that are there already are changed
by `in_place`, so that comments stay.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from core.errors import ConfigError
from devices.registry import Device
from dispatcher.roster.organisation import Organisation
from dispatcher.site import records
from dispatcher.site.files import FILES
from dispatcher.site.shifts_csv import FILE as SHIFTS_CSV
from dispatcher.site.shifts_csv import write_shifts_csv

SECRET_FILES = ("devices.toml", "lines.toml")
"""Files with passwords and keys: written for their owner alone."""


def export_files(organisation: Organisation) -> dict[str, str]:
    """Name → content of every file that has something in it; `site.toml` always."""
    one_site = len(organisation.sites) == 1
    texts = {
        name: "".join(
            described.text(record, one_site=one_site)
            for part, described in kinds.items()
            for record in getattr(organisation, part)
        )
        for name, kinds in FILES.items()
    }
    # Shifts are exported as a spreadsheet keeps them.
    texts["shifts.toml"] = ""
    texts[SHIFTS_CSV] = write_shifts_csv(organisation.shifts) if organisation.shifts else ""
    return {
        name: text.rstrip("\n") + "\n"
        for name, text in texts.items()
        if text or name == "site.toml"
    }


def write_directory(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files, each as a whole or not at all. Raises ConfigError.

    A file of a site that would stay beside them is refused: it would be read together with them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stale = [name for name in FILES if name not in files and (directory / name).exists()]
    if stale:
        raise ConfigError(
            f"{directory}: holds {', '.join(stale)}, which this export does not write and `apply` "
            "would read with it; move it away, or export to an empty directory"
        )
    for name, text in files.items():
        _write(directory / name, text, 0o600 if name in SECRET_FILES else 0o644)


def _write(path: Path, text: str, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(text.encode())
    temporary.replace(path)


def device_table(device: Device, *, one_site: bool) -> str:
    """One `[[device]]` as it stands in `devices.toml`."""
    return records.DEVICE.text(device, one_site=one_site)
