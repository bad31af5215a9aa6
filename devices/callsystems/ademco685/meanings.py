"""What Ademco 685 itself says: the codes of low-speed panels.

A 3+1, 4+1 or 4+2 panel sends digits its installer chose; no standard gives them a meaning, so none
stands here. A site gives its own (`own`, by digit or pair of digits); all others are raised.
"""

from __future__ import annotations

from devices.callsystems.codes.meaning import Meaning

LOW_SPEED: dict[str, Meaning] = {}
