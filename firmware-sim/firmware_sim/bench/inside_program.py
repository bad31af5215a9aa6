"""The program that runs a measurement inside the version it measures, and prints its rows as JSON.

It is this version's file also where the other version runs it: it knows what older versions call
their measurements, and imports nothing of ours besides.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
from typing import Any

MEASUREMENTS = {
    "choosing": ("nearest.inside", "nearest.measure", "choosing.measure"),
    "starting": ("start_with_alarms.inside", "start_with_alarms.measure", "starting.measure"),
    "codecs": ("codec_speed.inside", "codecs.measure", "devices_codecs.rows"),
}
"""What each is called in the versions there are, the newest first. A colon and a subject's name may
follow: only that one is measured."""

FIELDS = ("name", "title", "figures", "note", "beside")


NOT_MEASURED = 3
"""Exit status: this version does not measure that."""


def found(what: str) -> Any:
    """The function of the version that runs this, or the end of the program."""
    what, _, subject = what.partition(":")
    for name in MEASUREMENTS[what]:
        module_name, _, function = name.partition(".")
        try:
            module = importlib.import_module(f"firmware_sim.bench.{module_name}")
            measure = getattr(module, function)
        except (ModuleNotFoundError, AttributeError):
            continue
        if subject:
            _leave_only(module, subject)
        return measure
    sys.exit(NOT_MEASURED)


def _leave_only(module: Any, subject: str) -> None:
    """Of the subjects a module measures one after the other, in every version."""
    module.SUBJECTS = tuple(each for each in module.SUBJECTS if each.name == subject)
    if not module.SUBJECTS:
        sys.exit(NOT_MEASURED)


async def run(what: str, *, quick: bool) -> None:
    """Measure and print."""
    rows = found(what)(quick=quick)
    if inspect.isawaitable(rows):
        rows = await rows
    print(json.dumps([{name: getattr(row, name) for name in FIELDS} for row in rows]))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], quick="quick" in sys.argv))
