"""Fifteen specs with every kind of row, in all forms: read as agreed, from one value."""

from __future__ import annotations

from collections import Counter

import pytest
from support.fifteen_specs import PROJECT, plan_of_fifteen, project_at

from bulkplan.core.risk import Risk, risk_of
from bulkplan.core.seal import dump_sealed, seal
from bulkplan.model.plan import ChangeKind
from bulkplan.report.lines import plain_text
from bulkplan.report.plan_html import plan_html
from bulkplan.report.plan_markdown import plan_markdown
from bulkplan.report.plan_text import plan_lines
from bulkplan.report.wrap import cells


@pytest.fixture
async def plan():
    return await plan_of_fifteen()


async def test_every_form_reads_as_agreed(plan, golden):
    folder = PROJECT.name
    golden(f"{folder}/plan.json", dump_sealed(seal(plan, key=None)))
    golden(f"{folder}/plan.txt", plain_text(plan_lines(plan, width=100)))
    golden(f"{folder}/plan.narrow.txt", plain_text(plan_lines(plan, width=40)))
    golden(f"{folder}/plan.md", plan_markdown(plan).text)
    golden(f"{folder}/plan.short.md", plan_markdown(plan, max_bytes=6_000).text)
    golden(f"{folder}/plan.html", plan_html(plan))


async def test_there_is_every_kind_of_row(plan):
    kinds = Counter(change.kind for change in plan.changes)
    assert set(kinds) == set(ChangeKind)
    assert {run.key.name for run in project_at().runs} == {
        change.key.name for change in plan.changes if change.kind is not ChangeKind.ORPHAN
    }
    assert len({change.key.name for change in plan.changes}) == 16, "fifteen specs, and one that is gone"
    assert {guard for change in plan.changes for guard in change.blocked_by} >= {
        "max_matches",
        "max_percent",
        "min_matches",
        "max_deviation",
        "require_sort_with_limit",
        "overlap",
    }
    assert {overlap.severity for change in plan.changes for overlap in change.overlaps} == {
        "error",
        "warning",
        "exclusion",
    }
    assert {risk_of(change) for change in plan.changes} == set(Risk)


async def test_every_form_names_every_row_and_its_number_of_leads(plan):
    forms = (plain_text(plan_lines(plan)), plan_markdown(plan).text, plan_html(plan))
    for form in forms:
        for change in plan.changes:
            assert str(change.key) in form
            if change.matches:
                assert f"{change.matches.limited:,}" in form


async def test_no_line_of_a_narrow_terminal_is_broken_by_it(plan):
    for line in plain_text(plan_lines(plan, width=40)).splitlines():
        assert cells(line) <= 40 or len(line.split()) <= 3
