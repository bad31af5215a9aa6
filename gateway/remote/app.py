"""Composition root of a gateway on another machine: the lines and the listener of a house, a spool
and a way up instead of a dispatcher. `tilkald gateway` runs it.
"""

from __future__ import annotations

from pathlib import Path

MARK_EVERY_S = 5.0
UNREGISTERED_MAX = 100
LOCALES = Path(__file__).parents[1] / "locales"
CUT_OFF = "cut_off"
"""`Reading.code` of the technical alarm that is raised here when a press could not be handed over."""
