"""How far a notice may move: receipts come late, twice and in any order, and only move forward."""

from __future__ import annotations

from collections.abc import Mapping

from core.signals import ReceiptState

_REACHED = (ReceiptState.DELIVERED, ReceiptState.READ)
_FAILED = (ReceiptState.FAILED_TEMPORARY, ReceiptState.FAILED_PERMANENT)
_ENDS = (ReceiptState.SENT, *_REACHED, *_FAILED, ReceiptState.WITHDRAWN)

MOVES: Mapping[ReceiptState, tuple[ReceiptState, ...]] = {
    ReceiptState.PENDING: (ReceiptState.SENDING, ReceiptState.MAYBE_SENT, *_ENDS),
    ReceiptState.SENDING: (ReceiptState.MAYBE_SENT, *_ENDS),
    ReceiptState.MAYBE_SENT: _ENDS,
    # A provider may find out later that it could not deliver what it took.
    ReceiptState.SENT: (*_REACHED, *_FAILED, ReceiptState.WITHDRAWN),
    ReceiptState.DELIVERED: (ReceiptState.READ, ReceiptState.WITHDRAWN),
    ReceiptState.READ: (),
    # The only way back: what failed for now may be tried again.
    ReceiptState.FAILED_TEMPORARY: (
        ReceiptState.SENDING,
        ReceiptState.SENT,
        *_REACHED,
        ReceiptState.FAILED_PERMANENT,
        ReceiptState.WITHDRAWN,
    ),
    # Proof that it arrived outweighs an earlier "no".
    ReceiptState.FAILED_PERMANENT: _REACHED,
    ReceiptState.WITHDRAWN: (),
}
"""From each state, the states a notice may move to. What is not named changes nothing."""

UNFINISHED = (ReceiptState.PENDING, ReceiptState.SENDING, ReceiptState.MAYBE_SENT)
"""States in which a notice still has to leave, or may not have left."""


def may_move(now: ReceiptState, to: ReceiptState) -> bool:
    """Whether `to` is forward of `now`."""
    return to in MOVES[now]
