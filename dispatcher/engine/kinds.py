"""Every kind of timed case beside alarms: a new one is registered here, and nowhere else."""

from __future__ import annotations

from dispatcher.safety.self_check import SelfCheckKind
from dispatcher.safety.timed_case import Kind

KINDS: tuple[Kind, ...] = (SelfCheckKind(),)
