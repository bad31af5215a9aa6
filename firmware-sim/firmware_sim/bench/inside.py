"""Measurements inside the code they measure: each version's own, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import msgspec

from core.errors import TilkaldError
from firmware_sim.bench import inside_program
from firmware_sim.bench.versions import Code


class Found(msgspec.Struct, frozen=True):
    """One row as any version gives it."""

    name: str
    title: str
    figures: dict[str, float]
    note: str
    beside: dict[str, float]


async def found_inside(code: Code, what: str, *, quick: bool) -> list[Found]:
    """The rows of one of `inside_program.MEASUREMENTS`; none when that version has no such thing.

    Raises TilkaldError with what was wrong.
    """
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, inside_program.__file__, what, *(["quick"] if quick else [])),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **code.environment},
    )
    try:
        said, wrong = await running.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()
    if running.returncode == inside_program.NOT_MEASURED:
        return []
    if running.returncode:
        raise TilkaldError(f"{code.name} could not measure {what}: {wrong.decode().strip()}")
    return msgspec.json.decode(said, type=list[Found])
