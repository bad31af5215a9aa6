from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.showing import SHOWN_BURST, SHOWN_PER_SECOND, Showing

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


class Board:
    def __init__(self) -> None:
        self.shown: list[str] = []
        self.now = NOW
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.showing = Showing(
            self.shown.append, lambda: self.now, lambda after_s, do: self.due.append((after_s, do))
        )

    def pass_a_second(self) -> None:
        self.now += timedelta(seconds=1 / SHOWN_PER_SECOND)
        due, self.due = self.due, []
        for _, do in due:
            do()


def test_who_subscribes_without_pause_is_shown_what_stands_once_a_second() -> None:
    board = Board()
    for _ in range(1_000):
        board.showing.asked("badge-anna")
    assert len(board.shown) == SHOWN_BURST
    assert [after_s for after_s, _ in board.due] == [1 / SHOWN_PER_SECOND]
    board.pass_a_second()
    assert len(board.shown) == SHOWN_BURST + 1, "the last of them is shown what stands by then"
    assert board.due == []


def test_who_subscribes_again_now_and_then_is_shown_it_each_time_and_waits_for_nobody_else() -> (
    None
):
    board = Board()
    for _ in range(100):
        board.showing.asked("badge-bo")
    board.shown.clear()
    for _ in range(5):
        board.showing.asked("badge-anna")
        board.pass_a_second()
    assert board.shown.count("badge-anna") == 5
