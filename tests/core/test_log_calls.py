"""Every call of the log in the tree: its event is ours, and no value is made into words on the way.

An event that came from outside would be a lane of a stranger's own; `repr` and `str` carry whatever
is in what they are given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVING = ("core", "devices", "gateway", "dispatcher", "tilkald")
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")

OWN_EVENTS = {
    "gateway/native.py",
    "gateway/intake.py",
    "gateway/lines.py",
    "gateway/supervision.py",
}
"""Where an event is a variable: the tests beside these say that its values are a closed list."""


def test_every_event_of_the_log_is_named_in_the_code() -> None:
    named = [(where, call) for where, call in calls() if isinstance(call.args[0], ast.Constant)]
    others = {where for where, call in calls() if not isinstance(call.args[0], ast.Constant)}
    assert len(named) > 30, "the calls are found"
    assert others <= OWN_EVENTS


def test_no_value_is_made_into_words_on_its_way_to_the_log() -> None:
    made = [
        f"{where}:{call.lineno} {keyword.arg}"
        for where, call in calls()
        for keyword in call.keywords
        if keyword.arg != "lane" and any(map(is_made_into_words, ast.walk(keyword.value)))
    ]
    assert made == []


def test_metrics_are_counted_by_their_own_kind_whose_labels_have_a_limit() -> None:
    source = (ROOT / "core" / "metrics.py").read_text()
    assert " = Counter(" not in source
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "prometheus_client import" in path.read_text()
        and any(kind in path.read_text() for kind in ("Counter(", "Gauge(", "Histogram("))
    ]
    assert elsewhere == ["core/metrics.py"]


@cache
def calls() -> list[tuple[str, ast.Call]]:
    return [
        (str(path.relative_to(ROOT)), node)
        for path in sources()
        for text in [path.read_text()]
        if "_log" in text or "logger(" in text  # else it has none of them, and parsing is dear
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and is_of_the_log(node.func)
    ]


def sources() -> Iterator[Path]:
    for folder in SERVING:
        yield from sorted((ROOT / folder).rglob("*.py"))


def is_of_the_log(function: ast.expr) -> bool:
    """`_log.warning`, `self._log.error`, `logger("part").info`."""
    if not isinstance(function, ast.Attribute) or function.attr not in LEVELS:
        return False
    match function.value:
        case ast.Name("_log") | ast.Attribute(attr="_log"):
            return True
        case ast.Call(func=ast.Name("logger")):
            return True
        case _:
            return False


def is_made_into_words(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr():
            return True
        case ast.Call(func=ast.Name("repr" | "str" | "format")):
            return True
        case _:
            return False
