"""What a run of the seeded world tried, and whether every law held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_sim.world.laws import IN_ONE_FACT, LAWS, Broken


@dataclass(frozen=True, slots=True)
class Report:
    """`tail`: the last events before a law broke, oldest first. `digest` is the run's identity."""

    seed: int
    days: float
    events: int
    tried: Mapping[str, int]
    broken: tuple[Broken, ...]
    tail: tuple[str, ...]
    digest: str

    @property
    def held(self) -> bool:
        return not self.broken

    def text(self) -> str:
        """For a person at a terminal."""
        lines = [f"The seeded world: seed {self.seed}, {self.days:g} days, {self.events} events"]
        lines += ["", "Tried"]
        lines += [f"  {count:>8}  {what}" for what, count in sorted(self.tried.items())]
        lines += ["", "Checked after every event"]
        claims = sorted([(law.number, law.claim) for law in LAWS] + list(IN_ONE_FACT))
        failed = {(one.law, one.claim) for one in self.broken}
        lines += [f"  {'✗' if c in failed else '✓'} law {c[0]:>2}: {c[1]}" for c in claims]
        if self.held:
            return "\n".join([*lines, "", f"Every law held. ({self.digest})"])
        lines += ["", "Broken", *(f"  {one}" for one in self.broken)]
        lines += ["", "The last events", *(f"  {one}" for one in self.tail)]
        again = f"tilkald simulate --seed {self.seed} --days {self.days:g}"
        return "\n".join([*lines, "", f"The same again: {again}"])
