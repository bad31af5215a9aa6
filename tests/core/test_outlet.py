"""A way out nobody waits for: pipes nobody reads, full disks, and what is said afterwards."""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.clock import monotonic_s
from core.outlet import LINE_BYTES_MAX, LINES_MAX, NOBODY_READS, STUCK_AFTER_S, Outlet, Spoken

SOON_S = 20.0
SMALL_PIPE_BYTES = 4_096
MORE_THAN_FITS = LINES_MAX * 3


def test_lines_go_out_in_order_and_the_first_one_is_whatever_was_to_come_first() -> None:
    with pipe() as (reader, writer):
        outlet = an_outlet(writer)
        outlet.put("second")
        outlet.put(lambda: "third")
        outlet.release("first")
        outlet.close()
        assert lines(reader, 3) == ["first", "second", "third"]
        assert outlet.lost == 0
        assert outlet.trouble == ""


def test_nobody_waits_for_a_reader_who_sleeps_and_what_was_lost_is_said_once_they_wake() -> None:
    with pipe() as (reader, writer):
        outlet = an_outlet(writer)
        outlet.release()
        for number in range(MORE_THAN_FITS):
            outlet.put(f"line {number} {'x' * 80}")
        lost = outlet.lost
        assert lost > 0, "more was said than is kept"
        written = MORE_THAN_FITS - lost
        read = drained(reader, lambda text: len(re.findall(r"^line .*\n", text, re.M)) == written)
        assert said_lost(read) == lost
        assert "line 0 " in read
        outlet.close()


def test_a_reader_who_sleeps_is_seen_as_trouble_and_holds_no_stop_up() -> None:
    with pipe() as (reader, writer):
        outlet = an_outlet(writer)
        outlet.release("x" * (LINE_BYTES_MAX - 1))
        outlet.put("y" * (LINE_BYTES_MAX - 1))
        waits_until(lambda: outlet.trouble == NOBODY_READS, STUCK_AFTER_S * 5)
        began_s = monotonic_s()
        outlet.close(within_s=0.2)
        assert monotonic_s() - began_s < 2.0
        lines(reader, 2)  # so that its thread ends before its descriptor is another's
        outlet.close()


def test_a_reader_who_is_gone_raises_nothing_and_every_line_is_counted() -> None:
    with pipe() as (reader, writer):
        os.close(reader)
        outlet = an_outlet(writer)
        outlet.release()
        for number in range(50):
            outlet.put(f"line {number}")
        outlet.close(within_s=SOON_S)
        assert outlet.lost == 50
        assert outlet.trouble == "Broken pipe"


def test_a_full_disk_raises_nothing_and_is_seen_as_trouble() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    outlet = an_outlet(full)
    outlet.release()
    outlet.put("a line")
    outlet.close(within_s=SOON_S)
    os.close(full)
    assert outlet.lost == 1
    assert outlet.trouble == "No space left on device"


def test_a_pipe_that_does_not_block_is_waited_for_and_loses_nothing() -> None:
    with pipe() as (reader, writer):
        os.set_blocking(writer, False)
        outlet = an_outlet(writer)
        outlet.release()
        for number in range(200):
            outlet.put(f"line {number} {'x' * 80}")
        assert len(lines(reader, 200)) == 200
        assert outlet.lost == 0
        outlet.close()


def test_a_tick_that_fails_stops_no_line() -> None:
    with pipe() as (reader, writer):
        outlet = Outlet(writer, str, on_tick=lambda: print(1 // 0))
        outlet.release()
        assert lines(reader, 1) == ["what was due could not be said: ZeroDivisionError"]
        outlet.put("a line")
        assert "a line" in lines(reader, 1)
        assert outlet.trouble == ""
        outlet.close()


def test_it_is_said_how_many_were_lost_although_nobody_says_anything_new() -> None:
    with pipe() as (reader, writer):
        full = os.open("/dev/full", os.O_WRONLY)
        kept = os.dup(writer)
        os.dup2(full, writer)
        outlet = an_outlet(writer)
        outlet.release()
        outlet.put("lost")
        waits_until(lambda: outlet.lost == 1, SOON_S)
        os.dup2(kept, writer)
        assert lines(reader, 1) == ["1 lines were not written"]
        waits_until(lambda: outlet.trouble == "", SOON_S)
        outlet.close()
        os.close(full)
        os.close(kept)


def test_a_line_that_cannot_be_made_costs_itself_alone() -> None:
    with pipe() as (reader, writer):
        outlet = an_outlet(writer)
        outlet.release()
        outlet.put(lambda: f"{1 / 0}")
        outlet.put("\ud800 is no text")
        outlet.put("z" * LINE_BYTES_MAX * 2)
        outlet.put("next")
        broken, odd, long, last = lines(reader, 4)
        outlet.close()
        assert broken == "a line could not be made: ZeroDivisionError"
        assert odd == "\\ud800 is no text"
        assert len(long) == LINE_BYTES_MAX
        assert last == "next"


def test_threads_that_speak_at_once_do_not_mix_their_lines() -> None:
    with pipe(size=1_048_576) as (reader, writer):
        outlet = an_outlet(writer)
        outlet.release()
        out = Spoken(outlet, writer)

        def speak(who: str) -> None:
            for _ in range(100):
                print(who, who, file=out)

        speaking = [threading.Thread(target=speak, args=(who,)) for who in "abcd"]
        for each in speaking:
            each.start()
        for each in speaking:
            each.join()
        outlet.close()
        said = lines(reader, 400)
        assert sorted(said) == sorted(f"{who} {who}" for who in "abcd" for _ in range(100))


def an_outlet(descriptor: int) -> Outlet:
    return Outlet(descriptor, lambda count: f"{count} lines were not written")


@contextmanager
def pipe(size: int = SMALL_PIPE_BYTES) -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, size)
    try:
        yield reader, writer
    finally:
        for end in (reader, writer):
            try:
                os.close(end)
            except OSError:
                continue  # the test closed it


def lines(reader: int, count: int) -> list[str]:
    return drained(reader, lambda text: text.count("\n") >= count).splitlines()


def said_lost(text: str) -> int:
    """How many lines it says were not written, however often it says so."""
    return sum(map(int, re.findall(r"^(\d+) lines were not written$", text, re.M)))


def drained(reader: int, enough: object) -> str:
    assert callable(enough)
    text = ""
    while not enough(text):
        text += os.read(reader, 65_536).decode()
    return text


def waits_until(true: object, within_s: float) -> None:
    assert callable(true)
    until_s = monotonic_s() + within_s
    pause = threading.Event()
    while not true():
        assert monotonic_s() < until_s, "it did not come true"
        pause.wait(0.01)
