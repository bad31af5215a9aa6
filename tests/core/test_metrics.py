from __future__ import annotations

from prometheus_client import generate_latest

from core import metrics


def test_a_label_from_outside_never_grows_beyond_its_list() -> None:
    assert metrics.bounded("seq", ("seq", "boot")) == "seq"
    assert metrics.bounded("badge-anna", ("seq", "boot")) == "other"


def test_every_count_has_our_name_and_says_what_it_counts() -> None:
    page = generate_latest(metrics.REGISTRY).decode()
    helps = [line for line in page.splitlines() if line.startswith("# HELP ")]
    assert helps
    assert all(line.startswith("# HELP tilkald_") and len(line.split()) > 4 for line in helps)
