"""Reads the database of a dead service plainly, with its own SQL: no code of ours in between."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.crash_device import Said

UNDER_WAY = ("pending", "sending", "maybe_sent")
DOUBTFUL = ("sending", "maybe_sent")
LEFT = ("sent", "delivered", "read")
ARRIVED = ("delivered", "read")

OWN = "tilkald-selfcheck"
"""The service's own device; it begins anew with every life."""


_ANSWERED = ("accepted", "surplus_accept", "late_answer", "arrived", "not_counted")
"""What a timeline says of an answer that came; not counted, with its reason, is not forgotten."""


class Ledger:
    """What the tables say."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Whether the tables are there: a service may die before it has made them."""
        if not self._path.exists():
            return False
        with self._open() as tables:
            found = tables.execute("SELECT 1 FROM sqlite_master WHERE name = 'notices'").fetchone()
        return found is not None

    def check_acknowledged(self, said: Iterable[Said]) -> None:
        """No acknowledged signal is lost, and none stands twice."""
        with self._open() as tables:
            rows = tables.execute(
                "SELECT device, seq FROM signals WHERE device != ? AND seq IS NOT NULL", (OWN,)
            )
            stored = Counter((device, seq) for device, seq in rows)
        lost = [one for one in said if not stored[one.device, one.seq]]
        assert not lost, f"acknowledged and lost: {lost[:5]}"
        doubled = [key for key, times in stored.items() if times > 1]
        assert not doubled, f"one message, two signals: {doubled[:5]}"

    def count_signals(self, type_: str) -> int:
        """How many of one type are stored."""
        with self._open() as tables:
            found = tables.execute("SELECT COUNT(*) FROM signals WHERE type = ?", (type_,))
            return int(found.fetchone()[0])

    def count_alarms(self) -> int:
        """How many somebody pressed for."""
        with self._open() as tables:
            found = tables.execute("SELECT COUNT(*) FROM alarms WHERE id LIKE 'a%'")
            return int(found.fetchone()[0])

    def check_presses(self, pressed: Iterable[Said]) -> None:
        """Every acknowledged press counts in an alarm, and every stored one counts once."""
        with self._open() as tables:
            stored = Counter(
                row[0] for row in tables.execute("SELECT device FROM signals WHERE type = 'alarm'")
            )
            states = [json.loads(row[0]) for row in tables.execute("SELECT state FROM alarms")]
        counted: Counter[str] = Counter()
        for presser in (presser for state in states for presser in state["pressers"]):
            counted[presser["device"]] += presser.get("presses", 1)
        stored.pop(OWN, None)
        wrong = {d: (stored[d], counted[d]) for d in stored if stored[d] != counted[d]}
        assert not wrong, f"presses stored, and counted in alarms: {wrong}"
        lost = [one for one in pressed if not counted[one.device]]
        assert not lost, f"pressed, acknowledged, and in no alarm: {lost[:5]}"

    def check_alarms(self) -> None:
        """No alarm is without a press."""
        with self._open() as tables:
            signals = tables.execute("SELECT id FROM signals WHERE type = 'alarm'").fetchall()
            alarms = [row[0] for row in tables.execute("SELECT id FROM alarms WHERE id LIKE 'a%'")]
        pressed = dict.fromkeys(f"a_{row[0].removeprefix('s_')}" for row in signals)
        strange = [alarm for alarm in alarms if alarm not in pressed]
        assert not strange, f"alarms nobody pressed for: {strange[:5]}"

    def check_texts(self, persons: Iterable[str]) -> None:
        """Who was thanked by SMS for coming stands in a timeline."""
        heard = dict.fromkeys(str(body["person"]) for _, _, body in self._timeline(*_ANSWERED))
        forgotten = [person for person in persons if person not in heard]
        assert not forgotten, f"thanked for coming, and forgotten: {forgotten}"

    def check_steps(self) -> None:
        """No step was completed twice within one beginning of the plan, and no round at all."""
        done: Counter[tuple[str, int, str]] = Counter()
        begun: Counter[str] = Counter()
        for alarm, what, body in self._timeline("raised", "anew", "step", "round"):
            if what in ("raised", "anew"):
                begun[alarm] += 1
            else:
                within = begun[alarm] if what == "step" else -1
                done[alarm, within, str(body["number"])] += 1
        twice = [step for step, times in done.items() if times > 1]
        assert done, "no step ran at all"
        assert not twice, f"completed twice: {twice[:5]}"

    def check_answers(self, answers: Iterable[Said]) -> None:
        """An acknowledged accept stands in its alarm's timeline."""
        heard = {(alarm, str(body["person"])) for alarm, _, body in self._timeline(*_ANSWERED)}
        with self._open() as tables:
            rows = tables.execute("SELECT id, alarm, state FROM notices").fetchall()
        asked = {notice: (alarm, json.loads(state)["person"]) for notice, alarm, state in rows}
        for said in answers:
            assert asked[said.notice] in heard, f"accepted, acknowledged, and forgotten: {said}"

    def check_closed(self, alarms: Iterable[str]) -> None:
        """What was confirmed as closed is closed."""
        with self._open() as tables:
            open_ = [row[0] for row in tables.execute("SELECT id FROM alarms WHERE open")]
        again = [alarm for alarm in alarms if alarm in open_]
        assert not again, f"closed, confirmed, and open again: {again[:5]}"

    def doubtful(self, *states: str) -> list[str]:
        """Notices that may go out again after this crash, or those in these states."""
        wanted = states or DOUBTFUL
        marks = ",".join("?" * len(wanted))
        with self._open() as tables:
            rows = tables.execute(f"SELECT id FROM notices WHERE receipt IN ({marks})", wanted)
            return [row[0] for row in rows]

    def unsettled(self) -> list[str]:
        """Open alarms and notices that are still on their way."""
        with self._open() as tables:
            marks = ",".join("?" * len(UNDER_WAY))
            waiting = tables.execute(
                f"SELECT id || ' ' || receipt FROM notices WHERE receipt IN ({marks})", UNDER_WAY
            ).fetchall()
            open_ = tables.execute("SELECT id FROM alarms WHERE open AND id LIKE 'a%'").fetchall()
        return [row[0] for row in (*waiting, *open_)]

    def notices(self) -> list[tuple[str, str, str, str]]:
        """Id, channel, how far it came, and why no further."""
        with self._open() as tables:
            return tables.execute("SELECT id, channel, receipt, detail FROM notices").fetchall()

    def _timeline(self, *whats: str) -> Iterator[tuple[str, str, dict[str, object]]]:
        marks = ",".join("?" * len(whats))
        with self._open() as tables:
            rows = tables.execute(
                "SELECT t.alarm, t.what, b.body FROM timeline t JOIN timeline_bodies b"
                f" ON b.entry = t.entry WHERE t.what IN ({marks}) ORDER BY t.alarm, t.number",
                whats,
            ).fetchall()
        return ((alarm, what, json.loads(body)) for alarm, what, body in rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10.0)) as tables:
            yield tables
