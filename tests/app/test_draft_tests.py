"""First tests made up from a filter: they pass, or they are left out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from core.test_where_from_query import wheres
from hypothesis import given, settings
from support.small_catalog import CATALOG, NOW

from bulkplan.app.draft_tests import with_tests_that_pass
from bulkplan.core.spec_draft import DraftFacts, draft_spec
from bulkplan.core.written_filter import WrittenFilter, as_written
from bulkplan.sandbox.fixture_world import FixtureMatcher

ZONE = ZoneInfo("Europe/Berlin")
CHURNED = {"field": "status", "is": "Churned"}
LEAD = {"status": "Churned"}


def draft_of(where):
    filter_ = WrittenFilter({"where": as_written(where)})
    return draft_spec(filter_, {"type": "delete"}, DraftFacts("x", "a test", NOW), CATALOG)


def tried(draft):
    return with_tests_that_pass(draft, matcher=FixtureMatcher(), now=NOW, zone=ZONE)


def made_up(where):
    return tried(draft_of(where)).data.get("tests", [])


@pytest.mark.parametrize(
    ("where", "lead", "other"),
    [
        (CHURNED, LEAD, {"status": "Potential"}),
        ({"field": "custom.Employees", "gt": 10}, {"custom.Employees": 11}, {"name": "Another lead"}),
        (
            {"all": [CHURNED, {"field": "last_communication_date", "before": "2026-01-31"}]},
            {**LEAD, "last_communication_date": "2026-01-24"},
            {"status": "Potential", "last_communication_date": "2026-01-24"},
        ),
        (
            {"all": [{"field": "custom.Industry", "is": ["SaaS", "Retail"]}, {"not": {"has": "opportunity"}}]},
            {"custom.Industry": "SaaS"},
            {"name": "Another lead"},
        ),
        (
            {"has": "opportunity", "where": {"field": "status_type", "is": "won"}},
            {"opportunities": [{"status_type": "won"}]},
            {"name": "Another lead"},
        ),
        (
            {"has": "contact", "where": {"field": "title", "contains": "head"}},
            {"contacts": [{"name": "A contact", "title": "head"}]},
            {"name": "Another lead"},
        ),
        ({"any": [CHURNED, {"field": "name", "is": "Acme"}]}, LEAD, {"status": "Potential"}),
    ],
)
def test_a_filter_gets_a_lead_that_it_takes_and_one_that_it_does_not(where, lead, other):
    assert made_up(where) == [{"lead": lead, "matches": True}, {"lead": other, "matches": False}]


@pytest.mark.parametrize(
    "where",
    [
        {"field": "num_opportunities", "gte": 1},
        {"field": "status", "is_not": "Churned"},
        {"field": "status", "is": "stat_chu"},
        {"all": [{"field": "name", "contains": "a"}, {"field": "name", "contains": "b"}]},
        {"field": "name", "is": "{{ x }}"},
    ],
)
def test_where_no_lead_can_be_made_up_there_is_no_test(where):
    assert made_up(where) == []


@settings(max_examples=50)
@given(wheres(depth=2))
def test_whatever_the_filter_its_tests_pass_or_are_left_out(where):
    draft = draft_of(where)
    kept = tried(draft)
    assert kept.data in (draft.data, {key: value for key, value in draft.data.items() if key != "tests"})
    assert tried(kept) == kept
