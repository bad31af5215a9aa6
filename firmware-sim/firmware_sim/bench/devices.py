"""The lines of a building: how fast they are read, and whether they hold while much happens."""

from __future__ import annotations

from firmware_sim.bench import devices_codecs, devices_espa, devices_panels
from firmware_sim.bench.figures import Row


async def measure(*, quick: bool) -> list[Row]:
    """One row for each protocol, one for a slow line beside a crowd, one for many panels."""
    return [
        *devices_codecs.rows(quick=quick),
        *await devices_espa.rows(quick=quick),
        *await devices_panels.rows(quick=quick),
    ]
