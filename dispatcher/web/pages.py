"""Templates: one environment, autoescaped; and the small pages that come as a single response."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from core.levels import LEVELS
from core.words import LANGUAGES, Words, words
from dispatcher.web import level_styles

TECHNICAL = "technical"
"""What stands for the level of a technical alarm: it has none to people."""

HERE = Path(__file__).parent
LOCALES = HERE / "locales"
STATIC = HERE / "static"


def words_of(language: str) -> Words:
    """The catalogue of the web pages in one language."""
    return words(language, LOCALES)


@cache
def environment() -> Environment:
    """Every value is escaped: a zone's label or a name may be anything."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["shapes"] = {str(level): str(row.shape) for level, row in LEVELS.items()} | {
        TECHNICAL: "hexagon"
    }
    return made


def render(template: str, **fields: Any) -> str:
    return environment().get_template(template).render(**fields)


def small_page(
    template: str, status: int, *, headers: dict[str, str] | None = None, **fields: Any
) -> HTMLResponse:
    """One response with its style and script inside: the quickest thing on a bad network.

    It speaks all languages (`all_words`) because nobody knows yet who reads it.
    """
    fields.setdefault("all_words", tuple(words_of(language) for language in LANGUAGES))
    html = render(template, style=small_style(), script=small_script(), **fields)
    own = {
        "Content-Security-Policy": small_policy(),
        "Referrer-Policy": "no-referrer",
        **(headers or {}),
    }
    return HTMLResponse(html, status, headers=own)


@cache
def small_style() -> str:
    return (STATIC / "small.css").read_text("utf-8") + level_styles.small_style()


@cache
def small_script() -> str:
    """What keeps one touch one answer, and what keeps the page fresh."""
    return "".join((STATIC / name).read_text("utf-8") for name in ("touch.js", "notice.js"))


@cache
def small_policy() -> str:
    """The content policy of a small page: its own style and script by digest, nothing else."""
    return (
        "default-src 'none'; "
        f"style-src '{_digest(small_style())}'; script-src '{_digest(small_script())}'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
