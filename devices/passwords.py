"""Device passwords: the plain ones of a demonstration site, or `scrypt$n$salt$digest` (hex).

Whatever a digest says it costs is limited here: a hostile site file must not stop the service.
"""

from __future__ import annotations

import hashlib
import hmac

COST = 2**8
"""scrypt's n (r=8, p=1) for new digests: about 1 ms. A device password is 128 random bits, so the

digest only has to hide it in a file, and a whole house reconnecting must not hold up a press.
"""

COST_MAX = 2**12
"""A digest that asks for more (15 ms, 4 MiB) is refused, not computed."""

PASSWORD_BYTES_MAX = 256

_R, _P, _DIGEST_BYTES = 8, 1, 32


def digest(password: bytes, salt: bytes, cost: int = COST) -> str:
    """How a password is written in a site's files. `salt` is 16 random bytes (`core.ids.salt`)."""
    return f"scrypt${cost}${salt.hex()}${_scrypt(password, salt, cost).hex()}"


def is_plain(stored: str) -> bool:
    """A plain password stands in the files: the site may then listen on loopback only."""
    return not stored.startswith("scrypt$")


def readable(stored: str) -> bool:
    """Whether `matches` can ever be true: for `check`, so that a typing error is found early."""
    return bool(stored) and (is_plain(stored) or _parts(stored) is not None)


def matches(stored: str, given: bytes) -> bool:
    """Whether `given` is the password, in time that does not depend on where they differ.

    An empty or unreadable `stored` matches nothing.
    """
    if not stored or len(given) > PASSWORD_BYTES_MAX:
        return False
    if is_plain(stored):
        return hmac.compare_digest(stored.encode(), given)
    parts = _parts(stored)
    if parts is None:
        return False
    cost, salt, expected = parts
    return hmac.compare_digest(_scrypt(given, salt, cost), expected)


def _parts(stored: str) -> tuple[int, bytes, bytes] | None:
    try:
        _, cost_text, salt, expected = stored.split("$")
        cost = int(cost_text)
        parts = cost, bytes.fromhex(salt), bytes.fromhex(expected)
    except ValueError:
        return None
    power_of_two = cost > 1 and cost & (cost - 1) == 0
    return parts if power_of_two and cost <= COST_MAX else None


def _scrypt(password: bytes, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=cost, r=_R, p=_P, dklen=_DIGEST_BYTES)
