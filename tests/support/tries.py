"""How many examples a property is tried with: by the profile, never fixed past it."""

from __future__ import annotations

from hypothesis import settings

WHOLE = 100
"""What the whole suite tries where a test names no number."""

QUICK = settings().max_examples < WHOLE
"""Whether this is `make check`: what walks over very much takes longer steps."""


def tries(examples: int) -> settings:
    """`examples` in the whole suite; in `make check` as many as its profile, or a tenth of many."""
    profile = settings().max_examples
    return settings(max_examples=min(examples, max(profile, examples * profile // WHOLE)))
