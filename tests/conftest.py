"""What every test shares: how hypothesis runs, and that a missing program is never a quiet skip."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Timings here are noisy and several tests run at once: no deadline by the clock. A failure prints
# the blob that reproduces it.
settings.register_profile(
    "tilkald", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# `make check` tries fewer examples, to stay within a minute; `make test` tries all.
settings.register_profile("quick", settings.get_profile("tilkald"), max_examples=20)
settings.load_profile(os.environ.get("TILKALD_TEST_PROFILE", "tilkald"))
