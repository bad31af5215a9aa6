"""Why a message could not be sent, in words every carrier shares, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import ChannelError
from core.signals import ReceiptState
from dispatcher.channels.concerns import Concerns

REPORTED_MOST = 10_000
"""Numbers remembered as reported; the oldest is forgotten, and reported again at worst."""


class Fault(StrEnum):
    """Whose fault a refusal is: it decides what happens beside taking the next route now."""

    PASSING = "passing"  # the provider or the network: a later notice may get through
    NUMBER = "number"  # this number cannot be reached so
    OPTED_OUT = "opted_out"  # the person wrote STOP: only they can undo it
    ACCOUNT = "account"  # our account or sender: nothing is sent this way
    OURS = "ours"  # the message is malformed


@dataclass(frozen=True, slots=True)
class Meaning:
    """A provider's refusal, understood. `text` follows "SMS to bo:" in one line for a person."""

    fault: Fault
    text: str

    @property
    def temporary(self) -> bool:
        return self.fault is Fault.PASSING

    @property
    def state(self) -> ReceiptState:
        return ReceiptState.FAILED_TEMPORARY if self.temporary else ReceiptState.FAILED_PERMANENT


class Refused(ChannelError):
    """A carrier did not take a message; `meaning` says whose fault it is."""

    def __init__(self, meaning: Meaning, code: str) -> None:
        super().__init__(meaning.text, temporary=meaning.temporary, code=code)
        self.meaning = meaning


class Troubles:
    """What a channel's refusals mean beyond one notice: told once, and again after it has worked.

    A number that cannot be reached, or opted out, is a technical alarm for that number; an account
    that is refused is a technical alarm and degrades the channel until something goes out again.
    """

    def __init__(self, channel: str, concerns: Concerns) -> None:
        self._channel = channel
        self._concerns = concerns
        self._numbers: dict[str, Fault] = {}
        self._account = False

    def refused(self, number: str, person: str, meaning: Meaning) -> None:
        """Something to `number`, which is `person`'s, was refused."""
        self._concerns.noticed(f"{self._channel}_{meaning.fault}", meaning.text)
        match meaning.fault:
            case Fault.NUMBER | Fault.OPTED_OUT:
                self._number(number, person, meaning)
            case Fault.ACCOUNT:
                self._broken(meaning)
            case Fault.PASSING | Fault.OURS:
                pass

    def worked(self, number: str) -> None:
        """The carrier took a message to `number`: what was wrong is over."""
        self._numbers.pop(number, None)
        if self._account:
            self._account = False
            self._concerns.degraded(self._channel, None)

    def _number(self, number: str, person: str, meaning: Meaning) -> None:
        if self._numbers.get(number) is meaning.fault:
            return
        if len(self._numbers) >= REPORTED_MOST:
            del self._numbers[next(iter(self._numbers))]
        self._numbers[number] = meaning.fault
        self._concerns.technical(f"{self._channel} to {person}: {meaning.text}")

    def _broken(self, meaning: Meaning) -> None:
        if not self._account:
            self._account = True
            text = f"No {self._channel} leaves the house: {meaning.text}"
            self._concerns.degraded(self._channel, text)
            self._concerns.technical(text)
