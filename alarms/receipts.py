"""How far a notice has come: receipts come late, twice and in any order, and only move forward.

The law kept here (law 5): *no step is completed twice*. Whoever decides and whoever stores go by
this one table, so that what stands after a start is what was decided before it.

What a failure ends stays ended: its person's next route is due at that moment (law 4), and the same
notice is never tried again. So `failed_temporary` takes no other failure, which would make one more
route due, no `sending`, and no late `sent`: that somebody took it is no proof that it rings, and
would make the plan wait for it again. Only proof that it arrived outweighs a failure.

What has left is not `withdrawn`: it may ring. It is answered by a stand-down, and its record says
honestly how far it came.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.signals import ReceiptState

UNFINISHED = (ReceiptState.PENDING, ReceiptState.SENDING, ReceiptState.MAYBE_SENT)
"""A notice that still has to leave, or may not have left."""

UNDER_WAY = (*UNFINISHED, ReceiptState.SENT)
"""A notice whose receipt is still to come."""

_REACHED = (ReceiptState.DELIVERED, ReceiptState.READ)
_FAILED = (ReceiptState.FAILED_TEMPORARY, ReceiptState.FAILED_PERMANENT)
_ENDS = (ReceiptState.SENT, *_REACHED, *_FAILED, ReceiptState.WITHDRAWN)

MOVES: Mapping[ReceiptState, tuple[ReceiptState, ...]] = {
    ReceiptState.PENDING: (ReceiptState.SENDING, ReceiptState.MAYBE_SENT, *_ENDS),
    ReceiptState.SENDING: (ReceiptState.MAYBE_SENT, *_ENDS),
    ReceiptState.MAYBE_SENT: _ENDS,
    # A provider may find out later that it could not deliver what it took.
    ReceiptState.SENT: (*_REACHED, *_FAILED),
    ReceiptState.DELIVERED: (ReceiptState.READ,),
    ReceiptState.READ: (),
    ReceiptState.FAILED_TEMPORARY: _REACHED,
    ReceiptState.FAILED_PERMANENT: _REACHED,
    ReceiptState.WITHDRAWN: (),
}
"""From each state, the states a notice may move to. What is not named changes nothing."""


def moves_forward(now: ReceiptState, to: ReceiptState) -> bool:
    """Whether a receipt that says `to` changes a notice that stands at `now`."""
    return to in MOVES[now]
