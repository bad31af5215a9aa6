"""The statements that run are those that the schema gives."""

from __future__ import annotations

import subprocess
import sys

from dispatcher.store.sqlite import composed, statements


def test_the_statements_that_run_are_those_composed_from_the_schema() -> None:
    assert statements.__file__ is not None
    with open(statements.__file__) as file:
        assert file.read() == composed.module(), "run: python -m dispatcher.store.sqlite.composed"


def test_a_start_does_not_load_what_only_composes_and_migrates() -> None:
    asked = "import sys, dispatcher.store.sqlite.store; print('sqlalchemy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
