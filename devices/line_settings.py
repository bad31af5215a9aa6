"""What a technician set for a line: texts, each understood or refused by name.

Settings are written as texts (`lines.toml`, `[line.settings]`; `tilkald decode --set`). One that a
family does not ask for is a mistake, with those it asks for: a misspelt key must not be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from core.errors import ConfigError

Texts = Mapping[str, str]
Token = TypeVar("Token", bound=StrEnum)


class LineSettings:
    """Texts, each asked for once; what nobody asked for is a mistake."""

    def __init__(
        self, family: str, texts: Texts, *, datagrams: bool = False, speed_bd: int = 9_600
    ) -> None:
        self.datagrams = datagrams
        self.speed_bd = speed_bd
        self._family = family
        self._left = dict(texts)
        self._known: dict[str, None] = {}

    @property
    def known(self) -> tuple[str, ...]:
        """What the family has asked for; `key.OF` where the technician writes a name for OF."""
        return tuple(self._known)

    def text(self, key: str, default: str) -> str:
        self._known[key] = None
        return self._left.pop(key, default)

    def flag(self, key: str) -> bool:
        said = self.text(key, "false")
        if said not in ("true", "false"):
            raise ConfigError(f"{self._family}: {key} is {said!r}; write true or false")
        return said == "true"

    def seconds(self, key: str, default: timedelta) -> timedelta:
        said = self.text(key, "")
        try:
            found = timedelta(seconds=float(said)) if said else default
        except (ValueError, OverflowError):
            found = timedelta(-1)
        if found < timedelta():
            raise ConfigError(f"{self._family}: {key} is {said!r}; write seconds, like 120")
        return found

    def seconds_within(
        self, key: str, default: timedelta, least: timedelta, most: timedelta
    ) -> timedelta:
        found = self.seconds(key, default)
        if not least <= found <= most:
            span = f"{least.total_seconds():g} to {most.total_seconds():g}"
            raise ConfigError(f"{self._family}: {key} is {found.total_seconds():g}; write {span}")
        return found

    def one_of(self, key: str, default: str, known: tuple[str, ...]) -> str:
        said = self.text(key, default)
        if said not in known:
            raise ConfigError(
                f"{self._family}: {key} is {said!r}; write one of: {', '.join(known)}"
            )
        return said

    def choice(self, key: str, default: Token) -> Token:
        """One of the tokens the default is one of."""
        kinds = type(default)
        return kinds(self.one_of(key, default, tuple(kind.value for kind in kinds)))

    def each(self, key: str, of: str) -> dict[str, str]:
        """`key.1234 = "…"`: what stands behind the dot → text."""
        self._known[f"{key}.{of}"] = None
        found = [name for name in self._left if name.startswith(f"{key}.")]
        return {name.partition(".")[2]: self._left.pop(name) for name in found}

    def tokens(self, key: str, of: str, kinds: type[Token]) -> dict[str, Token]:
        """`key.6 = "restore"`: what stands behind the dot → token."""
        return {
            name: self.token(f"{key}.{name}", said, kinds)
            for name, said in self.each(key, of).items()
        }

    def token(
        self, key: str, said: str, kinds: type[Token], known: tuple[StrEnum, ...] = ()
    ) -> Token:
        """`known`: what to name in the mistake, where more may be written than these kinds."""
        if said not in [kind.value for kind in kinds]:
            names = ", ".join(dict.fromkeys(kind.value for kind in known or tuple(kinds)))
            raise ConfigError(f"{self._family}: {key} is {said!r}; write one of: {names}")
        return kinds(said)

    def done(self) -> None:
        for key in self._left:
            known = f"known: {', '.join(self.known)}" if self.known else "there are none to set"
            raise ConfigError(f"{self._family}: there is no setting {key!r}; {known}")
