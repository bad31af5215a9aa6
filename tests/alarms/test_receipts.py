"""All 81 moves a receipt may ask for, as the laws want them."""

from __future__ import annotations

from itertools import product

import pytest

from alarms.receipts import MOVES, UNDER_WAY, UNFINISHED, moves_forward
from core.signals import ReceiptState

COLUMNS = """
                  pending sending maybe_sent sent delivered read failed_temporary failed_permanent
                  withdrawn
"""

TABLE = """
pending            .       x       x          x    x         x    x                x         x
sending            .       .       x          x    x         x    x                x         x
maybe_sent         .       .       .          x    x         x    x                x         x
sent               .       .       .          .    x         x    x                x         .
delivered          .       .       .          .    .         x    .                .         .
read               .       .       .          .    .         .    .                .         .
failed_temporary   .       .       .          .    x         x    .                .         .
failed_permanent   .       .       .          .    x         x    .                .         .
withdrawn          .       .       .          .    .         .    .                .         .
"""

WANTED = {
    (now, to): cell == "x"
    for now, *cells in (line.split() for line in TABLE.strip().splitlines())
    for to, cell in zip(COLUMNS.split(), cells, strict=True)
}


@pytest.mark.parametrize(("now", "to"), list(product(ReceiptState, ReceiptState)))
def test_a_receipt_moves_a_notice_as_the_table_says(now: ReceiptState, to: ReceiptState) -> None:
    assert moves_forward(now, to) is WANTED[now, to]


def test_no_two_states_lead_to_each_other() -> None:
    both = [(a, b) for a in MOVES for b in MOVES[a] if a in MOVES[b]]
    assert both == []


def test_what_has_not_left_is_under_way_too() -> None:
    assert set(UNFINISHED) < set(UNDER_WAY)
    assert all(ReceiptState.FAILED_TEMPORARY in MOVES[state] for state in UNDER_WAY)
