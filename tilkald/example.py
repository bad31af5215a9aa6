"""Where the example site and the scenarios are: beside the code, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path

import firmware_sim

_HERE = Path(__file__).parent


def example_site() -> Path:
    """The folder of the example site."""
    installed = _HERE / "example"
    return installed if installed.is_dir() else _HERE.parent / "config" / "example"


def scenarios() -> Path:
    """The folder of the scenarios that ship."""
    installed = Path(firmware_sim.__file__).parent / "scenarios"
    return installed if installed.is_dir() else Path(firmware_sim.__file__).parents[1] / "scenarios"
