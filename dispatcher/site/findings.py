"""One finding of `check`: how bad, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error can leave somebody without help; a warning should be looked at."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` names the thing, like `plan red`; `text` says what is wrong and what to do."""

    severity: Severity
    about: str
    text: str

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        return f"{self.severity}: {self.about}: {self.text}"


def error(about: str, text: str) -> Finding:
    return Finding(Severity.ERROR, about, text)


def warning(about: str, text: str) -> Finding:
    return Finding(Severity.WARNING, about, text)
