"""The log of the running process, into a file or a pipe of the test's own."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from core import log

SMALL_PIPE_BYTES = 4_096


class Logged:
    """What was written. `lines` ends it: what was folded is told, and nothing comes after."""

    def __init__(self, file: int) -> None:
        self._file = file

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        log.close()
        size = os.fstat(self._file).st_size
        return os.pread(self._file, size, 0).decode()


@contextmanager
def logged() -> Iterator[Logged]:
    """Every line, as JSON."""
    file = os.memfd_create("log", 0)
    with _set_up(file):
        log.ready("")
        yield Logged(file)
    os.close(file)


@contextmanager
def nobody_reads() -> Iterator[int]:
    """The log goes into a pipe that is soon full; its reader, who sleeps."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, SMALL_PIPE_BYTES)
    with _set_up(writer):
        log.ready("x" * SMALL_PIPE_BYTES)
        yield reader
        os.close(reader)  # whatever waits to be written fails now, so that its thread can end
        log.close()
    os.close(writer)


@contextmanager
def logged_by_a_process() -> Iterator[Logged]:
    """For what takes over all that its process says; afterwards that is the test's own again."""
    places = [(sys, name) for name in ("stdout", "stderr", "excepthook", "unraisablehook")]
    places += [(threading, "excepthook"), (warnings, "showwarning")]
    before = [getattr(module, name) for module, name in places]
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        with logged() as lines:
            yield lines
    finally:
        for (module, name), value in zip(places, before, strict=True):
            setattr(module, name, value)
        root.handlers[:] = handlers
        root.setLevel(level)


@contextmanager
def _set_up(descriptor: int) -> Iterator[None]:
    before = structlog.get_config()
    log.set_up(as_json=True, out=descriptor, err=descriptor)
    try:
        yield
    finally:
        structlog.configure(**before)
