"""What is wrong with a site's files: every mistake at once, each with file, line and key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import ConfigError

SHOWN_MOST = 100
"""One wrong line can make thousands; the first hundred say enough."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file. `key` reads like `person[2].phones`, counted from 1 as people do."""

    file: str
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at} {self.key}" if self.key else at


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: where it is, and one line on what is wrong and how it should look."""

    where: Where
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class SiteMistakes(ConfigError):
    """Nothing of these files was taken over. `mistakes` holds every one, in order."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        shown = [str(mistake) for mistake in self.mistakes[:SHOWN_MOST]]
        more = len(self.mistakes) - SHOWN_MOST
        super().__init__("\n".join([*shown, f"… and {more} more"] if more > 0 else shown))
