"""Waking a pure state exactly when it asks to be: the one timer loop of the simulated world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from core.clock import Clock


async def keep_awake(
    wake_at: Callable[[], datetime | None],
    wake: Callable[[], None],
    changed: asyncio.Event,
    clock: Clock,
) -> None:
    """Call `wake` at every `wake_at()` (wall clock); `changed` says that it may have moved."""
    while True:
        changed.clear()
        due = wake_at()
        wait_s = None if due is None else max(0.0, (due - clock.wall()).total_seconds())
        try:
            async with asyncio.timeout(wait_s):
                await changed.wait()
        except TimeoutError:
            wake()
