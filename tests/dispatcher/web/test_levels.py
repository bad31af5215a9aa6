"""One table knows the levels; whoever draws, sounds or words one reads its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.levels import LEVELS, MOST_ACUTE_FIRST, Level, Shape
from dispatcher.web.level_styles import console_style, small_style
from dispatcher.web.pages import TECHNICAL, environment

WEB = Path(__file__).parents[3] / "dispatcher" / "web"
DRAWN = sorted([*WEB.rglob("*.css"), *WEB.rglob("*.js"), *WEB.rglob("*.html")])
NAMED = re.compile(rf"(?<![\w-])(?:{'|'.join(Level)})(?![\w-])")


def test_every_level_has_a_row_and_a_shape_of_its_own() -> None:
    assert set(LEVELS) == set(Level)
    assert len({row.shape for row in LEVELS.values()}) == len(Level)


def test_the_table_says_of_the_levels_what_the_laws_say() -> None:
    assert [level for level in Level if level.only_people_close] == ["orange", "red", "blue"]
    assert [level for level in Level if level.quiet] == ["green", "yellow"]
    assert [level for level in Level if level.advice] == ["green"]
    assert MOST_ACUTE_FIRST == ("red", "blue", "orange", "yellow", "green")
    assert [level.rank for level in MOST_ACUTE_FIRST] == [3, 3, 2, 1, 0]


@pytest.mark.parametrize("drawn", DRAWN, ids=lambda path: path.name)
def test_no_page_style_or_script_knows_a_level_by_name(drawn: Path) -> None:
    assert NAMED.findall(drawn.read_text("utf-8")) == []


@pytest.mark.parametrize("level", [*Level, TECHNICAL])
def test_every_level_is_drawn_and_no_two_look_alike(level: str) -> None:
    drawn = {one: _drawn(one) for one in (*Level, TECHNICAL)}
    assert "<path" in drawn[level] or "<circle" in drawn[level]
    assert [one for one, shape in drawn.items() if shape == drawn[level]] == [level]


def test_every_shape_stands_in_the_template() -> None:
    source = (WEB / "templates" / "shapes.html").read_text("utf-8")
    assert all(f'form == "{shape}"' in source for shape in Shape)


@pytest.mark.parametrize("level", Level)
def test_a_level_has_its_colours_on_every_kind_of_page(level: Level) -> None:
    row = LEVELS[level]
    assert f".{level} {{ --tone: {row.colour};" in console_style()
    assert f".wall .{level} {{ --tone: {row.wall}; }}" in console_style()
    assert f".{level}{{background:{row.colour};color:{row.ink}}}" in small_style()


@pytest.mark.parametrize("level", Level)
def test_what_stands_on_a_band_can_be_read(level: Level) -> None:
    row = LEVELS[level]
    for band in (row.colour, row.wall):
        bright, dark = sorted((_luminance(band), _luminance(row.ink)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (level, band)


def _drawn(level: str) -> str:
    shape = '{% from "shapes.html" import shape %}{{ shape(level) }}'
    return environment().from_string(shape).render(level=level)


def _luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance."""
    red, green, blue = (_linear(channel / 255) for channel in bytes.fromhex(colour[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
