"""Programs beside the measured service: started for a block, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

LINE_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it had to say."""

    status: int
    said: str
    wrong: str


@asynccontextmanager
async def running(
    *command: str, environment: Mapping[str, str] | None = None, errors: int | None = None
) -> AsyncIterator[Process]:
    """Until the block ends, however it ends: then it is killed. `environment`: besides ours."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=errors,
        env={**os.environ, **(environment or {})},
        limit=LINE_BYTES_MAX,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def ended(*command: str, environment: Mapping[str, str] | None = None) -> Ended:
    """Once it has ended by itself."""
    async with running(*command, environment=environment, errors=PIPE) as process:
        said, wrong = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, said.decode().strip(), wrong.decode().strip())
