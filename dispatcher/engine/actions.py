"""What the engine asks of whoever runs it: the service, the seeded world, the stories.

Each is done in the order it stands in, and its result comes back as an event of the engine.
"""

from __future__ import annotations

from typing import NewType, TypeAlias

from alarms.model import Alarm, Notice
from core.signals import Taken
from core.values import value
from dispatcher.channels.wearer import Tell
from dispatcher.engine.outcome import Do
from dispatcher.store.ports import Transaction

Ticket = NewType("Ticket", int)
"""One submitted outcome: who waits for its commit, and the store, name it by this."""


@value(frozen=True)
class Commit:
    """Commit it, behind what was asked before. → `committed` or `failed`."""

    ticket: Ticket
    transaction: Transaction


@value(frozen=True)
class Settle:
    """Store what of these is not stored yet, over whatever is. → `committed` or `failed`."""

    ticket: Ticket
    transactions: tuple[Transaction, ...]


@value(frozen=True)
class WriteDown:
    """Append to the emergency journal, at once. → `journal_failed`, if it cannot."""

    transaction: Transaction


@value(frozen=True)
class ReadBack:
    """Bring what was written down into the store. → `read_back` or `read_back_failed`.

    `take_over`: the journal was never read, so memory takes over what it brings.
    """

    take_over: bool


@value(frozen=True)
class Answered:
    """What became of a submission, for who owes its sender an acknowledgement (law 1)."""

    ticket: Ticket
    taken: Taken


@value(frozen=True)
class HandOver:
    """Give a notice to its channel; `token` opens its page. → `handed_over` or `refused`."""

    notice: Notice
    token: str = ""


@value(frozen=True)
class Abandon:
    """Stop handing over: the channel has not answered in time."""

    notice: str


@value(frozen=True)
class ShowAgain:
    """A device is back: show it its standing page, whatever became of that before.

    `more` says what else stands, and is not shown.
    """

    notice: Notice
    more: str


@value(frozen=True)
class Sound:
    """Nobody has accepted anywhere: sound the sirens of the site. → `sounded`."""

    alarm: Alarm


@value(frozen=True)
class Changed:
    """Pages should show it. `what`: `alarm`, `health`, `devices`."""

    what: str
    alarm: str | None = None


@value(frozen=True)
class Degraded:
    """Something does not work: it stands on every page. `message` is a message id (law 12)."""

    part: str
    message: str
    fields: tuple[tuple[str, object], ...] = ()


@value(frozen=True)
class Restored:
    """What was degraded works again."""

    part: str


@value(frozen=True)
class Log:
    """One line for the log. `serious`: a person should look."""

    what: str
    fields: tuple[tuple[str, object], ...] = ()
    serious: bool = False


Action: TypeAlias = (
    Commit
    | Settle
    | WriteDown
    | ReadBack
    | Answered
    | Tell
    | HandOver
    | Abandon
    | ShowAgain
    | Sound
    | Changed
    | Degraded
    | Restored
    | Log
    | Do
)
