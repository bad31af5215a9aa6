"""The one door to new identities: unguessable ones for secrets, derived ones for everything else.

Alarm and notice ids are derived from what they stand for, so a repeat after a crash has the same
id and is recognised (law 5).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

SECRET_BITS = 128


def derived(prefix: str, *parts: object) -> str:
    """An id that is the same for the same parts: `prefix_` and 20 hex digits (80 bits)."""
    text = "\x1f".join(str(part) for part in parts)
    return f"{prefix}_{hashlib.blake2b(text.encode(), digest_size=10).hexdigest()}"


def secret() -> str:
    """A new unguessable token, 128 random bits, URL-safe."""
    return secrets.token_urlsafe(SECRET_BITS // 8)


def salt() -> bytes:
    """16 random bytes to salt a digest with."""
    return secrets.token_bytes(16)


def hashed(token: str) -> str:
    """How a token is stored: it has full entropy, so one plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
