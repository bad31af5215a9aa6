"""How many frames a second each protocol's codec decodes on one core, and its whole session.

The codec turns bytes into the protocol's own values. The session does what a line needs: it reads
them, finds their meaning, knows copies, gives them out, and answers each when it is stored.
Processor time is counted, not the time other programs had the core.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from devices.family import open_port
from devices.protocols import FAMILIES
from devices.session import DeviceSession
from firmware_sim.bench.codec_frames import SUBJECTS, WHEN, Subject
from firmware_sim.bench.figures import Least, Row
from firmware_sim.bench.inside import found_inside
from firmware_sim.bench.versions import Code

MEASURED_S = 0.2
"""Of each figure. The fastest time through all frames counts: what else the machine does only makes
it slower."""

FRAMES = 1_000
"""Different frames of one run; then they come again, to a fresh decoder."""

BETWEEN = timedelta(milliseconds=500)
"""So much later is each turn for its session: enough for a board to be asked again."""

REACHES = (Least("codec", 50_000, "/s"),)


async def measure(subject: Subject, code: Code, *, quick: bool) -> list[Row]:
    """The row of one protocol; the frame is in its note, and only equal frames are compared."""
    return [
        Row(
            each.name,
            each.title,
            each.figures,
            REACHES,
            each.note,
            judged=("codec", "session"),
            more_is_better=True,
            of=each.note,
        )
        for each in await found_inside(code, f"codecs:{subject.name}", quick=True)
    ]


def inside(*, quick: bool) -> list[Row]:
    """One for each subject; there is no quicker way."""
    return [_row(subject) for subject in SUBJECTS]


def decode_all(subject: Subject, frames: Sequence[bytes]) -> int:
    """Each frame through one fresh decoder; how many came out."""
    decode = subject.decoder()
    return sum(decode(frame) for frame in frames)


def serve_all(subject: Subject, frames: Sequence[bytes]) -> int:
    """Each frame in its turn through one fresh session, as a pump drives it; readings given out."""
    port = open_port(FAMILIES[subject.family], subject.settings)
    session, now, given = port.connect(), WHEN, 0
    _turn(session, subject.first, now)
    for frame in frames:
        given += _turn(session, subject.turn(frame), now)
        now += BETWEEN
    return given


def _turn(session: DeviceSession, said: bytes, now: datetime) -> int:
    """What is due, what was said, and each message settled: how many readings it gave."""
    due = session.wake_at is not None and session.wake_at <= now
    heard = [*(session.wake(now) if due else ()), *session.receive(said, now, WHEN)]
    for message in heard:
        if message.ticket:
            session.stored(message.ticket, True, now)
    while session.to_send():
        pass
    return sum(message.reading is not None for message in heard)


def _row(subject: Subject) -> Row:
    frames = [subject.write(number) for number in range(1, FRAMES + 1)]
    assert decode_all(subject, frames) == FRAMES, f"{subject.name}: some frames are none"
    assert serve_all(subject, frames) >= FRAMES, f"{subject.name}: some presses were not heard"
    figures = {
        "codec": _per_second(lambda: decode_all(subject, frames)),
        "session": _per_second(lambda: serve_all(subject, frames)),
    }
    size = sum(map(len, frames)) // FRAMES
    note = f"one frame is {subject.what}; {size} bytes"
    name = f"devices_{subject.name.replace(' ', '_')}"
    return Row(name, f"{subject.name}: decoded a second", figures, REACHES, note)


def _per_second(run: Callable[[], int]) -> float:
    """Frames a second of processor time, to three digits."""
    fastest_s, used_s = float("inf"), 0.0
    while used_s < MEASURED_S:
        began_s = time.process_time()
        run()
        took_s = time.process_time() - began_s
        fastest_s, used_s = min(fastest_s, took_s), used_s + took_s
    return float(f"{FRAMES / fastest_s:.3g}")
