"""What a line of the log may hold: short plain values, ids, and no words of a mistake."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from core import log, log_line
from core.errors import PeerError, StoreUnavailable
from core.log_line import ITEMS_MAX, TEXT_CHARS_MAX
from core.outlet import LINE_BYTES_MAX

SECRET = "+4520304050"


class Unspeakable:
    """Nothing of it may be asked for."""

    def __str__(self) -> str:
        raise RuntimeError("never said")

    __repr__ = __str__


ODD_VALUES: tuple[object, ...] = (
    *("text", 7, 1.5, True, None, "\ud800", "\x1b[2J\nforged", "x" * 100_000),
    *(10**10_000, float("nan"), float("inf"), b"\x00\xff", Unspeakable(), object()),
    *([Unspeakable()] * 100_000, ("a",) * 100_000, [[[]]], {"a": Unspeakable()}, {1, 2}),
)


@pytest.mark.parametrize("number", range(len(ODD_VALUES)))
def test_whatever_is_logged_becomes_one_short_line_of_json(number: int) -> None:
    line = rendered(value=ODD_VALUES[number])
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) <= LINE_BYTES_MAX
    assert json.loads(line)["event"] == "something"


def test_a_line_of_many_long_fields_is_cut_to_what_it_is_about() -> None:
    fields = {f"field_{n}": ["\u00e6" * TEXT_CHARS_MAX] * ITEMS_MAX for n in range(5)}
    line = rendered(**fields)
    assert len(line) <= LINE_BYTES_MAX
    assert json.loads(line)["event"] == "something"
    assert json.loads(line)["cut"] > LINE_BYTES_MAX


def test_a_long_list_names_its_first_and_says_how_many_more_there_are() -> None:
    said = json.loads(rendered(devices=[f"badge-{n}" for n in range(500)]))["devices"]
    assert len(said) == ITEMS_MAX + 1
    assert said[0] == "badge-0"
    assert said[-1] == f"and {500 - ITEMS_MAX} more"


def test_an_unexpected_mistake_is_told_by_its_kind_and_place_and_not_by_its_words() -> None:
    error = raised(ValueError(f"no such number: {SECRET}"))
    said = rendered(error=error)
    assert SECRET not in said
    assert "ValueError at tests/core/test_log.py:" in json.loads(said)["error"]
    assert SECRET not in log_line.told(error)
    assert SECRET not in rendered(why=error)


def test_what_a_peer_wrote_is_not_repeated_from_the_error_about_it() -> None:
    assert SECRET not in log_line.told(raised(PeerError(f"topic {SECRET} holds a wildcard")))


def test_what_is_wrong_with_the_store_or_the_system_is_told_in_words() -> None:
    assert (
        log_line.told(StoreUnavailable("the disk is full")) == "StoreUnavailable: the disk is full"
    )
    assert log_line.told(OSError(28, "No space left", SECRET)) == "OSError: No space left"


def test_a_group_of_mistakes_names_each_kind() -> None:
    group = raised(ExceptionGroup(SECRET, [raised(KeyError(SECRET)), raised(LookupError("no"))]))
    told = log_line.told(group)
    assert told.startswith("ExceptionGroup of KeyError, LookupError at ")
    assert SECRET not in told


def test_what_a_library_says_keeps_its_form_and_loses_what_it_filled_in(
    captured: LogCapture,
) -> None:
    library = logging.getLogger("tests.some_library")
    library.propagate = False
    library.handlers[:] = [log.OfLibraries()]
    library.warning("request from %s with %r", SECRET, {"token": SECRET})
    library.error("failed", exc_info=raised(ValueError(SECRET)))
    warning, error = captured.entries
    assert warning["what"] == "request from %s with %r"
    assert warning["library"] == "tests.some_library"
    assert error["log_level"] == "error"
    assert SECRET not in str(warning)


def test_a_descriptor_closed_before_us_never_becomes_a_file_of_ours() -> None:
    """In a process of its own: the first file it opens takes the lowest number that is free."""
    program = (
        "import os; os.close(1); os.close(2)\n"
        "from core import log\n"
        "log.set_up(as_json=True); file = os.open(os.devnull, os.O_RDWR)\n"
        "raise SystemExit(file <= 2)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_before_anything_is_set_up_nothing_is_wrong_with_the_log() -> None:
    assert log.standing().trouble == ""


@pytest.fixture
def captured() -> Iterator[LogCapture]:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**before)


def rendered(**fields: object) -> str:
    """What `logger(…).warning("something", **fields)` writes."""
    event: dict[str, object] = {"part": "tests", "event": "something", "level": "warning"}
    return log_line.as_json(log_line.plain(event | fields))


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught
