"""One contact over time: which of its samples are a press, and which are a cut line.

The law kept here: *a press is said at its first sample, once*. A contact bounces when it is pressed
and when it is let go; it is let go only when it was open for as long as `settle`, so bounces are
one press. What was not seen for a while begins anew: a contact that is found pressed is a press,
for somebody may have pressed meanwhile.

A cut, a short circuit or an opened housing is said once it has lasted for `settle`, also when it is
found so, and what is well again for `HEALED_AFTER` is said to be healed. A loose wire that swings
between the two is one trouble.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HEALED_AFTER = timedelta(seconds=5)


class Trouble(StrEnum):
    """What is wrong with a point or its wires; the value is the `Reading.code`."""

    NONE = ""
    CUT = "cut"
    SHORT = "short"
    FAULT = "fault"
    TAMPER = "tamper"


@dataclass(frozen=True, slots=True)
class Sample:
    """What one look shows; None: it cannot be told."""

    pressed: bool | None
    trouble: Trouble | None


class Change(StrEnum):
    """What is new about a contact; the value is the `Reading.code`."""

    PRESSED = "pressed"
    FOUND_PRESSED = "found_pressed"
    RELEASED = "released"
    TROUBLED = "troubled"
    HEALED = "healed"


class Contact:
    """One point. `trouble` is what it last was said to have."""

    __slots__ = ("_known", "_open_since", "_other", "_other_since", "_settle", "down", "trouble")

    def __init__(self, settle: timedelta) -> None:
        self._settle = settle
        self.trouble = Trouble.NONE
        self.forget()

    def forget(self) -> None:
        """Its board is silent: what it does meanwhile is not seen. What was wrong stays so."""
        self._known = False
        self.down = False
        self._open_since: datetime | None = None
        self._other = self.trouble
        self._other_since: datetime | None = None

    def look(self, sample: Sample, now: datetime) -> list[Change]:
        changes = [self._contact(sample.pressed, now), self._line(sample.trouble, now)]
        return [change for change in changes if change is not None]

    def _contact(self, pressed: bool | None, now: datetime) -> Change | None:
        if pressed is None:
            return None
        found, self._known = not self._known, True
        if pressed:
            self._open_since = None
            was_down, self.down = self.down, True
            if was_down:
                return None
            return Change.FOUND_PRESSED if found else Change.PRESSED
        if not self.down:
            return None
        self._open_since = self._open_since or now
        if now - self._open_since < self._settle:
            return None
        self.down = False
        return Change.RELEASED

    def _line(self, trouble: Trouble | None, now: datetime) -> Change | None:
        """What differs from what was said must last: any trouble for `settle`, none for longer."""
        if trouble is None or trouble is self.trouble:
            self._other_since = None
            return None
        if self._other_since is None or (trouble is Trouble.NONE) != (self._other is Trouble.NONE):
            self._other_since = now
        self._other = trouble
        last = HEALED_AFTER if trouble is Trouble.NONE else self._settle
        if now - self._other_since < last:
            return None
        self.trouble, self._other_since = trouble, None
        return Change.TROUBLED if trouble is not Trouble.NONE else Change.HEALED
