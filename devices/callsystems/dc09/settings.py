"""What is agreed with the panels of one DC-09 port: accounts, keys, supervision, tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from core.errors import ConfigError
from devices.callsystems.codes.meaning import Meaning

PROTOCOL = "dc09"

AHEAD_MAX = timedelta(seconds=20)
BEHIND_MAX = timedelta(seconds=40)
"""How far the time of an encrypted message may be off ours, DC-09 5.5.1.9."""

_ASCII_KEY_CHARS = (16, 24, 32)
_HEX_KEY_DIGITS = (32, 48, 64)


@dataclass(frozen=True, slots=True)
class Account:
    """One panel. No `keys`: it speaks in the clear. Of several keys the one that fits is used.

    `silent_after`: the supervision interval agreed with it, its slack included; None: none agreed.
    `own` gives this panel's codes a meaning of their own, before the tables.
    """

    account: str = ""
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    silent_after: timedelta | None = None
    own: Mapping[str, Meaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """One port. `other` is what holds for an account that is not listed.

    `only_listed`: the standard's answer to an unknown account, DUH, so that its installer sees at
    the panel that it is not set up here. Its alarms are raised all the same.

    `check_time` off takes encrypted messages of any time, and then none counts as authenticated:
    a recorded one could be sent again. `decimal_length` reads the length some panels send in
    decimal digits where it is no hexadecimal one.
    """

    accounts: tuple[Account, ...] = ()
    other: Account = field(default_factory=Account)
    only_listed: bool = False
    check_time: bool = True
    decimal_length: bool = False


def keys_of(text: str) -> tuple[bytes, ...]:
    """The AES keys a written key may stand for.

    Hexadecimal digits as the standard has them (32, 48 or 64), or the characters themselves (16,
    24 or 32) as most panels take them. 32 hexadecimal digits may be either: `hex:` or `ascii:`
    before them decides, else both are tried. Raises ConfigError.
    """
    form, colon, digits = text.partition(":")
    form, digits = (form, digits) if colon and form in ("hex", "ascii") else ("", text)
    keys: list[bytes] = []
    if form != "ascii" and len(digits) in _HEX_KEY_DIGITS:
        try:
            keys.append(bytes.fromhex(digits))
        except ValueError:
            keys.clear()
    if form != "hex" and len(digits) in _ASCII_KEY_CHARS and digits.isascii():
        keys.append(digits.encode())
    if not keys:
        # The key itself is never told.
        raise ConfigError(
            f"DC-09 key of {len(digits)} characters: give 32, 48 or 64 hexadecimal digits, or 16, "
            "24 or 32 characters, as in hex:00112233445566778899aabbccddeeff"
        )
    return tuple(keys)
