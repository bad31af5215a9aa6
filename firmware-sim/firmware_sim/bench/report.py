"""The measurements as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from firmware_sim.bench.figures import Row, machine


def table(rows: Sequence[Row]) -> Table:
    made = Table(title="tilkald bench", title_justify="left", show_lines=True)
    for name in ("", "measured", "reach", ""):
        made.add_column(name)
    for row in rows:
        measured = "\n".join(_figure(row, name, value) for name, value in row.figures.items())
        reach = "\n".join(reach.text() for reach in row.reaches)
        verdict = "[green]met[/]" if row.met else "[bold red]missed[/]"
        made.add_row(f"[bold]{row.title}[/]\n[dim]{row.note}[/]", measured, reach, verdict)
    return made


def show(out: Console, rows: Sequence[Row]) -> None:
    """The table, and on what it was measured."""
    out.print(table(rows))
    out.print("; ".join(f"{name} {value}" for name, value in machine().items()), style="dim")


def write(path: Path, rows: Sequence[Row], at: datetime, *, quick: bool) -> None:
    """The figures, with everything they depend on."""
    found = {
        "at": at,
        "quick": quick,
        "machine": machine(),
        "rows": [_row(row) for row in rows],
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def _row(row: Row) -> dict[str, object]:
    reaches = [{**asdict(reach), "met": row.is_met(reach)} for reach in row.reaches]
    return {
        "name": row.name,
        "title": row.title,
        "figures": row.figures,
        "beside": row.beside,
        "reaches": reaches,
        "met": row.met,
        "note": row.note,
    }


def _figure(row: Row, name: str, value: float) -> str:
    reach = next((reach for reach in row.reaches if reach.figure == name), None)
    unit = reach.unit if reach is not None else _unit(row)
    text = f"{name} {value:,.10g} {unit}".rstrip()
    return text if reach is None or row.is_met(reach) else f"[red]{text}[/]"


def _unit(row: Row) -> str:
    return next((reach.unit for reach in row.reaches if reach.unit in ("ms", "s", "/s")), "")
