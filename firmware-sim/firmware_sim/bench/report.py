"""The measurements as a table for people, as JSON for machines, and the verdict of a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from firmware_sim.bench import pairs
from firmware_sim.bench.figures import Row, machine

WIDTH_LEAST = 110


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, when. `against` names the other version, if there was one."""

    rows: list[Row]
    against: str
    at: datetime
    quick: bool


def table(report: Report) -> Table:
    made = Table(title="tilkald bench", title_justify="left", show_lines=True)
    beside = [f"× {report.against}"] if report.against else []
    made.add_column("", min_width=20)
    for name in ("measured", *beside, "reach", ""):
        made.add_column(name, no_wrap=True)
    for row in report.rows:
        measured = "\n".join(_figure(row, name, value) for name, value in row.figures.items())
        ratios = ["\n".join(_ratio(row, name) for name in row.figures)] if report.against else []
        reach = "\n".join(reach.text() for reach in row.reaches)
        verdict = "[green]met[/]" if row.met else "[bold red]missed[/]"
        made.add_row(f"[bold]{row.title}[/]\n[dim]{row.note}[/]", measured, *ratios, reach, verdict)
    return made


def show(out: Console, report: Report) -> None:
    """The table, and on what it was measured."""
    out.print(table(report))
    out.print("; ".join(f"{name} {value}" for name, value in machine().items()), style="dim")


def as_json(report: Report) -> bytes:
    """Every figure, of every run, with everything they depend on."""
    found = {
        "at": report.at,
        "quick": report.quick,
        "against": report.against,
        "machine": machine(),
        "rows": [_row(row) for row in report.rows],
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def write(path: Path, report: Report) -> None:
    path.write_bytes(as_json(report) + b"\n")


def verdict(out: Console, rows: Sequence[Row]) -> int:
    """One line for each row that got slower, and 1 when there is one."""
    for name in pairs.unjudged(rows):
        out.print(f"not judged: {name}: the other version does not measure the same")
    slower = pairs.slower(rows)
    for line in slower:
        out.print(f"slower: {line}", style="red", soft_wrap=True)
    if not slower:
        out.print("no row got slower", style="green")
    return 1 if slower else 0


def _row(row: Row) -> dict[str, object]:
    reaches = [{**asdict(reach), "met": row.is_met(reach)} for reach in row.reaches]
    return {
        "name": row.name,
        "title": row.title,
        "runs": row.runs,
        "figures": row.figures,
        "beside": row.beside,
        "against": {name: asdict(found) for name, found in row.against.items()},
        "judged": row.judged,
        "reaches": reaches,
        "met": row.met,
        "note": row.note,
    }


def _ratio(row: Row, name: str) -> str:
    """Of one figure: the median of the pairs, and how far they lie apart."""
    found = row.against.get(name)
    if found is None:
        return "–"
    text = f"{found.ratio:.2f} ({found.least:.2f}–{found.most:.2f})"
    return f"[red]{text}[/]" if name in row.judged and pairs.is_slower(found) else text


def _figure(row: Row, name: str, value: float) -> str:
    reach = next((reach for reach in row.reaches if reach.figure == name), None)
    unit = reach.unit if reach is not None else _unit(row)
    text = f"{name} {value:,.6g} {unit}".rstrip()
    return text if reach is None or row.is_met(reach) else f"[red]{text}[/]"


def _unit(row: Row) -> str:
    return next((reach.unit for reach in row.reaches if reach.unit in ("ms", "s", "/s")), "")
