"""What can go wrong at a provider, as values a test or a scenario sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer instead of taking the message. Codes: twilio.com/docs/api/errors."""

    status: int
    code: int
    message: str


BUSY = Refusal(429, 20429, "Too Many Requests")
BROKEN = Refusal(500, 20500, "An internal server error has occurred")
LOCKED_OUT = Refusal(401, 20003, "Authenticate")


@dataclass(frozen=True, slots=True)
class Faults:
    """How the provider behaves; the default is well.

    `answer_delay_s`: the message is taken at once, the HTTP answer comes this much later (longer
    than the client waits: taken, but the client never hears). `refuse`: every request is answered
    so. `callbacks_lost`: statuses whose callback never comes ("*": all). `callback_copies`: each
    callback comes so often. `callbacks_reversed`: the last status first. `callback_delay_s`: the
    pause before each callback.
    """

    answer_delay_s: float = 0.0
    refuse: Refusal | None = None
    callbacks_lost: tuple[str, ...] = ()
    callback_copies: int = 1
    callbacks_reversed: bool = False
    callback_delay_s: float = 0.0

    def loses(self, status: str) -> bool:
        return "*" in self.callbacks_lost or status in self.callbacks_lost
