"""Text for people in Danish, Norwegian (bokmål) and English, by gettext catalogues.

Each package that speaks keeps `locales/<language>.po` beside its code; English is the message id
and needs no catalogue. The .po files are read at start, so nothing has to be compiled.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("da", "nb", "en")


class Words:
    """The labels of one language. `words("On the way, {name}", name="Bo")` fills named fields."""

    def __init__(self, language: str, translations: gettext.NullTranslations) -> None:
        self.language = language
        self._translations = translations

    def __call__(self, message: str, **fields: object) -> str:
        text = self._translations.gettext(message)
        return text.format(**fields) if fields else text

    def many(self, one: str, several: str, count: int, **fields: object) -> str:
        """The singular or plural form for `count`, which is also the field `count`."""
        return self._translations.ngettext(one, several, count).format(count=count, **fields)


@cache
def words(language: str, folder: Path) -> Words:
    """The catalogue `folder/<language>.po`; an unknown language speaks English."""
    source = folder / f"{language}.po"
    if not source.exists():
        return Words("en", gettext.NullTranslations())
    with source.open("rb") as po:
        catalogue = read_po(po, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(language, gettext.GNUTranslations(compiled))


def overridden(label: str, own: Mapping[str, str], token: str) -> str:
    """A site's own word for a token, else the catalogue's label."""
    return own.get(token, label)
