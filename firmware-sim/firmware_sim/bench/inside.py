"""Measurements inside the code they measure: each version's own, in a process of its own."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

import msgspec

from core.errors import TilkaldError
from firmware_sim.bench import inside_program
from firmware_sim.bench.programs import ended
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
    given = (what, "quick") if quick else (what,)
    program = (sys.executable, inside_program.__file__, *given)
    # A program that is killed leaves its folders behind: they lie in ours.
    with TemporaryDirectory(prefix="tilkald-bench-", ignore_cleanup_errors=True) as folder:
        found = await ended(*program, environment={**code.environment, "TMPDIR": folder})
    if found.status == inside_program.NOT_MEASURED:
        return []
    if found.status:
        raise TilkaldError(f"{code.name} could not measure {what}: {found.wrong}")
    return msgspec.json.decode(found.said, type=list[Found])
