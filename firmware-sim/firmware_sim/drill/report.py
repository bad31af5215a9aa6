"""What a drill says when it is over: a table, JSON, a page for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from jinja2 import Environment
from rich.console import Console
from rich.table import Table

from firmware_sim.drill.line_record import LineFigures
from firmware_sim.drill.measure import MEANINGS, POINTS, Clocked, statistic
from firmware_sim.drill.scenario_run import Result
from firmware_sim.drill.verdict import State

_SHOWN = tuple(point for point in POINTS if point not in (0, 6, 7))
_STATISTICS = ("median", "p95", "max")
_LINE_HEADINGS = (
    "protocol",
    "calls",
    "acknowledged",
    "alarms",
    "unplugged",
    "missed_s",
    "back_s",
)


def show(results: Sequence[Result], out: Console) -> None:
    """The alarms with their clock points, the percentiles, and what was met or missed."""
    out.print(_alarm_table(results))
    out.print(_percentile_table(results))
    if any(result.lines for result in results):
        out.print(_line_table(results))
    for result in results:
        mark = "[green]met[/]" if result.ok else "[red]missed[/]"
        out.print(
            f"{mark} [bold]{result.scenario.name}[/]: {result.scenario.about}", soft_wrap=True
        )
        for text, met, detail in _checks(result):
            if not met or not result.ok:
                line = f"    {'·' if met else '✗'} {text}  {detail}"
                out.print(line, markup=False, soft_wrap=True)


def as_json(results: Sequence[Result]) -> str:
    """One object: every scenario with its alarms, percentiles, targets and expectations."""
    body = {
        "ok": all(result.ok for result in results),
        "scenarios": [_scenario(result) for result in results],
        "percentiles": percentiles([alarm for result in results for alarm in result.alarms]),
    }
    return msgspec.json.encode(body).decode()


def as_html(results: Sequence[Result], made: datetime) -> str:
    """A page that stands by itself: nothing is loaded from anywhere."""
    page = Environment(autoescape=True, trim_blocks=True).from_string(_PAGE)
    rows = [_scenario(result) for result in results]
    points = [(f"T{point}", MEANINGS[point]) for point in _SHOWN]
    every = percentiles([alarm for result in results for alarm in result.alarms])
    return page.render(
        scenarios=rows,
        points=points,
        percentiles=every,
        statistics=_STATISTICS,
        line_headings=_LINE_HEADINGS,
        made=made.strftime("%Y-%m-%d %H:%M UTC"),
        ok=all(result.ok for result in results),
    )


def percentiles(alarms: Sequence[Clocked]) -> dict[str, dict[str, float]]:
    """Median, p95 and max of each clock point, seconds after the press, where reached."""
    made: dict[str, dict[str, float]] = {}
    for point in _SHOWN:
        reached = [s for alarm in alarms if (s := alarm.after_press_s(point)) is not None]
        if reached:
            made[f"T{point}"] = {name: round(statistic(name, reached), 3) for name in _STATISTICS}
    return made


def points(alarm: Clocked) -> dict[str, float | None]:
    """T0 to T8 of one alarm, seconds after the press."""
    return {f"T{point}": _rounded(alarm.after_press_s(point)) for point in POINTS}


def _scenario(result: Result) -> dict[str, object]:
    paired = zip(result.alarms, result.device_rang_s, strict=True)
    return {
        "name": result.scenario.name,
        "about": result.scenario.about,
        "ok": result.ok,
        "alarms": [
            {
                "alarm": alarm.alarm,
                "by": alarm.by,
                "pressed": alarm.points[0],
                "points": points(alarm),
                "device_rang_s": _rounded(rang),
            }
            for alarm, rang in paired
        ],
        "lines": [_line(line) for line in result.lines],
        "targets": [
            {
                "target": judged.target.name,
                "most_s": judged.target.most_s,
                "measured_s": _rounded(judged.measured_s),
                "met": judged.met,
            }
            for judged in result.targets
        ],
        "expectations": [
            {
                "text": verdict.text,
                "met": verdict.state is State.MET,
                "detail": verdict.detail,
            }
            for verdict in result.verdicts
        ],
    }


def _line(line: LineFigures) -> dict[str, object]:
    return {
        "line": line.line,
        "protocol": line.protocol,
        "calls": line.calls,
        "acknowledged": line.acknowledged,
        "alarms": line.alarms,
        "unplugged": line.unplugged,
        "missed_s": _rounded(line.missed_s),
        "back_s": _rounded(line.back_s),
    }


def _checks(result: Result) -> list[tuple[str, bool, str]]:
    kept = [(each.text, each.state is State.MET, each.detail) for each in result.verdicts]
    for judged in result.targets:
        measured = "never" if judged.measured_s is None else f"{judged.measured_s:.2f} s"
        text = f"{judged.target.name} ≤ {judged.target.most_s:g}"
        kept.append((text, judged.met, measured))
    return kept


def _alarm_table(results: Sequence[Result]) -> Table:
    table = Table(title="Seconds after the press", title_justify="left")
    table.add_column("scenario")
    table.add_column("pressed by")
    for point in _SHOWN:
        table.add_column(f"T{point} {MEANINGS[point]}", justify="right")
    for result in results:
        for alarm in result.alarms:
            cells = (_cell(alarm.after_press_s(point)) for point in _SHOWN)
            table.add_row(result.scenario.name, alarm.by, *cells)
    return table


def _percentile_table(results: Sequence[Result]) -> Table:
    every = percentiles([alarm for result in results for alarm in result.alarms])
    table = Table(title="Over all alarms", title_justify="left")
    table.add_column("")
    for point in _SHOWN:
        table.add_column(f"T{point}", justify="right")
    for name in _STATISTICS:
        cells = (_cell(every.get(f"T{point}", {}).get(name)) for point in _SHOWN)
        table.add_row(name, *cells)
    return table


def _line_table(results: Sequence[Result]) -> Table:
    table = Table(title="Lines", title_justify="left")
    for heading in ("line", "protocol"):
        table.add_column(heading)
    for heading in ("calls", "acknowledged", "alarms", "unplugged", "missed", "back"):
        table.add_column(heading, justify="right")
    for line in (line for result in results for line in result.lines):
        counts = (line.calls, line.acknowledged, line.alarms, line.unplugged)
        spans = (_cell(line.missed_s), _cell(line.back_s))
        table.add_row(line.line, line.protocol, *(str(count) for count in counts), *spans)
    return table


def _cell(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drill</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
  color:#1b1b1b;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{border:1px solid #767676;padding:.3rem .6rem;text-align:right}
th:first-child,td:first-child{text-align:left}
.met::before{content:"✓ ";color:#0b6b2f}.missed::before{content:"✗ ";color:#a3001c}
.missed{font-weight:bold}
</style></head><body>
<h1>Drill: {{ "every target met" if ok else "targets missed" }}</h1>
<p>{{ made }}. Times are seconds after the press.</p>
<table><caption>Over all alarms</caption><thead><tr><th></th>
{% for point, meaning in points %}<th scope="col">{{ point }}<br>{{ meaning }}</th>{% endfor %}
</tr></thead><tbody>
{% for name in statistics %}<tr><th scope="row">{{ name }}</th>
{% for point, _ in points %}<td>{{ "%.2f"|format(percentiles[point][name])
  if point in percentiles else "–" }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% for one in scenarios %}
<h2 class="{{ 'met' if one.ok else 'missed' }}">{{ one.name }}</h2>
<p>{{ one.about }}</p>
{% if one.alarms %}<table><thead><tr><th scope="col">pressed by</th>
{% for point, meaning in points %}<th scope="col">{{ point }}</th>{% endfor %}</tr></thead><tbody>
{% for alarm in one.alarms %}<tr><th scope="row">{{ alarm.by }}</th>
{% for point, _ in points %}<td>{{ "%.2f"|format(alarm.points[point])
  if alarm.points[point] is not none else "–" }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>{% endif %}
{% if one.lines %}<table><thead><tr><th scope="col">line</th>
{% for heading in line_headings %}<th scope="col">{{ heading }}</th>{% endfor %}</tr></thead><tbody>
{% for line in one.lines %}<tr><th scope="row">{{ line.line }}</th>
{% for heading in line_headings %}<td>{{ line[heading] if line[heading] is not none else "–" }}</td>
{% endfor %}</tr>
{% endfor %}</tbody></table>{% endif %}
<ul>
{% for each in one.expectations %}<li class="{{ 'met' if each.met else 'missed' }}">{{ each.text }}
{{ each.detail }}</li>{% endfor %}
{% for each in one.targets %}<li class="{{ 'met' if each.met else 'missed' }}">{{ each.target }} ≤
{{ each.most_s }}: {{ each.measured_s if each.measured_s is not none else "never" }}</li>
{% endfor %}</ul>
{% endfor %}
</body></html>
"""
