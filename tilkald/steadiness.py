"""What the interpreter and the system would do by themselves that a press should not wait for.

*Garbage.* A full collection walks everything that lives, tens of milliseconds with a large site.
What stands after the start stays; it is taken out of the collector's sight.

*Threads.* The writer's thread shares the interpreter with the event loop. By default a thread may
keep it for 5 ms while the other waits, longer than a whole alarm should take.

*Waiting.* Names are looked up and far ports are opened in threads, by default as few as the machine
has cores and four more: a handful of serial servers that do not answer would hold an SMS up.

*Files.* One socket a device: a shell's usual 1,024 files would stop a large house.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
from concurrent.futures import ThreadPoolExecutor

SWITCH_INTERVAL_S = 0.0005

WAITING_MOST = 128
"""Lines that are opened, and names that are looked up, at once: more than a house has lines. A
thread is made only when all others wait."""

LOADED_MOST = 1_000_000

YOUNG_MOST, MIDDLE_MOST, OLD_MOST = 20_000, 20, 100
"""How many new objects, and rounds over the younger ones, until the collector looks."""


def loading() -> None:
    """While modules load nothing dies young: looking for it would take a quarter of the time."""
    gc.set_threshold(LOADED_MOST)


def prepare() -> None:
    """Once, on the loop, before anything is opened."""
    beside = ThreadPoolExecutor(WAITING_MOST, "beside")
    asyncio.get_running_loop().set_default_executor(beside)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def spare() -> None:
    """When what a press needs is loaded: it stays, and is looked at no more. Takes no time."""
    gc.freeze()
    gc.set_threshold(YOUNG_MOST, MIDDLE_MOST, OLD_MOST)


def settle() -> None:
    """When everything is loaded: the rest of it stays too."""
    gc.collect()
    gc.freeze()
