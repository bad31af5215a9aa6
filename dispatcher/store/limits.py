"""How much the store keeps of what could grow without end. Both stores keep the same."""

from __future__ import annotations

RAW_MAX = 5_000
"""Messages nobody could read that are kept in all; the oldest go first."""

RAW_MAX_PER_SENDER = 100
"""And of one sender, so that one broken device does not push out what others said."""

RAW_BYTES_MAX = 4 * 1024
"""Bytes kept of one such message."""

HEARD_MAX_PER_DEVICE = 32
"""Newest identities per device that intake gets back after a start."""

PAGE_MAX = 200
"""Alarms on one page."""
