"""The one door to randomness that is not an identity: jitter, faults, the seeded world."""

from __future__ import annotations

import random


def seeded(seed: int) -> random.Random:
    """A generator of its own: the same seed gives the same world."""
    return random.Random(seed)


Chance = random.Random
