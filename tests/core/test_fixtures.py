"""Leads made up by tests of specs: what they may say, and what is told of each mistake."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from support.plan_world import wanted_run
from support.spec_texts import NOW

from bulkplan.core.spec_tests import Circumstances, prepare_test
from bulkplan.sandbox.fixture_world import FixtureMatcher

BERLIN = ZoneInfo("Europe/Berlin")
INCOMING_TODAY = [{"field": "direction", "is": "incoming"}, {"field": "date", "on": "today"}]
EMAILS = {"has": "activity.email", "where": {"all": INCOMING_TODAY}}
TWO_ADDRESSES = {"has": "contact", "where": {"field": "emails_count", "is": 2}}
TRIAL = {"has": "sequence_subscription", "where": {"field": "sequence", "is": "Trial"}}
STATUS = {"field": "status", "is": "New"}


def prepared(where, lead, **more):
    data = {"schema": "bulkplan/v1", "name": "a", "version": 1, "action": {"type": "delete"}}
    filter_ = where if set(where) & {"query", "smart_view"} else {"where": where}
    run = wanted_run({**data, "filter": filter_, "tests": [{"lead": lead, "matches": True, **more}]})
    return prepare_test(run, 0, Circumstances(NOW, BERLIN))


def matches(where, lead, **more) -> bool:
    test = prepared(where, lead, **more)
    assert test.problems == ()
    assert test.filter is not None
    (ids,) = FixtureMatcher().find_ids(
        [test.filter.query], lead=test.fixture.lead, catalog=test.catalog, now=test.now, zone=test.zone
    )
    return bool(ids)


MISTAKES = [
    (STATUS, {"staus": "New"}, ("staus",), "no field of leads", '"status"'),
    (STATUS, {"contact": []}, ("contact",), "no field of leads", '"contacts"'),
    (STATUS, {"status": ["New", "Old"]}, ("status",), "takes one value", ""),
    (STATUS, {"status": 5}, ("status",), "5 is none", "in quotes"),
    (STATUS, {"num_emails": 5}, ("num_emails",), "is counted", "emails: ["),
    (STATUS, {"contacts": {}}, ("contacts",), "is a list", "[{…}]"),
    (STATUS, {"contacts": [5]}, ("contacts", 0), "a mapping of fields", "{}"),
    (STATUS, {"contacts": [{"emial": "x"}]}, ("contacts", 0, "emial"), "no field of contacts", '"email"'),
    (STATUS, {"date_created": "soon"}, ("date_created",), "no moment", "90 days ago"),
    (STATUS, {"opportunities": [{"value": 1.5}]}, ("opportunities", 0, "value"), "whole number", "cents"),
    (STATUS, {"opportunities": [{"status_type": "open"}]}, ("opportunities", 0, "status_type"), "no choice", "won"),
    ({"field": "custom.N", "gte": 5}, {"custom.N": "many"}, ("custom.N",), '"many" is none', "without quotes"),
    ({"field": "custom.D", "on": "today"}, {"custom.D": "many"}, ("custom.D",), "no moment", "2026-01-31"),
    ({"field": "date_created", "on": "today"}, {}, (), "does not say it", "date_created: 30 days ago"),
    (EMAILS, {"emails": [{"date": "today"}]}, ("emails", 0), "asks for direction", "direction: outgoing"),
    (TRIAL, {"sequence_subscriptions": [{}]}, ("sequence_subscriptions", 0), "asks for sequence", "sequence: Trial"),
    (
        STATUS,
        {"opportunities": [{"status": "A", "status_type": "won"}, {"status": "a", "status_type": "lost"}]},
        ("opportunities", 1, "status_type"),
        "type won in another",
        "one type",
    ),
]


@pytest.mark.parametrize(("where", "lead", "path", "message", "hint"), MISTAKES)
def test_a_mistake_is_told_once_at_its_place_with_its_mend(where, lead, path, message, hint):
    (problem,) = prepared(where, lead).problems
    assert problem.path == ("tests", 0, "lead", *path)
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_a_moment_that_is_none_is_told():
    (problem,) = prepared(STATUS, {}, now="some day").problems
    assert problem.path == ("tests", 0, "now")


MATCHING = [
    ({"field": "status", "is_not": "New"}, {}),
    (STATUS, {"status_label": "new"}),
    ({"field": "custom.A", "is": "SaaS"}, {"custom.A": "saas"}),
    ({"field": "custom.A", "is": True}, {"custom.A": "Yes"}),
    ({"field": "custom.A", "is": "me"}, {"custom.A": "me"}),
    ({"field": "custom.A", "is": ["me", "Dana"]}, {"custom.A": "dana"}),
    ({"field": "custom.A", "exists": True}, {"custom.A": ["x", "y"]}),
    ({"field": "custom.A", "exists": False}, {"custom.A": None}),
    ({"field": "custom.cf_a", "after": "5 hours ago"}, {"custom.cf_a": "4 hours ago"}),
    ({"field": "created_by", "is": "Dana Reyes"}, {"created_by": "Dana Reyes"}),
    ({"field": "last_communication_date", "on": "3 days ago"}, {"emails": [{"date": "3 days ago"}]}),
    ({"field": "last_communication_date", "exists": False}, {"notes": [{}], "emails": [{"status": "draft"}]}),
    ({"field": "last_lead_status_change_date", "before": "today"}, {"last_lead_status_change_date": "yesterday"}),
    ({"field": "times_communicated", "is": 3}, {"calls": [{}], "sms": [{}], "meetings": [{"status": "completed"}]}),
    ({"field": "num_upcoming_meetings", "is": 1}, {"meetings": [{"status": "upcoming", "date": "in 2 days"}]}),
    ({"field": "num_tasks", "gte": 2}, {"num_tasks": 2}),
    ({"field": "date_updated", "on": "yesterday"}, {"date_updated": "yesterday"}),
    ({"field": "address.country", "is": "DE"}, {"country": "DE"}),
    (EMAILS, {"emails": [{"direction": "outgoing", "date": "today"}, {"direction": "incoming", "date": "now"}]}),
    (TRIAL, {"sequence_subscriptions": [{"sequence": "trial"}]}),
    ({"has": "contact", "where": TRIAL}, {"contacts": [{}, {"sequence_subscriptions": [{"sequence": "Trial"}]}]}),
    (TWO_ADDRESSES, {"contacts": [{"email": ["a@b.example", "c@d.example"]}]}),
    ({"has": "contact", "where": {"field": "custom.A", "gt": 1}}, {"contacts": [{"custom.A": 2}], "custom.A": "text"}),
    ({"has": "opportunity", "where": {"field": "status", "is": "Won"}}, {"opportunities": [{"status": "won"}]}),
    ({"has": "opportunity", "where": {"field": "date_won", "on": "today"}}, {"opportunities": [{"date_won": "now"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("where", "lead"), MATCHING)
def test_a_lead_is_what_its_fixture_says(where, lead):
    assert matches(where, lead)
    assert not matches({"not": where}, lead)


def test_the_moment_of_a_test_is_that_of_its_filter():
    where = {"field": "date_created", "on_or_after": "start of month"}
    lead = {"date_created": "2026-03-01"}
    assert matches(where, lead, now="2026-03-15")
    assert not matches(where, lead, now="2026-04-01")
    assert matches({"field": "date_created", "after": "2 hours ago"}, {"date_created": "now"}, now="2026-03-15T12:00")


def _regular(name, condition, kind="lead"):
    field = {"type": "regular_field", "object_type": kind, "field_name": name}
    return {"type": "field_condition", "field": field, "condition": condition}


def test_a_structured_query_is_asked_as_it_stands():
    owner = {"type": "field_condition", "field": {"type": "custom_field", "custom_field_id": "cf_own"}}
    user = {"type": "reference", "reference_type": "user", "object_ids": ["user_dana"]}
    status = _regular("status_id", {"type": "reference", "reference_type": "status.lead", "object_ids": ["stat_a"]})
    query = {"type": "and", "queries": [status, {**owner, "condition": user}]}
    assert matches({"query": query}, {"status": "stat_a", "custom.cf_own": "user_dana"})
    assert not matches({"query": query}, {"status": "stat_a", "custom.cf_own": "user_milan"})
    (problem,) = prepared({"query": query}, {"custom.Owner": "user_dana"}).problems
    assert problem.path == ("tests", 0, "lead", "custom.Owner")
    assert problem.hint == "it asks for custom.cf_own"
    terms = {"type": "term", "values": ["DE", "NL"]}
    related = {"type": "has_related", "this_object_type": "lead", "related_object_type": "address"}
    assert matches({"query": {**related, "related_query": _regular("country", terms, "address")}}, {"country": "NL"})


@pytest.mark.parametrize(
    "filter_", [{"smart_view": "Hot"}, {"query": {"type": "saved_search", "saved_search_id": "save_1"}}]
)
def test_what_only_close_knows_is_not_evaluated(filter_):
    test = prepared(filter_, {"status": "x"})
    assert test.problems == ()
    assert test.filter is None
    assert "Close" in (test.unknowable or "")
