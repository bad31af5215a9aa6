"""`tilkald check`: holes in a configuration, found before they hurt. Pure.

An error can leave somebody without help, or breaks a law or a standard; a warning is something a
careful person would look at. Each finding is one line that says what to do.
"""

from __future__ import annotations

from dispatcher.roster.organisation import Organisation
from dispatcher.site.check_lines import check_lines
from dispatcher.site.check_people import check_people
from dispatcher.site.check_places import check_places
from dispatcher.site.check_plans import check_plans
from dispatcher.site.check_shifts import check_shifts
from dispatcher.site.findings import Finding

CHECKS = (check_plans, check_people, check_shifts, check_places, check_lines)


def check_organisation(organisation: Organisation) -> list[Finding]:
    """Every finding, errors first, otherwise in the order of the checks."""
    found = [finding for check in CHECKS for finding in check(organisation)]
    return sorted(found, key=lambda finding: not finding.is_error)
