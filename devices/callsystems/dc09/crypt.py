"""AES-CBC as DC-09 uses it: zero start vector, padding in front, upper-case hexadecimal digits.

The standard's padding is random. Chance is not ours to draw here, so it is derived from the key and
what is sent (with its time): nobody without the key can tell it from random.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK_BYTES = 16
KEYS_KEPT = 1_024
"""Keys whose cipher is kept: as many panels as one port has, and more."""

_IV = bytes(BLOCK_BYTES)
_PAD_CHARS = string.ascii_letters + string.digits + "+-"
"""64 characters, none of `|`, `[` and `]`, which padding must not contain (5.4.4.3)."""


def decrypted(digits: str, key: bytes) -> str | None:
    """The plain text, its padding still before it; None where this is no cipher text."""
    try:
        sealed = bytes.fromhex(digits)
    except ValueError:
        return None
    if not sealed or len(sealed) % BLOCK_BYTES:
        return None
    opener = _cipher(key).decryptor()
    return (opener.update(sealed) + opener.finalize()).decode("latin-1")


def encrypted(plain: str, key: bytes) -> str:
    """`plain` behind 16 to 31 characters of padding; a `|` between them is the caller's."""
    padded = _padding(plain, key) + plain
    sealer = _cipher(key).encryptor()
    return (sealer.update(padded.encode("latin-1")) + sealer.finalize()).hex().upper()


def one_that_fits(
    digits: str, keys: tuple[bytes, ...], fits: Callable[[str], bool]
) -> tuple[str, bytes] | None:
    """The plain text and its key, for the first key that gives a readable text."""
    for key in keys:
        plain = decrypted(digits, key)
        if plain is not None and fits(plain):
            return plain, key
    return None


@lru_cache(KEYS_KEPT)
def _cipher(key: bytes) -> Cipher[CBC]:
    """Made once for each key: it takes longer than a message."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(_IV))


def _padding(plain: str, key: bytes) -> str:
    count = BLOCK_BYTES + -len(plain) % BLOCK_BYTES
    drawn = hashlib.blake2b(plain.encode("latin-1"), key=key, digest_size=count).digest()
    return "".join(_PAD_CHARS[byte % len(_PAD_CHARS)] for byte in drawn)
