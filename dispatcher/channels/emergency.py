"""Law 11 at the sending edge: no channel of ours ever calls or texts an emergency service.

`apply` and `check` refuse such a number long before; this is the last door, for a number that
came in some other way. A person calls the police, at once and without asking us.
"""

from __future__ import annotations

from core.errors import ChannelError
from dispatcher.channels.numbers import emergency

CODE = "emergency_number"


def refuse_emergency(number: str, country: str) -> None:
    """Raise a permanent ChannelError when `number` reaches an emergency service of `country`."""
    if emergency(number, country):
        raise ChannelError(
            "An emergency number is no target for a notice: nothing was sent. "
            "A person calls the police; take the number out of the site's phones.",
            temporary=False,
            code=CODE,
        )
