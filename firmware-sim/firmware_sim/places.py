"""Where the example site and the scenarios lie: in the working tree, or in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigError

_HERE = Path(__file__).resolve().parent


def example_site() -> Path:
    """The example site's folder. Raises ConfigError when the installation lacks it."""
    return _first(_HERE.parents[1] / "config" / "example", _HERE.parent / "tilkald" / "example")


def scenarios() -> Path:
    """The folder of scenarios. Raises ConfigError when the installation lacks it."""
    return _first(_HERE.parent / "scenarios", _HERE / "scenarios")


def _first(*folders: Path) -> Path:
    for folder in folders:
        if folder.is_dir():
            return folder
    raise ConfigError(f"{folders[0].name} is missing from this installation: install it again")
