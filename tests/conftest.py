"""What every test shares: how hypothesis runs, and that a missing program is never a quiet skip."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Timings here are noisy and several tests run at once: no deadline by the clock. A failure prints
# the blob that reproduces it.
settings.register_profile(
    "tilkald", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tilkald")
