"""What an expectation has come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    LASTING = "lasting"  # true so far; only the end can prove it
    MET = "met"
    MISSED = "missed"


Found = tuple[State, str]
"""How it stands, and why, in words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one expectation has come to, and why, in words."""

    text: str
    state: State
    detail: str = ""


def lasting(*, final: bool, detail: str = "") -> Found:
    """It holds; only the end proves that it goes on holding."""
    return (State.MET if final else State.LASTING), detail
