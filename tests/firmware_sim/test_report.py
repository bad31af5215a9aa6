"""What a drill says of itself: JSON for machines, a page for people."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

from rich.console import Console

from core.values import replace
from firmware_sim.demo import Step, final_object
from firmware_sim.drill import report, scenario
from firmware_sim.drill.line_record import LineFigures
from firmware_sim.drill.measure import Clocked, Judged, Target
from firmware_sim.drill.scenario_run import Result
from firmware_sim.drill.verdict import State, Verdict

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_the_json_holds_every_alarm_target_and_expectation() -> None:
    said = json.loads(report.as_json([result()]))
    one = said["scenarios"][0]
    assert said["ok"] is True
    assert one["alarms"][0]["points"]["T2"] == 1.5
    assert one["alarms"][0]["points"]["T5"] is None
    assert one["targets"] == [{"target": "t2_p95_s", "most_s": 5.0, "measured_s": 1.5, "met": True}]
    assert one["expectations"][0]["met"] is True
    assert said["percentiles"]["T2"] == {"median": 1.5, "p95": 1.5, "max": 1.5}


def test_one_missed_expectation_misses_the_drill() -> None:
    missed = replace(result(), verdicts=(Verdict("bo rings", State.MISSED, "never"),))
    assert json.loads(report.as_json([missed, result()]))["ok"] is False


def test_what_still_lasted_at_the_end_without_proof_is_no_success() -> None:
    assert not replace(result(), verdicts=(Verdict("x", State.LASTING),)).ok


def test_the_page_escapes_and_loads_nothing() -> None:
    nasty = replace(result(), verdicts=(Verdict("<script>", State.MISSED, "&"),))
    page = report.as_html([nasty], START)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert "targets missed" in page


def test_the_table_names_what_was_missed() -> None:
    missed = replace(result(), verdicts=(Verdict("bo rings", State.MISSED, "never"),))
    out = io.StringIO()
    report.show([missed], Console(file=out, width=120))
    assert "✗ bo rings  never" in out.getvalue()


def test_lines_have_their_counts_and_spans_in_table_json_and_page() -> None:
    figures = LineFigures("nurse-call", "espa444", 2, 2, 2, 1, 0.25, 1.0)
    drilled = replace(result(), lines=(figures,))
    [said] = json.loads(report.as_json([drilled]))["scenarios"][0]["lines"]
    assert said == {
        "line": "nurse-call",
        "protocol": "espa444",
        "calls": 2,
        "acknowledged": 2,
        "alarms": 2,
        "unplugged": 1,
        "missed_s": 0.25,
        "back_s": 1.0,
    }
    out = io.StringIO()
    report.show([drilled], Console(file=out, width=120))
    assert "nurse-call" in out.getvalue()
    assert "nurse-call" in report.as_html([drilled], START)


def test_the_demos_last_word_holds_steps_and_clock_points() -> None:
    steps = (Step("pressed", START, "anna"), Step("stored", START + timedelta(seconds=1), "anna"))
    said = json.loads(final_object(steps, [clocked()], closed=True))
    assert [step["step"] for step in said["steps"]] == ["pressed", "stored"]
    assert said["steps"][1]["after_s"] == 1.0
    assert set(said["times"]) == {"T0", "T1", "T2", "T3", "T4", "T5", "T8"}
    assert said["after_press_s"]["T1"] == 0.1


def test_a_demo_without_an_alarm_still_says_so() -> None:
    said = json.loads(final_object((), [], closed=False))
    assert said["closed"] is False
    assert said["times"]["T0"] is None


def result() -> Result:
    target = Target(2, "p95", 5.0)
    return Result(
        scenario.load(scenario.find("one-press")),
        (clocked(),),
        (1.4,),
        (Verdict("bo rings within 5 s", State.MET, "after 1.50 s"),),
        (Judged(target, 1.5),),
        (),
    )


def clocked() -> Clocked:
    reached = [START + timedelta(seconds=s) for s in (0.1, 1.5)]
    return Clocked("a1", "anna", (START, *reached, None, None, None, None, None, None))
