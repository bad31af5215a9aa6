"""What tests share: how hypothesis runs, and a quiet evening at Lindehuset for those of pages."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.lindehuset import Lindehuset, lindehuset

# Timings here are noisy and several tests run at once: no deadline by the clock. A failure prints
# the blob that reproduces it.
settings.register_profile(
    "tilkald",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# `make check` tries few examples and always the same, to stay within a minute; CI tries all, always
# the same: what a lucky example finds is for whoever runs `make test` or `make fuzz`.
settings.register_profile(
    "quick", settings.get_profile("tilkald"), max_examples=10, derandomize=True
)
settings.register_profile("ci", settings.get_profile("tilkald"), derandomize=True)
settings.load_profile(
    os.environ.get("TILKALD_TEST_PROFILE", "ci" if os.environ.get("CI") else "tilkald")
)

LONG = ("fuzz", "simulation")
"""Folders whose tests try many seeds or much junk: part of `make test`, not of `make check`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(folder in item.path.parts for folder in LONG):
            item.add_marker(pytest.mark.long)


@pytest.fixture
async def house() -> AsyncIterator[Lindehuset]:
    async with lindehuset() as house:
        yield house
