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

OWN = "tilkald-selfcheck"
"""The service's own device; it begins anew with every life."""


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

    def check_alarms(self, presses: Iterable[Said]) -> None:
        """Every acknowledged press has its own alarm, and no alarm is without a press."""
        with self._open() as tables:
            ids = {
                (device, seq): f"a_{signal.removeprefix('s_')}"
                for signal, device, seq in tables.execute(
                    "SELECT id, device, seq FROM signals WHERE type = 'alarm'"
                )
            }
            alarms = [row[0] for row in tables.execute("SELECT id FROM alarms WHERE id LIKE 'a%'")]
        missing = [press for press in presses if ids.get((press.device, press.seq)) not in alarms]
        assert not missing, (
            f"pressed, acknowledged, and no alarm: {missing[:5]};"
            f" its signal stands in {self._alarms_with(missing[0], ids)}"
        )
        strange = [alarm for alarm in alarms if alarm not in ids.values()]
        assert not strange, f"alarms nobody pressed for: {strange[:5]}"

    def _alarms_with(self, press: Said, ids: dict[tuple[str, int], str]) -> list[str]:
        """Which alarms' entries name a press: where one went that has no alarm of its own."""
        signal = ids.get((press.device, press.seq), "?").replace("a_", "s_", 1)
        with self._open() as tables:
            found = tables.execute(
                "SELECT DISTINCT t.alarm FROM timeline t JOIN timeline_bodies b"
                " ON b.entry = t.entry WHERE b.body LIKE ?",
                (f"%{signal}%",),
            )
            return [row[0] for row in found]

    def check_steps(self) -> None:
        """No step was completed twice, and no round."""
        done: Counter[tuple[str, str, str]] = Counter()
        for alarm, what, body in self._timeline("step", "round"):
            done[alarm, what, str(body["number"])] += 1
        twice = [step for step, times in done.items() if times > 1]
        assert done, "no step ran at all"
        assert not twice, f"completed twice: {twice[:5]}"

    def check_answers(self, answers: Iterable[Said]) -> None:
        """An acknowledged accept stands in its alarm's timeline."""
        whats = ("accepted", "surplus_accept", "late_answer", "arrived")
        heard = {(alarm, str(body["person"])) for alarm, _, body in self._timeline(*whats)}
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

    def doubtful(self) -> list[str]:
        """Notices that may go out again after this crash."""
        with self._open() as tables:
            rows = tables.execute(
                "SELECT id FROM notices WHERE receipt IN ('sending','maybe_sent')"
            )
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
                f" ON b.entry = t.entry WHERE t.what IN ({marks})",
                whats,
            ).fetchall()
        return ((alarm, what, json.loads(body)) for alarm, what, body in rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10.0)) as tables:
            yield tables
