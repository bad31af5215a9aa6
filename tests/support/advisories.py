"""`make advisories`: what is known against the versions we pin.

`OSV=FILE`: a copy of the open vulnerability database for PyPI (a zip or a folder of JSON records in
the OSV format), compared here with what the service installs; exit 1 when something is affected.
Without it nobody has looked at advisories, and only the pins that are behind are listed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

LOCK = Path(__file__).parents[2] / "requirements.lock.txt"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Affected:
    """One pin that one advisory names."""

    name: str
    version: str
    advisory: str
    about: str


def main(arguments: Sequence[str]) -> int:
    pinned = pins(LOCK.read_text())
    if not arguments or not arguments[0]:
        behind = _behind(pinned)
        print(*behind, sep="\n")
        print(
            f"{len(behind)} of {len(pinned)} pins are behind. No advisory was looked at: OSV=FILE"
        )
        return 0
    found = list(affected(pinned, _records(Path(arguments[0]))))
    for one in found:
        print(f"{one.name} {one.version}: {one.advisory} {one.about}")
    print(f"{len(found)} advisories name one of {len(pinned)} pins")
    return 1 if found else 0


def pins(lock: str) -> dict[str, str]:
    """Package → version, of a lock file."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(lock)}


def affected(pinned: Mapping[str, str], records: Iterable[Mapping[str, Any]]) -> Iterator[Affected]:
    """Every advisory that names a pinned version and was not withdrawn."""
    for record in records:
        if record.get("withdrawn"):
            continue
        for entry in record.get("affected", ()):
            package = entry.get("package", {})
            name = canonicalize_name(package.get("name", ""))
            version = pinned.get(name) if package.get("ecosystem") == "PyPI" else None
            if version is not None and _names(entry, version):
                about = str(record.get("summary", ""))
                yield Affected(name, version, str(record.get("id", "?")), about)
                break


def _names(entry: Mapping[str, Any], version: str) -> bool:
    ranges = (one for one in entry.get("ranges", ()) if one.get("type") == "ECOSYSTEM")
    listed = version in entry.get("versions", ())
    return listed or any(_is_within(Version(version), one.get("events", ())) for one in ranges)


def _is_within(version: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Events are points on the line of versions; each opens or closes what lies behind it."""
    is_affected = False
    for at, what in sorted(_points(events)):
        if what == "introduced" and version >= at:
            is_affected = True
        elif (what == "fixed" and version >= at) or (what == "last_affected" and version > at):
            is_affected = False
    return is_affected


def _points(events: Iterable[Mapping[str, str]]) -> Iterator[tuple[Version, str]]:
    for event in events:
        for what, at in event.items():
            try:
                yield Version(at), what
            except InvalidVersion:
                # A point nobody can place: what it would close stays open, so a person looks.
                continue


def _records(source: Path) -> Iterator[Mapping[str, Any]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            yield json.loads(path.read_bytes())
        return
    with ZipFile(source) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield json.loads(archive.read(name))


def _behind(pinned: Mapping[str, str]) -> list[str]:
    """As pip says it, with the index it is set up for."""
    asked = (sys.executable, "-m", "pip", "list", "--outdated", "--format=json")
    said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    newer: dict[str, str] = {
        canonicalize_name(one["name"]): one["latest_version"] for one in json.loads(said)
    }
    return [
        f"{name} {version}: {newer[name]} is there"
        for name, version in pinned.items()
        if name in newer
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
