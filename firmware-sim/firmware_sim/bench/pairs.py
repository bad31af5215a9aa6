"""Two versions measured in turns: the ratio of each figure, its noise, and which row got slower.

How noise is judged: a pair is one run of this code and one of the other version, right after each
other, so what the machine does to both cancels in their ratio. What is left shows in how far the
pairs' ratios lie apart. The noise of a figure is the median distance of its pairs' ratios from
their median: one pair in which something else ran moves neither. A figure is slower when its
median ratio less that noise is still above `SLOWER_FROM`. One pair shows no noise and two cannot
tell which of them is wrong, so nothing is judged by fewer than `PAIRS_TO_JUDGE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from core.values import replace
from firmware_sim.bench.figures import Compared, Row

SLOWER_FROM = 1.10
PAIRS_TO_JUDGE = 3


def together(here: Sequence[Sequence[Row]], there: Sequence[Sequence[Row]] = ()) -> list[Row]:
    """Each row of all runs as one, beside the other version's where that has the same row.

    `here` and `there` are runs, each its rows; run n of both is pair n. `there` may be empty.
    """
    return [
        _joined(
            [each for run in here for each in run if each.name == row.name],
            [each for run in there for each in run if (each.name, each.of) == (row.name, row.of)],
        )
        for row in here[0]
    ]


def compared(here: Sequence[float], there: Sequence[float], *, more_is_better: bool) -> Compared:
    """One figure, pair by pair. At least one pair."""
    ratios = [_ratio(one, other) for one, other in zip(here, there, strict=True)]
    costs = [_ratio(1, ratio) for ratio in ratios] if more_is_better else ratios
    middle = median(costs)
    return Compared(
        other=median(there),
        ratio=median(ratios),
        least=min(ratios),
        most=max(ratios),
        costs=middle,
        noise=median(0.0 if cost == middle else abs(cost - middle) for cost in costs),
        here=tuple(here),
        there=tuple(there),
    )


def is_slower(found: Compared) -> bool:
    """By more than the noise seen, and more than we let pass. Too few pairs: nobody knows."""
    return len(found.here) >= PAIRS_TO_JUDGE and found.costs - found.noise > SLOWER_FROM


def slower(rows: Sequence[Row]) -> list[str]:
    """One line for each row that got slower, with every figure that is judged and did."""
    found = {row.name: _slower_figures(row) for row in rows}
    return [f"{name}: {', '.join(figures)}" for name, figures in found.items() if figures]


def unjudged(rows: Sequence[Row]) -> list[str]:
    """The rows that are to be judged and were not: other there, or not measured often enough."""
    return [
        row.name
        for row in rows
        if any(len(_pairs_of(row, figure)) < PAIRS_TO_JUDGE for figure in row.judged)
    ]


def _slower_figures(row: Row) -> list[str]:
    return [
        f"{figure} costs {found.costs:.2f} times what it cost "
        f"(pairs {found.least:.2f} to {found.most:.2f}, noise {found.noise:.2f})"
        for figure, found in row.against.items()
        if figure in row.judged and is_slower(found)
    ]


def _pairs_of(row: Row, figure: str) -> tuple[float, ...]:
    found = row.against.get(figure)
    return found.here if found is not None else ()


def _joined(mine: Sequence[Row], theirs: Sequence[Row]) -> Row:
    """The medians of the runs; of a figure that must be 0 the worst run's."""
    first, runs = mine[0], len(mine)
    figures = {
        name: (max if name in first.never else median)(values)
        for name, values in _by_name([row.figures for row in mine]).items()
    }
    beside = {n: median(values) for n, values in _by_name([row.beside for row in mine]).items()}
    others = _by_name([row.figures for row in theirs]) if len(theirs) == runs else {}
    against = {
        name: compared(values, others[name], more_is_better=first.more_is_better)
        for name, values in _by_name([row.figures for row in mine]).items()
        if name in others
    }
    return replace(first, figures=figures, beside=beside, runs=runs, against=against)


def _by_name(runs: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """The values of each figure that every run has."""
    names = [name for name in runs[0] if all(name in run for run in runs)]
    return {name: [run[name] for run in runs] for name in names}


def _ratio(one: float, other: float) -> float:
    if one == other:
        return 1.0
    return one / other if other else float("inf")
