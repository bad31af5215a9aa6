"""How an alarm is answered: the levels, and what each means to whoever reads it.

`LEVELS` is the one place that knows them. Deciding, pages, devices, sirens and the simulation read
a level's row; a test holds that none of them names a level where its row would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from core.values import value


class Level(StrEnum):
    """How an alarm is answered; people see the site's word and a shape, never the colour alone."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    BLUE = "blue"

    @property
    def rank(self) -> int:
        """Order for "did the level rise": blue (medical) is as acute as red."""
        return LEVELS[self].rank

    @property
    def only_people_close(self) -> bool:
        """Law 6: closed by a person who has been there, or by name; acute, so sirens may sound."""
        return LEVELS[self].only_people_close

    @property
    def quiet(self) -> bool:
        """A page of it makes no sound towards the other person."""
        return LEVELS[self].quiet

    @property
    def advice(self) -> bool:
        """No call for help: its alarms take the lane of technical ones (law 12)."""
        return LEVELS[self].advice

    @property
    def word(self) -> str:
        """The message id of what people call it; a site may have a word of its own."""
        return LEVELS[self].word


class BoardSound(StrEnum):
    """What a screen with alarms does about one that nobody has answered."""

    SILENT = "silent"
    ONCE = "once"
    AGAIN = "again"


class Shape(StrEnum):
    """What a level looks like to who sees no colour; drawn in `templates/shapes.html`."""

    BUBBLE = "bubble"
    DISC = "disc"
    DIAMOND = "diamond"
    OCTAGON = "octagon"
    CROSS = "cross"


@value(frozen=True)
class LevelRow:
    """One level. `colour` fills a band with `ink` on it; `wall`: the same on a dark wall screen.

    `outline` is the colour of its shape on paper, where the band's own is too light for that.
    """

    rank: int
    word: str
    shape: Shape
    colour: str
    wall: str
    sound: BoardSound
    only_people_close: bool = True
    quiet: bool = False
    advice: bool = False
    ink: str = "#ffffff"
    outline: str = ""


LEVELS: Mapping[Level, LevelRow] = {
    Level.GREEN: LevelRow(
        rank=0,
        word="Advice",
        shape=Shape.BUBBLE,
        colour="#1d6444",
        wall="#1f6d4a",
        sound=BoardSound.SILENT,
        only_people_close=False,
        quiet=True,
        advice=True,
    ),
    Level.YELLOW: LevelRow(
        rank=1,
        word="Come by",
        shape=Shape.DISC,
        colour="#f4c81a",
        wall="#f4c81a",
        ink="#17232b",
        outline="#8a6a00",
        sound=BoardSound.ONCE,
        only_people_close=False,
        quiet=True,
    ),
    # A silent alarm stays silent, also on a board somebody stands before.
    Level.ORANGE: LevelRow(
        rank=2,
        word="Silent alarm",
        shape=Shape.DIAMOND,
        colour="#9c3f00",
        wall="#a84400",
        sound=BoardSound.SILENT,
    ),
    Level.RED: LevelRow(
        rank=3,
        word="Acute alarm",
        shape=Shape.OCTAGON,
        colour="#a8121b",
        wall="#b9151f",
        sound=BoardSound.AGAIN,
    ),
    Level.BLUE: LevelRow(
        rank=3,
        word="Illness",
        shape=Shape.CROSS,
        colour="#164f94",
        wall="#1c5cab",
        sound=BoardSound.AGAIN,
    ),
}

MOST_ACUTE_FIRST = tuple(sorted(Level, key=lambda level: -level.rank))
